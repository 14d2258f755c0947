"""Which component a stream of alerts points at: what each alert says of whom, and what explains it.

A component that is down or out of something is nearer to the cause than one whose answers are slow or wrong, and of two
whose answers are, the one further in. Who calls whom is known from the topology; where there is none, from what the alerts
tell of each other's components and from the words of their names (`gateway`, `db`). How often an alert was sent counts nothing.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aitia.core.words import Component
from aitia.tools.alerts.kinds import depth
from aitia.tools.alerts.stream import Firing

LEAST: Final = 0.3  # a score below it points at nobody: a restart, a cordon, a slow probe happen every day
PLAIN: Final = 0.3  # weight from which an alert explains another
_CAUSES: Final = frozenset({"gone", "down", "resource", "state"})
_SYMPTOMS: Final = frozenset({"symptom", "edge", "waiting"})
_CALM: Final = frozenset({"restart", "upkeep"})  # what happens at a site where nothing is wrong
_NOBODY: Final = 0.45  # the score of who is not among them
_NEXT: Final = (1.0, 0.4, 0.2, 0.1)  # what a further alert of the same component adds
_TOLD, _TELLS = 0.8, 0.15  # of an alert about another component: for that one, and for who tells it
_EXPLAINED: Final = 0.25  # of a symptom, where a component further in is down or out of something
_BEYOND: Final = 0.5  # of a symptom, where a component further in has symptoms too; of one that is down, where one further in is
_ELSEWHERE: Final = (
    0.6  # of a symptom, where somebody is down or out of something and nobody knows who calls whom
)
_DEPTH: Final = {-1: 0.6, 0: 1.0, 1: 1.3}  # of what is no plain cause, by the name's place; no topology
_SILENT: Final = 1.25  # of a symptom, for what several that have it call, and that tells nothing itself
_FIRST: Final = 0.3  # what the first to begin gain
_TEMPERATURE: Final = 0.25
_NODE: Final = re.compile(r"(?i)node|host")


@dataclass(frozen=True, kw_only=True)
class Pointed:
    """A component with its score, its share of all as a probability, and the alerts behind it, weightiest first."""

    component: str
    score: float
    share: float
    firings: tuple[Firing, ...]


def pointed(firings: Sequence[Firing], components: Iterable[Component]) -> list[Pointed]:
    """The components that the alerts point at, likeliest first; none where they are weak or usual."""
    links = list(components)
    graph = _graph(links)
    parts: dict[str, list[tuple[float, Firing]]] = defaultdict(list)
    causes = _plain(firings, _CAUSES)
    symptoms = _plain(firings, _SYMPTOMS)
    held = _hosts(firings, causes)
    silent = _silent(firings, links)
    first = min((f.first for f in firings if f.weight >= PLAIN), default=None)
    last = max((f.first for f in firings if f.weight >= PLAIN), default=None)
    for firing in firings:
        weight = firing.weight * _early(firing.first, first, last)
        for whom, share in (
            ((firing.peer, _TOLD), (firing.component, _TELLS)) if firing.peer else ((firing.component, 1.0),)
        ):
            factor = _unexplained(firing, whom, graph, causes, symptoms) * held.get(whom, 1.0)
            parts[whom].append((weight * share * factor, firing))
    for whom, told in silent.items():
        parts[whom] = [(f.weight * _SILENT, f) for f in told]
    scores = {c: _score(found) for c, found in parts.items()}
    order = sorted((c for c in scores if scores[c] > 0), key=lambda c: (-scores[c], c))
    telling = any(f.kind.role not in _CALM and f.weight > 0 and not f.usual for f in firings)
    if not telling or not order or scores[order[0]] < LEAST:
        return []
    odds = [math.exp((scores[c] - scores[order[0]]) / _TEMPERATURE) for c in order]
    nobody = math.exp((_NOBODY - scores[order[0]]) / _TEMPERATURE)
    return [
        Pointed(
            component=c, score=scores[c], share=o / (sum(odds) + nobody),
            firings=tuple(f for _, f in sorted(parts[c], key=lambda p: (-p[0], p[1].first, p[1].name))),
        )
        for c, o in zip(order, odds, strict=True)
    ]  # fmt: skip


def _score(found: Sequence[tuple[float, Firing]]) -> float:
    """Different alerts of one component, the weightiest whole and each further one less."""
    by_name: dict[str, float] = {}
    for weight, firing in found:
        by_name[firing.name] = max(weight, by_name.get(firing.name, 0.0))
    best = sorted(by_name.values(), reverse=True)[: len(_NEXT)]
    return sum(w * part for w, part in zip(best, _NEXT, strict=False))


def _plain(firings: Iterable[Firing], roles: frozenset[str]) -> frozenset[str]:
    """Of whom plain alerts of these roles are, or tell."""
    return frozenset(f.peer or f.component for f in firings if f.kind.role in roles and f.weight >= PLAIN)


def _unexplained(
    firing: Firing,
    whom: str,
    graph: Mapping[str, frozenset[str]],
    causes: frozenset[str],
    symptoms: frozenset[str],
) -> float:
    """How much of an alert's weight is left for a component beside what explains it."""
    plain = firing.kind.role in _CAUSES
    inner = graph.get(whom, frozenset()) - {whom}
    if firing.kind.role == "gone":
        return 1.0
    if inner & causes:
        return _BEYOND if plain else _EXPLAINED
    if plain or firing.kind.role == "restart":
        return 1.0
    if inner & symptoms:
        return _BEYOND
    if graph:
        return 1.0
    return _DEPTH[depth(whom)] * (_ELSEWHERE if causes - {whom} else 1.0)


def _early(at: datetime, first: datetime | None, last: datetime | None) -> float:
    """More for what began first, down to nothing for the last."""
    if first is None or last is None or last <= first or at >= last:
        return 1.0
    return 1.0 + _FIRST * (1.0 - max(0.0, (at - first).total_seconds()) / (last - first).total_seconds())


def _silent(firings: Sequence[Firing], components: Iterable[Component]) -> dict[str, list[Firing]]:
    """What several components with symptoms call that sends no alert itself: nothing may watch it."""
    loud = {name for f in firings for name in (f.component, f.peer)}
    told: dict[str, list[Firing]] = defaultdict(list)
    feeling = {f.component: f for f in reversed(firings) if f.kind.role == "symptom" and f.weight >= PLAIN}
    for component in components:
        if component.id in feeling:
            for link in component.links:
                if link.relation == "calls" and link.to not in loud:
                    told[link.to].append(feeling[component.id])
    return {whom: found for whom, found in told.items() if len(found) > 1}


def _hosts(firings: Sequence[Firing], causes: frozenset[str]) -> dict[str, float]:
    """What is left of those that run on a node with plain alerts of its own, by the label `node`: it explains several guests.

    Where a node is gone and no label says what ran on it, it may be all that is not ready since.
    """
    lost = {f.component: f.first for f in firings if f.kind.role == "gone" and _NODE.search(f.name)}
    if lost:
        since = min(lost.values())
        return {f.component: _BEYOND for f in firings if f.first >= since and f.component not in lost}
    guests: dict[str, set[str]] = defaultdict(set)
    for firing in firings:
        for alert in firing.alerts:
            node = alert.labels.get("node", "")
            if node in causes and firing.component != node:
                guests[node].add(firing.component)
    return {guest: _BEYOND for found in guests.values() if len(found) > 1 for guest in found}


def _graph(components: Iterable[Component]) -> dict[str, frozenset[str]]:
    """All that a component calls, is fed by or runs on, directly or not. Calls to itself count nothing."""
    direct: dict[str, set[str]] = defaultdict(set)
    for component in components:
        for link in component.links:
            if link.to == component.id or link.relation == "part_of":
                continue
            if link.relation == "feeds":
                direct[link.to].add(component.id)
            else:
                direct[component.id].add(link.to)
    found: dict[str, frozenset[str]] = {}
    for start in sorted(direct):
        seen, queue = {start}, [start]
        while queue:
            for following in direct.get(queue.pop(), ()):
                if following not in seen:
                    seen.add(following)
                    queue.append(following)
        found[start] = frozenset(seen - {start})
    return found
