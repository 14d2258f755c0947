"""Whether an exchanger transfers less heat at like flows than it did, and whether its heat balance still closes.

UA = Q / LMTD of two streams in counterflow, F ln((P - Tin) / (P - Tout)) of one along what condenses or boils at P (VDI Heat
Atlas, C1; heat capacities stay what they were and drop out of ratios). UA rises with flows by powers (Dittus and Boelter), which
the data tell. A balance that no longer closes is no deposit: one of its instruments is wrong, the one with whose reading put
right both the balance and UA are as they were; of several the one whose own level left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from aitia.tools.signals.condition.exchangers import Exchanger, Signal, Stream
from aitia.tools.signals.condition.grid import bucketed
from aitia.tools.signals.condition.like_flow import Course, Rows, flowing, settled
from aitia.tools.signals.condition.twins import robust
from aitia.tools.signals.condition.words import Point
from aitia.tools.sources.rows import Floats

# By hand.
_LEAST_K: Final = 0.3  # between the ends of a stream, and between the streams: below it logarithms are noise
_LESS: Final = 0.08  # of UA that is lost at least
_OPEN: Final = 0.04  # of the balance that is lost at least
_CLEARER: Final = 2.0  # times farther from its usual UA any other reading put right leaves it
_LEAST_OFF: Final = 0.02  # of UA: nearer than that is equally near
_AS_IT_WAS: Final = 0.05  # of UA, to each side
_TAUGHT: Final = 0.4  # of the data, the first part, in which a flow has to close the balance
_TIGHT: Final = 0.5  # of a flow's own spread: what the balance with it spreads by at most


@dataclass(frozen=True, kw_only=True)
class Wronged:
    """An instrument of an exchanger that is wrong: by how much it is off now, in its unit."""

    point: str
    off: float
    kind: Literal["drift", "bias"]


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How well heat is transferred: `ua` at like flows; `balance` of two streams with flows; `wrong`: who may have opened it."""

    exchanger: Exchanger
    ua: Course
    balance: Course | None
    wrong: tuple[Wronged, ...]

    @property
    def fouled(self) -> bool:
        """Whether less heat is transferred, and by no instrument."""
        return self.ua.times >= 1.0 and self.ua.share <= 1.0 - _LESS and not self.opened

    @property
    def opened(self) -> bool:
        """Whether the balance no longer closes."""
        return self.balance is not None and _is_open(self.balance)

    @property
    def as_it_was(self) -> bool:
        """Whether as much is transferred as in the reference."""
        return self.ua.as_it_was(_AS_IT_WAS) and not self.opened


def transfer(
    exchanger: Exchanger, signals: Mapping[str, Signal], flows: Sequence[str], *, healthy: tuple[float, float] | None,
    now: float, per_month: float,
) -> Transfer | None:  # fmt: skip
    """How an exchanger's heat transfer is against its reference (`healthy`, else the first quarter); None with too little of it.

    `flows`: those of the asset and beside it, of which one may be of a stream that has none.
    """
    names = dict.fromkeys([*exchanger.signals, *(flows if exchanger.hot and exchanger.cold else ())])
    grid, why = bucketed({n: Point(t=signals[n].t, v=signals[n].v) for n in names}, now)
    if grid is None or set(why) & set(exchanger.signals):
        return None
    x = {n: grid.column(n) for n in names if n not in why}
    whole = _with_flow(exchanger, x, [n for n in flows if n in x])
    rows = Rows(t=grid.t, step=grid.step, healthy=healthy, per_month=per_month)
    ua = rows.course(*_conductance(whole, x))
    if ua is None:
        return None
    heat = _balance(whole, x)
    balance = rows.course(heat, (), ua.part) if heat is not None else None
    wrong = _wrong(whole, x, rows, balance) if balance is not None and _is_open(balance) else ()
    return Transfer(exchanger=whole, ua=ua, balance=balance, wrong=wrong)


def _is_open(balance: Course) -> bool:
    return balance.times >= 1.0 and abs(balance.share - 1.0) >= _OPEN


def _with_flow(e: Exchanger, x: Mapping[str, Floats], flows: Sequence[str]) -> Exchanger:
    """The exchanger with the flow that closes its balance, where one of its two streams has none of its own."""
    if e.hot is None or e.cold is None or bool(e.hot.flow) == bool(e.cold.flow):
        return e
    best, least = e, np.inf
    for n in flows:
        if n in e.signals:
            continue
        made = (
            replace(e, hot=replace(e.hot, flow=n))
            if not e.hot.flow
            else replace(e, cold=replace(e.cold, flow=n))
        )
        y = _balance(made, x)
        rows = np.zeros(x[n].size, dtype=bool)
        rows[: int(_TAUGHT * x[n].size)] = True
        use = rows & np.isfinite(y) if y is not None else rows & False
        if y is None or use.sum() < 60:
            continue
        spread, own = robust(y[use]), robust(np.log(x[n][use]))
        if spread <= _TIGHT * own and spread < least:
            best, least = made, spread
    return best


def _conductance(e: Exchanger, x: Mapping[str, Floats]) -> tuple[Floats, list[Floats]]:
    """Log UA by row, NaN while it stands, and the logarithms of the flows."""
    flows = [x[s.flow] for s in e.streams if s.flow]
    with np.errstate(all="ignore"):
        on = np.ones(next(iter(x.values())).size, dtype=bool)
        for s in e.streams:
            on &= np.abs(x[s.inlet] - x[s.outlet]) >= _LEAST_K
        if e.hot is not None and e.cold is not None:
            one, two = x[e.hot.inlet] - x[e.cold.outlet], x[e.hot.outlet] - x[e.cold.inlet]
            on &= (one >= _LEAST_K) & (two >= _LEAST_K)
            mean = np.where(np.abs(one - two) < 1e-6 * np.abs(one), one, (one - two) / np.log(one / two))
            y = np.log(_heat(e.cold if e.cold.flow or not e.hot.flow else e.hot, x) / mean)
        else:
            (s,) = e.streams
            one, two = np.abs(x[e.phase] - x[s.inlet]), np.abs(x[e.phase] - x[s.outlet])
            on &= (two >= _LEAST_K) & (one > two)
            y = np.log(np.log(one / two) * (x[s.flow] if s.flow else 1.0))
        on &= np.isfinite(y)
        for f in flows:
            on &= flowing(f)
        on = settled(on)
        return np.where(on, y, np.nan), [np.where(on, np.log(np.abs(f)), np.nan) for f in flows]


def _heat(s: Stream, x: Mapping[str, Floats]) -> Floats:
    """What a stream gives or takes, in its own measure."""
    return np.abs(x[s.inlet] - x[s.outlet]) * (x[s.flow] if s.flow else 1.0)


def _balance(e: Exchanger, x: Mapping[str, Floats]) -> Floats | None:
    """Log of the hot stream's heat by the cold one's; None where not both flows are measured."""
    if e.hot is None or e.cold is None or not e.hot.flow or not e.cold.flow:
        return None
    known = np.isfinite(_conductance(e, x)[0])
    with np.errstate(all="ignore"):
        y = np.log(_heat(e.hot, x)) - np.log(_heat(e.cold, x))
    return np.where(known & np.isfinite(y), y, np.nan)


def _wrong(e: Exchanger, x: Mapping[str, Floats], rows: Rows, balance: Course) -> tuple[Wronged, ...]:
    """The instruments with whose reading put right balance and UA are as they were, the nearest first."""
    heat = _balance(e, x)
    if heat is None:
        return ()
    first, last = balance.t[balance.part.start], balance.t[balance.part.stop - 1]
    usual = float(np.exp(np.nanmedian(heat[(rows.t >= first) & (rows.t <= last)])))
    found = []
    for point, right in _put_right(e, x, usual).items():
        again = rows.course(*_conductance(e, {**x, point: right}), balance.part)
        if again is not None:
            found.append((abs(again.off), point, right))
    if not found or min(f[0] for f in found) > _AS_IT_WAS:
        return ()
    near = _CLEARER * max(min(f[0] for f in found), _LEAST_OFF)
    late = rows.t >= rows.t[-1] - 0.05 * (rows.t[-1] - rows.t[0])
    kind: Literal["drift", "bias"] = "drift" if balance.shape == "trend" else "bias"
    return tuple(
        Wronged(point=point, off=float(np.nanmedian((x[point] - right)[late])), kind=kind)
        for off, point, right in sorted(found, key=lambda f: f[:2])
        if off < near
    )


def _put_right(e: Exchanger, x: Mapping[str, Floats], usual: float) -> dict[str, Floats]:
    """Each instrument as it would read if it alone were why the balance no longer closes."""
    if e.hot is None or e.cold is None:
        return {}
    hot, cold = e.hot, e.cold
    gives, takes = x[hot.inlet] - x[hot.outlet], x[cold.outlet] - x[cold.inlet]
    with np.errstate(all="ignore"):
        given, taken = usual * x[cold.flow] * takes / x[hot.flow], x[hot.flow] * gives / usual / x[cold.flow]
        return {
            hot.inlet: x[hot.outlet] + given, hot.outlet: x[hot.inlet] - given,
            cold.inlet: x[cold.outlet] - taken, cold.outlet: x[cold.inlet] + taken,
            hot.flow: usual * x[cold.flow] * takes / gives, cold.flow: x[hot.flow] * gives / usual / takes,
        }  # fmt: skip
