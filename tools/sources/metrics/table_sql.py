"""The SQL of a table source: how a file is scanned and how its time column becomes epoch seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))  # epoch ns, us, ms, s by magnitude
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


def quote(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """An SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def number(column: str, kind: str) -> str:
    """The column as a DOUBLE."""
    return f"CAST({name(column)} AS DOUBLE)" if is_number(kind) else f"TRY_CAST({name(column)} AS DOUBLE)"


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is numeric."""
    return kind.startswith(_NUMBERS)


def scan(paths: Sequence[Path], shown: Sequence[str] = ()) -> str:
    """The table function that reads the files; `shown` replaces the paths in queries that are printed."""
    names = [str(p) for p in paths]
    reader = "read_parquet" if names[0].lower().endswith((".parquet", ".pq")) else "read_csv"
    listed = ", ".join(quote(_literal(n)) for n in (shown or names))
    options = "" if reader == "read_parquet" else ", header = true, all_varchar = true"
    return f"{reader}([{listed}]{options}, union_by_name = true)"


def _literal(path: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


@dataclass(frozen=True)
class TimeColumn:
    """A time column: its expression in epoch seconds, and how a window bounds it."""

    column: str
    kind: str
    scale: float  # units per second, where it is a number

    @property
    def seconds(self) -> str:
        """SQL for epoch seconds; NULL where the cell is no time."""
        if self.scale:
            return f"{number(self.column, self.kind)} / {self.scale:.1f}"
        if self.kind == "VARCHAR":
            return f"epoch(TRY_CAST({name(self.column)} AS TIMESTAMPTZ))"
        return f"epoch({name(self.column)})"

    def within(self, window: Window) -> str:
        """SQL for start <= time < end, on the bare column where statistics can prune row groups."""
        start, end = window.epoch
        if self.scale and is_number(self.kind):
            low, high, column = repr(start * self.scale), repr(end * self.scale), name(self.column)
        elif self.kind.startswith("TIMESTAMP"):
            zone = "TIMESTAMPTZ" if "ZONE" in self.kind else "TIMESTAMP"
            low, high = _stamp(zone, window.start), _stamp(zone, window.end)
            column = name(self.column)
        else:
            low, high, column = repr(start), repr(end), self.seconds
        return f"{column} >= {low} AND {column} < {high}"


def _stamp(zone: str, moment: datetime) -> str:
    suffix = "+00" if zone == "TIMESTAMPTZ" else ""
    return f"{zone} '{moment:%Y-%m-%d %H:%M:%S.%f}{suffix}'"


def time_column(
    db: DuckDBPyConnection, table: str, column: str, kind: str, config: SourceConfig
) -> TimeColumn:
    """Find out how the time column is written, by its type and its first value. Raises SourceError."""
    if kind.startswith(("TIMESTAMP", "DATE")):
        return TimeColumn(column, kind, 0.0)
    row = db.execute(
        f"SELECT {name(column)} FROM {table} WHERE {name(column)} IS NOT NULL LIMIT 1"
    ).fetchone()
    first = row[0] if row else 0.0
    try:
        value = float(first)
    except (TypeError, ValueError):
        known = db.execute("SELECT TRY_CAST(? AS TIMESTAMPTZ) IS NOT NULL", [str(first)]).fetchone()
        if known and known[0]:
            return TimeColumn(column, kind, 0.0)
        raise SourceError(
            f"{str(first)[:60]!r} in the time column {column!r} of source {config.name!r} ({config.path!r}) "
            "is not a valid time. Write it as ISO 8601 or epoch seconds or milliseconds."
        ) from None
    return TimeColumn(column, kind, next(scale for least, scale in _UNITS if abs(value) >= least))
