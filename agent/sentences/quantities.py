"""Times, rates, numbers and directions of a sentence, each held against the facts that its clause tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from aitia.agent.sentences.binding import close, holds, said, times_of
from aitia.agent.text import RATE, TIME, Number, mask, numbers, stem, words
from aitia.core.words import Evidence

_UP_WORDS: Final = frozenset(
    {
        "rise", "rose", "risen", "increase", "grow", "grew", "grown", "growth", "climb", "jump", "surge", "spike",
        "higher", "escalate",
    }
)  # fmt: skip
_DOWN_WORDS: Final = frozenset(
    {
        "fall", "fell", "fallen", "drop", "decrease", "decline", "lower", "reduce", "shrink", "shrank",
        "vanish", "low", "under", "below",
    }
)  # fmt: skip
STEADY: Final = frozenset(stem(w) for w in ("remain", "stay", "steady", "unchanged", "constant", "stop"))
UP: Final = frozenset(stem(w) for w in _UP_WORDS)
DOWN: Final = frozenset(stem(w) for w in _DOWN_WORDS)


_UNTIL: Final = re.compile(r"\b(until|till|by|to|before)\s+(?:about\s+)?$", re.I)


def times(sentence: str, start: int, end: int, facts: Sequence[Evidence]) -> Iterable[str]:
    """Times of day between two places that are not in the facts, that end what began then, or of another zone."""
    known = [t for f in facts for t in times_of(f)]
    whole = " ".join(said(f) for f in facts).lower()
    for match in TIME.finditer(sentence, start, end):
        if not any(k == match[0] or k.startswith(match[0]) for k in known):
            yield f"the time {match[0]} is not in the cited facts"
        elif (
            until := _UNTIL.search(sentence[: match.start()])
        ) and f"{until[1].lower()} {match[0]}" not in whole:
            yield f"something began at {match[0]}, it did not end then"
    if zone := _ZONE.search(sentence, start, end):
        yield f"the facts give times in UTC, not {zone[0]}"


_ZONE: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s+(?!UTC\b)[A-Z]{2,5}\b")


def rates(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    """A rate (per second, a minute, /h) where no fact that is told of has such a one."""
    held = {_unit_of(m) for f in facts for m in RATE.finditer(said(f))}
    for match in RATE.finditer(clause):
        if _unit_of(match) not in held:
            yield f"{match[0].strip()!r} is not a rate in the cited facts"


def _unit_of(match: re.Match[str]) -> str:
    return next(g for g in match.groups() if g)[0]


def wrong_numbers(
    body: str,
    start: int,
    end: int,
    facts: Sequence[Evidence],
    names: frozenset[str],
    *,
    paired: bool = True,
) -> Iterable[str]:
    """What is wrong with the numbers between two places; their roles are seen in the whole sentence."""
    stated = [n for f in facts for n in numbers(mask(said(f), names))]
    told = [n for n in numbers(body) if start <= n.at < end]
    for number in told:
        near = [s for s in stated if close(number, s.value)]
        if not near:
            yield f"the number {number.value:g} is not in the cited facts"
        elif not any(_same_unit(number, s) for s in near):
            yield f"{number.value:g} has another unit in the cited facts"
        elif not _same_role(number, near):
            yield f"{number.value:g} has another role in the cited facts ({number.role or 'level'} here)"
    for a, b in pairwise(told) if paired else ():
        if (a.role, b.role) == ("from", "to") and not any(holds(f, (a, b), names) for f in facts):
            yield f"{a.value:g} and {b.value:g} do not come from the same fact"
        elif _OF.fullmatch(body[a.end : b.at]) and not any(_part_of(f, a, b, names) for f in facts):
            yield f"no cited fact says {a.value:g} of {b.value:g}"


_OF: Final = re.compile(r"\s*(?:out\s+)?of\s+(?:the\s+|its\s+|all\s+|a\s+)?")


def _part_of(fact: Evidence, part: Number, whole: Number, names: frozenset[str]) -> bool:
    """Whether a fact states the one number as a part of the other."""
    text = mask(said(fact), names)
    return any(
        close(part, a.value) and close(whole, b.value) and bool(_OF.fullmatch(text[a.end : b.at]))
        for a, b in pairwise(numbers(text))
    )


def _same_unit(number: Number, stated: Number) -> bool:
    return number.unit == stated.unit or (not number.unit and stated.unit not in ("%", "×"))


def _same_role(number: Number, stated: Sequence[Number]) -> bool:
    """A change, a limit, a bound and a whole must be stated as such; `from N` must not be the end, nor `to N` the start."""
    roles = {s.role for s in stated if _same_unit(number, s)}
    if (
        number.role == "by"
        and number.unit.endswith(("/min", "/h"))
        and number.unit in {s.unit for s in stated}
    ):
        return True  # a rate is a change as it stands
    if number.role in ("by", "limit", "bound", "whole", "baseline"):
        return number.role in roles
    if roles and roles <= {"limit", "bound", "whole", "baseline"}:
        return False
    opposite = {"from": "to", "to": "from"}.get(number.role)
    return not (opposite and roles == {opposite}) and not (number.role in ("from", "to") and roles == {"by"})


def directions(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    """Words for up, down and steady that do not agree with how the facts moved."""
    moved = {f.direction for f in facts}
    own = {stem(w) for f in facts for w in words(said(f))}
    for match in re.finditer(r"[A-Za-z]+", clause):
        root = stem(match[0].lower())
        if root in STEADY:
            wrong = "steady" not in moved and root not in own
        elif root in UP or root in DOWN:
            agreeing, opposed = (
                ({"up", "new"}, {"down", "gone"}) if root in UP else ({"down", "gone"}, {"up", "new"})
            )
            # Where nothing moved either way, only a statement's own word may be repeated.
            wrong = not moved & agreeing and bool(moved & opposed or root not in own)
        else:
            continue
        if wrong:
            yield f"the direction of {match[0]!r} does not match the cited facts"
