"""Which of the times in a text is the start of the trouble: the words around each decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from aitia.tools.meaning.incidents.times import Told, times_of
from aitia.tools.meaning.incidents.words import clauses, one_of, plain, table

# Points for what stands beside a time; by hand.
_KIND: Final = {"clock": 1.0, "relative": 2.0, "day": 0.5, "part": 0.25}
_SINCE, _FINE_UNTIL, _TROUBLE = 3.0, 3.5, 0.75
_TRIED, _OVER, _STAMP, _UNTIL, _FINE, _RANGE = -3.0, -3.0, -3.0, -3.0, -1.5, -4.0
_NEAR: Final = 28  # characters between a word such as "since" and its time
_RANGE_SIGN: Final = re.compile(
    r"\s*(?:-|–|to|until|till|bis|à|a|hasta|and|und|et|y|〜|~|から|→)\s*(?:las\s+)?"
)


@dataclass(frozen=True, kw_only=True)
class Start:
    """When the trouble began, and the words that tell it."""

    at: datetime
    words: str


def start_of(text: str, now: datetime) -> Start | None:
    """The start that a text tells, or None. A time without a zone is in that of `now`."""
    low = plain(text)
    told = times_of(text, now)
    scored = [(_points(low, t, told[n - 1] if n else None), t) for n, t in enumerate(told)]
    good = [(points, t) for points, t in scored if points > 0]
    if not good:
        return None
    _, best = max(good, key=lambda pair: (pair[0], -pair[1].at.timestamp(), -pair[1].begin))
    return Start(at=best.at, words=_phrase(text, low, best))


def _points(low: str, told: Told, before: Told | None) -> float:
    begin, end = _clause(low, told)
    left, right = low[begin : told.begin], low[told.end : end]
    if before is not None and begin <= before.end and _RANGE_SIGN.fullmatch(low, before.end, told.begin):
        return _RANGE
    if low.startswith("'s ", told.end):  # "this morning's deploy"
        return _TRIED
    since = bool(_before("since").search(left[-_NEAR:])) or bool(_after("since_after").match(right))
    points = _KIND[told.kind] + _SINCE * since
    until = bool(_until().search(left)) or bool(_after("until_after").match(right))
    fine = bool(_any("fine").search(left)) or bool(_any("fine").search(right))
    if until:
        return points + (_FINE_UNTIL if fine else _UNTIL)
    close = left.rstrip() + " " + right
    tried = bool(_any("tried").search(close))
    if tried and (not since or told.kind in ("part", "day")):
        points += _TRIED
    if not since:
        points += _OVER * bool(_any("over").search(close)) + _STAMP * bool(_any("stamp").search(close))
        points += _FINE * fine
    return points + _TROUBLE * bool(_any("trouble").search(close))


def _clause(low: str, told: Told) -> tuple[int, int]:
    """The clause around a time, which may itself hold what elsewhere ends one."""
    spans = clauses(low)
    begin = max((a for a, b in spans if a <= told.begin), default=0)
    end = min((b for a, b in spans if b >= told.end), default=len(low))
    return begin, end


def _phrase(text: str, low: str, told: Told) -> str:
    """The words of the time with the word in front that makes it a start."""
    ahead = max(0, told.begin - _NEAR)
    found = _before("since").search(low, ahead, told.begin) or _until().search(low, ahead, told.begin)
    begin = found.start() if found else told.begin
    if "\n" in text[begin : told.begin]:
        begin = told.begin
    return text[begin : told.end].strip()


@cache
def _before(key: str) -> re.Pattern[str]:
    """One of the words, with no further time or verb up to the end."""
    return re.compile(one_of(table("start")[key]) + r"[^.;!?\n]*$")


@cache
def _until() -> re.Pattern[str]:
    return re.compile(
        one_of(table("start")["until"])
        + r"\s*(?:about|around|~|roughly|ca\.?|etwa|kurz|vor|shortly|before|gegen|environ|vers|a|las|la|les|unas)*\s*$"
    )


@cache
def _after(key: str) -> re.Pattern[str]:
    return re.compile(r"\s*(?:頃|ごろ|過ぎ|すぎ|ころ|に|\()?\s*" + one_of(table("start")[key]))


@cache
def _any(key: str) -> re.Pattern[str]:
    return re.compile(one_of(table("start")[key]))
