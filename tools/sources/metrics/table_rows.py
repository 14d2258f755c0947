"""The rows of a table as SQL: time, component, metric, labels, value, and the raw cell of each sample."""

from __future__ import annotations

from typing import Final

from aitia.core.config import Columns, SourceConfig
from aitia.core.words import Window
from aitia.tools.sources.metrics.table_columns import BETWEEN, FIELDS, MARKS, UNIT, Layout
from aitia.tools.sources.metrics.table_sql import is_number, name, number, quote

WORD: Final = (
    "v IS NULL AND raw IS NOT NULL"
    " AND lower(trim(raw)) NOT IN ('', 'na', 'n/a', 'null', 'none', '-', '+inf', '-inf')"
)
"""Whether a cell holds neither a number nor a common word for nothing."""
_ROW: Final = "\x1frow"


def rows_of(
    layout: Layout, table: str, config: SourceConfig, window: Window, *, component: str = "", metric: str = ""
) -> str:
    """The rows with a time in the window, without the metrics that are ignored."""
    inner = (_long if layout.shape == "long" else _wide)(layout, table, config, window)
    wheres = ["t IS NOT NULL"]
    wheres += [f"component = {quote(component)}"] if component else []
    wheres += [f"metric = {quote(metric)}"] if metric else []
    wheres += [f"NOT (metric GLOB {quote(pattern)})" for pattern in config.ignore]
    return f"SELECT * FROM ({inner}) WHERE {' AND '.join(wheres)}"


def _long(layout: Layout, table: str, config: SourceConfig, window: Window) -> str:
    meant = layout.meant
    component, metric = _named(layout, config)
    kind = layout.columns[meant.value]
    return (
        f"SELECT {layout.time.seconds} AS t, {component} AS component, {metric} AS metric,"
        f" {labels_of(layout)} AS labels, {number(meant.value, kind, comma=layout.comma)} AS v,"
        f" CAST({name(meant.value)} AS VARCHAR) AS raw"
        f" FROM {table} WHERE {layout.time.within(window)}"
    )


def _named(layout: Layout, config: SourceConfig) -> tuple[str, str]:
    """Component and metric of a row: of columns of their own, or of one tag (`split_tag`)."""
    meant, cut = layout.meant, layout.cut
    tag = f"coalesce(CAST({name(meant.metric)} AS VARCHAR), '')"
    if config.component:
        return quote(config.component), tag
    if not cut:
        return _component(layout), tag
    if cut not in MARKS:
        component = f"split_part({tag}, {quote(cut)}, 1)"
        return component, f"substr({tag}, length({component}) + {1 + len(cut)})"
    one = f"[^{cut}]*"
    field = f"regexp_extract({tag}, '[{cut}]({one}[{cut}](?i:{'|'.join(sorted(FIELDS))}){UNIT})$', 1)"
    last = f"regexp_extract({tag}, '[{cut}]({one})$', 1)"
    metric = f"coalesce(nullif({field}, ''), nullif({last}, ''), {tag})"
    return f"left({tag}, greatest(length({tag}) - length({metric}) - 1, 0))", metric


def _component(layout: Layout) -> str:
    return f"coalesce(CAST({name(layout.meant.component)} AS VARCHAR), '')"


def labels_of(layout: Layout) -> str:
    """The labels of a row as a JSON object; "" for none."""
    named = layout.meant.labels or (("labels",) if "labels" in layout.columns else ())
    if named == ("labels",):
        return "coalesce(CAST(\"labels\" AS VARCHAR), '')"
    parts = ", ".join(f"{quote(c)}, CAST({name(c)} AS VARCHAR)" for c in named)
    return f"CAST(json_object({parts}) AS VARCHAR)" if named else "''"


def _wide(layout: Layout, table: str, config: SourceConfig, window: Window) -> str:
    text = any(not is_number(layout.columns[c]) for c in layout.values)
    kind = "VARCHAR" if text else "DOUBLE"
    renamed = {c: name(BETWEEN.join(pair)) for c, pair in layout.values.items()}
    casts = ", ".join(f"CAST({name(c)} AS {kind}) AS {to}" for c, to in renamed.items())
    component, owner = f"split_part(col, '{BETWEEN}', 1)", ""
    if layout.by_row:
        component, owner = name(BETWEEN), f"{_component(layout)} AS {name(BETWEEN)}, "
    return (
        f"SELECT t, {component} AS component, split_part(col, '{BETWEEN}', 2) AS metric,"
        f" '' AS labels, {number('cell', kind, comma=layout.comma)} AS v,"
        f" {'cell' if text else 'NULL::VARCHAR'} AS raw"
        f" FROM (SELECT {layout.time.seconds} AS t, {owner}{casts} FROM {table}"
        f" WHERE {layout.time.within(window)})"
        f" UNPIVOT INCLUDE NULLS (cell FOR col IN ({', '.join(renamed.values())}))"
    )


def column_of(layout: Layout, component: str, metric: str) -> str:
    """The column that holds the values of a series."""
    if layout.shape == "long":
        return layout.meant.value
    wanted = ("" if layout.by_row else component, metric)
    return next(c for c, pair in layout.values.items() if pair == wanted)


def series_query(
    layout: Layout, table: str, config: SourceConfig, component: str, metric: str, labels: str
) -> str:
    """The SQL that reads one series again."""
    meant: Columns = layout.meant
    columns = f"{name(meant.time)}, {name(column_of(layout, component, metric))}"
    if layout.shape == "wide":
        of = f" WHERE {name(meant.component)} = {quote(component)}" if layout.by_row else ""
        return f"SELECT {columns} FROM {table}{of} ORDER BY 1"
    tag = f"{component}{layout.cut}{metric}" if layout.cut and component else metric
    wheres = [f"{name(meant.metric)} = {quote(tag)}"]
    if not config.component and not layout.cut:
        wheres.insert(0, f"{name(meant.component)} = {quote(component)}")
    if labels:
        wheres.append(f"{labels_of(layout)} = {quote(labels)}")
    return f"SELECT {columns} FROM {table} WHERE {' AND '.join(wheres)} ORDER BY 1"


def words_in(layout: Layout, table: str, config: SourceConfig, window: Window, column: str) -> str:
    """Component, metric, value, raw cell and row of one column, in which words are looked for."""
    kind = layout.columns[column]
    component, metric = ("''", "''")
    if layout.shape == "long":
        component, metric = _named(layout, config)
    elif layout.by_row:
        component = _component(layout)
    return (
        f"SELECT {component} AS component, {metric} AS metric, {number(column, kind, comma=layout.comma)} AS v,"
        f" CAST({name(column)} AS VARCHAR) AS raw, {name(_ROW)} AS row"
        f" FROM (SELECT *, row_number() OVER () AS {name(_ROW)} FROM {table}) WHERE {layout.time.within(window)}"
    )
