"""Rotated sets in time order: by the numbers or dates in their names, by first timestamps where names do not tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from aitia.core.errors import AitiaError
from aitia.tools.text.reading.blocks import blocks, lines_of
from aitia.tools.text.reading.form import SAMPLE
from aitia.tools.text.reading.open_log import open_log
from aitia.tools.text.reading.skipped import Skipped

_PACKED: Final = re.compile(r"\.(?:gz|zst|xz|bz2|log|txt|out|err|jsonl|json)$")
_NUMBER: Final = re.compile(r"\.(\d{1,4})$")
_DATE: Final = re.compile(r"[-._](\d{4})-?(\d\d)-?(\d\d)(?:[T_-]?(\d{2,6}))?$|[-._](\d{10})$")
_Key = tuple[int, str, int]

First = Callable[[Path], float | None]


def in_time_order(paths: Sequence[Path], first: First) -> tuple[Path, ...]:
    """The files of one set, the oldest first. `first` gives a file's first timestamp; it is asked only in need."""
    if len(paths) < 2:
        return tuple(paths)
    keys = {path: _key(path.name) for path in paths}
    if len(set(keys.values())) == len(paths):
        ordered = sorted(paths, key=lambda path: keys[path])
        numbered = [path for path in ordered if keys[path][0] < 0]
        if len(numbered) > 1 and _backwards(first(numbered[0]), first(numbered[-1])):
            numbered.reverse()  # a rotation that counts upwards
            ordered = numbered + [path for path in ordered if keys[path][0] >= 0]
        return tuple(ordered)
    times = {path: first(path) for path in paths}
    return tuple(sorted(paths, key=lambda path: (times[path] or 0.0, keys[path], str(path))))


def _backwards(early: float | None, late: float | None) -> bool:
    return early is not None and late is not None and early > late


def _key(name: str) -> _Key:
    """Numbered files by falling number, then dated ones (of one day by rising number), then the one that is written to."""
    while True:
        number = _NUMBER.search(name)
        date = _DATE.search(name[: number.start()] if number else name)
        if date:
            return 0, "".join(part or "" for part in date.groups()), int(number[1]) if number else 0
        if number:
            return -int(number[1]) - 1, "", 0
        shorter = _PACKED.sub("", name)
        if shorter == name:
            return 1, "", 0
        name = shorter


def first_time(path: Path, *, zone: tzinfo, near: datetime) -> float | None:
    """The first timestamp in a file's beginning, in epoch seconds; None where none is found or it is unreadable."""
    from aitia.tools.text.headers import detect

    try:
        with open_log(path) as handle:
            block = next(blocks(handle, size=SAMPLE, skipped=Skipped()), None)
    except (AitiaError, OSError):
        return None  # whoever reads the file says why
    texts = [raw.decode("utf-8", "replace") for _, raw in lines_of(block)][:200] if block else []
    header = detect(texts, zone=zone, near=near) if texts else None
    if header is None:
        return None
    return next((found[0] for text in texts if (found := header(text))), None)
