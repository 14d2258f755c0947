"""The tables of an SQLite file, read within bounds: a short file may hold columns that compute without end."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aitia.tools.sources.exports.limits import MOST_CELLS, TOO_MANY

MOST_BYTES: Final = 256 << 20  # of texts in one table
LONGEST_S: Final = 120.0  # that reading one table may take
_LONGEST_CELL: Final = 1 << 20  # bytes
_MOST_COPIED: Final = 1 << 30  # bytes of a file with its log
_STEPS: Final = 1_000  # of SQLite's machine between two looks at the time


@dataclass
class Table:
    """A table's name, its row of names and rows of values; `alone` in its file; `error` why it could not be read."""

    name: str
    alone: bool
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    error: str = ""


def tables_of(path: Path) -> Iterator[Table]:
    """The tables of a file, which is never written to. Raises sqlite3.Error, and ValueError for one above the bounds.

    What a program that still has the file open wrote to its log (`-wal`) is read too, from a copy of both.
    """
    log = path.with_name(f"{path.name}-wal")
    with contextlib.ExitStack() as stack:
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        if log.is_file() and (size := log.stat().st_size):
            if size + path.stat().st_size > _MOST_COPIED:
                raise ValueError(
                    f"it and its -wal file have more than {_MOST_COPIED >> 20} MiB: close the program that writes it"
                )
            copy = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "copy.db"
            shutil.copyfile(log, copy.with_name("copy.db-wal"))  # before the file, that none of it is lost
            shutil.copyfile(path, copy)
            uri = copy.as_uri()
        db = stack.enter_context(contextlib.closing(sqlite3.connect(uri, uri=True)))
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        names = [n for (n,) in db.execute(named)]
        ends = float("inf")
        db.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
        for name in names:
            ends = time.monotonic() + LONGEST_S
            table = Table(name, alone=len(names) == 1)
            try:
                table.rows = list(_rows(db, name))
            except sqlite3.DataError as error:
                table.error = f"a cell is longer than is read here ({error})"
            except sqlite3.OperationalError as error:
                if time.monotonic() <= ends:
                    raise
                raise ValueError(f"table {name!r} takes longer than {LONGEST_S:g} s ({error})") from None
            yield table


def _rows(db: sqlite3.Connection, name: str) -> Iterator[tuple[Any, ...]]:
    quoted = name.replace('"', '""')
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    head = tuple(str(d[0]) for d in db.execute(f'SELECT * FROM "{quoted}" LIMIT 0').description)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(_LONGEST_CELL, MOST_BYTES // len(head)))
    yield head
    cells = size = 0
    for row in db.execute(f'SELECT * FROM "{quoted}"'):
        cells += len(row)
        size += sum(len(v) for v in row if isinstance(v, str | bytes))
        if cells > MOST_CELLS:
            raise ValueError(f"table {name!r}: {TOO_MANY}")
        if size > MOST_BYTES:
            raise ValueError(f"table {name!r} has more than {MOST_BYTES >> 20} MiB")
        yield row
