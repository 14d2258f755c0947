"""What lets a flow through, by what it takes to drive it: the difference of pressure, level or voltage across it at its flow.

A main, a valve or a line keeps one law whatever the plant does: difference = a + b q + c q|q|, learned on the reference for every
pair of instruments before and behind it. Where it is blocked or closed more is needed at the same flow, by every pair; where one
instrument is wrong, the pairs without it keep the law; and where the whole plant runs in a new way all of them do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.expect import SPAN, Grid, averaged, held_out_limit, solved
from aitia.tools.sources.rows import Floats

LEFT: Final = 2.0  # times the limit by every instrument behind it; by hand, on the lab's water network: healthy days reach 1
ALONE: Final = 1.7  # times as far as any other conductor leaves its law
_PAIRS: Final = 3  # of an instrument behind it, those that go best with its flow: their middle counts
_LEAST_BEHIND: Final = 2  # instruments behind it, or one that is wrong looks like a blockage
_LEAST_BEFORE: Final = 2
_CLIP: Final = 6.0  # standard deviations of a flow beyond which it says no more


@dataclass(frozen=True, kw_only=True)
class Conductor:
    """What a flow goes through: its signal, and the signals behind and before it that say what drives the flow."""

    component: str
    flow: int
    behind: tuple[int, ...]
    before: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Resistance:
    """A conductor that needs more (times > 0) or less to drive its flow than it did, by a pair of signals behind and before it.

    times  how many times its limit, by the instrument behind it that says least
    size   by how much the difference is off what it was at this flow in the reference, in the unit of the pair
    """

    conductor: Conductor
    behind: int
    before: int
    times: float
    size: float
    since: int


def changed_resistance(
    grid: Grid, conductors: Sequence[Conductor], left_out: Collection[int] = ()
) -> Resistance | None:
    """The one conductor that left its law plainly and lastingly, much further than any other; None where there is none."""
    found = [r for c in conductors if c.flow not in left_out and (r := _of(grid, c, left_out))]
    found.sort(key=lambda r: (-abs(r.times), r.conductor.component))
    if not found or abs(found[0].times) < LEFT:
        return None
    second = abs(found[1].times) if len(found) > 1 else 0.0
    return found[0] if abs(found[0].times) >= ALONE * second else None


def _of(grid: Grid, conductor: Conductor, left_out: Collection[int]) -> Resistance | None:
    """How far it left its law, by the instrument behind it that says least."""
    design = _design(grid, conductor.flow)
    behind = [k for k in conductor.behind if k not in left_out and _moves(grid, k)]
    before = [k for k in conductor.before if k not in left_out and _moves(grid, k)]
    if design is None or len(behind) < _LEAST_BEHIND or len(before) < _LEAST_BEFORE:
        return None
    said = [_by(grid, conductor, design, signal, before) for signal in behind]
    if len({r.times > 0 for r in said}) > 1:
        return None
    return min(said, key=lambda r: (abs(r.times), r.behind))


def _by(grid: Grid, conductor: Conductor, design: Floats, signal: int, before: Sequence[int]) -> Resistance:
    """The middle one of the pairs that go best with the flow."""
    laws = [
        (_goes_with(design, grid.x[:, other] - grid.x[:, signal], grid.reference), other) for other in before
    ]
    best = [other for _, other in sorted(laws, key=lambda law: (-law[0], law[1]))[:_PAIRS]]
    told = [_pair(grid, conductor, design, signal, other) for other in best]
    return sorted(told, key=lambda r: r.times)[len(told) // 2]


def _goes_with(design: Floats, drop: Floats, n: int) -> float:
    """The share of a difference that the flow explains in the reference."""
    y = drop[:n] - np.mean(drop[:n])
    rest = y - design[:n] @ solved(design[:n].T @ design[:n], design[:n].T @ y)
    return 1.0 - float(np.var(rest)) / max(float(np.var(y)), 1e-12)


def _pair(grid: Grid, conductor: Conductor, design: Floats, behind: int, before: int) -> Resistance:
    n, drop = grid.reference, grid.x[:, before] - grid.x[:, behind]
    spread = max(float(np.std(drop[:n])), 1e-12)
    y = (drop - np.mean(drop[:n])) / spread
    law = design @ solved(design[:n].T @ design[:n], design[:n].T @ y[:n])
    rest = averaged(y - law)[n:]
    times = rest / held_out_limit(design[:n], y[:n])
    way = 1.0 if float(np.cov(law[:n], grid.x[:n, conductor.flow])[0, 1]) >= 0 else -1.0
    inside = np.flatnonzero(np.abs(times) < 1.0)
    since = n + max(0, int(inside[-1]) + 1 - SPAN // 2 if inside.size else 0)
    return Resistance(
        conductor=conductor, behind=behind, before=before, times=float(way * times[-1]), size=abs(float(rest[-1])) * spread,
        since=min(since, len(grid.t) - 1),
    )  # fmt: skip


def _design(grid: Grid, flow: int) -> Floats | None:
    """One, the flow and its signed square, in standard deviations of the reference; None where the flow does not vary."""
    if not _moves(grid, flow):
        return None
    q, n = grid.x[:, flow], grid.reference
    z = np.clip((q - np.mean(q[:n])) / np.std(q[:n]), -_CLIP, _CLIP)
    square = q * np.abs(q)
    squared = (square - np.mean(square[:n])) / max(float(np.std(square[:n])), 1e-12)
    return np.stack([np.ones_like(z), z, np.clip(squared, -_CLIP, _CLIP)], axis=1)


def _moves(grid: Grid, signal: int) -> bool:
    x = grid.x[: grid.reference, signal]
    return bool(np.std(x) > 1e-9 * max(1.0, abs(float(np.median(x)))))
