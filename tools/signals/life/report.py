"""What is said of a machine's remaining life: a sentence, its numbers and what they rest on."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from aitia.core.errors import BadInput
from aitia.core.percent import percent
from aitia.core.words import Unit01, Word
from aitia.tools.series.numbers import sig3, text, with_unit
from aitia.tools.signals.life.fleet import Fleet
from aitia.tools.signals.life.histories import History
from aitia.tools.signals.life.trend import trend_life
from aitia.tools.sources.rows import Floats

STRANGE = 0.1  # of the features outside the fleet's range: said aloud; by hand


class Effect(Word):
    """What a sensor adds to the fleet's mean remaining life (negative: it shortens it)."""

    sensor: str
    statistic: str
    change: float


class Remaining(Word):
    """Remaining life from the last row, in the table's unit of time; `life` is null where it cannot be said."""

    machine: str
    by: Literal["fleet", "trend"]
    life: float | None
    low: float | None = None
    high: float | None = None
    capped: bool = False
    age: float
    error: float | None = Field(
        None, description="root mean square on machines of the fleet that were held out"
    )
    strange: Unit01 = 0.0
    unseen: str = Field(
        "", description="the sensor that left the fleet's paths to failure, where there is no number for it"
    )
    reasons: tuple[Effect, ...] = ()
    sentence: str


def remaining(model: Fleet, history: History, *, unit: str = "") -> Remaining:
    """The remaining life of one machine at its last row; `unit` is how the sentence names the table's unit of time."""
    x = model.prepared.features(history)[-1:]
    sensor, off = model.unseen(x)
    age = float(history.t[-1] - history.t[0])
    if off > 1.0:
        return Remaining(
            machine=history.machine, by="fleet", life=None, age=age, strange=float(model.strange(x)[0]), unseen=sensor,
            sentence=f"Machine {history.machine}: remaining life cannot be estimated. Its {sensor} is {text(sig3(off))} times"
            f" as far off as a usual one of the {model.machines} machines that ran to failure: they did not fail like this.",
        )  # fmt: skip
    life, low, high = (float(v[0]) for v in model.of_features(x))
    strange, reasons = float(model.strange(x)[0]), _reasons(model, x)
    cap = model.prepared.cap
    capped = high >= cap - 1e-9
    span = f"{text(sig3(low))} or more" if capped else f"{text(sig3(low))} to {text(sig3(high))}"
    said = f"Machine {history.machine}: {with_unit(life, unit)} left ({span}, {percent(model.band.level)} interval)"
    said += f", based on {model.machines} machines that ran to failure"
    if reasons:
        said += (
            f"; mainly because of {reasons[0].sensor or 'its age'} ({text(sig3(reasons[0].change))}, "
            f"{reasons[0].statistic})"
        )
    if strange > STRANGE:
        said += f"; {percent(strange)} of its features are outside the fleet's range, so the interval may be wrong"
    return Remaining(
        machine=history.machine, by="fleet", life=sig3(life), low=sig3(low), high=None if capped else sig3(high), capped=capped,
        age=age, error=sig3(model.error), strange=strange, reasons=reasons, sentence=said + ".",
    )  # fmt: skip


def _reasons(model: Fleet, x: Floats) -> tuple[Effect, ...]:
    added = model.contributions(x)[0]
    names = model.prepared.names
    made = []
    for sensor in dict.fromkeys(s for s, _ in names):
        own = [n for n, (s, _) in enumerate(names) if s == sensor]
        most = max(own, key=lambda n: abs(added[n]))
        made.append(Effect(sensor=sensor, statistic=names[most][1], change=sig3(float(np.sum(added[own])))))
    return tuple(sorted(made, key=lambda e: (-abs(e.change), e.sensor))[:5])


def by_trend(
    history: History, *, indicator: str, limit: float, limit_error: float = 0.0, unit: str = ""
) -> Remaining:
    """The remaining life of a machine by the trend of one sensor up to its limit; `unit` as for `remaining`."""
    if indicator not in history.sensor_names:
        raise BadInput(
            f"{indicator!r} is not a column. Name one of these with --indicator: "
            f"{', '.join(history.sensor_names)}."
        )
    y = history.sensors[:, history.sensor_names.index(indicator)]
    found = trend_life(history.t, y, limit=limit, limit_error=limit_error)
    age = float(history.t[-1] - history.t[0])
    if found.life is None:
        return Remaining(machine=history.machine, by="trend", life=None, age=age,
                         sentence=f"Machine {history.machine}: remaining life cannot be estimated. {found.why}")  # fmt: skip
    open_end = not np.isfinite(found.high)
    span = (
        f"{text(sig3(found.low))} or more"
        if open_end
        else f"{text(sig3(found.low))} to {text(sig3(found.high))}"
    )
    said = found.why or (
        f"{with_unit(found.life, unit)} until {indicator} reaches {text(sig3(limit))} ({span}, "
        f"{percent(found.level)} interval), based on its {found.shape} trend."
    )
    return Remaining(
        machine=history.machine, by="trend", life=sig3(found.life), low=sig3(found.low),
        high=None if open_end else sig3(found.high), age=age, sentence=f"Machine {history.machine}: {said}",
    )  # fmt: skip
