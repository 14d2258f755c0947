"""From moved series to components: what each kind of fact says of whom, as one score per component."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.aspects import LOADED
from aitia.tools.rank.burden import CARRIED, Calls, Moved, burdens, self_shares
from aitia.tools.rank.rows import Row
from aitia.tools.rank.scores import MOST, RUN, Move

# How much a moved series says of where the fault is, not that there is one (aitia.core.aspects.WEIGHT). With that table
# in its place 139 healthy windows get a cause in .065 for .029.
PLACE: Final = {
    "cpu": 1.0, "memory": 1.0, "connections": 0.9, "disk": 0.9, "file_descriptors": 0.7, "threads": 0.7, "queue": 0.6, "lag": 0.6,
    "locks": 0.9, "io": 0.5, "latency": 0.9, "errors": 1.0, "availability": 1.0, "restart": 1.0,
    "clock": 0.9, "scans": 0.8, "steal": 0.9, "retries": 0.5, "redeliveries": 0.5, "logins": 1.0,
    "temperature": 0.7, "vibration": 0.7, "pressure": 0.6, "flow": 0.6, "current": 0.6, "level": 0.5, "speed": 0.4,
    "traffic": 0.25, "network": 0.25, "other": 0.25,
}  # fmt: skip
_HOST: Final = 0.25  # of a machine that others share
_ITS_OWN: Final = frozenset({"clock", "steal"})  # what a machine does not add up over those that share it
_WAITS: Final = 0.1  # of calls to whom it is not said
_LOADED: Final = LOADED | {"other"}
_CHECKED: Final = 0.25  # of a check that fails while its component answers, if only with an error; by hand
_NEXT: Final = (1.0, 0.3, 0.1)  # what a second and third aspect of the same component add


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One moved series as it speaks of a component: its weight after what explains it was taken off."""

    row: Row
    move: Move
    weight: float


@dataclass(frozen=True, kw_only=True)
class Blame:
    """A component's score and the signs behind it, weightiest first."""

    component: str
    score: float
    signs: tuple[Sign, ...]


def blames(rows: Moved, graph: Calls) -> dict[str, Blame]:
    """The blame of every component of which a series moved, or that a caller's timing names."""
    shares = {a: self_shares(burdens(rows, a, graph)) for a in CARRIED}
    loads, serving = _traffic(rows), answering(rows)
    signs: dict[str, list[Sign]] = defaultdict(list)
    for row, move in rows:
        if move.score > 0.0:
            whom = row.of.peer if row.side == "client" and row.of.peer else row.component
            weight = move.score * _weight(row, move, whom, shares, loads)
            if is_check(row) and whom in serving:
                weight *= _CHECKED
            signs[whom].append(Sign(row=row, move=move, weight=weight))
    return {c: _blame(c, found) for c, found in sorted(signs.items())}


def _weight(
    row: Row, move: Move, whom: str, shares: Mapping[str, Mapping[str, float]], loads: Mapping[str, Row]
) -> float:
    weight = PLACE[row.aspect] * (_HOST if row.host and row.aspect not in _ITS_OWN else 1.0)
    if row.aspect in CARRIED:
        if row.side == "client" and not row.of.peer:
            return weight * _WAITS
        return weight * shares[row.aspect].get(whom, 1.0)
    traffic = loads.get(row.component)
    loaded = traffic is not None and row.aspect in _LOADED and _follows(row, move, traffic)
    return weight / 3.0 if loaded else weight


def answering(rows: Moved) -> frozenset[str]:
    """Components that answer whoever checks them from outside to the end of the window, if only with an error."""
    return frozenset(
        row.component
        for row, _ in rows
        if row.of.metric == "probe_http_status_code"
        and (last := row.now[-RUN:][np.isfinite(row.now[-RUN:])]).size
        and float(np.min(last)) > 0.0
    )


def is_check(row: Row) -> bool:
    """Whether it says that a check from outside went well, which is more than that its component answers."""
    return row.aspect == "availability" and row.of.metric == "probe_success"


def gone(rows: Moved) -> frozenset[str]:
    """Components that no longer answer, by their own state or by that which those who call them see."""
    serving = answering(rows)
    return frozenset(
        row.of.peer if row.side == "client" and row.of.peer else row.component
        for row, move in rows
        if row.aspect == "availability"
        and move.score >= MOST
        and not (is_check(row) and row.component in serving)
    )


def _traffic(rows: Moved) -> dict[str, Row]:
    """The traffic of each component whose traffic rose."""
    found: dict[str, Row] = {}
    for row, move in sorted(rows, key=lambda pair: pair[1].score):
        if row.aspect == "traffic" and row.side == "own" and move.score > 0.0:
            found[row.component] = row
    return found


def _follows(row: Row, move: Move, traffic: Row) -> bool:
    """Whether a rise is no more than one and a half times the rise of the component's traffic at the same time."""
    at = row.t_now[move.first : move.first + RUN]
    load = _ratio(traffic, float(at[0]), float(at[-1]))
    return load > 1.15 and _ratio(row, float(at[0]), float(at[-1])) <= 1.5 * load


def _ratio(row: Row, start: float, end: float) -> float:
    """The mean between two times over the baseline's median; 0 where either is not positive."""
    part = row.now[(row.t_now >= start) & (row.t_now <= end)]
    part = part[np.isfinite(part)]
    return float(np.mean(part)) / row.ref.median if part.size and row.ref.median > 0.0 else 0.0


def _blame(component: str, signs: Sequence[Sign]) -> Blame:
    ordered = sorted(signs, key=lambda s: (-s.weight, s.row.of.key))
    by_aspect: dict[str, float] = {}
    for sign in ordered:
        by_aspect.setdefault(sign.row.aspect, sign.weight)
    best = sorted(by_aspect.values(), reverse=True)[: len(_NEXT)]
    return Blame(
        component=component,
        score=float(sum(w * part for w, part in zip(best, _NEXT, strict=False))),
        signs=tuple(ordered),
    )
