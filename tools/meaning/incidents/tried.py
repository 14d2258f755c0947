"""What was already done, in the text's own words."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from aitia.tools.meaning.incidents.words import clauses, one_of, plain, table

_MOST: Final = 5
_LONGEST: Final = 120


def tried_in(text: str) -> tuple[str, ...]:
    """The clauses that tell of something done about it, in order."""
    low = plain(text)
    told = [text[a:b].strip()[:_LONGEST] for a, b in clauses(low) if _done().search(low, a, b)]
    return tuple(dict.fromkeys(told))[:_MOST]


@cache
def _done() -> re.Pattern[str]:
    return re.compile(one_of(table("start")["done"]))
