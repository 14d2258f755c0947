"""The SQL of a table source: how a file is scanned and how its cells become epoch seconds and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aitia.core.words import Window
from aitia.tools.sources.text_form import TextForm
from aitia.tools.sources.time_texts import TimeTexts, ambiguous, epoch_of, time_texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))  # epoch ns, us, ms, s by magnitude
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
PLAIN: Final = TextForm()
_FIGURES: Final = r"^\s*(\d+)\D(\d+)\D(\d+)"


def quote(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """An SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def number(column: str, kind: str, *, comma: bool = False) -> str:
    """The column as a DOUBLE, NULL where a cell is no number; `comma` where 1,5 is one and a half."""
    cell = name(column)
    if is_number(kind):
        return f"CAST({cell} AS DOUBLE)"
    if comma:
        thousands = f"regexp_full_match({cell}, '\\s*[+-]?\\d{{1,3}}(\\.\\d{{3}})+\\s*')"
        cell = (
            f"CASE WHEN contains({cell}, ',') THEN replace(replace({cell}, '.', ''), ',', '.')"
            f" WHEN contains({cell}, '.') AND {thousands} THEN replace({cell}, '.', '') ELSE {cell} END"
        )
    return f"TRY_CAST({cell} AS DOUBLE)"


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is numeric."""
    return kind.startswith(_NUMBERS)


def is_csv(paths: Sequence[Path]) -> bool:
    """Whether the files are text, not Parquet."""
    return paths[0].suffix.lower() not in (".parquet", ".pq")


def has_comma(cells: Sequence[str], form: TextForm) -> bool:
    """Whether the numbers among some cells have a decimal comma: more of them than have a point.

    Figures of nine digits and more before a point are seconds since 1970 and do not count.
    """
    comma = sum(bool(re.fullmatch(r"\s*[+-]?[\d.]*\d,\d+(?:[eE][+-]?\d+)?\s*", c)) for c in cells)
    point = sum(bool(re.fullmatch(r"\s*[+-]?\d{1,8}\.\d+(?:[eE][+-]?\d+)?\s*", c)) for c in cells)
    if form.delimiter == ",":  # then `1,234` is rather one thousand
        comma -= sum(bool(re.fullmatch(r"\s*[+-]?\d{1,3}(?:,\d{3})+\s*", c)) for c in cells)
    return comma > point


def scan(paths: Sequence[Path], form: TextForm = PLAIN, shown: Sequence[str] = ()) -> str:
    """The table function that reads the files; `shown` replaces the paths in queries that are printed."""
    names = [str(p) for p in paths]
    reader = "read_csv" if is_csv(paths) else "read_parquet"
    listed = ", ".join(quote(_literal(n)) for n in (shown or names))
    options = "" if reader == "read_parquet" else ", header = true, all_varchar = true" + _written(form)
    return f"{reader}([{listed}]{options}, union_by_name = true)"


def _written(form: TextForm) -> str:
    encoding = f", encoding = {quote(form.encoding)}" if form.encoding != "utf-8" else ""
    skip = (f", skip = {form.skip}" if form.skip else "") + (", null_padding = true" if form.padded else "")
    if form.delimiter == "," and not skip:
        return encoding
    return f", delim = {quote(form.delimiter)}, quote = '\"', escape = '\"'{skip}{encoding}"


def _literal(path: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


@dataclass(frozen=True, kw_only=True)
class TimeColumn:
    """A time column: its expression in epoch seconds, and how a window bounds it.

    scale    units per second, where it is a number
    formats  of texts that are not ISO 8601; `zone` is that of texts without one
    """

    column: str
    kind: str
    scale: float = 0.0
    comma: bool = False
    formats: tuple[str, ...] = ()
    zone: str = "UTC"
    notation: str = ""
    zoned: bool = True  # its times need no zone, or name it

    @property
    def seconds(self) -> str:
        """SQL for epoch seconds; NULL where the cell is no time."""
        cell = name(self.column)
        if self.scale:
            return f"{number(self.column, self.kind, comma=self.comma)} / {self.scale:.1f}"
        if self.formats:
            parsed = f"try_strptime(trim({cell}), [{', '.join(map(quote, self.formats))}])"
            zoned = any(f.endswith("%z") for f in self.formats)
            return f"epoch({parsed if zoned else self._placed(parsed)})"
        if self.kind == "VARCHAR":
            return f"epoch(TRY_CAST({cell} AS TIMESTAMPTZ))"  # the session's zone where the text has none
        return f"epoch({cell if 'ZONE' in self.kind else self._placed(cell)})"

    def _placed(self, stamp: str) -> str:
        return stamp if self.zone == "UTC" else f"timezone({quote(self.zone)}, CAST({stamp} AS TIMESTAMP))"

    def within(self, window: Window) -> str:
        """SQL for start <= time < end, on the bare column where statistics can prune row groups."""
        start, end = window.epoch
        if self.scale and is_number(self.kind):
            low, high, column = repr(start * self.scale), repr(end * self.scale), name(self.column)
        elif self.kind.startswith("TIMESTAMP") and (self.zone == "UTC" or "ZONE" in self.kind):
            zone = "TIMESTAMPTZ" if "ZONE" in self.kind else "TIMESTAMP"
            low, high = _stamp(zone, window.start), _stamp(zone, window.end)
            column = name(self.column)
        else:
            low, high, column = repr(start), repr(end), self.seconds
        return f"{column} >= {low} AND {column} < {high}"


def _stamp(zone: str, moment: datetime) -> str:
    suffix = "+00" if zone == "TIMESTAMPTZ" else ""
    return f"{zone} '{moment:%Y-%m-%d %H:%M:%S.%f}{suffix}'"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What is known of a source's times before they are read."""

    zone: tzinfo
    near: datetime
    order: str = ""  # dmy, mdy or ymd, where it is given


def time_column(
    db: DuckDBPyConnection,
    table: str,
    column: str,
    kind: str,
    cells: Sequence[str],
    clock: Clock,
    *,
    comma: bool = False,
    named: bool = True,
) -> TimeColumn | None:
    """How a time column is written, by its type and some of its cells; None where they are no times.

    A column that is not `named` must look like one: its numbers can only be times.
    """
    zone = str(clock.zone)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return TimeColumn(column=column, kind=kind, zone=zone, zoned="ZONE" in kind)
    numbers = _as_numbers(cells, comma=comma)
    if numbers:
        if not named and any(epoch_of(abs(n)) is None for n in numbers):
            return None
        scale = next(scale for least, scale in _UNITS if abs(numbers[0]) >= least)
        return TimeColumn(column=column, kind=kind, scale=scale, comma=comma)
    if not cells:
        return TimeColumn(column=column, kind=kind, zone=zone) if named else None
    found = time_texts(cells, zone=clock.zone, near=clock.near, order=clock.order)
    if (found is None or found.plain) and _casts(db, cells):
        zoned = all(re.search(r"(Z|[+-]\d\d(:?\d\d)?)\s*$", c[10:]) for c in cells)
        return TimeColumn(column=column, kind=kind, zone=zone, zoned=zoned)
    if found is not None and not clock.order and ambiguous(found, cells):
        extremes = _extremes(db, table, column)
        found = time_texts(cells, zone=clock.zone, near=clock.near, extremes=extremes)
    if found is None or not _agree(db, found, cells, zone):
        return None
    return TimeColumn(
        column=column,
        kind=kind,
        formats=tuple(found.sql_formats),
        zone=zone,
        notation=found.name,
        zoned=found.zoned,
    )


def _as_numbers(cells: Sequence[str], *, comma: bool) -> list[float]:
    """The cells as numbers, none where one of them is no number."""
    try:
        return [float(c.replace(",", ".") if comma else c) for c in cells]
    except ValueError:
        return []


def _casts(db: DuckDBPyConnection, cells: Sequence[str]) -> bool:
    """Whether DuckDB itself reads the cells as times."""
    told = db.execute(
        "SELECT bool_and(TRY_CAST(c AS TIMESTAMPTZ) IS NOT NULL) FROM (SELECT unnest(?::VARCHAR[]) AS c)",
        [list(cells)],
    ).fetchone()
    return bool(told and told[0])


def _extremes(db: DuckDBPyConnection, table: str, column: str) -> list[str]:
    """The texts with the largest first and second figure of all rows: what tells days from months."""
    figures = ", ".join(
        f"arg_max(c, TRY_CAST(regexp_extract(c, '{_FIGURES}', {n}) AS INTEGER))" for n in (1, 2)
    )
    row = db.execute(f"SELECT {figures} FROM (SELECT {name(column)} AS c FROM {table})").fetchone()
    return [str(text) for text in row or () if text is not None]


def _agree(db: DuckDBPyConnection, found: TimeTexts, cells: Sequence[str], zone: str) -> bool:
    """Whether DuckDB reads the cells by the formats as the reader of log times does."""
    if not found.sql_formats:
        return False
    column = TimeColumn(column="c", kind="VARCHAR", formats=tuple(found.sql_formats), zone=zone)
    read = db.execute(
        f"SELECT c, {column.seconds} FROM (SELECT unnest(?::VARCHAR[]) AS c)", [list(cells)]
    ).fetchall()
    return all(
        seconds is not None and (own := found.epoch(text)) is not None and _same(seconds - own, zone)
        for text, seconds in read
    )


def _same(apart: float, zone: str) -> bool:
    """Of the hour that comes twice in autumn one takes the first, the other the second."""
    return abs(apart) < 1e-3 or (zone != "UTC" and abs(abs(apart) - 3600) < 1e-3)
