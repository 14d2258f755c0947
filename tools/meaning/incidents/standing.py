"""What a text says of each component that it names: it shows the trouble, it was excluded, or it is only mentioned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from aitia.tools.meaning.incidents.mentions import Mention
from aitia.tools.meaning.incidents.symptoms import symptom_words
from aitia.tools.meaning.incidents.words import clauses, one_of, plain, table

Standing = Literal["affected", "excluded", "mentioned"]
STANDINGS: Final[tuple[Standing, ...]] = ("affected", "excluded", "mentioned")
_COMMAS: Final = frozenset({",", "、"})
_FILL: Final = 5  # little words between a phrase and the component


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of a component, in which words; `sure` where a phrase or the only reading tells it."""

    component: str
    standing: Standing
    words: str
    sure: bool


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Mentions that are joined by "and" or a comma and share what is said of them."""

    mentions: tuple[Mention, ...]
    standing: Standing | None
    troubled: bool
    clause: int


def standings(text: str, mentions: Sequence[Mention]) -> list[Said]:
    """One per component, in the order of the text."""
    low = plain(text)
    spans = clauses(low)
    groups = [_group(low, spans, held) for held in _grouped(low, mentions)]
    open_ones = [g for g in groups if g.standing is None]
    troubled = [g for g in open_ones if g.troubled] or open_ones[:1]
    first = {g.clause: g for g in reversed(troubled)}
    found: dict[str, Said] = {}
    for group in groups:
        leads = any(g is group for g in first.values())
        standing: Standing = group.standing or ("affected" if leads else "mentioned")
        sure = group.standing is not None or len({m.component for g in open_ones for m in g.mentions}) == 1
        for m in group.mentions:
            said = Said(component=m.component, standing=standing, words=text[m.begin : m.end], sure=sure)
            before = found.get(m.component)
            if before is None or _rank(group, said) > _rank(None, before):
                found[m.component] = said
    return list(found.values())


def _rank(group: _Group | None, said: Said) -> int:
    """Of one component in several places: an exclusion stands, then trouble, then a mention."""
    return {"excluded": 2, "affected": 1, "mentioned": 0}[said.standing]


def _grouped(low: str, mentions: Sequence[Mention]) -> list[tuple[Mention, ...]]:
    """Lists such as "redis, kafka and the db". A comma alone ends one thing said and begins the next."""
    groups: list[list[Mention]] = []
    comma = False
    for m in mentions:
        between = low[groups[-1][-1].end : m.begin] if groups else ""
        if groups and _link().fullmatch(between):
            groups[-1].append(m)
            comma = between.strip() in _COMMAS
            continue
        groups = _split_off(groups, comma)
        groups.append([m])
        comma = False
    return [tuple(g) for g in _split_off(groups, comma)]


def _split_off(groups: list[list[Mention]], comma: bool) -> list[list[Mention]]:
    return [*groups[:-1], groups[-1][:-1], groups[-1][-1:]] if comma else groups


def _group(low: str, spans: Sequence[tuple[int, int]], held: tuple[Mention, ...]) -> _Group:
    begin, end = held[0].begin, held[-1].end
    place = max((n for n, (a, _) in enumerate(spans) if a <= begin), default=0)
    stop = next((b for _, b in spans if b >= end), len(low))
    left, right = low[spans[place][0] : begin], low[end:stop]
    if not right.strip():  # "redis (checked)", "redis - fine"
        after = re.match(r"\s*(?:\(|[-–—=]\s|:)([^).;\n]*)", low[end:])
        right = after.group(1) if after else ""
    standing: Standing | None = None
    if _before("excluded_before").search(left) or _after("excluded_after").match(right):
        standing = "excluded"
    elif _before("mentioned_before").search(left) or _after("mentioned_after").match(right):
        standing = "mentioned"
    troubled = any(True for _ in symptom_words(low[spans[place][0] : stop]))
    return _Group(mentions=held, standing=standing, troubled=troubled, clause=place)


@cache
def _before(key: str) -> re.Pattern[str]:
    words = table("standing")
    return re.compile(rf"{one_of(words[key])}\s*(?:{one_of(words['fill'])}\s*){{0,{_FILL}}}$")


@cache
def _after(key: str) -> re.Pattern[str]:
    words = table("standing")
    return re.compile(rf"[\s:=(]*(?:{one_of(words['fill'])}[\s:=]*){{0,{_FILL}}}{one_of(words[key])}")


@cache
def _link() -> re.Pattern[str]:
    words = table("standing")
    return re.compile(
        rf"\s*(?:{one_of(words['link'])}\s*){{1,2}}(?:(?:the|our|der|die|das|la|le|les|el|los|las|l')\s*)?"
    )
