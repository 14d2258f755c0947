"""A faster pattern for the same lines: parts that no sampled line uses are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aitia.tools.text.headers.atoms import WORD
from aitia.tools.text.headers.levels import ANY_CASE, LOWER, UPPER
from aitia.tools.text.headers.start import AFTER, PRI
from aitia.tools.text.headers.timestamps import DAY, FRACTION, ZONE

_NAME: Final = re.compile(r"\(\?P<(\w+)>")
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
    match = whole(pattern).match
    truth = [found.groupdict("") if (found := match(line)) else None for line in lines]
    used = {name for groups in truth if groups for name, text in groups.items() if text}
    for part, simpler in _PARTS:
        for other in simpler:
            tried = pattern.replace(part, other)
            if tried != pattern and used <= {"msg", *_NAME.findall(tried)} and _same(tried, lines, truth):
                pattern = tried
                break
    return pattern


@lru_cache(maxsize=4096)
def whole(pattern: str) -> re.Pattern[str]:
    """The pattern of a header with the message after it; `none` is a group that is always empty.

    Layouts come again from stream to stream, and these patterns are long: compiling one takes milliseconds.
    """
    return re.compile(pattern + r"(?P<msg>.*)(?P<none>)", re.DOTALL)


def _same(tried: str, lines: Sequence[str], truth: Sequence[dict[str, str] | None]) -> bool:
    """Whether each line's groups are equal; one that is left out was empty."""
    match = whole(tried).match
    for line, wanted in zip(lines, truth, strict=True):
        found = match(line)
        if found is None or wanted is None:
            if (found is None) != (wanted is None):
                return False
            continue
        groups = found.groupdict("")
        if any(groups.get(name, "") != text for name, text in wanted.items()):
            return False
    return True
