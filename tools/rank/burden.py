"""Who adds the extra time or the extra failures: excess per component, less what its callees hand up to it.

A caller that waits for a slow callee is slow itself. What it adds by itself is its own excess minus the excess of
what it calls, the metric counterpart of a span's self time. Weighed with the requests that each component answers,
extra seconds per request become extra seconds per interval, which add up along the call graph.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

from aitia.tools.rank.rows import Row
from aitia.tools.rank.scores import RUN, Move
from aitia.tools.series.aspects import plain_name
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

K = TypeVar("K")
CARRIED = ("latency", "errors")  # what travels from callee to caller
_BLIND = 0.7  # of the excess of a component whose callees are not measured
_BASE = {
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "us": ("s", 1e-6),
    "ns": ("s", 1e-9),
    "min": ("s", 60.0),
    "percent": ("ratio", 1e-2),
}
_MEAN = re.compile(r"(^|_)(mean|avg|average|share|ratio|rate|success|availability)(_|$)", re.IGNORECASE)
_QUANTILE = re.compile(r"(^|_)(p|q|lat_|latency_)?(50|75|90|95|99)(_|$)", re.IGNORECASE)

Calls = Mapping[str, Sequence[str]]  # caller -> callees
Moved = Sequence[tuple[Row, Move]]


@dataclass(frozen=True, kw_only=True)
class Burdens:
    """Excess of one aspect: each component's own answers, each call as its caller times it, and answered requests.

    graph      who calls whom, by topology and by the callers' own timings
    """

    own: Mapping[str, tuple[Row, Move]]
    calls: Mapping[tuple[str, str], tuple[Row, Move]]  # (caller, callee)
    waits: Mapping[str, tuple[Row, Move]]  # what a component waits for all it calls together
    traffic: Mapping[str, Row]
    graph: Calls = field(default_factory=dict)

    def callees(self, component: str) -> list[str]:
        """What a component calls, by topology and by its own timings."""
        return sorted({*self.graph.get(component, ())} - {component})


def burdens(rows: Moved, aspect: str, graph: Calls, target: str = "") -> Burdens:
    """The burdens of one aspect, the row that is nearest to a mean for each component and call.

    With a target only rows that can be compared with the target's own: what is measured otherwise is not timed.
    """
    own: dict[str, list[tuple[Row, Move]]] = defaultdict(list)
    calls: dict[tuple[str, str], list[tuple[Row, Move]]] = defaultdict(list)
    waits: dict[str, list[tuple[Row, Move]]] = defaultdict(list)
    traffic: dict[str, list[Row]] = defaultdict(list)
    for row, move in rows:
        if row.aspect == "traffic" and row.side == "own":
            traffic[row.component].append(row)
        if row.aspect != aspect:
            continue
        if row.side == "own":
            own[row.component].append((row, move))
        elif row.side == "client" and row.of.peer:
            calls[row.component, row.of.peer].append((row, move))
        elif row.side == "client":
            waits[row.component].append((row, move))
    callees = {caller: {*graph.get(caller, ())} for caller in {*graph, *(caller for caller, _ in calls)}}
    for caller, callee in calls:
        callees[caller].add(callee)
    like = measure(_plainest(own[target])[0]) if target in own else ""
    return Burdens(
        own=_chosen(own, like),
        calls=_chosen(calls, like),
        waits=_chosen(waits, like),
        traffic={c: min(found, key=lambda r: r.of.key) for c, found in traffic.items()},
        graph={caller: sorted(found) for caller, found in sorted(callees.items())},
    )


def measure(row: Row) -> str:
    """What a row counts: rows that differ in it cannot be subtracted. Units of time or of shares are one measure each.

    A latency whose unit nobody states is comparable with others of that sort only, errors of no unit by their name.
    """
    unit = row.of.about.unit
    if row.aspect == "latency" and not unit:
        return "time in an unknown unit"
    return _BASE.get(unit, (unit, 1.0))[0] or plain_name(row.of.metric)


def _chosen(found: Mapping[K, Sequence[tuple[Row, Move]]], like: str) -> dict[K, tuple[Row, Move]]:
    """The plainest of each key's rows that measure what `like` says, or of all where it says nothing."""
    alike = {k: [p for p in pairs if not like or measure(p[0]) == like] for k, pairs in found.items()}
    return {k: _plainest(pairs) for k, pairs in alike.items() if pairs}


def acyclic(graph: Calls, start: str = "") -> dict[str, list[str]]:
    """The calls without those that lead back to a caller on the way from `start`, or from the components nobody calls.

    In a ring each would hand its excess on to the next, and nobody would be left with any.
    """
    called = {callee for callees in graph.values() for callee in callees}
    roots = [start] if start else sorted(set(graph) - called)
    kept: dict[str, list[str]] = {}
    for root in [*roots, *sorted(graph)]:
        path: dict[str, None] = {root: None}
        stack = [(root, iter(sorted(graph.get(root, ()))))] if root not in kept else []
        kept.setdefault(root, [])
        while stack:
            here, callees = stack[-1]
            callee = next(callees, None)
            if callee is None:
                stack.pop()
                path.pop(here)
            elif callee not in path:
                kept[here].append(callee)
                if callee not in kept:
                    kept[callee] = []
                    path[callee] = None
                    stack.append((callee, iter(sorted(graph.get(callee, ())))))
    return kept


def _plainest(found: Sequence[tuple[Row, Move]]) -> tuple[Row, Move]:
    """The series that adds up best: a mean or ratio, else the lowest quantile, else the one that moved most."""

    def order(pair: tuple[Row, Move]) -> tuple[int, float, object]:
        row, move = pair
        name = plain_name(row.of.metric)
        quantile = _QUANTILE.search(name)
        labelled = " ".join(v for _, v in row.of.labels)
        if row.of.stat in ("mean", "ratio") or _MEAN.search(name) or _MEAN.search(labelled):
            rank = 0
        else:
            rank = int(quantile.group(3)) if quantile else 1
        return (rank, -move.score, row.of.key)

    return min(found, key=order)


def self_excess(b: Burdens, component: str, grid: Floats, *, weighed: bool) -> Floats:
    """What a component adds by itself at the times of `grid`: its own excess and its paths', less its callees'."""
    own = _excess(b, component, grid, weighed=weighed)
    below = np.zeros(grid.size)
    for callee in b.callees(component):
        timed = b.calls.get((component, callee))
        part = _excess(b, callee, grid, weighed=weighed)
        below += part if timed is None else np.maximum(part, aligned(timed[0], grid))
    below = np.maximum(below, _waited(b, component, grid, weighed=weighed))
    return np.maximum(own - below, 0.0) + path_excess(b, component, grid)


def _waited(b: Burdens, component: str, grid: Floats, *, weighed: bool) -> Floats:
    """What a component waits for all it calls together beyond what it usually does, where it times that."""
    if component not in b.waits:
        return np.zeros(grid.size)
    excess = aligned(b.waits[component][0], grid)
    return excess * _requests(b.traffic[component], grid) if weighed and component in b.traffic else excess


def path_excess(b: Burdens, component: str, grid: Floats) -> Floats:
    """What callers wait for a component beyond what it takes to answer: the way there and back."""
    answer = b.own.get(component)
    taken = aligned(answer[0], grid) if answer else np.zeros(grid.size)
    waited = [aligned(row, grid) for (_, callee), (row, _) in b.calls.items() if callee == component]
    return np.maximum(np.max(waited, axis=0) - taken, 0.0) if waited else np.zeros(grid.size)


def _excess(b: Burdens, component: str, grid: Floats, *, weighed: bool) -> Floats:
    found = b.own.get(component)
    if found is None:
        return np.zeros(grid.size)
    excess = aligned(found[0], grid)
    return excess * _requests(b.traffic[component], grid) if weighed and component in b.traffic else excess


def _requests(row: Row, grid: Floats) -> Floats:
    at = _nearest(row.t_now, grid)
    return np.where(at >= 0, np.nan_to_num(row.now[at]), 0.0)


def aligned(row: Row, grid: Floats) -> Floats:
    """A row's excess at the times of a grid in seconds or shares, 0 where it has no sample near."""
    at = _nearest(row.t_now, grid)
    return np.where(at >= 0, _scaled(row)[at], 0.0)


def _scaled(row: Row) -> Floats:
    return np.asarray(row.excess * _BASE.get(row.of.about.unit, ("", 1.0))[1])


def _nearest(t: Floats, grid: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each time of the grid the index of the nearest sample within a step, else -1."""
    right = np.clip(np.searchsorted(t, grid), 1, max(t.size - 1, 1))
    left = right - 1
    right = np.minimum(right, t.size - 1)
    best = np.where(np.abs(t[left] - grid) <= np.abs(t[right] - grid), left, right)
    reach = 0.6 * max(step_of(t), step_of(grid), 1e-9)
    return np.where(np.abs(t[best] - grid) <= reach, best, -1)


@dataclass(frozen=True, kw_only=True)
class Account:
    """How much of the target's excess a component adds by itself.

    share      of the target's excess, capped at 1
    shape      cosine between the two over the window: whether it comes and goes with the symptom
    certainty  how surely the component moved at all
    """

    share: float
    shape: float
    certainty: float = 1.0

    @property
    def score(self) -> float:
        """Share times shape times certainty, in [0, 1]."""
        return self.share * self.shape * self.certainty


def accounts(b: Burdens, target: str, reachable: Iterable[str]) -> dict[str, Account]:
    """The account of each reachable component for the target's excess in the window; empty where it has none."""
    return _accounts(b, target, {target, *reachable}, self_excess)


def waits(b: Burdens, target: str, reachable: Iterable[str]) -> dict[str, Account]:
    """The same of what each component waits for those that it calls, where it times them together: some of them add it."""
    return _accounts(b, target, {target, *reachable} & set(b.waits), _waited)


class _Added(Protocol):
    def __call__(self, b: Burdens, component: str, grid: Floats, *, weighed: bool) -> Floats: ...


def _accounts(b: Burdens, target: str, names: Iterable[str], part: _Added) -> dict[str, Account]:
    if target not in b.own:
        return {}
    grid, names = b.own[target][0].t_now, sorted(names)
    known = [n for n in names if n in b.own]
    # How many requests a timed call stands for is not known: then seconds per request are compared with each other.
    weighed = bool(known) and not b.calls and not b.waits and all(n in b.traffic for n in known)
    felt = _excess(b, target, grid, weighed=weighed)
    power = float(np.dot(felt, felt))
    if power <= 0.0:
        return {}
    found: dict[str, Account] = {}
    for name in names:
        added = part(b, name, grid, weighed=weighed)
        along, size = float(np.dot(added, felt)), float(np.sqrt(np.dot(added, added)))
        if along > 0.0:
            found[name] = Account(share=min(1.0, along / power), shape=along / (size * float(np.sqrt(power))))
    return found


def self_shares(b: Burdens) -> dict[str, float]:
    """Which part of each component's excess is not handed up by what it calls, in [0, 1]; no target needed.

    Only callees, calls and waits that left their baseline count: the noise of the others explains nothing. Where no
    callee is measured, part of the excess is left for them.
    """
    found: dict[str, float] = {}
    peers = {callee for _, callee in b.calls}
    for component in sorted({*b.own, *peers}):
        whose = [pair for pair in (b.own.get(component), *_timings(b, component)) if pair is not None]
        like = measure(whose[0][0])
        whole = max(*(_level(pair, like) for pair in whose), 0.0)
        below = 0.0
        for callee in b.callees(component):
            below += max(
                _moved_level(b.calls.get((component, callee)), like), _moved_level(b.own.get(callee), like)
            )
        if not below:
            below = _moved_level(b.waits.get(component), like)
        share = float(np.clip(1.0 - below / whole, 0.0, 1.0)) if whole > 0.0 else 1.0
        found[component] = share * (_BLIND if _is_blind(b, component, like) else 1.0)
    return found


def _timings(b: Burdens, component: str) -> list[tuple[Row, Move]]:
    return [pair for (_, callee), pair in b.calls.items() if callee == component]


def _is_blind(b: Burdens, component: str, like: str) -> bool:
    """Whether it calls others and none of them is measured as it is: then they may be what fails."""
    callees = b.callees(component)
    pairs = [
        pair for c in callees for pair in (b.own.get(c), b.calls.get((component, c))) if pair is not None
    ]
    return bool(callees) and not any(measure(row) == like for row, _ in pairs)


def _moved_level(pair: tuple[Row, Move] | None, like: str) -> float:
    return _level(pair, like) if pair is not None and pair[1].score > 0.0 else 0.0


def _level(pair: tuple[Row, Move], like: str) -> float:
    """The mean of the largest samples' excess, as many as a run has; 0 where it is not measured alike."""
    return float(np.mean(np.sort(_scaled(pair[0]))[-RUN:])) if measure(pair[0]) == like else 0.0
