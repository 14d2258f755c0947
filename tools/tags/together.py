"""Machines told by all tags of a source together: what varies from tag to tag, what stays, and what is said outside of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in, quantity_of_word
from aitia.tools.tags.equipment_words import Parts, instrument_of, is_machine, is_part, is_place, plain
from aitia.tools.tags.point import Point, bare_of
from aitia.tools.tags.side_by_side import WORDS

_CUTS: Final = (" - ", " \u2013 ", " \u2014 ", " / ", "_")  # the widest first
_LEVELS: Final = re.compile(r"\s*[\\/>|]\s*")
_NUMBERED: Final = re.compile(r"(?=.*\d)(?=.*[^\W\d_])")
_ALL: Final = 0.8  # of the tags that a cut parts
_PAIR: Final = 2
_CODE: Final = 3  # letters that may be an instrument's function
_SEVERAL: Final = 4  # tags from which on what all share is told
_WORD: Final = re.compile(r"[^\W_]+")
VARYING: Final = "the first word that varies among the tags"
CUT: Final = "what stands before the mark that parts all tags"


def cut(points: Sequence[Point], parts: Sequence[Parts]) -> list[Parts]:
    """The parts of tags that all are parted once by the same mark: machines before it, each with several points behind.

    `Centrale MT - Pressione`, `Area A_Wet Bulb`. An underscore counts where blanks stand within what it parts, and only where
    the same points come back behind other machines; the names behind must tell quantities.
    """
    made = list(parts)
    for place in dict.fromkeys(p.place for p in points):
        here = [n for n, p in enumerate(points) if p.place == place and not p.asset]
        for mark in _CUTS:
            pairs = {n: (a, b) for n in here if (found := bare_of(points[n]).split(mark)) and len(found) == _PAIR
                     and (a := found[0].strip()) and (b := found[1].strip())}  # fmt: skip
            if len(pairs) < max(_PAIR, _ALL * len(here)) or not _are_machines(list(pairs.values()), mark):
                continue
            for n, (machine, name) in pairs.items():
                made[n] = Parts(asset=machine, point=name, whole=machine, by=CUT)
            break
    return made


def _are_machines(pairs: Sequence[tuple[str, str]], mark: str) -> bool:
    heads, tails = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    if any(quantity_in(a) for a in heads) or len(heads) == len(pairs):
        return False
    told = sum(bool(quantity_in(b)) for _, b in pairs) >= len(pairs) / 2
    again = max(tails.values()) > 1
    return (again and any(" " in a for a in heads)) if mark == "_" else told or again


def without_weak(points: Sequence[Point], parts: Sequence[Parts], outer: Sequence[str]) -> list[Parts]:
    """The parts without machines that only words before a quantity tell, where the source itself names a numbered one.

    `outer` is what is said outside of the tags (a title, the name of a file or sheet). Words that tell a quantity are no machine.
    """
    made = []
    for point, part, named in zip(points, parts, outer, strict=True):
        weak = (
            part.asset
            and (part.by == WORDS or quantity_in(part.asset))
            and not re.search(r"\d", part.asset)
            and not part.loop
        )
        if weak and (named and _NUMBERED.match(named)) and plain(named) != plain(part.asset):
            part = Parts(asset="", point=bare_of(point), by="no machine in its name")
        made.append(part)
    return made


def varying(points: Sequence[Point]) -> list[Point]:
    """The points with machines without the levels of places that all of them share: `Pharmacy / Fridge A` is `Fridge A`."""
    paths = {said: [t for t in _LEVELS.split(said) if t] for p in points if (said := p.asset or p.title)}
    if (
        len(paths) < _PAIR
        or any(len(of) < _PAIR for of in paths.values())
        or len({len(of) for of in paths.values()}) > 1
    ):
        return list(points)
    levels = list(paths.values())
    width = len(levels[0])
    same = next((n for n in range(width) if any(a[n] != b[n] for a, b in pairwise(levels))), width)
    if not 0 < same == width - 1 or not all(re.search(r"[^\W\d_]", of[-1]) for of in levels):
        return list(points)
    short: Mapping[str, str] = {asset: of[-1] for asset, of in paths.items()}
    return [replace(p, asset=short.get(p.asset, p.asset), title=short.get(p.title, p.title)) for p in points]


def behind_what_all_share(points: Sequence[Point], parts: Sequence[Parts]) -> list[Parts]:
    """The parts of tags that all begin with the same words: the machine is the first word that varies, where it is one.

    `Line4_Oven_ZoneTemp1`, `Line4_Chiller_OutTemp`. Where what varies are parts of a machine or quantities, what all share
    is the machine, and where what they share is a kind of machine, too.
    """
    made = list(parts)
    for place in dict.fromkeys(p.place for p in points):
        here = [n for n, p in enumerate(points) if p.place == place and not p.asset]
        words = {n: list(_WORD.finditer(bare_of(points[n]))) for n in here}
        if len(here) < _SEVERAL or any(len(w) < _PAIR + 1 for w in words.values()):
            continue
        texts = [[m[0] for m in w] for w in words.values()]
        same = next(
            n
            for n in range(min(map(len, texts)) + 1)
            if n == min(map(len, texts)) or len({t[n] for t in texts}) > 1
        )
        if not 0 < same < min(map(len, texts)) - 1:
            continue
        heads = Counter(t[same] for t in texts)
        shared = texts[0][:same]
        if (
            len(heads) > _ALL * len(here)
            or any(map(_is_kind, shared))
            or not all(map(_may_be_machine, heads))
        ):
            continue
        for n, found in words.items():
            text, head = bare_of(points[n]), found[same]
            made[n] = Parts(
                asset=head[0], point=text[head.end() :].strip(" _-./:"), whole=text[: head.end()], by=VARYING
            )
    return made


def _is_kind(word: str) -> bool:
    return is_machine(re.sub(r"\d+[A-Za-z]?$", "", word)) or instrument_of(word) is not None


def _may_be_machine(word: str) -> bool:
    bare = re.sub(r"\d+[A-Za-z]?$", "", word)
    known = is_part(bare) or is_place(bare) or quantity_of_word(bare) or instrument_of(word) is not None
    code = word.isupper() and word.isalpha() and len(word) <= _CODE
    return len(bare) > 1 and not code and not (known and not is_machine(bare))
