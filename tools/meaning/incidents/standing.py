"""What a text says of each component that it names: it shows the trouble, it was excluded, or it is only mentioned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

from aitia.tools.meaning.incidents.mentions import Mention
from aitia.tools.meaning.incidents.symptoms import symptom_words
from aitia.tools.meaning.incidents.words import clauses, one_of, plain, table

Standing = Literal["affected", "excluded", "mentioned"]
# Of one component in several places: an exclusion stands, then trouble, then a mention.
_RANK: Final[dict[Standing, int]] = {"excluded": 2, "affected": 1, "mentioned": 0}
_COMMAS: Final = frozenset({",", "、"})
_COMMA: Final = 3  # characters between a clause and what a comma adds to it
_WORDS: Final = 5  # words between a component and the all-clear at the clause's end
_FILL: Final = 5  # little words between a phrase and the component


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of a component, in which words."""

    component: str
    standing: Standing
    words: str


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
    lists = _grouped(low, mentions)
    groups: list[_Group] = []
    for n, held in enumerate(lists):
        following = lists[n + 1][0].begin if n + 1 < len(lists) else len(low)
        group = _group(low, spans, held, following)
        if (
            group.standing is None
            and groups
            and _also().fullmatch(low, held[-1].end, _stop(spans, held[-1].end, len(low)))
        ):
            group = replace(group, standing=groups[-1].standing)  # "etcd normal, node-7 too"
        groups.append(group)
    open_ones = [g for g in groups if g.standing is None]
    troubled = [g for g in open_ones if g.troubled] or open_ones[:1]
    first = {g.clause: g for g in reversed(troubled)}
    found: dict[str, Said] = {}
    for group in groups:
        leads = any(g is group for g in first.values())
        standing: Standing = group.standing or ("affected" if leads else "mentioned")
        for m in group.mentions:
            said = Said(component=m.component, standing=standing, words=text[m.begin : m.end])
            before = found.get(m.component)
            if before is None or _RANK[said.standing] > _RANK[before.standing]:
                found[m.component] = said
    return list(found.values())


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


def _stop(spans: Sequence[tuple[int, int]], at: int, last: int) -> int:
    """Where the clause ends that a place lies in."""
    return next((b for _, b in spans if b >= at), last)


def _all_clear(
    low: str, spans: Sequence[tuple[int, int]], place: int, end: int, stop: int, following: int
) -> bool:
    """An all-clear further on in the clause ("etcd latency normal"), or alone in the clause after it ("inspected, clean")."""
    if following >= stop and _later().match(low[end:stop]):
        return True
    after = next(((a, b) for a, b in spans if a >= stop), None)
    if after is None or after[0] - stop > _COMMA or following < after[1]:
        return False
    return bool(_alone().fullmatch(low[after[0] : after[1]]))


def _group(low: str, spans: Sequence[tuple[int, int]], held: tuple[Mention, ...], following: int) -> _Group:
    begin, end = held[0].begin, held[-1].end
    place = max((n for n, (a, _) in enumerate(spans) if a <= begin), default=0)
    stop = _stop(spans, end, len(low))
    left, right = low[spans[place][0] : begin], low[end:stop]
    if not right.strip():  # "redis (checked)", "redis - fine"
        after = re.match(r"\s*(?:\(|[-–—=]\s|:)([^).;\n]*)", low[end:])
        right = after.group(1) if after else ""
    standing: Standing | None = None
    if _before("open_before").search(left) or _after("open_after").match(right):
        standing = "mentioned"
    elif (
        _all_clear(low, spans, place, end, stop, following)
        or _before("excluded_before").search(left)
        or _after("excluded_after").match(right)
    ):
        standing = "excluded"
    elif _before("mentioned_before").search(left) or (
        _after("mentioned_after").match(right) and not _itself().search(right)
    ):
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
def _later() -> re.Pattern[str]:
    """A few words, none of which denies, then an all-clear at the clause's end."""
    words = table("standing")
    plain_word = rf"(?!{one_of(words['denied'])})[^\s,]+\s+"
    return re.compile(rf"\s*:?\s*(?:{plain_word}){{1,{_WORDS}}}{one_of(words['excluded_after'])}\W*$")


@cache
def _alone() -> re.Pattern[str]:
    words = table("standing")
    fill = rf"(?:{one_of(words['fill'])}\s*){{0,3}}"
    return re.compile(rf"\W*{fill}(?:\w+\s+)?{one_of(words['excluded_after'])}\W*")


@cache
def _itself() -> re.Pattern[str]:
    """What restarts by itself was not restarted by a person."""
    return re.compile(one_of(table("standing")["itself"]))


@cache
def _also() -> re.Pattern[str]:
    return re.compile(rf"\s*{one_of(table('standing')['also'])}\W*")


@cache
def _link() -> re.Pattern[str]:
    words = table("standing")
    return re.compile(
        rf"\s*(?:{one_of(words['link'])}\s*){{1,2}}(?:(?:the|our|der|die|das|la|le|les|el|los|las|l')\s*)?"
    )
