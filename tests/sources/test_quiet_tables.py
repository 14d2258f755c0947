"""DuckDB draws a bar of progress on stdout, which may be JSON that a program reads: no database of the tools does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
ASK = "with {}() as db: print(db.execute(\"SELECT current_setting('enable_progress_bar')\").fetchone()[0])"


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        ("__import__('duckdb').connect", "True\n"),
        ("__import__('aitia.tools.sources.duck', fromlist=['x']).database", "False\n"),
    ],
    ids=["its own", "ours"],
)
def test_only_a_database_of_its_own_draws_progress(opened: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(opened)], capture_output=True, text=True, check=True
    )
    assert done.stdout == told


def test_no_tool_opens_one_of_its_own() -> None:
    own = [str(p) for p in TOOLS.rglob("*.py") if "duckdb.connect(" in p.read_text(encoding="utf-8")]
    assert own == [str(TOOLS / "sources" / "duck.py")]
