"""Numbers of a question: in words, and those that tell how many rows are wanted."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from aitia.tools.meaning.incidents.words import meaning_of, table

_COUNTED: Final = r"(?<![\w.:-])(\d{1,3}|%s)(?![\w.:%%-])"
_NUMBERS: Final = {
    "due": 2,
    "tre": 3,
    "quattro": 4,
    "cinque": 5,
    "sei": 6,
    "sette": 7,
    "otto": 8,
    "nove": 9,
    "dieci": 10,
    "venti": 20,
    "dix": 10,
    "twenty": 20,
    "fifty": 50,
}


def in_name(m: re.Match[str], text: str) -> bool:
    """Whether a number belongs to a name or a unit: "pump 2", "95 percentile"."""
    after = text[m.end() : m.end() + 12].lstrip()
    before = text[max(0, m.start() - 14) : m.start()].rstrip()
    return bool(
        re.match(
            r"(?:percent|perzent|%|°|min|sec|hour|stund|heure|hora|or[ae]\b|tage|jours|días|times?\b)", after
        )
    ) or bool(re.search(r"(?:pump|pumpe|pompe|bomba|pompa|motor|code|status|p|nr\.?|no\.?|#)$", before))


def number_words() -> dict[str, int]:
    """Numbers from two on in words."""
    told = {
        w: int(v)
        for w, v in meaning_of(table("times")["numbers"]).items()
        if float(v) >= 2 and float(v) == int(v) and w.isalpha() and len(w) > 2
    }
    return {**told, **_NUMBERS}


def counted_rows() -> re.Pattern[str]:
    """A number of rows."""
    return re.compile(_COUNTED % "|".join(sorted(number_words(), key=len, reverse=True)))


_LENGTH: Final = re.compile(
    r"(?<![\w.:])(\d+|[a-zà-ÿ]+) "
    r"(?:(s|m|h|d)(?:ekunden?|econdes?|econdi|egundos?|econds?|ecs?|eks?|ins?|rs?|inut(?:es?|en|os?|i)|ours?"
    r"|eures?|oras?|ays?)?"
    r"|(stunden?|or[ae])|(tage?n?|jours?|días?|giorn[oi]))(?!\w)"
)
LONGEST_NUMBER: Final = 12  # digits that are read
LONGEST_S: Final = 100 * 366 * 86400  # of a span
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def so_long(low: str, until: datetime) -> datetime | None:
    """When a span begins that ends at `until` and lasts as long as is told; None where it is not."""
    for m in _LENGTH.finditer(low):
        number = m[1] if m[1].isdigit() else number_words().get(m[1], "")
        if number:
            unit = m[2] or ("h" if m[3] else "d")
            seconds = int(str(number)[:LONGEST_NUMBER]) * _SECONDS[unit]
            return until - timedelta(seconds=seconds) if seconds <= LONGEST_S else None
    return None
