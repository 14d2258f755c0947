"""A part of a header's pattern, and how many lines have it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from aitia.tools.text.headers.timestamps import Format

SHARE: Final = 0.9
_SWALLOWED: Final = 0.3  # of the lines may end with a piece that is not made to end one
FEW: Final = 6
_PROBE: Final = 12


class Piece(NamedTuple):
    """A part of a header's pattern. `form` is set for a time; `needed` pieces must be there."""

    name: str
    pattern: str
    needed: bool = False
    form: Format | None = None


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Group names may repeat in a joined pattern: they are taken away for voting."""
    return re.compile(re.sub(r"\(\?P<\w+>", "(?:", pattern))


def share(pattern: str, rests: Sequence[str]) -> float:
    """Of the rests that are not empty, how many begin with the pattern; 0 where none of a few does."""
    match = compiled(pattern).match
    full = [rest for rest in rests if rest]
    if len(full) > 3 * _PROBE and not any(map(match, full[:: len(full) // _PROBE])):
        return 0.0
    return (len(full) - [*map(match, full)].count(None)) / len(full) if full else 0.0


def take(piece: Piece, rests: Sequence[str], taken: list[Piece]) -> list[str]:
    """The rests after a piece, which is added to those taken."""
    taken.append(piece)
    match = compiled(piece.pattern).match
    return [rest[found.end() :] if (found := match(rest)) else rest for rest in rests]


def swallows(pattern: str, rests: Sequence[str]) -> bool:
    """Whether the pattern leaves nothing of too many lines: it is their message, not their header."""
    found = [(m.end(), len(rest)) for rest in rests if (m := compiled(pattern).match(rest))]
    return sum(end >= size for end, size in found) > _SWALLOWED * len(found)
