"""Instruments that a question means by what they measure and the number of a thing: "level in tank 3" is LT-3 (ISA-5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from aitia.agent.asking.question.about import EQUIPMENT
from aitia.agent.asking.question.measure import Term, things_of
from aitia.agent.asking.question.tables import table
from aitia.tools.meaning.incidents.words import one_of, plain
from aitia.tools.query.measured import meaning_of
from aitia.tools.query.site import Site

NUMBERED: Final = re.compile(
    r"(?P<thing>[^\W\d_]{3,}) (?:nr\.? |no\.? |n° ?|núm\. )?(?P<number>\d{1,3})(?![\w:]|[.,]\d| ?[°%])"
)
"""A thing and its number: "transformer 2"."""
_TAG: Final = re.compile(r"([a-z]{1,4})[-_ ]?0*(\d{1,4})")


def by_tag(low: str, site: Site) -> str:
    """The one instrument of a quantity that a text speaks of, whose number a thing in it has; else ""."""
    told = {int(m["number"]) for m in NUMBERED.finditer(low)}
    if not told:
        return ""
    said = quantities_in(low)
    found = [
        c.id
        for c in site.inventory.components
        if (tag := _TAG.fullmatch(plain(c.id)))
        and int(tag[2]) in told
        and meaning_of(c.id, "", "").quantity in said
    ]
    return found[0] if len(found) == 1 else ""


def instrument(names: Iterable[str], low: str) -> str:
    """The one of several instruments whose tag tells a quantity that a text speaks of; else ""."""
    said = quantities_in(low)
    found = [n for n in names if _TAG.fullmatch(plain(n)) and meaning_of(n, "", "").quantity in said]
    return found[0] if len(found) == 1 else ""


def quantities_in(low: str) -> set[str]:
    """The things that a text speaks of, a level among them."""
    said = {c for m in re.finditer(r"[a-zà-ÿ]{3,}", low) for c in things_of(m[0])}
    return said | {"level"} if _level().search(low) else said


def sibling(component: str, low: str, site: Site) -> str:
    """The component that is called like another one but for the number, which a thing in a text has; else ""."""
    told = {int(m["number"]) for m in NUMBERED.finditer(low)}
    own = re.fullmatch(r"(.*?)0*(\d+)", component)
    if not told or own is None or int(own[2]) in told:
        return ""
    pattern = re.compile(rf"{re.escape(own[1])}0*(\d+)")
    found = [c.id for c in site.inventory.components if (m := pattern.fullmatch(c.id)) and int(m[1]) in told]
    return found[0] if len(found) == 1 else ""


def of_whose(found: Sequence[Term], low: str, taken: Iterable[tuple[int, int]]) -> list[Term]:
    """The terms of a question; those that only say of what it asks are soft: "tank 3", "the photovoltaic plant PV08"."""
    numbered = {m.start("thing") for m in NUMBERED.finditer(low)}
    names = {a for a, _ in taken}
    return [
        replace(t, soft=True)
        if (t.begin in numbered and t.concepts <= _THINGS) or (not t.concepts and t.end + 1 in names)
        else t
        for t in found
    ]


_THINGS: Final = EQUIPMENT | {"tank", "transformer", "pipe"}


@cache
def _level() -> re.Pattern[str]:
    """Words for a level, which alone may be that of a log."""
    return re.compile(
        one_of(map(plain, ["level", "levels", *(w for w in table("concepts")["level"] if " " not in w)]))
    )
