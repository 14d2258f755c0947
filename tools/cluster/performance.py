"""Slowness from metrics that moved: who is busy, who is slow by itself, and whether a node slows all that runs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from aitia.core.percent import percent
from aitia.tools.cluster.finding import LIKELY, POSSIBLE, SAID, ClusterCall, Finding
from aitia.tools.cluster.objects import Move
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.state import State, own_containers

SLIGHT: Final = (
    0.02  # share of the largest rise of a latency below which another one is no part of it; by hand
)
APART: Final = 0.02  # how much less another node may explain that might as well be the one; by hand
NEAR: Final = 0.5  # share of its limit below which a processor is not short; by hand
IDLE: Final = 0.3  # how much a calm app counts against a cause that might have slowed it


def find(state: State) -> Iterator[Finding]:
    """The component that explains what moved."""
    found = list(state.moves)
    busy = _busy(state, found)
    yield from busy
    worst = _largest(found)
    slow = {
        s.component
        for s in found
        if not s.node
        and s.kind in ("latency", "errors")
        and _worse(s)
        and (s.kind == "errors" or s.now - s.before >= SLIGHT * worst[s.metric])
    }
    if slow or any(s.node for s in found):
        yield from _network(state, found, slow, weak=bool(busy))


def _cited(moves: Iterable[Move]) -> ClusterCall:
    first = next(iter(moves))
    return ClusterCall(verb="metrics", resource=first.source, name=first.query)


def _worse(sign: Move) -> bool:
    return sign.ratio > 1.2 if sign.kind == "latency" else sign.ratio < 0.98 or sign.ratio > 1.2


def _busy(state: State, found: Iterable[Move]) -> list[Finding]:
    """Apps whose processor is saturated, the one that rose most first."""
    cpu: dict[str, list[Move]] = {}
    for s in found:
        if s.kind == "cpu" and not s.node and s.component in state.apps and (s.throttled or _near(state, s)):
            cpu.setdefault(s.component, []).append(s)
    order = sorted(cpu, key=lambda c: (-any(s.throttled for s in cpu[c]), -max(s.ratio for s in cpu[c]), c))
    return [
        Finding(
            aspect="k8s.pod_cpu",
            component=app,
            statement=f"{app}: its CPU is saturated: {cpu[app][0].text}.",
            strength=(SAID if place == 0 else POSSIBLE)
            - (0.0 if any(s.throttled for s in cpu[app]) else 0.15),
            call=_cited(cpu[app]),
            values={"ratio": round(max(s.ratio for s in cpu[app]), 3)},
        )
        for place, app in enumerate(order)
    ]


def _largest(found: Iterable[Move]) -> dict[str, float]:
    """The largest rise of each latency metric among the apps, in its own unit."""
    largest: dict[str, float] = {}
    for s in found:
        if s.kind == "latency" and not s.node:
            largest[s.metric] = max(largest.get(s.metric, 0.0), s.now - s.before)
    return largest


def _near(state: State, move: Move) -> bool:
    """Whether a processor's use rose much, and not far below the limit, where one is known (in cores)."""
    limits = [quantity(c.limits.get("cpu")) for c in own_containers(state.spec(move.component))]
    known = sum(limit for limit in limits if limit)
    return move.ratio >= 1.5 and not (all(limits) and move.now < NEAR * known)


def _reach(state: State, app: str) -> set[str]:
    """An app and all that call it, directly or not."""
    found, queue = {app}, [app]
    while queue:
        for caller in state.callers(queue.pop()):
            if caller not in found:
                found.add(caller)
                queue.append(caller)
    return found


def _network(state: State, found: list[Move], slow: set[str], *, weak: bool) -> Iterator[Finding]:
    """Which single slow thing explains best who is slow: an app with its callers, or a node with all that runs on it."""
    told = _told_by_nodes(found)
    down = 0.3 if weak else 0.0
    slow &= set(state.apps)
    by_app = sorted(((_fit(_reach(state, a), slow), _worst(found, a), a) for a in slow), reverse=True)
    by_node = sorted(
        (
            (_fit(_below(state, n.name), slow), len([a for a in slow if n.name in _places(state, a)]), n.name)
            for n in state.nodes
        ),
        reverse=True,
    )
    best_app = by_app[0] if by_app else (0.0, 0.0, "")
    named = next(iter(told), "") or (by_node[0][2] if slow and by_node else "")
    fit, inside = next(((f, k) for f, k, n in by_node if n == named), (0.0, 0))
    # Who calls nobody and is called by nobody, as far as is known, cannot explain who else is slow: that is no case for a node.
    charted = any(state.calls.get(a) or state.callers(a) for a in slow)
    # Another node that explains as much, and of which as many of its own apps are slow, might as well be the one.
    as_well = any(n != named and f > fit - APART and k >= inside for f, k, n in by_node)
    fits_node = (
        fit > best_app[0] + 0.02 and not as_well and inside >= 2 and (charted or _mostly(state, named, slow))
    )
    on_node = bool(told) or fits_node
    if on_node:
        kinds = told.get(named) or ("k8s.node_delay",)
        sure = SAID if told or fit >= 0.7 else LIKELY
        for place, aspect in enumerate(dict.fromkeys((*kinds, "k8s.node_delay", "k8s.node_loss"))):
            yield _node(named, aspect, sure - down - (0.0, 0.3, 0.4)[place], fit, slow, found)
    if best_app[2]:
        sure = POSSIBLE if on_node else SAID - 0.05 if best_app[0] >= 0.7 else LIKELY
        yield Finding(
            aspect="k8s.pod_delay",
            component=best_app[2],
            statement=f"{best_app[2]}: it is slow and nothing that it calls is slower; it and its callers are "
            f"{len(_reach(state, best_app[2]) & slow)} of the {len(slow)} slow apps.",
            strength=sure - down,
            call=_cited(m for m in found if m.component == best_app[2]),
            values={"fit": round(best_app[0], 3), "slow": len(slow)},
        )


def _told_by_nodes(found: Iterable[Move]) -> dict[str, tuple[str, ...]]:
    """What the metrics of nodes themselves tell of their network, the node that moved most first."""
    mine = sorted(
        (s for s in found if s.node and s.kind in ("loss", "latency")), key=lambda s: (-s.ratio, s.component)
    )
    told: dict[str, tuple[str, ...]] = {}
    for s in mine:
        aspect = "k8s.node_loss" if s.kind == "loss" else "k8s.node_delay"
        told[s.component] = tuple(dict.fromkeys((*told.get(s.component, ()), aspect)))
    return told


def _places(state: State, app: str) -> set[str]:
    return {p.node for p in state.pods_of(app) if p.node}


def _below(state: State, node: str) -> set[str]:
    """What a slow node slows: the apps on it and all that call them."""
    on_it = [a for a in state.apps if node in _places(state, a)]
    return set().union(*(_reach(state, a) for a in on_it)) if on_it else set()


def _mostly(state: State, node: str, slow: set[str]) -> bool:
    """Whether most of what runs on a node is slow."""
    on_it = [a for a in state.apps if node in _places(state, a)]
    return 2 * len(slow.intersection(on_it)) > len(on_it)


def _fit(expected: set[str], slow: set[str]) -> float:
    """How well what a cause would slow fits what is slow, an F2 score.

    A slow app that it cannot explain weighs most; a calm one that it might have slowed weighs little: it may be idle.
    """
    both = len(expected & slow)
    return 5.0 * both / (both + IDLE * len(expected - slow) + 4.0 * len(slow)) if both else 0.0


def _worst(found: Iterable[Move], app: str) -> float:
    return max((s.ratio for s in found if s.component == app and s.kind == "latency"), default=0.0)


def _node(
    node: str, aspect: str, strength: float, fit: float, slow: set[str], found: Iterable[Move]
) -> Finding:
    what = "loses packets" if aspect == "k8s.node_loss" else "is slow on the network"
    own = next(
        (s.text for s in found if s.node and s.component == node and s.kind in ("loss", "latency")), ""
    )
    said = f" Its own {own}." if own else ""
    return Finding(
        aspect=aspect,
        component=node,
        statement=(
            f"{node}: the node {what}: the apps that run on it and their callers match the {len(slow)} "
            f"slow apps by {percent(fit)}.{said}"
        ),
        strength=strength,
        call=_cited(m for m in found if m.component == node or m.component in slow),
        values={"fit": round(fit, 3), "slow": len(slow)},
    )
