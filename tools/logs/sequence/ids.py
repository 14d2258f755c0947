"""Which field of a log names the session: found by how its values recur, not by configuration.

A field is a key (`request=…`, `trace_id: …`) or the shape of a word (`blk_<num>`, `<uuid>`). It names sessions if its
values are neither constant nor unique, most of them occur in several templates, and each of them lives for only a part
of the log, as a request does and a host does not. Of the fields that do, the one whose recurring values cover the most
records is taken; one called trace, request, session or the like counts double.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MIN_VALUES: Final = 20  # fewer distinct values are a setting, a host or a thread pool
MIN_RECORDS: Final = 2.0  # a value, on average
MIN_RECURRING: Final = 0.5  # of the values occur in at least two templates
MAX_SHARE: Final = 0.2  # of a field's records that one value has
MAX_LIFE: Final = 0.5  # of the sample's time, the median value's
FIELDS: Final = 200
VALUES: Final = 20_000  # of one field that are kept
PER_RECORD: Final = 20

_KEYED = re.compile(r"([A-Za-z_][\w.-]{1,40})[\"']?(?:=|: ?)[\"']?([A-Za-z0-9_.:-]*[A-Za-z0-9])")
_WORD = re.compile(r"(?<![\w./:@-])[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*(?![\w@-]|[.:]\d)")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=[0-9]*[a-fA-F])[0-9a-fA-F]{8,}")
_DIGITS = re.compile(r"(?<=_)-\d+|\d+")
_SESSION = re.compile(r"trace|request|req(?![a-z])|session|correlation|transaction|txn", re.IGNORECASE)
_PLAIN: Final = "<num>"  # a bare number says nothing of what it counts


@dataclass(frozen=True, kw_only=True)
class Field:
    """Where a session's id stands: the value of a key, or words of one shape."""

    name: str
    keyed: bool

    def values(self, message: str) -> tuple[str, ...]:
        """The ids that a message carries, each once, at most 20."""
        if self.keyed:
            found = (
                [value for key, value in _KEYED.findall(message) if key == self.name]
                if self.name in message
                else []
            )
        else:
            found = [word for word in _WORD.findall(message) if shape(word) == self.name]
        return tuple(dict.fromkeys(found))[:PER_RECORD]


@dataclass(slots=True)
class _Value:
    records: int = 0
    templates: set[object] = field(default_factory=set)
    first: float = float("inf")
    last: float = float("-inf")


def shape(word: str) -> str:
    """`blk_<num>`, `<uuid>`, `<hex>`; "" for a bare number and for words with fewer than four digits."""
    if _UUID.fullmatch(word):
        return "<uuid>"
    if _HEX.fullmatch(word):
        return "<hex>"
    made = _DIGITS.sub("<num>", word)
    return "" if made == _PLAIN or sum(c.isdigit() for c in word) < 4 else made


def session_field(sample: Iterable[tuple[float, str, object]]) -> Field | None:
    """The field that names sessions in a sample of records: moment, message and template. None where none does."""
    seen: dict[Field, dict[str, _Value]] = {}
    first, last = float("inf"), float("-inf")
    for at, message, template in sample:
        first, last = min(first, at), max(last, at)
        for name, value in set(_candidates(message)):
            values = seen.get(name)
            if values is None:
                if len(seen) >= FIELDS:
                    continue
                values = seen[name] = {}
            if value not in values and len(values) >= VALUES:
                continue
            known = values.setdefault(value, _Value())
            known.records += 1
            known.templates.add(template)
            known.first, known.last = min(known.first, at), max(known.last, at)
    scores = {name: _score(name, values, last - first) for name, values in seen.items()}
    best = max(scores, key=lambda name: (scores[name], not name.keyed, name.name), default=None)
    return best if best is not None and scores[best] > 0 else None


def _candidates(message: str) -> Iterable[tuple[Field, str]]:
    for key, value in _KEYED.findall(message):
        yield Field(name=key, keyed=True), value
    for word in _WORD.findall(message):
        if name := shape(word):
            yield Field(name=name, keyed=False), word


def _score(name: Field, values: dict[str, _Value], seconds: float) -> float:
    """Records that recurring values cover; 0 for a field that names no sessions."""
    records = sum(v.records for v in values.values())
    recurring = [v for v in values.values() if len(v.templates) > 1]
    lives = sorted(v.last - v.first for v in values.values())
    if (
        len(values) < MIN_VALUES
        or records < MIN_RECORDS * len(values)
        or len(recurring) < MIN_RECURRING * len(values)
        or max(v.records for v in values.values()) > MAX_SHARE * records
        or (seconds > 0 and lives[len(lives) // 2] > MAX_LIFE * seconds)
    ):
        return 0.0
    return sum(v.records for v in recurring) * (2.0 if name.keyed and _SESSION.search(name.name) else 1.0)
