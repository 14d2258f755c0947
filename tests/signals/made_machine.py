"""A machine made for tests: an exchanger whose outlet follows load and weather with a lag, with what a test plants in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from aitia.tools.signals.condition.words import AssetSignals, Point
from aitia.tools.sources.rows import Floats

BEGIN, DAY_S = 1.7e9, 86_400.0
OUTLET, AMBIENT, LOAD = "outlet temperature", "ambient temperature", "load"
UNITS = {AMBIENT: "°C", LOAD: "%", OUTLET: "°C", "flow": "m³/h", "vibration": "mm/s", "oil pressure": "bar"}
Change = Callable[[Floats, Floats], Floats]  # of times (s since the beginning) and values


def machine(
    seed: int = 0, *, days: float = 40, step: float = 1200.0, changed: Mapping[str, Change] | None = None
) -> AssetSignals:
    """Its signals: two shifts a day, a stop every two weeks, weather with a slow season."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, days * DAY_S, step)
    hour, day, n = t % DAY_S / 3600, (t // DAY_S).astype(int), t.size
    ambient = 15 + 6 * np.sin(2 * np.pi * (hour - 9) / 24) + 5 * np.sin(2 * np.pi * t / DAY_S / 45)
    load = np.where((hour > 6) & (hour < 22), 85.0, 60.0) + rng.normal(0, 3, n)
    load = np.where((day % 14 == 5) & (hour > 3) & (hour < 12), 0.0, load)
    made = {
        AMBIENT: ambient + rng.normal(0, 0.3, n),
        LOAD: load,
        OUTLET: 60 + 0.25 * load + 0.3 * ambient + rng.normal(0, 0.4, n),
        "flow": 2.1 * load + rng.normal(0, 2, n),
        "vibration": 1.2 + 0.01 * load + rng.normal(0, 0.1, n),
        "oil pressure": 3.0 + 0.01 * load + rng.normal(0, 0.02, n),
    }
    made |= {name: change(t, made[name]) for name, change in (changed or {}).items()}
    points = {k: Point(t=BEGIN + t, v=v, unit=UNITS[k]) for k, v in made.items()}
    return AssetSignals(name="E-301", points=points)


def rising(per_day: float, *, since_day: float) -> Change:
    """A ramp."""
    return lambda t, v: v + per_day * np.maximum(t / DAY_S - since_day, 0.0)
