"""How a table is laid out: found by a look at its first rows, and told where it had to be guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from aitia.core.config import Columns, SourceConfig
from aitia.core.errors import BadInput
from aitia.tools.sources.column_names import TIME, first
from aitia.tools.sources.metrics.table_columns import (
    Layout,
    Sample,
    find_meaning,
    find_time,
    joined_table,
    wide_values,
)
from aitia.tools.sources.metrics.table_sql import (
    Clock,
    TimeColumn,
    has_comma,
    is_number,
    name,
    time_column,
)
from aitia.tools.sources.text_form import TextForm, few
from aitia.tools.sources.time_texts import configured_order, configured_zone

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROWS: Final = 300  # of a table that are looked at
_CELL: Final = 200  # characters of a cell that are looked at


def find_layout(
    db: DuckDBPyConnection, table: str, form: TextForm, config: SourceConfig, near: datetime
) -> Layout:
    """The layout of the tables in some files of one kind. Raises SourceError, BadInput for options that are none."""
    csv = table.startswith("read_csv")
    sample = _sample(db, table)
    joined = _joined(sample, config) if csv else ()
    if joined:
        table = joined_table(table, joined)
        sample = _sample(db, table, without=joined)
    comma = csv and _comma(sample, form, config)
    clock = Clock(zone=configured_zone(config), near=near, order=configured_order(config))

    def read(column: str, named: bool) -> TimeColumn | None:
        kind, cells = sample.columns[column], sample.cells[column]
        return time_column(db, table, column, kind, cells, clock, comma=comma, named=named)

    time = find_time(sample, config, read)
    meaning = find_meaning(sample, time.column, config)
    cut, values, held = meaning.cut, dict[str, tuple[str, str]](), list[str]()
    if meaning.shape == "wide":
        apart = (time.column, meaning.columns.component) if meaning.by_row else (time.column,)
        held = [c for c, kind in sample.columns.items() if c not in apart and (csv or is_number(kind))]
        cut, values = wide_values(sample, held, config, by_row=meaning.by_row)
    return Layout(
        columns=dict(sample.columns),
        meant=meaning.columns,
        time=time,
        shape=meaning.shape,
        form=form,
        comma=comma,
        cut=cut,
        values=values,
        unused=(*meaning.unused, *(c for c in held if c not in values and sample.numeric(c))),
        joined=joined,
        by_row=meaning.by_row,
    )


def _joined(sample: Sample, config: SourceConfig) -> tuple[str, ...]:
    """Date and clock, where they stand in columns of their own and no other column is the time."""
    parts = sample.date_and_clock()
    wanted, named = config.columns.time, first(list(sample.columns), TIME)
    asked = wanted in (*parts, " ".join(parts)) or (wanted == Columns().time and wanted not in sample.columns)
    return parts if parts and asked and named in (*parts, "") else ()


def _sample(db: DuckDBPyConnection, table: str, without: Sequence[str] = ()) -> Sample:
    """The columns, and the cells of the first rows that are not empty."""
    described = db.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described if str(row[0]) not in without}
    texts = ", ".join(f"left(CAST({name(c)} AS VARCHAR), {_CELL})" for c in columns)
    rows = db.execute(f"SELECT {texts} FROM {table} LIMIT {_ROWS}").fetchall()
    cells = {
        c: [str(row[n]) for row in rows if row[n] is not None and str(row[n]).strip()]
        for n, c in enumerate(columns)
    }
    return Sample(columns=columns, cells=cells)


def _comma(sample: Sample, form: TextForm, config: SourceConfig) -> bool:
    given = str(config.options.get("decimal", ""))
    if given not in ("", ",", "."):
        raise BadInput(f"Set options.decimal of source {config.name!r} to ',' or '.', not {given[:20]!r}.")
    return given == "," or (not given and has_comma(list(chain(*sample.cells.values())), form))


def guesses(layout: Layout, config: SourceConfig) -> str:
    """What had to be guessed, as phrases."""
    return "; ".join(_guesses(layout, config))


def _guesses(layout: Layout, config: SourceConfig) -> Iterator[str]:
    yield from layout.form.said
    if layout.comma:
        yield "decimal comma"
    time, wanted, meant = layout.time, config.columns, layout.meant
    if time.column != wanted.time or time.notation:
        yield f"times from {few([time.column])!r}" + (f" as {time.notation}" if time.notation else "")
    if not time.zoned and "timezone" not in config.options:
        yield "times without a zone are read as UTC (else set options.timezone)"
    if layout.shape == "long":
        roles = [("metric", meant.metric), ("value", meant.value)]
        roles += [("component", meant.component)] if not (layout.cut or config.component) else []
        named = [
            f"{role} from {few([column])!r}" for role, column in roles if column != getattr(wanted, role)
        ]
        if named:
            yield ", ".join(named)
        if layout.cut:
            yield f"tags of {few([meant.metric])!r} split at {layout.cut!r} into component and metric"
        if layout.unused:
            yield f"not used: {few(layout.unused)}"
    elif layout.by_row:
        yield f"component from {few([meant.component])!r}, a metric in each other column"
    elif layout.cut and "separator" not in config.options and layout.cut != "_":
        column = next(iter(layout.values))
        component, metric = layout.values[column]
        yield f"column names split at {layout.cut!r}: {few([column])!r} is {few([metric])!r} of {few([component])!r}"
        left = [c for c in layout.columns if c not in layout.values and c != time.column]
        if left:
            yield f"not used: {few(left)}"
