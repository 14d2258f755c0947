"""Periods that a question names instead of times: this week, last month, the weekend, the past three months; five languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from aitia.agent.asking.question.numbers import number_words
from aitia.core.bounds import own_yaml
from aitia.tools.meaning.incidents.words import one_of, plain

_DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
_TICK: Final = timedelta(milliseconds=1)
_MOST: Final = 400  # of a unit


class Period(NamedTuple):
    """A period with its place in the text. `runs`: it ends now, as "this week" and "the past month" do."""

    since: datetime
    until: datetime
    begin: int
    end: int
    runs: bool = False


def periods_of(low: str, now: datetime) -> list[Period]:
    """The periods of a text in small letters, in order; those of which nothing has been yet are left out."""
    held = [(m, name) for pattern, name in _patterns() for m in pattern.finditer(low)]
    found: list[Period] = []
    for m, name in sorted(held, key=lambda pair: (pair[0].start() - pair[0].end(), pair[0].start())):
        if any(m.start() < p.end and p.begin < m.end() for p in found) or _behind().match(low, m.end()):
            continue
        since, until = _named(name, now) if name else _counted(m, now)
        if since < now:
            found.append(Period(since, min(until, now), m.start(), m.end(), until >= now))
    return sorted(found, key=lambda p: p.begin)


def _named(name: str, now: datetime) -> tuple[datetime, datetime]:
    which, _, unit = name.partition(" ")
    if which == "past":
        return now - timedelta(days=_DAYS[unit]), now
    if which == "weekend":
        begin = _midnight(now) - timedelta(days=(now.weekday() - 5) % 7)
        return begin, begin + timedelta(days=2) - _TICK
    begin = _begin(unit, now)
    return (begin, now) if which == "this" else (_begin(unit, begin - _TICK), begin - _TICK)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _begin(unit: str, at: datetime) -> datetime:
    """When the week, month, quarter or year began in which a moment is."""
    day = _midnight(at)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1}.get(unit, day.month)
    return day.replace(month=month, day=1)


def _counted(m: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    said, unit = (m["n"] or m["n2"]), (m["unit"] or m["unit2"])
    number = min(int(said) if said.isdigit() else int(number_words()[said]), _MOST)
    kind = next(k for k, words in _table()["units"].items() if unit in map(plain, words))
    return now - timedelta(days=_DAYS[kind] * max(1, number)), now


@cache
def _table() -> Mapping[str, Any]:
    text = files("aitia.agent.asking.question").joinpath("periods.yaml").read_text(encoding="utf-8")
    return dict(own_yaml(text))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    held = _table()
    named = [k for k in held if k.partition(" ")[0] in ("this", "before", "weekend", "past")]
    units = _any([w for words in held["units"].values() for w in words])
    number = rf"(?:\d{{1,3}}|{_any(number_words())})"
    counted = (
        rf"(?<!\w)(?:{_any(held['number before'])}) (?P<n>{number}) (?P<unit>{units})(?!\w)"
        rf"|(?<!\w)(?P<n2>{number}) (?:{_any(held['number behind'])}) (?P<unit2>{units})(?!\w)"
    )
    return (
        (re.compile(counted), ""),
        *((re.compile(one_of(plain(w) for w in held[k])), k) for k in named),
    )


def _any(words: Sequence[str] | Mapping[str, Any]) -> str:
    return "|".join(re.escape(plain(w)) for w in sorted(words, key=len, reverse=True))


@cache
def _behind() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{_any(_table()['not before'])})(?!\w)")
