"""What `aitia init` makes of the data files in a folder: tables, event lists, work orders, changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from aitia.core.config import Columns, SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.words import Holding, Window, from_epoch
from aitia.tools.sources.column_names import (
    DONE,
    MESSAGE,
    METRIC,
    OF,
    ORDER,
    TEXT,
    VALUE,
    VERSION,
    first,
    plain,
)
from aitia.tools.sources.text_form import few, form_of, head_of, separated
from aitia.tools.sources.topology_forms import SOURCE, TARGET
from aitia.tools.sources.traces.span_spelling import spelling_of

if TYPE_CHECKING:
    from aitia.tools.sources.metrics.table import TableSource

TABLES: Final = (".csv", ".tsv", ".parquet", ".xlsx", ".xlsm")
PLAIN_TEXTS: Final = (".txt", ".dat", ".prn", ".asc", ".lvm", ".lis", ".tab")
"""Exports often end so, and so do notes: each is looked into."""
_MEASURED: Final = 0.8  # of the cells below a column's name that are numbers or words for none
_LEAST_ROWS: Final = 3
_NOUNS: Final = {
    "traces": "spans",
    "topology": "components",
    "cluster": "objects",
    "metrics": "series",
    "alarms": "changes of alarms",
    "pictures": "pictures",
}
Found = tuple[SourceConfig | None, str, str]  # the source, why or how it is read, and what it holds


def look_at(path: Path) -> tuple[str, Found]:
    """What a table is taken for, by the names of its columns: a kind of source, and what it would be."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in path.stem)
    if _is_alarm_log(path):
        return "alarms", described(
            SourceConfig(name=name, kind="alarms", type="alarm_log", path=path.name), path.parent
        )
    kind = _kind_of(path)
    if kind in ("maintenance", "changes"):
        return kind, _journal(path, name, kind)
    if kind == "traces":
        return kind, described(SourceConfig(name=name, kind=kind, type="spans", path=path.name), path.parent)
    if kind == "topology":
        return kind, described(SourceConfig(name=name, kind=kind, type=kind, path=path.name), path.parent)
    return kind, _events(path, name) if kind == "logs" else _table(path, name)


def is_table_text(path: Path) -> bool:
    """Whether a text that need not be a table is one: a column of times, and one or more of numbers below one another."""
    from aitia.tools.sources.exports.numbers import looks_numeric
    from aitia.tools.sources.exports.shape import shape_of
    from aitia.tools.sources.exports.sheets import head_sheet
    from aitia.tools.sources.exports.words import is_missing

    try:
        rows = head_sheet(path).rows
        shape = shape_of(rows)
    except (AitiaError, OSError):
        return False
    if shape is None:
        return False
    body = [r for r in rows[shape.first :] if any(r)]
    good = [
        sum(c.at < len(r) and (looks_numeric(r[c.at]) or is_missing(r[c.at])) for r in body)
        for c in shape.of_role("value")
    ]
    return len(body) >= _LEAST_ROWS and any(n >= _MEASURED * len(body) for n in good)


def is_measured(path: Path) -> bool:
    """Whether a file of a folder is taken for measurements, and not for work orders, alarms, changes, logs or a topology."""
    return not _is_alarm_log(path) and _kind_of(path) == "table"


def _kind_of(path: Path) -> Literal["maintenance", "changes", "logs", "traces", "topology", "table"]:
    try:
        names = _names(path)
    except (AitiaError, OSError):
        return "table"  # whose reader says what is wrong
    if spelling_of([dict.fromkeys(names, "1")]) is not None:
        return "traces"
    text = first(names, TEXT)
    if not (first(names, DONE) or first(names, VALUE)) and first(names, SOURCE) and first(names, TARGET):
        return "topology"
    measured = first(names, METRIC) and first(names, VALUE) and plain(text) not in MESSAGE
    if measured or not (text and first(names, DONE)):
        return "table"
    if first(names, ORDER):
        return "maintenance"
    return "changes" if first(names, VERSION, [first(names, OF)]) else "logs"


def _is_alarm_log(path: Path) -> bool:
    """Whether a table holds the alarms of a control system."""
    from aitia.tools.sources.alarms.alarm_log import looks_like

    try:
        return path.suffix.lower() in (".csv", ".tsv") and looks_like(path)
    except (AitiaError, OSError):
        return False


def _names(path: Path) -> list[str]:
    """The names of a file's columns."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return []
    form = form_of(path)
    return separated(head_of(path, form.encoding), form)


def _journal(path: Path, name: str, kind: Literal["maintenance", "changes"]) -> Found:
    source = SourceConfig(name=name, kind=kind, type=kind, path=path.name)
    return described(source, path.parent)


def _events(path: Path, name: str) -> Found:
    """A list of events: read as log lines, after a look at whether its times name their zone."""
    looked, why, _ = _journal(path, name, "changes")
    if looked is None:
        return None, why, ""
    source = SourceConfig(name=name, kind="logs", type="log_files", path=path.name, options=looked.options)
    zone = "; times without a zone are read as UTC (else set options.timezone)" if looked.options else ""
    return source, f"a list of events, read as log lines{zone}", ""


def _table(path: Path, name: str) -> Found:
    from aitia.tools.sources.exports.tag_files import beside, list_beside, tags_listed

    source = SourceConfig(name=name, kind="metrics", type="table", path=path.name)
    try:
        opened = _reader(source, path)
        now = datetime.now(UTC)
        layout, ends = opened.layout(now), opened.extent(now)
        copied = opened.prepared
        meant = layout.meant.model_dump() if layout.shape == "long" else {"time": layout.meant.time}
        zoned = copied.export.zoned if copied else layout.time.zoned
        meant = {} if copied else meant  # its columns are not those of the file
        options: dict[str, str | float | bool] = {} if zoned else {"timezone": "UTC"}
        if copied and not beside([path]) and (tags := list_beside(path)):
            options["tags"] = tags.name
        source = source.model_copy(update={"columns": Columns(**meant), "options": options})
        opened = _reader(source, path) if "tags" in options else opened
        window = Window(start=from_epoch(ends[0]), end=from_epoch(ends[1] + 1)) if ends else None
        holding = opened.describe(window) if window else None
        rows = opened.rows()
    except AitiaError as error:
        if listed := tags_listed(path):
            return (
                None,
                f"a list of {listed} tag{'s' * (listed != 1)}: it goes with the tables beside it (their options.tags)",
                "",
            )
        return None, str(error), ""
    how = "an export" if copied else f"{layout.shape} layout, time in {layout.meant.time!r}"
    told = [how, *_told(holding)]
    return source, "; ".join(told), f"{rows} rows"


def _reader(source: SourceConfig, path: Path) -> TableSource:
    from aitia.tools.sources.metrics.table import TableSource

    return TableSource(source, path.parent)


def described(source: SourceConfig, root: Path) -> Found:
    """A source with what its reader says of it: how it was read, what it holds. None where it cannot be read."""
    from aitia.tools.sources import open_source

    try:
        holding = open_source(source, root).describe(Window(start=from_epoch(0), end=datetime.now(UTC)))
    except AitiaError as error:
        return None, str(error), ""
    if "read as UTC" in holding.guessed:
        source = source.model_copy(update={"options": {**source.options, "timezone": "UTC"}})
    noun = _NOUNS.get(source.kind, "entries")
    count = f"about {holding.count} lines" if source.kind == "logs" else f"{holding.count} {noun}"
    return source, "; ".join([count, *_told(holding)]), ""


def _told(holding: Holding | None) -> list[str]:
    if holding is None:
        return ["no rows"]
    of = f"components {few(holding.components)}" if holding.components else ""
    return [part for part in (of, holding.guessed, holding.note) if part]
