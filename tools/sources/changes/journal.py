"""Changes and maintenance acts from JSON Lines, a JSON array or CSV: when, of what, which kind, and a text."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aitia.core.bounds import load_json
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import RecordedChange
from aitia.tools.sources.changes.change_fields import (
    LISTS,
    Roles,
    components_of,
    diff_of,
    files_of,
    flattened,
    id_of,
    kind_of,
    text_of,
    unused,
)
from aitia.tools.sources.column_names import DONE, first
from aitia.tools.sources.event_files import EventFiles, Read, named_rows
from aitia.tools.sources.text_form import TextForm, few
from aitia.tools.sources.text_form import text_of as all_text
from aitia.tools.sources.time_texts import TimeTexts, configured_zone, moment

MAX_LINE = 262_144  # a diff among the fields is long
MAX_BYTES = 64 << 20  # of a file
MAX_ENTRIES = 1_000_000
MOST_TOUCHED = 50  # components of one entry
_PLAIN: Final = {"at": "at", "component": "component", "kind": "kind", "text": "text"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One object or row as it stands, with where that is (`line 3`, `entry 3`)."""

    place: str
    number: int
    fields: Mapping[str, Any]


class JournalSource(EventFiles[RecordedChange]):
    """A change source of kind `changes` or `maintenance`."""

    def describe(self, window: Window) -> Holding:
        """The components and kinds of all changes up to the window's end (history counts)."""
        read = self._changes_of_all(window.end)
        found = [change for change in read.entries if change.at < window.end]
        return read.holding(
            self,
            components={c.component for c in found if c.component},
            items={c.kind for c in found},
            count=len(found),
            none="no entries before the window's end",
        )

    def read(self, window: Window) -> list[RecordedChange]:
        """The entries with a time in the window, in time order."""
        return [c for c in self._changes_of_all(window.end).entries if window.contains(c.at)]

    def _changes_of_all(self, near: datetime) -> Read[RecordedChange]:
        found = self._all(near)
        found.entries.sort(key=lambda c: (c.at, c.component, c.kind, c.text))
        return found

    def _file(self, path: Path, near: datetime, found: Read[RecordedChange]) -> None:
        encoding = self._encoding(path)
        text = all_text(path, encoding, MAX_BYTES)
        entries = list(self._entries(path, encoding, text, found))
        if not entries:
            return
        zone = configured_zone(self._config)
        fields = [Roles.of(entry.fields) for entry in entries]
        stamps = [str(e.fields[f.at]) for e, f in zip(entries, fields, strict=True) if f.at]
        notation = self._notation(stamps, near)
        dated = [
            (e, f, at)
            for e, f in zip(entries, fields, strict=True)
            if f.at and (at := moment(e.fields[f.at], notation, zone)) is not None
        ]
        if not dated:
            raise self._undated(path, entries[0], fields[0])
        made = [change for e, f, at in dated for change in self._changes(path, e, f, at)]
        found.entries += made
        if events := len(dated) - len({change.ref.query for change in made}):
            found.dropped.append(
                f"{events} of {len(entries)} entries are events, not changes: read them as logs"
            )
        if left := len(entries) - len(dated):
            kept = {e.number for e, _, _ in dated}
            place = next(e.place for e in entries if e.number not in kept)
            found.dropped.append(
                f"{left} of {len(entries)} entries have no time that can be read: left out ({place})"
            )
        if not any(change.component for change in made):
            found.guessed.append("no field names a component")
        self._say(dated[0][0], fields, notation, found)

    def _say(
        self, entry: Entry, fields: list[Roles], notation: TimeTexts | None, found: Read[RecordedChange]
    ) -> None:
        usual = Counter(fields).most_common(1)[0][0]
        if told := list(usual.said()):
            found.guessed.append(", ".join(told))
        if notation is not None and not notation.plain:
            found.guessed.append(f"times as {notation.name}")
        found.guessed += self._zone_guessed(notation)
        if usual.text and (names := unused(entry.fields, usual, tuple(_PLAIN))):
            found.guessed.append(f"not used: {few(names)}")

    def _entries(self, path: Path, encoding: str, text: str, found: Read[RecordedChange]) -> Iterator[Entry]:
        start = text.lstrip()[:1]
        if start in ("[", "{", ""):
            found.guessed += TextForm(encoding=encoding).said
            whole = start == "[" or _is_answer(text)
            yield from (self._array if whole else self._lines)(path, text)
            return
        form = self._form(path, encoding)
        found.guessed += form.said
        yield from self._rows(path, text, form)

    def _lines(self, path: Path, text: str) -> Iterator[Entry]:
        for number, line in enumerate(io.StringIO(text), start=1):
            if not line.strip():
                continue
            where = self._where(path, f"line {number}")
            if len(line) > MAX_LINE:
                raise SourceError(f"Shorten {where}: it has more than {MAX_LINE} characters.")
            try:
                raw: Any = load_json(line)
            except ValueError as error:
                raise SourceError(f"Fix {where}: it is not a JSON object ({error}).") from None
            yield Entry(place=f"line {number}", number=number, fields=self._object(raw, where))

    def _array(self, path: Path, text: str) -> Iterator[Entry]:
        try:
            raw: Any = load_json(text)
        except ValueError as error:
            line = getattr(error, "lineno", 1)
            raise SourceError(f"Fix {self._where(path, f'line {line}')}: it is no JSON ({error}).") from None
        if isinstance(raw, dict):
            raw = next((raw[key] for key in LISTS if isinstance(raw.get(key), list)), [raw])
        for number, entry in enumerate(raw[:MAX_ENTRIES], start=1):
            where = self._where(path, f"entry {number}" if number > 1 else "line 1, entry 1")
            yield Entry(place=f"entry {number}", number=number, fields=self._object(entry, where))

    def _object(self, raw: object, where: str) -> Mapping[str, Any]:
        if not isinstance(raw, dict):
            raise SourceError(f'Fix {where}: it needs an object with "at", "component", "kind" and "text".')
        return flattened(raw)

    def _rows(self, path: Path, text: str, form: TextForm) -> Iterator[Entry]:
        table = named_rows(text, form, f"{str(path)!r} (source {self.name!r})", MAX_ENTRIES)
        if not first(table.names, DONE):
            raise SourceError(
                f"Fix {self._where(path, f'line {form.skip + 1}')}: it is neither JSON nor names a column of times, such as"
                f" time, started, date, Beginn or Datum ({few([n[:40] for n in table.names])})."
            )
        for number, fields in table.rows:
            yield Entry(place=f"line {number}", number=number, fields=fields)

    def _where(self, path: Path, place: str) -> str:
        return f"{place} of {str(path)!r} (source {self.name!r})"

    def _undated(self, path: Path, entry: Entry, fields: Roles) -> SourceError:
        where = self._where(path, entry.place if entry.place.startswith("line") else f"line 1, {entry.place}")
        if fields.at:
            shown = str(entry.fields[fields.at])[:40]
            return SourceError(
                f"Write {fields.at!r} in {where} as ISO 8601, D.M.Y h:m or epoch, not {shown!r}."
            )
        return SourceError(
            f'Fix {where}: it needs an object with "at", "component", "kind" and "text"; it has'
            f" {few([str(n)[:40] for n in entry.fields])}."
        )

    def _changes(self, path: Path, entry: Entry, roles: Roles, at: datetime) -> Iterator[RecordedChange]:
        """The entry as a change of each component that it touches."""
        fields = entry.fields
        fallback = "maintenance" if self.kind == "maintenance" else "config"
        kind = kind_of(fields, roles, hint=path.name.casefold(), fallback=fallback)
        if not kind:
            return
        shown = self._shown(path)
        line = entry.place.startswith("line")
        ref = SourceRef(
            source=self.name,
            query=f"{shown}:{entry.number}" if line else f"{shown} [{entry.number - 1}]",
            path=shown,
            lines=(entry.number, entry.number) if line else None,
        )
        own = self._config.component
        for component in [own] if own else components_of(fields, roles)[:MOST_TOUCHED]:
            yield RecordedChange(
                at=at,
                component=component,
                kind=kind,
                text=text_of(fields, roles),
                ref=ref,
                id=id_of(fields, roles),
                diff=diff_of(fields, roles),
                files=tuple(files_of(fields, roles)),
            )


def _is_answer(text: str) -> bool:
    """Whether a text is one object, such as an API's answer around a list: its first line is none by itself, or the only one."""
    first, _, more = text.strip().partition("\n")
    if not more:
        return any(f'"{key}"' in first[:MAX_LINE] for key in LISTS)
    return not first.rstrip().endswith("}")
