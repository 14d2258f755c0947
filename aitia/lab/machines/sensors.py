"""Instruments: what a transmitter and a historian make of a true value, and how an instrument fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitia.lab.machines.case import HOUR_S, Case, Effect, Floats, Run, lagged


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One point of the historian: whose it is, what the site calls it, and how its instrument measures."""

    component: str
    name: str
    signal: str  # of `Run.signals`
    unit: str = ""
    noise: float = 0.0  # standard deviation, in the unit
    digit: float = 0.1  # the smallest step that is stored
    lag_s: float = 0.0
    deadband: float = 0.0  # a new value is stored once it has moved by so much


def point(
    component: str, name: str, signal: str, unit: str, noise: float, digit: float, **more: float
) -> Tag:
    """A tag in one line; `more` is its lag and dead band."""
    return Tag(component=component, name=name, signal=signal, unit=unit, noise=noise, digit=digit, **more)


def measure(tags: tuple[Tag, ...], run: Run, case: Case) -> dict[Tag, Floats]:
    """Readings of all points; not-a-number where the historian has none."""
    return {tag: _read(tag, run, case) for tag in tags}


def _read(tag: Tag, run: Run, case: Case) -> Floats:
    rng = case.rng("sensor", tag.component, tag.name)
    value = lagged(run.signals[tag.signal], case.span.step_s, tag.lag_s)
    value = value + tag.noise * rng.standard_normal(value.size)
    if effect := run.effects.get(tag.signal):
        value = effect(value)
    value = np.round(np.round(value / tag.digit) * tag.digit, 6)
    if tag.deadband:
        value = held(value, tag.deadband)
    return _gaps(value, rng)


def held(value: Floats, deadband: float) -> Floats:
    """Exception reporting: the stored value stands until the reading is further from it than the dead band."""
    stored = value.copy()
    last = stored[0]
    for i, now in enumerate(stored):
        if abs(now - last) < deadband:
            stored[i] = last
        else:
            last = now
    return stored


def _gaps(value: Floats, rng: np.random.Generator) -> Floats:
    """One point in five was without a connection for a few samples, at any time."""
    if rng.uniform() < 0.2:
        at = int(rng.integers(value.size - 6))
        value[at : at + int(rng.integers(1, 6))] = np.nan
    return value


def stuck(case: Case) -> Effect:
    """From the onset on it shows what it last showed."""

    def effect(value: Floats) -> Floats:
        first = int(np.searchsorted(case.t, case.onset))
        return np.where(case.grown() > 0, value[max(0, first - 1)], value)

    return effect


def offset(case: Case, by: float) -> Effect:
    """From the onset on it shows too much."""
    return lambda value: value + by * case.grown()


def drift(case: Case, per_hour: float) -> Effect:
    """From the onset on its error grows."""
    age = np.maximum(0.0, case.t - case.onset) / HOUR_S * case.grown()
    return lambda value: value + per_hour * age
