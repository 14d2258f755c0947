"""Mined or saved records as the view `records` of an in-memory DuckDB that can reach no other file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.redact import Redactor
from aitia.tools.logs.search.spool import RECORDS, quoted
from aitia.tools.logs.search.values import gaps
from aitia.tools.sources.duck import database

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from aitia.tools.logs.search.mining import Mined

COLUMNS: Final = {
    "time": "TIMESTAMP",
    "component": "VARCHAR",
    "level": "VARCHAR",
    "severity_number": "INTEGER",
    "template_id": "VARCHAR",
    "template": "VARCHAR",
    "message": "VARCHAR",
    "exception": "VARCHAR",
    "more": "VARCHAR",
    "parameters": "VARCHAR[]",
    "fields": "MAP(VARCHAR, VARCHAR)",
    "file": "VARCHAR",
    "line": "BIGINT",
    "lines": "INTEGER",
    "byte_offset": "BIGINT",
    "byte_size": "BIGINT",
}
"""Of `records` and of a saved file. Times are UTC; `line` is -1 where it was not counted."""
_MINED: Final = """
SELECT r.time, f.component, r.level,
  CASE r.level WHEN 'debug' THEN 5 WHEN 'info' THEN 9 WHEN 'warning' THEN 13 WHEN 'error' THEN 17 WHEN 'fatal' THEN 21
    ELSE 0 END AS severity_number,
  t.template_id, t.template, r.message, r.exception, r.more,
  string_split(nullif(aitia_gaps(t.template, left(r.message, 1000) || if(r.exception = '', '', ' | ' || r.exception)), ''),
    chr(31))[2:] AS parameters,
  r.fields, f.file, r.line, r.lines, r.byte_offset, r.byte_size
FROM ({records}) r JOIN files f ON f.number = r.file JOIN templates t ON t.number = r.form
"""
_MEMORY: Final = "512MB"
_SPILL: Final = "16GB"


@dataclass(kw_only=True)
class Store:
    """Records that can be asked. `first` and `last` are the times (UTC) of the dated ones, None where there are none."""

    db: DuckDBPyConnection
    records: int
    undated: int
    first: datetime | None
    last: datetime | None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query of our own. Raises BadInput where it needs too much memory."""
        import duckdb

        try:
            return self.db.execute(sql, [_encodable(p) for p in parameters]).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise BadInput(f"Narrow the search, for example with --since: {short(error)}") from None

    def distinct(self, column: str) -> list[str]:
        """The values of a column of `COLUMNS`, in order."""
        if column not in COLUMNS:
            raise ValueError(column)
        return [str(v) for (v,) in self.rows(f"SELECT DISTINCT {column} FROM records ORDER BY 1")]

    def templates(self) -> dict[str, str]:
        """The text of each template by its id."""
        return dict(self.rows("SELECT DISTINCT template_id, template FROM records ORDER BY 1"))


@contextmanager
def workplace(beside: Path | None = None) -> Iterator[tuple[DuckDBPyConnection, Path]]:
    """A DuckDB in memory and a private folder, `beside` a file where one is to be written. Both are gone afterwards."""
    import duckdb

    try:
        folder = TemporaryDirectory(
            prefix=f".{beside.name}.part-" if beside else "aitia-search-",
            dir=beside.parent if beside else None,
        )
    except OSError as error:
        raise BadInput(
            f"Cannot write --save {str(beside)!r} ({error.strerror}). Choose a path that can be written."
        ) from None
    with folder as name, database() as db:
        db.execute("SET memory_limit = ?", [_MEMORY])
        db.execute("SET threads = ?", [min(4, os.cpu_count() or 1)])
        db.execute("SET temp_directory = ?", [str(Path(name, "spill"))])
        db.execute("SET max_temp_directory_size = ?", [_SPILL])
        try:
            yield db, Path(name)
        except (duckdb.InterruptException, RuntimeError) as error:  # what a query makes of Ctrl-C
            if isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted":
                raise KeyboardInterrupt from None
            raise
        except duckdb.IOException as error:
            raise SourceError(f"Free space in {str(folder.name)!r}, or set TMPDIR: {short(error)}") from None


def of_mined(db: DuckDBPyConnection, mined: Mined, redactor: Redactor) -> Store:
    """The records that were mined; the values of their templates' gaps are computed where they are asked for."""
    db.execute("CREATE TABLE files (number INTEGER, file VARCHAR, component VARCHAR)")
    _fill(db, "files", [(redactor.text(path), redactor.text(component)) for path, component in mined.files])
    db.execute("CREATE TABLE templates (number INTEGER, template_id VARCHAR, template VARCHAR)")
    _fill(db, "templates", [(t.id, redactor.text(t.text)) for t in mined.templates])
    db.create_function("aitia_gaps", gaps, ["varchar", "varchar"], "varchar")
    return _viewed(db, _MINED.replace("{records}", RECORDS), mined.parts)


def save(db: DuckDBPyConnection, folder: Path, target: Path, mined: Mined) -> int:
    """Write the mined `records` to a Parquet file, whole or not at all; its size in bytes. Call before `locked`."""
    part = folder / "records.parquet"
    # A group is held in memory: as many rows as a part has, which are fewer where records are long.
    group = max(2048, mined.records // len(mined.parts))
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}"
    db.execute(f"COPY (SELECT {', '.join(COLUMNS)} FROM records) TO {quoted(part)} ({options})")
    try:
        part.replace(target)
    except OSError as error:
        raise BadInput(
            f"Cannot write --save {str(target)!r} ({error.strerror}). Choose a path that can be written."
        ) from None
    return target.stat().st_size


def of_saved(db: DuckDBPyConnection, links: Sequence[Path], paths: Sequence[Path]) -> Store:
    """Records that `save` wrote. Raises BadInput for another file.

    `links` are made, one to each path: DuckDB reads a name with * or [ in it as a pattern.
    """
    import duckdb

    for link, path in zip(links, paths, strict=True):
        if not path.is_file():
            raise BadInput(f"{str(path)!r} does not exist. Fix the path.")
        link.symlink_to(path.resolve())
        try:
            found = db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(link)]).fetchall()
        except duckdb.Error as error:
            raise BadInput(
                f"Give a Parquet file that --save wrote, not {str(path)!r}: {short(error)}"
            ) from None
        layout = {str(name): str(kind) for name, kind, *_ in found}
        if missing := [name for name, kind in COLUMNS.items() if layout.get(name) != kind]:
            raise BadInput(
                f"{str(path)!r} has no column {missing[0]!r} of type {COLUMNS[missing[0]]}. Give a Parquet "
                "file that --save wrote."
            )
    return _viewed(db, "SELECT * FROM read_parquet({paths})", links)


def short(error: Exception) -> str:
    """DuckDB's message in one line."""
    text = str(error).split("\n\nLINE ")[0].split("\n", 1)[0]
    return text[:300]


def within(store: Store, window: tuple[float, float]) -> Store:
    """The records of a half-open span (epoch seconds). Undated ones lie in none."""
    start, end = (None if abs(at) == float("inf") else round(at * 1e6) for at in window)
    bounds = [
        f"time {sign} make_timestamp({at:d})" for sign, at in ((">=", start), ("<", end)) if at is not None
    ]
    return _named(store.db, " AND ".join(bounds)) if bounds else store


def _viewed(db: DuckDBPyConnection, sql: str, paths: Sequence[Path]) -> Store:
    listed = ", ".join(map(quoted, paths))
    db.execute(f"CREATE VIEW every_record AS {sql.format(paths=f'[{listed}]')}")
    return _named(db, "true")


def _named(db: DuckDBPyConnection, condition: str) -> Store:
    names = ", ".join(COLUMNS)
    db.execute(f"CREATE OR REPLACE VIEW records AS SELECT {names} FROM every_record WHERE {condition}")
    count, dated, first, last = db.execute(
        "SELECT count(*), count(time), min(time), max(time) FROM records"
    ).fetchall()[0]
    return Store(db=db, records=count, undated=count - dated, first=first, last=last)


def _fill(db: DuckDBPyConnection, table: str, rows: Sequence[tuple[str, str]]) -> None:
    columns = [list(range(len(rows))), [_encodable(a) for a, _ in rows], [_encodable(b) for _, b in rows]]
    db.execute(f"INSERT INTO {table} SELECT unnest(?), unnest(?), unnest(?)", columns)


def _encodable(value: object) -> object:
    """A text without the lone surrogates that JSON and file names may hold."""
    return (
        value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value
    )
