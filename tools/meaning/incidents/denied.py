"""What a person says that it is not, beside components: a kind of change or of fault; and what is said to be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from aitia.core.words import Component, Denied
from aitia.tools.meaning.incidents.mentions import Mention, mentions_of
from aitia.tools.meaning.incidents.standing import standings
from aitia.tools.meaning.incidents.words import clauses, one_of, plain, table

CHANGE: Final = "change."
_MARK: Final = "\0"  # of a mention that is a kind: no component is called so
_SURE: Final = 1.0


def denied_in(text: str, components: Sequence[Component]) -> tuple[tuple[Denied, ...], frozenset[str]]:
    """The kinds that a text excludes, and the components that only say of whom they are: "the deploy of orders"."""
    low = plain(text)
    named = mentions_of(text, components)
    kinds, owners = list[tuple[Mention, str]](), list[Mention]()
    for kind in _kinds(low):
        if any(m.begin < kind.end and kind.begin < m.end for m in named):
            continue  # a component is called so, or does that
        owner = next((m for m in named if _belongs(low, m, kind)), None)
        if owner is not None:
            owners.append(owner)
            begin, end = min(owner.begin, kind.begin), max(owner.end, kind.end)
            kind = Mention(component=kind.component, begin=begin, end=end, sure=_SURE)
        kinds.append((kind, owner.component if owner else ""))
    spoken = [m for m in named if m not in owners] + [k for k, _ in kinds]
    said = standings(text, sorted(spoken, key=lambda m: m.begin))
    excluded = {s.component for s in said if s.standing == "excluded"}
    found = dict[tuple[str, str], Denied]()
    for kind, of in kinds:
        if kind.component in excluded:
            name = kind.component.removeprefix(_MARK)
            words = text[kind.begin : kind.end]
            found.setdefault((name, of), Denied(kind=name, component=of, words=words))
    return tuple(found.values()), frozenset(m.component for m in owners)


def changes_in(text: str) -> tuple[str, ...]:
    """The kinds of change that a text names: `change.deploy`, …"""
    kinds = (k.component.removeprefix(_MARK) for k in _kinds(plain(text)))
    return tuple(dict.fromkeys(k for k in kinds if k.startswith(CHANGE)))


def done_in(text: str) -> tuple[str, ...]:
    """What a text says was done, by kind: `rollback`, `restart`, …; not what was not, or not yet."""
    low = plain(text)
    told = [low[a:b] for a, b in clauses(low)]
    return tuple(act for act in table("denied")["done"] if any(_was_done(act, clause) for clause in told))


def is_step(act: str, text: str) -> bool:
    """Whether a step says to do that."""
    return bool(_words("steps", act).search(plain(text)))


def _was_done(act: str, clause: str) -> bool:
    hit = _words("done", act).search(clause)
    return hit is not None and not _denying().search(clause[: hit.start()])


def _kinds(low: str) -> Iterator[Mention]:
    """The kinds that a text names, longest words first where they lie over each other."""
    hits = [
        Mention(component=_MARK + name, begin=m.start(), end=m.end(), sure=_SURE)
        for name, pattern in _patterns()
        for m in pattern.finditer(low)
    ]
    taken: list[Mention] = []
    for hit in sorted(hits, key=lambda h: (h.begin - h.end, h.begin)):
        if all(hit.end <= t.begin or hit.begin >= t.end for t in taken):
            taken.append(hit)
    yield from sorted(taken, key=lambda h: h.begin)


def _belongs(low: str, owner: Mention, kind: Mention) -> bool:
    """Whether a kind is said to be of a component: "orders deploy", "the deploy of orders"."""
    if owner.end <= kind.begin:
        return bool(re.fullmatch(r"(?:'s)?[ -]{1,2}", low[owner.end : kind.begin]))
    return bool(_of().fullmatch(low[kind.end : owner.begin]))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = table("denied")
    pairs = [(CHANGE + k, w) for k, w in words["changes"].items()] + list(words["faults"].items())
    return tuple((name, re.compile(one_of(w.casefold() for w in of))) for name, of in pairs)


@cache
def _words(key: str, act: str) -> re.Pattern[str]:
    return re.compile(one_of(table("denied")[key][act]))


@cache
def _denying() -> re.Pattern[str]:
    return re.compile(one_of(table("denied")["denying"]))


@cache
def _of() -> re.Pattern[str]:
    return re.compile(rf"\s+(?:{one_of(table('denied')['of'])}\s*){{1,2}}")
