"""DuckDB draws a bar of progress on stdout, which may be JSON that a program reads: no database of the tools does."""

from __future__ import annotations

from pathlib import Path

import duckdb

from aitia.tools.sources.duck import database

TOOLS = Path(__file__).parents[2] / "tools"


def test_a_database_of_the_tools_draws_no_progress() -> None:
    with database() as db:
        assert db.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
    with duckdb.connect() as loud:
        assert loud.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (True,), "it is quiet by itself now"


def test_no_tool_opens_one_of_its_own() -> None:
    own = [str(p) for p in TOOLS.rglob("*.py") if "duckdb.connect(" in p.read_text(encoding="utf-8")]
    assert own == [str(TOOLS / "sources" / "duck.py")]
