"""Header detection: the layouts of a stream from a sample of its lines, by voting.

JSON, logfmt and quoted columns are read by key or column. Of other lines the time's format and place are voted on
first, then the pieces around it, one after the other, as long as nearly all lines share them. Lines that the
first layout does not read may give a second and a third.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from aitia.tools.text.headers.delimited import quoted_header
from aitia.tools.text.headers.header import Header, MixedHeader, TextHeader
from aitia.tools.text.headers.structured import mapping_header
from aitia.tools.text.headers.text import text_headers

_SAMPLE: Final = 300  # lines that are looked at
_LAYOUTS: Final = 3
_LEAST: Final = (0.05, 3)  # share and number of lines that make another layout
_WEAK_LEAST: Final = 0.3
_CHARS: Final = 2000


def detect(sample: Sequence[str], *, zone: tzinfo, near: datetime, component: str = "") -> Header | None:
    """The header of a stream from some of its lines, in their order; None where no timestamp is recognised.

    `component` helps to tell a bare logger name from a message's first word.
    """
    lines = [line[:_CHARS] for line in sample if line.strip()]
    lines = _thinned(lines)
    found: list[Header] = []
    left = lines
    while left and len(found) < _LAYOUTS:
        more = _layouts(left, zone, near, component)
        if found:
            more = [header for header in more if _worth(header, left, len(lines))]
        if not more:
            break
        found += more
        left = [line for line in left if all(header(line) is None for header in more)]
        if len(left) < max(_LEAST[1], _LEAST[0] * len(lines)):
            break
    return None if not found else found[0] if len(found) == 1 else MixedHeader(found[:_LAYOUTS])


def _thinned(lines: Sequence[str]) -> list[str]:
    """At most 300 lines, in three runs, so that their order still tells how time goes."""
    if len(lines) <= _SAMPLE:
        return list(lines)
    part = _SAMPLE // 3
    middle = len(lines) // 2 - part // 2
    return [*lines[:part], *lines[middle : middle + part], *lines[-part:]]


def _layouts(lines: Sequence[str], zone: tzinfo, near: datetime, component: str) -> list[Header]:
    structured = mapping_header(lines, zone=zone, near=near)
    if structured is not None:
        return [structured[1]]
    quoted = quoted_header(lines, zone=zone, near=near)
    if quoted is not None:
        return [quoted]
    return [*text_headers(lines, zone=zone, near=near, component=component)]


def _worth(header: Header, left: Sequence[str], total: int) -> bool:
    """Whether enough lines have a further layout, more if its time could be another number."""
    votes = sum(header(line) is not None for line in left)
    weak = isinstance(header, TextHeader) and header.keeper.form.weak
    return votes >= max(_LEAST[1], (_WEAK_LEAST if weak else _LEAST[0]) * total) and votes >= 0.2 * len(left)
