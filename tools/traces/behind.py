"""Who stands behind a proxy that sends no spans of its own, and who fell silent while it was still asked.

A call that meets no span names whom it was addressed to: the proxy. Whom such calls met before tells who was to answer; where
the proxy still passes other calls on, it is that one who did not. Who hangs ends no span: those of before say nothing of now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aitia.tools.traces.visits import Call, Visit

if TYPE_CHECKING:
    from aitia.tools.traces.gather import Compared

USUAL: Final = (
    0.9  # share of a kind of call that one component answered, from which on it is the one; by hand
)
LEAST: Final = (
    5  # such calls, and visits that should have come by the usual rate: none of five is no chance (e^-5)
)

_Way = tuple[str, str, str]  # caller, whom the call is addressed to, what the caller calls it


def name_who_is_behind(now: Sequence[Visit], before: Sequence[Visit]) -> None:
    """Give calls that met nobody to whom such calls met before, where the one that they are addressed to passes others on."""
    met: dict[_Way, Counter[str]] = defaultdict(Counter)
    for visit in before:
        for call in visit.calls:
            if call.visit is not None and call.through:
                met[visit.component, call.through, call.name][call.callee] += 1
    usual = {
        way: callee
        for way, counts in met.items()
        for callee, n in counts.most_common(1)
        if n >= LEAST and n >= USUAL * counts.total()
    }
    lost: dict[tuple[str, str], list[tuple[Visit, Call]]] = defaultdict(list)
    passed: dict[str, list[tuple[str, float]]] = defaultdict(list)  # by proxy: whom it reached, and when
    for visit in now:
        for call in visit.calls:
            way = (visit.component, call.through or call.callee, call.name)
            if call.visit is None and way in usual:
                lost[call.callee, usual[way]].append((visit, call))
            elif call.visit is not None and call.through:
                passed[call.through].append((call.callee, call.start))
    for (proxy, behind), calls in lost.items():
        first = min(call.start for _, call in calls)
        if any(callee != behind and at > first for callee, at in passed[proxy]):
            for _, call in calls:
                call.callee, call.through = behind, proxy


def silent(c: Compared) -> frozenset[str]:
    """Components of which no visit ended any more though by their usual rate some should have, while callers went on."""
    seconds = c.window.epoch[1] - c.window.epoch[0]
    if not seconds or not c.old_exposure:
        return frozenset()
    callers: dict[str, set[str]] = defaultdict(set)
    last: dict[str, float] = {}
    for visit in (*c.before, *c.now):
        for call in visit.calls:
            callers[call.callee].add(visit.component)
        if visit.caller is not None:
            callers[visit.component].add(visit.caller.component)
    for visit in c.now:
        end = visit.root.start + visit.root.duration
        last[visit.component] = max(end, last.get(visit.component, end))
    usual = Counter(v.component for v in c.before)
    latest = max((v.root.start for v in c.now), default=c.window.epoch[0])
    found = set()
    for component, count in usual.items():
        since = last.get(component, c.window.epoch[0])
        expected = count / c.old_exposure * c.exposure * max(0.0, latest - since) / seconds
        asking = sum(v.component in callers[component] and v.root.start > since for v in c.now)
        if expected >= LEAST and asking >= LEAST:
            found.add(component)
    return frozenset(found)
