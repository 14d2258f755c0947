"""The conductor that stands between what rose and what fell: less flows through it, behind it the driver fell, elsewhere it rose.

No single part explains such departures: the whole plant lives with what one asset does. Each signal is held against what
all others tell of it (`expect`); the asset is the one whose own flow and both sides left that in the way in which a
blockage, or an opening, moves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.culprit import APART, first_beyond
from aitia.tools.signals.partners.expect import SPAN, Expectations
from aitia.tools.signals.partners.resistance import Conductor

_SURE: Final = 2.5  # how unsure a flow's expectation may be: beyond it the plant runs as nobody saw it run
_FURTHER: Final = 1.5  # times as plainly as any other conductor
_WIDE: Final = 0.5  # standard deviations of a limit from which on others do not tell a flow


@dataclass(frozen=True, kw_only=True)
class Between:
    """A conductor whose flow left what the others tell (`times`, with its sign), with the plainest signals of both sides.

    plainly  times the limit of the one of the three that says least
    """

    conductor: Conductor
    times: float
    behind: int
    elsewhere: int
    plainly: float
    size: float
    since: int


def stands_between(told: Expectations, conductors: Sequence[Conductor]) -> Between | None:
    """The one conductor that explains which signals rose and which fell; None where there is none."""
    found = sorted(
        (b for c in conductors if (b := _of(told, c))), key=lambda b: (-b.plainly, b.conductor.component)
    )
    if not found or found[0].plainly < APART:
        return None
    second = found[1].plainly if len(found) > 1 else 0.0
    return found[0] if found[0].plainly >= _FURTHER * second else None


def _of(told: Expectations, conductor: Conductor) -> Between | None:
    """How plainly the flow and both sides moved: what is behind it the way of the flow, what is elsewhere the other way."""
    flow = conductor.flow
    if not told.moves[flow] or told.limit(flow) > _WIDE:
        return None
    departs, residual = told.departures, told.residual(flow)
    peak = int(np.argmax(np.abs(residual)))
    way = float(np.sign(residual[peak]))
    behind = max(conductor.behind, key=lambda k: (way * departs[k], -k))
    elsewhere = max(conductor.before, key=lambda k: (-way * departs[k], -k))
    plainly = min(abs(departs[flow]), way * departs[behind], -way * departs[elsewhere])
    if told.strangeness(flow)[peak] > _SURE:
        return None
    return Between(
        conductor=conductor, times=float(residual[peak]), behind=behind, elsewhere=elsewhere, plainly=float(plainly),
        size=told.size(flow, float(residual[peak]), peak),
        since=told.grid.reference + max(0, first_beyond(residual, peak) - SPAN // 2),
    )  # fmt: skip
