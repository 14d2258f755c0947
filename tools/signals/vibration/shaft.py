"""Shaft orders: imbalance, misalignment and looseness as rises over the machine's own past.

A healthy shaft has 1×, 2× and more, of a size that only its own past tells; so nothing is said without a reference.
Patterns as in the fault tables of ISO 13373-3:2015: 1× for imbalance, 2× for misalignment, many multiples and
halves of it for looseness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aitia.tools.signals.vibration.began_before import of_the_past
from aitia.tools.signals.vibration.spectrum import OrderSpectrum, amplitude_spectrum, floor_of
from aitia.tools.sources.rows import Floats

LEAST_RISE_DB = 5.0  # 1.8 times the amplitude; this and the five orders by hand: no recordings with shaft faults were there
ORDERS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.5, 1.5, 2.5)
ELSEWHERE_DB = (
    8.0  # 2.5 times what the other speed explains; by hand: a resonance between two speeds doubles a line
)
FURTHEST = 1.35  # ratio of speeds; by hand
LINE_DB = 10.0
_HALVES = (0.5, 1.5, 2.5)
_LEAST_HALVES = 2  # half orders that must rise where fewer multiples do: a rub or a loose part that lifts off (ISO 13373-3)
_MOST = 5  # of the nine higher and half orders must rise for looseness
FAULTS = {"1x": "imbalance", "2x": "misalignment", "harmonics": "looseness"}


@dataclass(frozen=True, kw_only=True)
class ShaftOrders:
    """Amplitudes in dB (of the record's unit) at 1×, 2×, and the higher and half orders; which of them are lines.

    NaN where the spectrum does not reach.
    """

    levels: tuple[float, ...]
    standing: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class ShaftRise:
    """How far a shaft pattern rose over the reference in dB, and how far it must rise to count."""

    name: str
    order: float
    db: float
    base: float
    spread: float

    @property
    def rise(self) -> float:
        """Decibels over the reference's median."""
        return self.db - self.base

    @property
    def counts(self) -> bool:
        """Whether it rose by 5 dB and by three spreads of the reference."""
        return bool(np.isfinite(self.rise)) and self.rise >= max(LEAST_RISE_DB, 3.0 * self.spread)


def order_spectrum(x: Floats, fs: float, shaft_hz: float) -> tuple[OrderSpectrum, Floats]:
    """The plain spectrum over shaft orders in dB over its local floor, and its amplitudes in dB of the record's unit."""
    frequency, amplitude = amplitude_spectrum(x, fs)
    step = float(frequency[1]) / shaft_hz
    floor = np.sqrt(floor_of(amplitude**2, max(int(2.0 / step), 16)))
    level = 20.0 * np.log10(np.maximum(amplitude, 1e-12))
    over = 20.0 * np.log10(np.maximum(amplitude, 1e-300) / floor)
    return OrderSpectrum(orders=frequency / shaft_hz, db=over, resolution=2.0 * step), level


def shaft_orders(x: Floats, fs: float, shaft_hz: float) -> ShaftOrders:
    """The amplitudes of a record at its shaft orders."""
    spectrum, level = order_spectrum(x, fs, shaft_hz)
    step = float(spectrum.orders[1])
    levels, standing = [], []
    for order in ORDERS:
        near = np.flatnonzero(np.abs(spectrum.orders - order) <= max(0.01 * order, 1.01 * step))
        top = int(near[np.argmax(level[near])]) if near.size and order < spectrum.orders[-1] else -1
        levels.append(float(level[top]) if top >= 0 else float("nan"))
        standing.append(top >= 0 and float(spectrum.db[top]) >= LINE_DB)
    return ShaftOrders(levels=tuple(levels), standing=tuple(standing))


def rises(
    now: Sequence[ShaftOrders], past: Sequence[ShaftOrders], *, in_time: bool = False
) -> list[ShaftRise]:
    """How the three patterns rose over the median of `past`; none without a past.

    in_time   the past lies right before, in the order of time: it ends where an order began to stand as it does now
    """
    if not now or not past:
        return []
    each = [_rise(index, now, past, in_time=in_time) for index in range(len(ORDERS))]
    many = sorted((r for r in each[2:] if np.isfinite(r.rise)), key=lambda r: -r.rise)
    halves = [r for r in many if r.order in _HALVES]
    loose = [*many[_MOST - 1 : _MOST], *halves[_LEAST_HALVES - 1 : _LEAST_HALVES]]
    found = [replace(each[0], name="1x"), replace(each[1], name="2x")]
    return [*found, replace(max(loose, key=lambda r: r.rise), name="harmonics")] if loose else found


def at_speed(past: Sequence[tuple[float, ShaftOrders]], rpm: float) -> list[ShaftOrders]:
    """What blocks at other speeds (rpm) would show at this one: forces of the shaft go with the square of the speed, and their
    acceleration below a resonance with its fourth power. None of a speed too far away, and no less at a lower speed.
    """
    near = [(own, orders) for own, orders in past if 1.0 / FURTHEST <= rpm / own <= FURTHEST]
    return [
        replace(
            orders,
            levels=tuple(level + 80.0 * max(0.0, float(np.log10(rpm / own))) for level in orders.levels),
        )
        for own, orders in near
    ]


def _rise(index: int, now: Sequence[ShaftOrders], past: Sequence[ShaftOrders], *, in_time: bool) -> ShaftRise:
    """One order: the median of the highest third of the records in which it is a line, against the past's median."""
    values = np.sort([m.levels[index] for m in now if m.standing[index]])
    before = np.array([m.levels[index] for m in past])
    top = values[-max(min(2, values.size), -(-values.size // 3)) :]
    reached = float(np.median(top)) if top.size else float("nan")
    if in_time:
        before = before[: of_the_past(before, reached, least=LEAST_RISE_DB)]
    return ShaftRise(
        name="",
        order=ORDERS[index],
        db=reached,
        base=float(np.median(before)),
        spread=float(np.std(before)) if before.size >= 2 else 1.5,
    )
