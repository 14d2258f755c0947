"""A source of plant alarms: CSV exports of control systems, a row for each change of an alarm or for each occurrence."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.alarms.columns import Columns, columns_of, is_alarm_log
from aitia.tools.sources.alarms.events import AlarmEvent, State, changes, kind_of, state_of
from aitia.tools.sources.base import Configured
from aitia.tools.sources.metrics.table_columns import split_tag
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.text_form import (
    TextForm,
    encoding_of,
    few,
    form_of,
    head_of,
    known_encoding,
    text_of,
)
from aitia.tools.sources.time_texts import TimeTexts, configured_order, configured_zone, moment, usual_texts

MOST_BYTES: Final = 256 << 20  # of a file
MOST_ROWS: Final = 2_000_000
_LONGEST: Final = 200  # characters of a text
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_PATH: Final = re.compile(
    r"(?:^|:/?)tag:(?P<tag>.+?)(?::/alm:(?P<alarm>[^:]+))?$"
)  # a source path of Ignition
_ENDING: Final = re.compile(
    r"(?i)[._/:](?:pv|alm|alarm|hi_?hi|hi|lo_?lo|lo|hi_hi_alm|hi_alm|lo_alm|lo_lo_alm|trip|fault)$"
)
_TAG_LIKE: Final = re.compile(r"\b(?:\d{1,3}-)?[A-Z]{1,5}[-_]?\d{1,5}[A-Z]?\b")
_COMFORT: Final[Mapping[str, State]] = {  # StateAfter of WinCC panels: what the message is after the change
    "0": State(active=False), "1": State(active=True), "2": State(active=False, acked=True), "3": State(active=True, acked=True),
    "6": State(active=False, acked=True),
}  # fmt: skip
_IGNITION: Final[Mapping[str, State]] = {
    "0": State(active=True),
    "1": State(active=False),
    "2": State(acked=True),
}


@dataclass(kw_only=True)
class _Read:
    """The events of all files, and what there is to say of how they were read."""

    events: list[AlarmEvent] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


class AlarmLog(Configured):
    """Alarms of a control system's log."""

    KIND = "alarms"
    OPTIONS = frozenset({"timezone", "date_order", "encoding", "delimiter"})

    def describe(self, window: Window) -> Holding:
        """Components and tags of all alarms up to the window's end."""
        read = self._all(window.end)
        found = [e for e in read.events if e.at < window.end]
        notes = [] if found else ["no alarm before the window's end"]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({e.component for e in found if e.component})),
            items=tuple(sorted({e.tag for e in found})),
            count=len(found),
            note="; ".join([*notes, *dict.fromkeys(read.dropped)]),
            guessed="; ".join(dict.fromkeys(read.guessed)),
        )

    def events(self, window: Window) -> list[AlarmEvent]:
        """The changes of alarms in the window, in time order."""
        return [event for event in self._all(window.end).events if window.contains(event.at)]

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of all entries."""
        found = self._all(near).events
        return (found[0].at.timestamp(), found[-1].at.timestamp()) if found else None

    def _all(self, near: datetime) -> _Read:
        found = _Read()
        for path in iter_files(self._config, self._root):
            try:
                self._file(path, near, found)
            except OSError as error:
                raise SourceError(f"{str(path)!r} is not readable (source {self.name!r}): {error}") from None
        found.events.sort(key=lambda e: e.at)
        return found

    def _file(self, path: Path, near: datetime, found: _Read) -> None:
        encoding = known_encoding(str(self._config.options.get("encoding", ""))) or encoding_of(path)
        form = form_of(path, encoding=encoding, delimiter=str(self._config.options.get("delimiter", "")))
        names, rows = _rows(text_of(path, encoding, MOST_BYTES), form, str(path))
        columns = columns_of(names)
        if columns is None:
            raise SourceError(
                f"Give {str(path)!r} (source {self.name!r}) a column of times and one of tags or messages; it has {few(names)}."
            )
        zone = configured_zone(self._config)
        stamps = [t for row in rows[:5000] for t in _times(row, columns) if t]
        notation = usual_texts(stamps, zone=zone, near=near, order=configured_order(self._config))
        dated = [
            (n, row, at)
            for n, row in enumerate(rows, 1)
            if (at := self._moment(_times(row, columns)[0], notation)) is not None
        ]
        if not dated:
            shown = next((t for t in stamps if t), "")[:40]
            raise SourceError(
                f"Write {columns.time!r} of {str(path)!r} as ISO 8601, D.M.Y h:m or epoch, not {shown!r}."
            )
        if left := len(rows) - len(dated):
            found.dropped.append(f"{left} of {len(rows)} entries have no time that can be read: left out")
        self._say(columns, form, notation, found)
        self._add(dated, columns, notation, path, found)

    def _add(
        self,
        dated: Sequence[tuple[int, Mapping[str, str], datetime]],
        columns: Columns,
        notation: TimeTexts | None,
        path: Path,
        found: _Read,
    ) -> None:
        entries: list[tuple[AlarmEvent, State]] = []
        unknown: dict[str, int] = {}
        for number, row, at in dated:
            event = self._event(row, columns, at, path, number)
            if columns.end:
                entries += self._occurrence(event, row, columns, notation)
                continue
            text = row.get(columns.state, "")
            state = _state(text, columns.state) if columns.state else State(active=True)
            if state is None:
                unknown[text] = unknown.get(text, 0) + 1
                continue
            entries.append((event, state))
        if unknown:
            total = sum(unknown.values())
            words = few([f"{word[:40]!r}" for word in unknown])
            found.dropped.append(
                f"{total} of {len(dated)} entries tell no state of an alarm ({words}): left out"
            )
        if entries and not columns.state and not columns.end:
            found.guessed.append("no column tells the state: each entry is taken for an alarm that came")
        entries.sort(key=lambda pair: pair[0].at)
        found.events += changes(entries)

    def _occurrence(
        self, event: AlarmEvent, row: Mapping[str, str], columns: Columns, notation: TimeTexts | None
    ) -> Iterator[tuple[AlarmEvent, State]]:
        """Of one row the alarm's coming, its acknowledgement and its end."""
        yield event, State(active=True)
        for column, state in ((columns.acked, State(acked=True)), (columns.end, State(active=False))):
            at = self._moment(row.get(column, ""), notation) if column else None
            if at is not None and at >= event.at:
                yield replace(event, at=at), state

    def _event(
        self, row: Mapping[str, str], columns: Columns, at: datetime, path: Path, number: int
    ) -> AlarmEvent:
        tag, alarm = _tag(row.get(columns.tag, ""))
        text, kind = _plain(row.get(columns.text, "")), row.get(columns.kind, "")
        numbered = tag.isdecimal() and bool(
            text
        )  # the number of a message: what it is about stands in its text
        tag, owner = (text, _named_in(text)) if numbered else (tag, asset_of(tag))
        shown = self._config.path if path == self._root / self._config.path else path.name
        return AlarmEvent(
            at=at,
            change="active",
            tag=tag,
            component=self._config.component or _plain(row.get(columns.component, "")) or owner,
            text=text,
            kind=kind_of(alarm, kind, row.get(columns.tag, ""), text),
            priority=_plain(row.get(columns.priority, ""))[:40],
            console=_plain(row.get(columns.console, ""))[:80],
            value=_plain(row.get(columns.value, ""))[:40],
            limit=_plain(row.get(columns.limit, ""))[:40],
            ref=SourceRef(source=self.name, query=f"{shown}, entry {number}", path=shown),
        )

    def _moment(self, text: str, notation: TimeTexts | None) -> datetime | None:
        return moment(text, notation, configured_zone(self._config)) if text else None

    def _say(self, columns: Columns, form: TextForm, notation: TimeTexts | None, found: _Read) -> None:
        found.guessed += form.said
        held = {
            "time": columns.time,
            "tag": columns.tag,
            "state": columns.state,
            "component": columns.component,
        }
        found.guessed.append(", ".join(f"{role} from {few([name])!r}" for role, name in held.items() if name))
        if notation is not None and not notation.zoned and "timezone" not in self._config.options:
            found.guessed.append("times without a zone are read as UTC (else set options.timezone)")


def looks_like(path: Path) -> bool:
    """Whether a CSV file is an alarm log, by its columns and the states in its first rows. Raises SourceError, OSError."""
    encoding = encoding_of(path)
    form = form_of(path, encoding=encoding)
    names, rows = _rows(head_of(path, encoding), form, str(path))
    columns = columns_of(names)
    return columns is not None and is_alarm_log(names, [row.get(columns.state, "") for row in rows[:100]])


def _rows(text: str, form: TextForm, where: str) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns and the rows by name. Raises SourceError."""
    lines = io.StringIO(text, newline="")
    for _ in range(form.skip):
        lines.readline()
    reader = csv.reader(lines, delimiter=form.delimiter)
    try:
        names = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
        rows = [
            dict(zip(names, (c.strip() for c in row), strict=False))
            for n, row in enumerate(reader)
            if any(row) and n < MOST_ROWS
        ]
    except csv.Error as error:
        raise SourceError(f"Fix line {form.skip + reader.line_num} of {where!r}: {error}.") from None
    return names, rows


def _times(row: Mapping[str, str], columns: Columns) -> Sequence[str]:
    """The text of the entry's time, then that of its end."""
    time = row.get(columns.time, "")
    if columns.clock:
        time = f"{time} {row.get(columns.clock, '')}".strip()
    return (time, row.get(columns.end, "")) if columns.end else (time,)


def _state(text: str, column: str) -> State | None:
    """The state that a cell means: a word, or the number of a system whose column is called so."""
    name = column.casefold().replace("_", "").replace(" ", "")
    if name == "stateafter":
        return _COMFORT.get(text)
    if name == "eventtype" and text in _IGNITION:
        return _IGNITION[text]
    return state_of(text)


def _tag(text: str) -> tuple[str, str]:
    """The point and the name of its alarm, of a path such as `prov:default:/tag:Pumps/P-101/Vib:/alm:High`."""
    if found := _PATH.search(text):
        return _plain(found["tag"]), _plain(found["alarm"] or "")
    return _plain(text), ""


def asset_of(tag: str) -> str:
    """The asset of a tag: what stands before its last separator, names of alarms taken off; the tag itself where nothing does."""
    bare = tag
    while (shorter := _ENDING.sub("", bare)) != bare:
        bare = shorter
    cut = next((mark for mark in "/.:" if mark in bare), "")
    head = split_tag(bare, cut)[0] if cut else bare
    return head.rpartition("/")[2] or bare


def _named_in(text: str) -> str:
    """The first word of a message that is built like the tag of an asset, such as P-101; "" for none."""
    found = _TAG_LIKE.search(text)
    return found[0] if found else ""


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:_LONGEST]
