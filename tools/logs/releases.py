"""Versions that a process tells as it starts: where two starts tell different ones, it was released in between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aitia.core.redact import Redactor
from aitia.core.words import Evidence, SourceRef, Window, from_epoch
from aitia.tools.text.classes import own_words
from aitia.tools.text.names import Names
from aitia.tools.text.reading.record import Record

LONGEST: Final = 160  # characters of a line that tells a version
STRENGTH: Final = 0.7  # as of a version that a metric tells
_STARTS: Final = re.compile(
    r"(?i)\b(?:starting|started|booting|booted|listening|listens|ready to|process up|running|version)\b(?! to\b)"
)
_VERSION: Final = re.compile(
    r"(?<![\d./:<-])v?(\d{1,4}(?:\.\d{1,4}){1,2}(?:[-+][\w.]{1,20})?)(?![\w.:/-]*[\d:/])"
)
_KEY: Final = re.compile(r"([\w.-]+)[\"']?\s*[=:]\s*[\"']?$")  # `current=85.2` of a pump that tells its state
_OF_VERSION: Final = re.compile(r"(?i)ver(?:sion)?|release|build|image|tag|commit")
_QUOTED: Final = re.compile(r'"[^"]*"')
_NUMBERS: Final = re.compile(r"\d+")


def releases(
    component: str, found: Sequence[Record], window: Window, names: Names, redactor: Redactor, ref: SourceRef
) -> Iterator[Evidence]:
    """A change for each start that tells another version than the one before; of lines that name no other component.

    A line that is worded alike is compared with its like alone: a library's version is no version of the program.
    """
    told: dict[str, str] = {}
    for record in found:
        if len(record.message) > LONGEST or not _STARTS.search(record.message):
            continue
        if not _STARTS.search(own_words(record.message)):  # a browser's version is a client's word
            continue
        text = _QUOTED.sub('""', record.message)
        if any(n != component for n in names.of(text)):
            continue
        version = next((m for m in _VERSION.finditer(text) if _named(text[: m.start()])), None)
        if version is None:
            continue
        shape = _NUMBERS.sub("#", f"{text[: version.start()]}…{text[version.end() :]}")
        before, now = told.get(shape, ""), version[1]
        told[shape] = now
        if before and before != now:
            yield _change(component, redactor.text(before), redactor.text(now), record.at, window, ref)


def _named(before: str) -> bool:
    """Whether a number may be a version by what stands before it: the value of a key is one only where the key says so."""
    key = _KEY.search(before)
    return key is None or _OF_VERSION.search(key[1]) is not None


def _change(component: str, before: str, now: str, at: float, window: Window, ref: SourceRef) -> Evidence:
    return Evidence(
        component=component,
        kind="log.release",
        aspect="change.deploy",
        statement=f"{component}: its version changed from {before} to {now} at {from_epoch(at):%H:%M:%S} UTC, as its log tells.",
        values={"from": before, "to": now, "reported_by": component},
        window=window,
        onset=from_epoch(at),
        direction="changed",
        strength=STRENGTH,
        source=ref,
        taint=True,
    )
