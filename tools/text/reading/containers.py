"""Container runtimes' logs: Docker's json-file and the CRI's, unwrapped; partial lines joined.

Where the wrapped lines have a header of their own they come bare. Else each has the wrapper's time before it, in the
CRI's form (`2026-11-25T10:00:00.123Z stdout F text`), save those that go on from a line above: a stack trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from aitia.tools.text.reading.blocks import LINE_MAX, Line, Place
from aitia.tools.text.reading.colour import plain
from aitia.tools.text.reading.conversion import Convert, by_line, spread
from aitia.tools.text.reading.form import CRI
from aitia.tools.text.reading.joining import continues
from aitia.tools.text.reading.skipped import Skipped

_TIME: Final = rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"
# As Docker writes a line without anything to escape: no need to parse JSON.
_SIMPLE: Final = re.compile(
    rb'\{"log":"([^"\\]*)\\n","stream":"(stdout|stderr)","time":"(' + _TIME + rb')"\}'
)
_WHEN: Final = re.compile(_TIME)
_Part = tuple[bytes, bytes, bytes, bool]  # time, stream, text, whether the line ends with it


def docker(*, own: bool) -> Convert:
    """Lines of `/var/lib/docker/containers/*/*-json.log`."""
    return by_line(lambda lines, skipped: _unwrap(lines, skipped, _docker, own))


def cri(*, own: bool) -> Convert:
    """Lines of `/var/log/pods/*/*/*.log`."""
    return by_line(lambda lines, skipped: _unwrap(lines, skipped, _cri, own))


def _docker(raw: bytes) -> _Part | None:
    if simple := _SIMPLE.fullmatch(raw):
        return simple[3], simple[2], simple[1], True
    try:
        fields = json.loads(raw)
        text, at = fields["log"].encode("utf-8", "replace"), fields["time"].encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    stream = b"stderr" if fields.get("stream") == "stderr" else b"stdout"
    return (at, stream, text, text.endswith(b"\n")) if _WHEN.fullmatch(at) else None


def _cri(raw: bytes) -> _Part | None:
    match = CRI.match(raw)
    return (match[1], match[2], match[4], match[3] == b"F") if match else None


@dataclass(slots=True)
class _Begun:
    """A line of which the end has not come yet."""

    place: Place
    at: bytes
    texts: list[bytes] = field(default_factory=list)
    size: int = 0

    def take(self, place: Place, text: bytes) -> None:
        """Add a part; the place grows to its end."""
        if self.size <= LINE_MAX:
            self.texts.append(text)
            self.size += len(text)
        offset, line = self.place.offset, self.place.line
        self.place = Place(offset, place.offset + place.size - offset, line, place.line + place.lines - line)


def _unwrap(
    lines: Iterable[Line], skipped: Skipped, parse: Callable[[bytes], _Part | None], own: bool
) -> Iterator[Line]:
    begun: dict[bytes, _Begun] = {}
    show = _Shown(own)
    for place, raw in lines:
        part = parse(raw)
        if part is None:
            yield place, raw  # not the runtime's: as it stands
            continue
        at, stream, text, ends = part
        line = begun.get(stream)
        if line is None and ends:
            yield from spread(place, show(at, stream, text), skipped)
            continue
        if line is None:
            line = begun[stream] = _Begun(place, at)
        line.take(place, text)
        if ends:
            yield from spread(line.place, show(line.at, stream, b"".join(line.texts)), skipped)
            del begun[stream]
    for stream, line in begun.items():
        yield from spread(line.place, show(line.at, stream, b"".join(line.texts)), skipped)


class _Shown:
    """The wrapped text, its wrapper's time before it where it needs one."""

    def __init__(self, own: bool) -> None:
        self._own = own
        self._within: dict[bytes, bool] = {}  # by stream: whether its last line went on from one above

    def __call__(self, at: bytes, stream: bytes, text: bytes) -> bytes:
        text = plain(text)
        if self._own:
            return text
        start = text[:400].decode("utf-8", "replace")
        within = self._within[stream] = continues(start, within=self._within.get(stream, False))
        return text if within else b"%s %s F %s" % (at, stream, text)
