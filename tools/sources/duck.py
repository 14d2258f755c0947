"""DuckDB in memory, quiet: after two seconds of work it would draw a bar of progress on stdout, into the JSON of a command."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def database() -> DuckDBPyConnection:
    """A database of its own, to be closed (`with`)."""
    import duckdb

    db = duckdb.connect(":memory:")
    with suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets there is none to switch off
        db.execute("SET enable_progress_bar = false")
    return db
