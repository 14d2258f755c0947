"""Whose departure it is: the smallest part of a plant without whose signals all others are where their partners put them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.expect import SPAN, Expectations
from aitia.tools.sources.rows import Floats

# Times the limit of a lasting residual. By hand, on the lab's water network and fan; no other plant was looked at.
APART: Final = 2.3
"""Of a signal that its partners tell well, in a way of running that the reference shows: nobody's noise."""
WRONG: Final = 4.0
"""The same of a signal without which alone all others agree: it is little to go by."""
_WIDE: Final = 0.5  # standard deviations of a limit from which on a signal must depart by more
_QUIET: Final = 4.0  # by how many times less others depart once the culprit is left out
INSTRUMENT: Final = (
    0.6  # standard deviations of a limit: what is told so badly by others proves no instrument wrong
)
_GROWS: Final = 2.0  # times the residual's first third that its last one shows, where it drifts


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A signal that departs most, and whose it is.

    component   the smallest part without which the others are as expected; "" where there is none
    times       how many times its limit, with the sign
    strange     how many times less sure than in the reference the expectation is
    since       the row of the grid from which on
    alone       no other signal of the component departs
    drifts      it grows instead of standing where it jumped
    limit       standard deviations of its limit: how badly its partners tell it
    rest        how far the plainest other signal departs without it
    shows       what it shows where it departs most, in its unit
    expected    what the others tell of it there
    lasts       it is still beyond its limit at the end
    peak        the row of the grid where it departs most
    ends        what it shows in the last row, and what the others tell of it there
    rivalled    without another component's signals in place of these all others agree as well: nobody can be told
    """

    signal: int
    component: str
    times: float
    strange: float
    since: int
    alone: bool
    drifts: bool
    limit: float
    rest: float
    shows: float
    expected: float
    lasts: bool
    peak: int
    ends: tuple[float, float]
    rivalled: bool = False

    @property
    def plain(self) -> bool:
        """Whether so much is no noise, in a way of running that the reference shows."""
        return abs(self.times) >= (WRONG if self.alone else APART) * self.strange**2


def departure(
    told: Expectations,
    owners: Sequence[str],
    parts_of: Callable[[str], frozenset[str]],
    whole_of: Callable[[str], str],
    left_out: frozenset[int] = frozenset(),
) -> Departure | None:
    """The plainest departure; None where no signal departs by `APART`. What is `left_out` is known to be wrong."""
    departs = told.without(left_out)
    limits = np.array(
        [told.limit(int(k), left_out) if abs(departs[k]) >= APART else 1.0 for k in range(len(departs))]
    )
    weighed = np.abs(departs) / np.maximum(1.0, limits / _WIDE)
    signal = int(np.argmax(weighed))
    if weighed[signal] < APART:
        return None
    residual = told.residual(signal, left_out)
    peak = int(np.argmax(np.abs(residual)))
    strange = float(told.strangeness(signal, left_out)[peak])
    component, alone = owners[signal], False
    rest = _rest(told, left_out | {signal})
    bound = max(APART, float(abs(departs[signal])) / _QUIET)
    if rest < APART and told.limit(signal, left_out) < INSTRUMENT:
        alone = True
    if 2 * owners.count(component) > len(owners):
        component = ""
    while component and not alone:
        group = {k for k, owner in enumerate(owners) if owner in parts_of(component)}
        if 2 * len(group) > len(owners):
            component = ""  # there are few others to agree
        elif _rest(told, left_out | group) < bound:
            break
        component = component and whole_of(component)
    whose = {signal} if alone else {k for k, owner in enumerate(owners) if owner in parts_of(component)}
    rivalled = bool(component) and _rivalled(
        told, departs, owners, whose, left_out, APART if alone else bound
    )
    if rivalled:
        component, alone = "", False
    if component and not alone:
        own = frozenset(whose)
        if len(own) > 1:  # what its own signals tell of each other moved with them
            return _by_others(told, signal, component, own | left_out)
    first = first_beyond(residual, peak)
    shows, expected = told.reading(signal, peak, left_out)
    return Departure(
        signal=signal, component=component, times=float(departs[signal] / max(1.0, limits[signal] / _WIDE)),
        strange=strange, since=told.grid.reference + max(0, first - SPAN // 2), alone=alone, drifts=drifts(residual[first:]),
        limit=told.limit(signal, left_out), rest=rest, shows=shows, expected=expected, lasts=_lasts(residual, peak),
        peak=told.grid.reference + peak, ends=told.reading(signal, len(residual) - 1, left_out), rivalled=rivalled,
    )  # fmt: skip


def _rivalled(
    told: Expectations,
    departs: Floats,
    owners: Sequence[str],
    whose: set[int],
    left_out: frozenset[int],
    bound: float,
) -> bool:
    """Whether the signals of another component that departs would explain all by themselves, too: of two that tell each other
    nobody knows which one is wrong.
    """
    far = {owners[k] for k in range(len(owners)) if abs(departs[k]) >= APART and k not in whose | left_out}
    others = [
        {k for k, o in enumerate(owners) if o == owner} for owner in sorted(far - {owners[k] for k in whose})
    ]
    return any(_rest(told, left_out | group) < bound for group in others if 2 * len(group) <= len(owners))


def _by_others(told: Expectations, signal: int, component: str, group: frozenset[int]) -> Departure:
    """The departure of a group's plainest signal, by the signals outside of the group alone."""
    inside = {k: told.residual(k, group) for k in group if told.moves[k]}
    wide = {k: max(1.0, told.limit(k, group) / _WIDE) for k in inside}
    lead = max(inside, key=lambda k: (float(np.max(np.abs(inside[k]))) / wide[k], k == signal, -k))
    residual = inside[lead]
    peak = int(np.argmax(np.abs(residual)))
    first = first_beyond(residual, peak)
    shows, expected = told.reading(lead, peak, group)
    return Departure(
        signal=lead, component=component, times=float(residual[peak]) / wide[lead],
        strange=float(told.strangeness(lead, group)[peak]), since=told.grid.reference + max(0, first - SPAN // 2), alone=False,
        drifts=drifts(residual[first:]), limit=told.limit(lead, group), rest=_rest(told, group),
        shows=shows, expected=expected, lasts=_lasts(residual, peak),
        peak=told.grid.reference + peak, ends=told.reading(lead, len(residual) - 1, group),
    )  # fmt: skip


def _rest(told: Expectations, left_out: frozenset[int] | set[int]) -> float:
    return float(np.max(np.abs(told.without(left_out)), initial=0.0))


def first_beyond(residual: Floats, peak: int) -> int:
    """The row from which on the residual is beyond its limit up to the peak."""
    inside = np.flatnonzero(np.abs(residual[: peak + 1]) < 1.0)
    return int(inside[-1]) + 1 if inside.size else 0


def _lasts(residual: Floats, peak: int) -> bool:
    """Whether a departure is still beyond its limit, on the same side, in the last row."""
    return bool(residual[-1] * np.sign(residual[peak]) >= 1.0)


def drifts(residual: Floats) -> bool:
    """Whether a departure grows instead of standing where it jumped."""
    third = max(1, (residual.size - SPAN) // 3)
    early, late = residual[SPAN : SPAN + third], residual[-third:]
    return bool(early.size and abs(float(np.mean(late))) > _GROWS * abs(float(np.mean(early))))
