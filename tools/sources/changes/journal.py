"""Changes and maintenance acts from JSON Lines, a JSON array or CSV: when, of what, which kind, and a text."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from aitia.core.bounds import load_json
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import Configured, RecordedChange
from aitia.tools.sources.column_names import DONE, KIND, OF, TEXT, VERSION, first, plain
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.text_form import TextForm, encoding_of, few, form_of, known_encoding, text_of
from aitia.tools.sources.time_texts import TimeTexts, configured_order, configured_zone, moment, usual_texts

MAX_LINE = 65_536
MAX_BYTES = 64 << 20  # of a file
MAX_ENTRIES = 1_000_000
_ALIASES = {"deployment": "deploy", "release": "deploy", "rollout": "deploy", "configuration": "config",
            "feature_flag": "flag", "toggle": "flag", "scaling": "scale", "work_order": "maintenance",
            "rollback": "deploy", "repair": "maintenance", "inspection": "maintenance"}  # fmt: skip
KINDS = ("deploy", "config", "flag", "scale", "maintenance")
_PLAIN: Final = {"at": "at", "component": "component", "kind": "kind", "text": "text"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One object or row as it stands, with where that is (`line 3`, `entry 3`)."""

    place: str
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Which field holds what, by its name; "" for none."""

    at: str = ""
    component: str = ""
    text: str = ""
    version: str = ""
    kind: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Fields:
        """By the usual names. A field is used once."""
        return cls._named(
            tuple(n for n, v in entry.items() if v not in (None, "") and not isinstance(v, list))
        )

    @classmethod
    @lru_cache(maxsize=1024)  # entries of one file have few different sets of fields
    def _named(cls, names: tuple[str, ...]) -> Fields:
        at = first(names, DONE)
        component = first(names, OF, [at])
        text = first(names, TEXT, [at, component])
        version = first(names, VERSION, [at, component, text])
        return cls(at=at, component=component, text=text, version=version, kind=first(names, KIND))

    def said(self) -> Iterator[str]:
        """The fields that are called otherwise than ours."""
        roles = {
            "time": (self.at, "at"),
            "component": (self.component, "component"),
            "text": (self.text, "text"),
        }
        for role, (name, own) in roles.items():
            if name and name not in (own, role):
                yield f"{role} from {name!r}"


@dataclass(kw_only=True)
class _Read:
    """The changes of all files, and what there is to say of how they were read."""

    changes: list[RecordedChange] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


class JournalSource(Configured):
    """A change source of kind `changes` or `maintenance`."""

    OPTIONS = frozenset({"timezone", "date_order", "encoding", "delimiter"})

    def describe(self, window: Window) -> Holding:
        """The components and kinds of all changes up to the window's end (history counts)."""
        read = self._all(window.end)
        found = [change for change in read.changes if change.at < window.end]
        notes = [] if found else ["no entries before the window's end"]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c.component for c in found if c.component})),
            items=tuple(sorted({c.kind for c in found})),
            count=len(found),
            note="; ".join([*notes, *dict.fromkeys(read.dropped)]),
            guessed="; ".join(dict.fromkeys(read.guessed)),
        )

    def read(self, window: Window) -> list[RecordedChange]:
        """The entries with a time in the window, in time order."""
        return [change for change in self._all(window.end).changes if window.contains(change.at)]

    def _all(self, near: datetime) -> _Read:
        found = _Read()
        for path in iter_files(self._config, self._root):
            try:
                self._file(path, near, found)
            except OSError as error:
                raise SourceError(f"{str(path)!r} is not readable (source {self.name!r}): {error}") from None
        found.changes.sort(key=lambda c: (c.at, c.component, c.kind, c.text))
        return found

    def _file(self, path: Path, near: datetime, found: _Read) -> None:
        encoding = known_encoding(str(self._config.options.get("encoding", ""))) or encoding_of(path)
        text = text_of(path, encoding, MAX_BYTES)
        entries = list(self._entries(path, encoding, text, found))
        if not entries:
            return
        zone = configured_zone(self._config)
        fields = [Fields.of(entry.fields) for entry in entries]
        stamps = [str(e.fields[f.at]) for e, f in zip(entries, fields, strict=True) if f.at]
        notation = usual_texts(stamps, zone=zone, near=near, order=configured_order(self._config))
        dated = [
            (e, f, at)
            for e, f in zip(entries, fields, strict=True)
            if f.at and (at := moment(e.fields[f.at], notation, zone)) is not None
        ]
        if not dated:
            raise self._undated(path, entries[0], fields[0])
        found.changes += [self._change(path, e, f, at) for e, f, at in dated]
        if left := len(entries) - len(dated):
            kept = {e.number for e, _, _ in dated}
            place = next(e.place for e in entries if e.number not in kept)
            found.dropped.append(
                f"{left} of {len(entries)} entries have no time that can be read: left out ({place})"
            )
        self._say(dated[0][0], fields, notation, found)

    def _say(self, entry: Entry, fields: list[Fields], notation: TimeTexts | None, found: _Read) -> None:
        usual = Counter(fields).most_common(1)[0][0]
        if told := list(usual.said()):
            found.guessed.append(", ".join(told))
        if notation is not None and not notation.plain:
            found.guessed.append(f"times as {notation.name}")
        if notation is not None and not notation.zoned and "timezone" not in self._config.options:
            found.guessed.append("times without a zone are read as UTC (else set options.timezone)")
        if not (usual.component or self._config.component):
            found.guessed.append("no field names a component")
        used = {usual.at, usual.component, usual.text, usual.version, usual.kind}
        unused = [name for name in entry.fields if name not in used and plain(name) not in ("", *_PLAIN)]
        if unused:
            found.guessed.append(f"not used: {few(unused)}")

    def _entries(self, path: Path, encoding: str, text: str, found: _Read) -> Iterator[Entry]:
        start = text.lstrip()[:1]
        if start in ("[", "{", ""):
            found.guessed += TextForm(encoding=encoding).said
            yield from (self._array if start == "[" else self._lines)(path, text)
            return
        form = form_of(path, encoding=encoding, delimiter=str(self._config.options.get("delimiter", "")))
        found.guessed += form.said
        yield from self._rows(path, text, form.delimiter, form.skip)

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
        for number, entry in enumerate(raw[:MAX_ENTRIES], start=1):
            where = self._where(path, f"entry {number}" if number > 1 else "line 1, entry 1")
            yield Entry(place=f"entry {number}", number=number, fields=self._object(entry, where))

    def _object(self, raw: object, where: str) -> Mapping[str, Any]:
        if not isinstance(raw, dict):
            raise SourceError(f'Fix {where}: it needs an object with "at", "component", "kind" and "text".')
        return raw

    def _rows(self, path: Path, text: str, mark: str, skip: int) -> Iterator[Entry]:
        lines = io.StringIO(text, newline="")
        for _ in range(skip):
            lines.readline()
        reader = csv.reader(lines, delimiter=mark)
        try:
            names = [name.strip() for name in next(reader, [])]
            if not first(names, DONE):
                raise SourceError(
                    f"Fix {self._where(path, f'line {skip + 1}')}: it is neither JSON nor names a column of times, such as"
                    f" time, started, date, Beginn or Datum ({few([n[:40] for n in names])})."
                )
            for row in reader:
                if any(row):
                    number = skip + reader.line_num
                    fields = dict(zip(names, (cell.strip() for cell in row), strict=False))
                    yield Entry(place=f"line {number}", number=number, fields=fields)
        except csv.Error as error:
            raise SourceError(
                f"Fix {self._where(path, f'line {skip + reader.line_num}')}: {error}."
            ) from None

    def _where(self, path: Path, place: str) -> str:
        return f"{place} of {str(path)!r} (source {self.name!r})"

    def _undated(self, path: Path, entry: Entry, fields: Fields) -> SourceError:
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

    def _change(self, path: Path, entry: Entry, fields: Fields, at: datetime) -> RecordedChange:
        shown = self._config.path if path == self._root / self._config.path else path.name
        line = entry.place.startswith("line")
        return RecordedChange(
            at=at,
            component=str(self._config.component or entry.fields.get(fields.component) or ""),
            kind=self._kind(entry.fields.get(fields.kind)),
            text=_text(entry.fields, fields),
            ref=SourceRef(
                source=self.name,
                query=f"{shown}:{entry.number}" if line else f"{shown} [{entry.number - 1}]",
                path=shown,
                lines=(entry.number, entry.number) if line else None,
            ),
        )

    def _kind(self, raw: object) -> str:
        word = str(raw or "").strip().lower().removeprefix("change.")
        word = _ALIASES.get(word, word)
        fallback = "maintenance" if self.kind == "maintenance" else "config"
        return word if word in KINDS else fallback


def _text(entry: Mapping[str, Any], fields: Fields) -> str:
    """The text, and the version where it does not name it."""
    text, version = (_flat(entry.get(name)) for name in (fields.text, fields.version))
    if version and version not in text:
        text = f"{text} ({fields.version} {version})" if text else f"{fields.version} {version}"
    return text


def _flat(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
