"""A source of plant alarms: CSV exports of control systems, a row for each change of an alarm or for each occurrence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.alarms.columns import Columns, columns_of, is_alarm_log
from aitia.tools.sources.alarms.events import AlarmEvent, State, changes, kind_of, state_of
from aitia.tools.sources.event_files import MOST_STAMPS, EventFiles, Read, named_rows
from aitia.tools.sources.exports.tag_files import beside
from aitia.tools.sources.metrics.table_columns import split_tag
from aitia.tools.sources.text_form import (
    TextForm,
    encoding_of,
    few,
    form_of,
    head_of,
    text_of,
)
from aitia.tools.sources.time_texts import TimeTexts, configured_zone, moment

MOST_BYTES: Final = 256 << 20  # of a file
MOST_ROWS: Final = 2_000_000
_LOOKED_AT: Final = 100  # rows by which a log is told
_LONGEST: Final = 200  # characters of a text
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_PATH: Final = re.compile(
    r"(?:^|:/?)tag:(?P<tag>.+?)(?::/alm:(?P<alarm>[^:]+))?$"
)  # a source path of Ignition
_ENDING: Final = re.compile(
    r"(?i)[._/:](?:pv|alm|alarm|hi_?hi|hi|lo_?lo|lo|hi_hi_alm|hi_alm|lo_alm|lo_lo_alm|trip|fault)$"
)
_TAG_LIKE: Final = re.compile(r"\b(?:\d{1,3}-)?[A-Z]{1,5}[-_]?\d{1,5}[A-Z]?\b")
_WORD: Final = re.compile(r"[^\s,;:()\[\]\"']+")
_COMFORT: Final[Mapping[str, State]] = {  # StateAfter of WinCC panels: what the message is after the change
    "0": State(active=False), "1": State(active=True), "2": State(active=False, acked=True), "3": State(active=True, acked=True),
    "6": State(active=False, acked=True),
}  # fmt: skip
_IGNITION: Final[Mapping[str, State]] = {
    "0": State(active=True),
    "1": State(active=False),
    "2": State(acked=True),
}


class AlarmLog(EventFiles[AlarmEvent]):
    """Alarms of a control system's log."""

    KIND = "alarms"

    def describe(self, window: Window) -> Holding:
        """Components and tags of all alarms up to the window's end."""
        read = self._events(window.end)
        found = [e for e in read.entries if e.at < window.end]
        return read.holding(
            self,
            components={e.component for e in found if e.component},
            items={e.tag for e in found},
            count=len(found),
            none="no alarm before the window's end",
        )

    def events(self, window: Window) -> list[AlarmEvent]:
        """The changes of alarms in the window, in time order."""
        return [event for event in self._events(window.end).entries if window.contains(event.at)]

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First and last time of all entries."""
        found = self._events(near).entries
        return (found[0].at.timestamp(), found[-1].at.timestamp()) if found else None

    def _events(self, near: datetime) -> Read[AlarmEvent]:
        found = self._all(near)
        found.entries.sort(key=lambda e: e.at)
        return found

    def _file(self, path: Path, near: datetime, found: Read[AlarmEvent]) -> None:
        encoding = self._encoding(path)
        form = self._form(path, encoding)
        table = named_rows(text_of(path, encoding, MOST_BYTES), form, repr(str(path)), MOST_ROWS)
        columns = columns_of(table.names)
        if columns is None:
            raise SourceError(
                f"Give {str(path)!r} (source {self.name!r}) a column of times and one of tags or messages; it has"
                f" {few(table.names)}."
            )
        stamps = [t for _, row in table.rows[:MOST_STAMPS] for t in _times(row, columns) if t]
        notation = self._notation(stamps, near)
        dated = [
            (n, row, at)
            for n, (_, row) in enumerate(table.rows, 1)
            if (at := self._moment(_times(row, columns)[0], notation)) is not None
        ]
        if not dated:
            shown = next((t for t in stamps if t), "")[:40]
            raise SourceError(
                f"Write {columns.time!r} of {str(path)!r} as ISO 8601, D.M.Y h:m or epoch, not {shown!r}."
            )
        if left := len(table.rows) - len(dated):
            found.dropped.append(
                f"{left} of {len(table.rows)} entries have no time that can be read: left out"
            )
        self._say(columns, form, notation, found)
        self._add(dated, columns, notation, path, found)

    def _owners(self, path: Path, found: Read[AlarmEvent]) -> dict[str, str]:
        """The asset of each tag by the list of tags beside the file; a list that cannot be read is told."""
        try:
            return {tag.casefold(): one.asset for tag, one in beside([path]).items() if one.asset}
        except BadInput as error:
            found.dropped.append(f"the list of tags was not used: {error}")
            return {}

    def _add(
        self,
        dated: Sequence[tuple[int, Mapping[str, str], datetime]],
        columns: Columns,
        notation: TimeTexts | None,
        path: Path,
        found: Read[AlarmEvent],
    ) -> None:
        owners = self._owners(path, found)
        assets = {a.casefold(): a for a in owners.values()}
        entries: list[tuple[AlarmEvent, State]] = []
        unknown: dict[str, int] = {}
        for number, row, at in dated:
            event = self._event(row, columns, at, path, number)
            if not self._config.component and not row.get(columns.component, "").strip():
                event = replace(event, component=_listed(event, owners, assets))
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
        found.entries += changes(entries)

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
        shown = self._shown(path)
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

    def _say(
        self, columns: Columns, form: TextForm, notation: TimeTexts | None, found: Read[AlarmEvent]
    ) -> None:
        found.guessed += form.said
        held = {
            "time": columns.time,
            "tag": columns.tag,
            "state": columns.state,
            "component": columns.component,
        }
        found.guessed.append(", ".join(f"{role} from {few([name])!r}" for role, name in held.items() if name))
        found.guessed += self._zone_guessed(notation)


def looks_like(path: Path) -> bool:
    """Whether a CSV file is an alarm log, by its columns and the states in its first rows. Raises SourceError, OSError."""
    encoding = encoding_of(path)
    form = form_of(path, encoding=encoding)
    table = named_rows(head_of(path, encoding), form, repr(str(path)), _LOOKED_AT)
    columns = columns_of(table.names)
    return columns is not None and is_alarm_log(
        table.names, [row.get(columns.state, "") for _, row in table.rows]
    )


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
    bare = _without_alarm(tag)
    cut = next((mark for mark in "/.:" if mark in bare), "")
    head = split_tag(bare, cut)[0] if cut else bare
    return head.rpartition("/")[2] or bare


def _listed(event: AlarmEvent, owners: Mapping[str, str], assets: Mapping[str, str]) -> str:
    """The asset of an alarm by a list of tags, else the one listed asset that its message names, else as its tag tells it."""
    tag = event.tag.casefold()
    if owner := owners.get(tag) or owners.get(_without_alarm(tag)):
        return owner
    named = {assets[w] for w in _WORD.findall(event.text.casefold()) if w in assets} if assets else set()
    return named.pop() if len(named) == 1 else event.component


def _without_alarm(tag: str) -> str:
    """A tag without the names of alarms behind it."""
    while (shorter := _ENDING.sub("", tag)) != tag:
        tag = shorter
    return tag


def _named_in(text: str) -> str:
    """The first word of a message that is built like the tag of an asset, such as P-101; "" for none."""
    found = _TAG_LIKE.search(text)
    return found[0] if found else ""


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:_LONGEST]
