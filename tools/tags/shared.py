"""Machines that tags name by words that several of them share, at their beginning or their end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in, quantity_of_word
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.tags.equipment_words import Parts, is_machine, is_part, is_place, plain
from aitia.tools.tags.point import Point, bare_of, whole_of
from aitia.tools.tags.side_by_side import WORDS

_FIRST: Final = re.compile(r"([^\W\d_][^\W_]+)(?:\s+|_|-)(?=[^\W\d_]{2})")
_LAST: Final = re.compile(r"[_ .-]([A-Za-z]{1,8}[-_]?\d{1,5})$")
_PHASE: Final = re.compile(r"L[1-3]")  # of a three-phase network: no machine
_PAIR: Final = 2


def weighed(points: Sequence[Point], parts: Sequence[Parts]) -> list[Parts]:
    """The parts with machines that words alone tell only where several tags share them: `ME RPM`, `ME FO flow` are of `ME`.

    Words before a quantity may be what is measured (`Sea water temperature`); a number, a kind of machine or a code tells one.
    """
    heads = [
        _head(p) if not part.asset or _is_weak(part) else "" for p, part in zip(points, parts, strict=True)
    ]
    told = Counter(h for h in heads if h)
    ends = Counter(m[1] for p in points if (m := _LAST.search(p.tag)))
    made = []
    for point, part, head in zip(points, parts, heads, strict=True):
        if head and told[head] > 1 and not point.asset:
            rest = whole_of(point)[len(head) :].strip(" _-.:/")
            part = Parts(asset=head, point=rest, whole=head, by="the word that several tags begin with")
        elif (
            (end := _LAST.search(point.tag))
            and ends[end[1]] > 1
            and not _PHASE.fullmatch(end[1])
            and (quantity_in(point.tag[: end.start()]) or ends[end[1]] > _PAIR)
            and (not part.asset or plain(part.asset) == plain(point.tag))
        ):  # `ReactLevel_RT1`, `ReactTemp_RT1`
            part = Parts(
                asset=end[1],
                point=point.tag[: end.start()],
                whole=end[1],
                by="the word that several tags end with",
            )
        elif (
            (point.title or ((u := unit_named(point.unit)) and u.quantity == "concentration"))
            and plain(part.asset) == plain(bare_of(point))
            and not any(is_machine(w) for w in re.split(r"[\W\d_]+", part.asset))
        ):  # `Zone 1` of a kiln
            part = Parts(asset="", point=bare_of(point), by="no machine in its name")
        elif _is_weak(part) and (point.title or not part.asset.isupper()):
            part = Parts(asset="", point=bare_of(point), by="no machine in its name")
        made.append(part)
    return made


def _is_weak(part: Parts) -> bool:
    """Whether nothing but words before a quantity tells a machine."""
    words = re.split(r"[\W_]+", part.asset)
    return part.by == WORDS and not re.search(r"\d", part.asset) and not any(is_machine(w) for w in words)


def _head(point: Point) -> str:
    """The first word of a tag where it may name a machine: no quantity, part or place, and more words behind it."""
    found = _FIRST.match(whole_of(point))
    if (
        not found
        or is_part(found[1])
        or is_place(found[1])
        or quantity_of_word(found[1])
        or unit_named(found[1])
    ):
        return ""
    return found[1]
