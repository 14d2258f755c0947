"""A faster pattern for the same lines: parts that no sampled line uses are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.logs.headers.atoms import WORD
from aitia.tools.logs.headers.levels import ANY_CASE, LOWER, UPPER
from aitia.tools.logs.headers.start import AFTER, PRI
from aitia.tools.logs.headers.timestamps import DAY, FRACTION, ZONE

_LEAST: Final = 20  # lines; fewer do not tell what the others look like
_PARTS: Final = (
    (PRI, ("",)),
    (DAY, ("", r"\w{3} ")),
    (ZONE, ("",)),
    (FRACTION, ("", r"[.,](?P<frac>\d{3})(?!\d)", r"[.,](?P<frac>\d{1,9})")),
    (AFTER, ("", r"\]? ?", r"[ ,|:]*")),
    (WORD, (r"\S+",)),
    (ANY_CASE, (LOWER, UPPER)),
)


def slim(pattern: str, lines: Sequence[str]) -> str:
    """The pattern with each part replaced by the first simpler one under which every line gives the same groups."""
    if len(lines) < _LEAST:
        return pattern
    truth = _groups(pattern, lines)
    for part, simpler in _PARTS:
        for other in simpler:
            tried = pattern.replace(part, other)
            if tried != pattern and _same(_groups(tried, lines), truth):
                pattern = tried
                break
    return pattern


def _groups(pattern: str, lines: Sequence[str]) -> list[dict[str, str] | None]:
    match = re.compile(pattern + r"(?P<msg>.*)", re.DOTALL).match
    return [found.groupdict("") if (found := match(line)) else None for line in lines]


def _same(tried: Sequence[dict[str, str] | None], truth: Sequence[dict[str, str] | None]) -> bool:
    """Whether each line's groups are equal; one that is left out was empty."""
    return all(
        (a is None) == (b is None)
        and (a is None or b is None or all(a.get(k, "") == v for k, v in b.items()))
        for a, b in zip(tried, truth, strict=True)
    )
