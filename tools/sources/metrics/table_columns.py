"""What the columns of a table mean: as configured, else by their usual names, else by what they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aitia.core.config import Columns, SourceConfig, option_of
from aitia.core.errors import SourceError
from aitia.tools.sources.column_names import COMPONENT, METRIC, TIME, VALUE, first, plain
from aitia.tools.sources.metrics.table_sql import TimeColumn, is_number, name
from aitia.tools.sources.text_form import TextForm, few
from aitia.tools.sources.time_texts import CLOCK, DATE

_DEFAULT: Final = Columns()
MARKS: Final = "./:"
_MOST: Final = 0.8  # of the columns, or of the sampled tags, that must have a separator
FIELDS: Final = frozenset({"pv", "sp", "op", "mv", "cv", "out", "val", "value", "wert", "q", "ist", "soll"})
"""What control systems call the value of an instrument: it names a metric only together with the instrument."""
BETWEEN: Final = "\x1f"  # component and metric of a column, while it is read
UNIT: Final = r"(?:\s*[(\[].*)?"  # behind a name
_FIELD: Final = re.compile(rf"(?:{'|'.join(sorted(FIELDS))}){UNIT}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*[+-]?(\d[\d.,]*)([eE][+-]?\d+)?\s*")
_TAG: Final = re.compile(r"[^\W\d][^\s,;]{0,120}")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a table is written.

    columns  its columns by type
    meant    which of them hold what
    cut      what separates the component from the metric: in the names of a wide table's columns, or in the tags of
             a long one without a component
    values   of a wide table, the component and the metric of each column; the component is "" where a column of its own
             holds it (`by_row`)
    joined   the columns of date and clock of which the time is made, where there is no column of both
    """

    columns: dict[str, str]
    meant: Columns
    time: TimeColumn
    shape: Literal["long", "wide"]
    form: TextForm
    comma: bool = False
    cut: str = ""
    values: Mapping[str, tuple[str, str]]
    unused: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    by_row: bool = False

    def over(self, table: str) -> str:
        """A table function, with the column of times where that is made of two."""
        return joined_table(table, self.joined) if self.joined else table


def joined_table(table: str, columns: Sequence[str]) -> str:
    """A table with a column of date and clock, called by the names of both."""
    texts = ", ".join(f"trim({name(c)})" for c in columns)
    return f"(SELECT *, concat_ws(' ', {texts}) AS {name(' '.join(columns))} FROM {table})"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The columns of a table by type, and the first cells of each as text."""

    columns: Mapping[str, str]
    cells: Mapping[str, Sequence[str]]

    def date_and_clock(self) -> tuple[str, ...]:
        """A column of dates alone and one of clocks alone; none where there are not both."""
        dates = [
            c for c, held in self.cells.items() if held and all(map(DATE.fullmatch, map(str.strip, held)))
        ]
        clocks = [
            c for c, held in self.cells.items() if held and all(map(CLOCK.fullmatch, map(str.strip, held)))
        ]
        return (dates[0], clocks[0]) if dates and clocks else ()

    def numeric(self, column: str) -> bool:
        """Whether most of its cells are numbers."""
        held = self.cells[column]
        if is_number(self.columns[column]):
            return True
        return bool(held) and sum(bool(_NUMBER.fullmatch(c)) for c in held) > len(held) / 2


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """Which columns hold what, and whether their names are tags that name the component too (`cut`)."""

    columns: Columns
    shape: Literal["long", "wide"]
    cut: str = ""
    unused: tuple[str, ...] = ()
    by_row: bool = False


ReadTime = Callable[[str, bool], TimeColumn | None]  # by name and whether it is named as the time


def find_time(sample: Sample, config: SourceConfig, read: ReadTime) -> TimeColumn:
    """The configured column, else one that is called so, else the first that holds times alone. Raises SourceError."""
    wanted, names = config.columns.time, list(sample.columns)
    by_name = first(names, TIME)
    if wanted in names or wanted != _DEFAULT.time:
        need(names, wanted, "columns.time", config)
        by_name = wanted
    if by_name and (found := read(by_name, True)):
        return found
    if by_name != wanted:
        for column in names:
            if column != by_name and sample.cells[column] and (found := read(column, False)):
                return found
    if not by_name:
        raise SourceError(
            f"{config.path!r} has no time column: none is called {', '.join(TIME[:4])}, Zeitstempel or the like,"
            f" and none holds times alone (it has {few(names)}). {_mend('columns.time', config)}"
        )
    shown = next(iter(sample.cells[by_name]), "")
    raise SourceError(
        f"{str(shown)[:60]!r} in the time column {by_name!r} of source {config.name!r} ({config.path!r}) "
        "is not a valid time. Write it as ISO 8601, D.M.Y h:m:s, or epoch seconds or milliseconds."
    )


def need(names: Sequence[str], column: str, option: str, config: SourceConfig) -> None:
    """Raises SourceError where a column that is needed is not there."""
    if column not in names:
        raise SourceError(
            f"{config.path!r} has no column {column!r} (it has {few(list(names))}). {_mend(option, config)}"
        )


def _mend(option: str, config: SourceConfig) -> str:
    key = option.removeprefix("columns.")
    if option_of(config.name):
        return f"Make it a source in aitia.yaml with `columns: {{{key}: NAME}}` (`aitia init` proposes one)."
    return f"Set `{option}` of source {config.name!r}."


def find_meaning(sample: Sample, time: str, config: SourceConfig) -> Meaning:
    """Long or wide, and which columns hold the component, the metric and the value. Raises SourceError."""
    wanted, names = config.columns, [c for c in sample.columns if c != time]
    for label in wanted.labels:
        need(names, label, "columns.labels", config)
    metric = _chosen(names, wanted.metric, "metric", METRIC, config)
    value = _chosen(names, wanted.value, "value", VALUE, config, taken=[metric])
    texts = [c for c in names if c not in ("labels", *wanted.labels) and not sample.numeric(c)]
    numbers = [c for c in names if c not in texts and c not in ("labels", *wanted.labels)]
    one = (
        not ((metric and value) or config.component)
        and len(numbers) == 1
        and not re.search(r"[_./:]", numbers[0])
    )
    if one and any(_is_tags(sample.cells[c]) and not first([c], COMPONENT) for c in texts):
        value = value or numbers[0]
        metric = metric or _tag_column(sample, texts)
    if not (metric and value):
        component = _chosen(names, wanted.component, "component", COMPONENT, config)
        own = bool(component and _names_rows(sample.cells[component], component) and not config.component)
        named = {"time": time, "component": component} if own else {"time": time}
        return Meaning(columns=wanted.model_copy(update=named), shape="wide", by_row=own)
    component = _chosen(names, wanted.component, "component", COMPONENT, config, taken=[metric, value])
    cut = ""
    if not component and not config.component:
        cut = str(config.options.get("separator", "")) or separator_in(sample.cells[metric], MARKS)
        if not cut:
            component = _last_text(sample, [c for c in texts if c != metric])
        if not cut and not component:
            need(names, wanted.component, "columns.component", config)
    meant = Columns(
        time=time, component=component or wanted.component, metric=metric, value=value, labels=wanted.labels
    )
    used = {component, metric, value, "labels", *wanted.labels}
    return Meaning(columns=meant, shape="long", cut=cut, unused=tuple(c for c in names if c not in used))


def _chosen(
    names: Sequence[str],
    wanted: str,
    field: Literal["component", "metric", "value"],
    known: Sequence[str],
    config: SourceConfig,
    taken: Sequence[str] = (),
) -> str:
    """The configured column, else one that is called so; "" for none."""
    if wanted in names:
        return wanted
    if wanted != getattr(_DEFAULT, field) and not (field == "component" and config.component):
        need(names, wanted, f"columns.{field}", config)
    return first(names, known, taken)


def _is_tags(cells: Sequence[str]) -> bool:
    """Whether a column holds names that come again and again."""
    return len(cells) > 1 and all(_TAG.fullmatch(c) for c in cells) and len(set(cells)) < len(cells)


def _names_rows(cells: Sequence[str], column: str) -> bool:
    """Whether a column that is called a component holds names, or numbers where it is called an id."""
    numbers = all(re.fullmatch(r"\s*[+-]?\d+([.,]\d+)?\s*", c) for c in cells)
    return (
        bool(cells) and len(set(cells)) < max(len(cells), 2) and (not numbers or plain(column).endswith("id"))
    )


def _tag_column(sample: Sample, texts: Sequence[str]) -> str:
    """The column whose texts look most like names of metrics: with separators, else with many different ones."""
    held = [c for c in texts if _is_tags(sample.cells[c]) and not first([c], COMPONENT)]
    return max(
        held,
        key=lambda c: (
            sum(bool(re.search(r"[_./:]", v)) for v in sample.cells[c]),
            len(set(sample.cells[c])),
        ),
    )


def _last_text(sample: Sample, texts: Sequence[str]) -> str:
    """Of the remaining texts the one whose values could name components."""
    held = [c for c in texts if _is_tags(sample.cells[c])]
    return max(held, key=lambda c: len(set(sample.cells[c])), default="")


def separator_in(tags: Sequence[str], marks: str) -> str:
    """The separator that most of some tags have; "" for none."""
    counts = Counter(m for tag in set(tags) for m in marks if m in tag.strip(m))
    best = max(marks, key=lambda m: counts[m])
    return best if counts[best] and counts[best] >= _MOST * len(set(tags)) else ""


def split_tag(tag: str, cut: str) -> tuple[str, str]:
    """Component and metric of a tag: `P-201.speed` at the last separator, `P-201.FT.PV` (a field of an instrument)
    at the one before; `pump_speed` at the first underscore.
    """
    tag = tag.replace(BETWEEN, " ")
    if cut not in MARKS:
        head, found, tail = tag.partition(cut)
        return (head, tail) if found else ("", tag)
    head, found, tail = tag.rpartition(cut)
    if not found:
        return "", tag
    if _FIELD.fullmatch(tail) and cut in head:
        head, _, instrument = head.rpartition(cut)
        tail = f"{instrument}{cut}{tail}"
    return head, tail


def wide_values(
    sample: Sample, columns: Sequence[str], config: SourceConfig, *, by_row: bool
) -> tuple[str, dict[str, tuple[str, str]]]:
    """The separator, and component and metric of each column of a wide table. Raises SourceError where none has both."""
    if config.component or by_row:
        if columns:
            return "", {c: (config.component, c.replace(BETWEEN, " ")) for c in columns}
        raise SourceError(
            f"{config.path!r} has no columns of numbers ({few(list(sample.columns))}). Give one that has."
        )
    cut = str(config.options.get("separator", "")) or _wide_cut(
        [c for c in columns if sample.numeric(c)] or columns
    )
    found = {c: split_tag(c, cut) for c in columns if cut in c}
    found = {c: (component, metric) for c, (component, metric) in found.items() if component and metric}
    if found:
        return cut, found
    own = next(iter(columns), "") or "Temp"
    raise SourceError(
        f"{config.path!r} is neither long (time, component, metric, value) nor wide (component{cut}metric): it has"
        f" {few(list(sample.columns))}. Either set `component: NAME` of {_named(config)}, so that {few([own])!r} is a"
        f" metric of NAME, or rename such columns to 'NAME.{few([own])}'; for one value a row map"
        " `columns: {metric: …, value: …}`."
    )


def _named(config: SourceConfig) -> str:
    return (
        "a source in aitia.yaml (`aitia init` proposes one)"
        if option_of(config.name)
        else f"source {config.name!r}"
    )


def _wide_cut(columns: Sequence[str]) -> str:
    """`.`, `/` or `:` where nearly all columns have it, unless an underscore comes before it; else the underscore."""
    cut = separator_in(columns, MARKS)
    before = sum("_" in c.split(cut)[0] for c in columns) if cut else 0
    return cut if cut and before <= len(columns) / 2 else "_"
