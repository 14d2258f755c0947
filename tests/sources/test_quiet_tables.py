"""A table whose reading takes long: nothing but the answer goes to stdout, which may be JSON that a program reads."""

from __future__ import annotations

import subprocess
import sys

SLOW = """
from aitia.tools.sources.duck import database
with database() as db:
    db.execute("SET progress_bar_time = 0")
    print(db.execute("SELECT count(*) FROM range(40000000) a WHERE hash(a.range) % 7 = 1").fetchone()[0] > 0)
"""


def test_no_progress_is_drawn_on_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", SLOW], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    loud = subprocess.run(
        [sys.executable, "-c", SLOW.replace("aitia.tools.sources.duck import database", "duckdb import connect as database")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert loud.stdout != "True\n", "DuckDB draws no bar any more: this helper can go"
