"""One order of suspects from several readings: accounts of the target's excess, blame by moved series, topology."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aitia.core.words import Component
from aitia.tools.change.levels import SHORT
from aitia.tools.rank.blame import Blame, blames, gone
from aitia.tools.rank.burden import CARRIED, Account, Burdens, Moved, accounts, acyclic, burdens, waits
from aitia.tools.rank.target import Target

LEAST: Final = (
    1.0  # a score that fault-free windows reach in 3 % of cases (docs and benchmarks/rca say where measured)
)
ACCOUNT: Final = 5.0  # the score of a component that adds all of the target's excess by itself
_BLAME: Final = 0.5  # of the blame, where the target's excess is accounted for
_ELSEWHERE: Final = 0.4  # of the blame of a component that the target does not reach
_LEAST_SHARE: Final = 0.2
_SHARED: Final = 0.5  # of what a component seems to add is its callee's, where that is not timed and moved plainly; by hand
_LEAST_SYMPTOM: Final = 0.5  # of the target's own move
TEMPERATURE: Final = 0.8


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A suspect of the ranking: its score, its share of all scores as a probability, and what speaks for it."""

    component: str
    score: float
    share: float
    account: Account | None
    blame: Blame | None


def graph_of(components: Iterable[Component]) -> dict[str, list[str]]:
    """Caller -> callees, and what is fed -> what feeds it."""
    found: dict[str, set[str]] = {}
    for component in components:
        for link in component.links:
            if link.relation == "calls":
                found.setdefault(component.id, set()).add(link.to)
            elif link.relation == "feeds":
                found.setdefault(link.to, set()).add(component.id)
    return {caller: sorted(callees) for caller, callees in sorted(found.items())}


def hosts_of(components: Iterable[Component]) -> dict[str, list[str]]:
    """What each component runs on."""
    found = {c.id: sorted(link.to for link in c.links if link.relation == "runs_on") for c in components}
    return {c: hosts for c, hosts in sorted(found.items()) if hosts}


def reached(start: str, *graphs: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """All that a component calls or runs on, directly or not, itself included; rings are walked once."""
    seen, queue = {start}, deque([start])
    while queue:
        here = queue.popleft()
        for following in (n for graph in graphs for n in graph.get(here, ())):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return frozenset(seen)


def combined(rows: Moved, components: Sequence[Component], target: Target | None) -> list[Ranked]:
    """The suspects, likeliest first; none where nothing moved beyond what it does by itself."""
    hosts = hosts_of(components)
    graph = acyclic(graph_of(components), target.component if target else "")
    blame = blames(rows, graph)
    near: frozenset[str] | None = None
    account: dict[str, Account] = {}
    if target is not None:
        burden = burdens(rows, target.aspect, graph, target.component)
        reach = reached(target.component, burden.graph, hosts)
        near = reach if len(reach) > 1 else None
        account = _significant(
            burden, target.component, accounts(burden, target.component, reach if near else burden.own)
        )
        account |= _handed_down(account, blame, burden, hosts, gone(rows))
        waited = waits(burden, target.component, reach if near else burden.waits)
        account |= _waited_for(account, waited, blame, burden)
    scores = {c: _score(c, account, blame, near) for c in sorted({*account, *blame})}
    order = [c for c in sorted(scores, key=lambda c: (-scores[c], c)) if scores[c] > 0.0]
    if not order or scores[order[0]] < LEAST:
        return []
    share = shares_of([scores[c] for c in order])
    return [
        Ranked(component=c, score=scores[c], share=p, account=account.get(c), blame=blame.get(c))
        for c, p in zip(order, share, strict=True)
    ]


def settled(target: Target | None, rows: Moved) -> Target | None:
    """The target with an aspect: where the alarm names none, the one that moved more at the target."""
    if target is None or target.aspect in CARRIED:
        return target
    own = {aspect: burdens(rows, aspect, {}).own.get(target.component) for aspect in CARRIED}
    moves = [(pair[1].score, aspect) for aspect, pair in own.items() if pair is not None]
    return replace(target, aspect=max(moves)[1]) if moves else target


def _significant(b: Burdens, target: str, found: Mapping[str, Account]) -> dict[str, Account]:
    """Accounts of components whose own series, or a caller's timing of them, left its baseline.

    In a window of many samples the target's own must have done so too; two or three coarse ones cannot show it.
    """
    row, move = b.own.get(target, (None, None))
    if row is not None and move is not None and row.now.size > SHORT and move.score < _LEAST_SYMPTOM:
        return {}
    moves = {c: move.score for c, (_, move) in b.own.items()}
    for (_, callee), (_, move) in b.calls.items():
        moves[callee] = max(moves.get(callee, 0.0), move.score)
    return {
        c: replace(a, certainty=min(1.0, moves[c]))
        for c, a in found.items()
        if moves.get(c, 0.0) > 0.0 and a.share * a.shape >= _LEAST_SHARE
    }


def _handed_down(
    account: Mapping[str, Account],
    blame: Mapping[str, Blame],
    b: Burdens,
    hosts: Mapping[str, Sequence[str]],
    dead: frozenset[str],
) -> dict[str, Account]:
    """What a component adds by itself goes on to a callee or host that is not timed, or gone, and whose own series moved.

    Several that call the same one and are in the same trouble point to what they share: each keeps less, it gets more.
    """
    own_times = {c for c, (row, _) in b.own.items() if float(np.nanmax(row.now, initial=0.0)) > 0.0}
    timed = {*own_times, *(callee for _, callee in b.calls)}  # a time that is always 0 is of something else
    found: dict[str, Account] = {}
    handing: dict[str, list[str]] = {}
    for component in account:
        near = (*b.callees(component), *hosts.get(component, ()))
        moved = [c for c in near if (c not in timed or c in dead) and c in blame and blame[c].score >= LEAST]
        for below in [c for c in moved if c in dead] or moved:  # who is gone is the one that is missed
            handing.setdefault(below, []).append(component)
    for below, above in handing.items():
        part = min(1.0, blame[below].score / 3.0)
        handed = [replace(account[c], share=account[c].share * part) for c in above]
        together = 1.0 - math.prod(1.0 - a.share for a in handed)
        best = replace(max(handed, key=lambda a: a.score), share=together)
        if below not in found or best.score > found[below].score:
            found[below] = best
        callers = [c for c in above if below in b.callees(c)]
        for component in callers:
            kept = 1.0 - part * (1.0 - (1.0 - _SHARED) ** len(callers))
            left = replace(account[component], share=account[component].share * kept)
            if left.score < found.get(component, account[component]).score:
                found[component] = left
    return found


def _waited_for(
    account: Mapping[str, Account], waited: Mapping[str, Account], blame: Mapping[str, Blame], b: Burdens
) -> dict[str, Account]:
    """What a component waits for all it calls goes on to those of them whose calls it does not time, by what moved of each.

    One that answers as quickly as ever may be waited for as well: the way to it is slow, or it lets nobody in.
    """
    found: dict[str, Account] = {}
    for component, wait in waited.items():
        if wait.share * wait.shape < _LEAST_SHARE:
            continue
        below = [c for c in b.callees(component) if (component, c) not in b.calls]
        for callee in below:
            moved = blame[callee].score / 3.0 if callee in blame else 0.0
            handed = replace(wait, share=wait.share * min(1.0, max(moved, 1.0 / len(below))))
            known = found.get(callee) or account.get(callee)
            found[callee] = handed if known is None or handed.score > known.score else known
    return found


def _score(
    component: str,
    account: Mapping[str, Account],
    blame: Mapping[str, Blame],
    near: frozenset[str] | None,
) -> float:
    own = blame[component].score if component in blame else 0.0
    if near is not None and component not in near:
        own *= _ELSEWHERE
    if not account:
        return own
    return _BLAME * own + ACCOUNT * (account[component].score if component in account else 0.0)


def shares_of(scores: Sequence[float]) -> list[float]:
    """Softmax at TEMPERATURE over the suspects and `none of them`, which holds the score of mere noise."""
    high = max(*scores, LEAST)
    raised = [math.exp((s - high) / TEMPERATURE) for s in scores]
    none = math.exp((LEAST - high) / TEMPERATURE)
    total = sum(raised) + none
    return [r / total for r in raised]
