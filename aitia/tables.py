"""A look at the head of a CSV or Parquet file: which column is the time, and is it long or wide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aitia.core.config import Columns
from aitia.core.errors import BadInput

_TIME = ("time", "timestamp", "ts", "datetime", "date_time", "date", "at", "_time", "t")
_COMPONENT = ("component", "service", "app", "machine", "asset", "entity", "pod", "instance", "host")
_METRIC = ("metric", "name", "metric_name", "kpi", "tag", "sensor")
_VALUE = ("value", "val", "v")


@dataclass(frozen=True, kw_only=True)
class Header:
    """Column names, row count, and the mapping, None where no column looks like a time."""

    names: tuple[str, ...]
    rows: int
    layout: Literal["long", "wide"]
    columns: Columns | None


def read_header(path: Path) -> Header:
    """Read names and count rows through DuckDB. Raises BadInput where the file is no table."""
    import duckdb

    quoted = str(path).replace("'", "''")
    reader = (
        f"read_parquet('{quoted}')" if path.suffix.lower() == ".parquet" else f"read_csv_auto('{quoted}')"
    )
    try:
        with duckdb.connect(":memory:") as base:
            described = base.execute(f"describe select * from {reader}").fetchall()
            counted = base.execute(f"select count(*) from {reader}").fetchone()
    except duckdb.Error as error:
        raise BadInput(f"not a readable table: {str(error).splitlines()[0][:160]}") from None
    names = tuple(str(row[0]) for row in described)
    columns, layout = map_columns(names)
    return Header(names=names, rows=int(counted[0]) if counted else 0, layout=layout, columns=columns)


def map_columns(names: tuple[str, ...]) -> tuple[Columns | None, Literal["long", "wide"]]:
    """The meaning of columns by their usual names."""
    lower = {name.casefold(): name for name in reversed(names)}

    def first(wanted: tuple[str, ...], default: str) -> str:
        return next((lower[w] for w in wanted if w in lower), default)

    time = first(_TIME, "")
    metric, value = first(_METRIC, ""), first(_VALUE, "")
    long = bool(metric and value)
    columns = Columns(
        time=time or "time",
        component=first(_COMPONENT, "component"),
        metric=metric or "metric",
        value=value or "value",
    )
    return (columns if time else None), ("long" if long else "wide")
