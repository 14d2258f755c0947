"""What can be said where nothing was found: whose signals stayed where the others put them, and what would have shown."""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.core.words import Evidence, SourceRef
from aitia.tools.series.gather import Gathered
from aitia.tools.series.numbers import scale, sig3, with_unit
from aitia.tools.signals.partners.expect import Expectations
from aitia.tools.signals.partners.flow_facts import in_unit, named
from aitia.tools.signals.partners.losing import HOURS
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.partners.siblings import most_odd
from aitia.tools.signals.quantities import aspect_of, unit_of

# Times the limit that no signal may reach, over an hour or so and over three: healthy plants of the lab reach 1 to 3.3 and .7 to
# 1.6, faults that nothing names 2 to 5.7 and 1.3 to 4.7. By hand: what is called well must be plainly so.
_SHORT: Final = 1.6
_LONG: Final = 1.2
_NEAR: Final = 1.7
"""Times the limit, by any test, from which on something may be wrong though nothing is named."""
_DOUBT: Final = 0.55  # strength of that; by hand: with it alone nothing is called well
_STORED: Final = frozenset({"level", "voltage"})
_BEYOND: Final = 0.1  # of the range that the reference shows; by hand
_SHOWS: Final = 0.5  # standard deviations of a limit: a fault that moves a signal by less than its usual variation would show


def quiet_facts(plant: Plant, told: Expectations, gathered: Gathered) -> list[Evidence]:
    """A `signal.quiet` fact for each component of which a fault would have shown; where a signal comes near its limit none, but
    that it does (`signal.apart`, `pattern.unlike`).
    """
    short, long = told.departures, Expectations(plant.grid, HOURS).departures
    odd = most_odd(plant.grid, plant.alike, plant.members)
    tests = [(abs(float(v)), float(v), int(k)) for of in (short, long) for k, v in enumerate(of)]
    tests += [(abs(odd.times[odd.lead]), odd.times[odd.lead], odd.lead)] if odd else []
    times, signed, lead = max(tests)
    if times > _NEAR:
        way = "above" if signed > 0 else "below"
        said = (
            f"went {way} what the others of the plant tell of it by {sig3(times):g} times the limit"
            f"{_most(plant, told, lead, signed)}: too little to name a fault, too much to call it usual"
        )
        return [_near(plant, lead, said, gathered)]
    if fuller := _fuller(plant):
        return [_beyond_past(plant, fuller[0], gathered)]
    if np.max(np.abs(short)) > _SHORT or np.max(np.abs(long)) > _LONG:
        return []
    limits = {int(k): told.limit(int(k)) for k in np.flatnonzero(told.moves)}
    found = []
    for component, signals in plant.members.items():
        best = min((k for k in signals if k in limits), key=lambda k: (limits[k], k), default=None)
        if best is not None and limits[best] <= _SHOWS:
            found.append(_quiet(plant, told, component, best, gathered))
    return found


def _most(plant: Plant, told: Expectations, signal: int, signed: float) -> str:
    """What a signal showed and what was expected where it was furthest on that side; "" where its partners tell less of it."""
    residual = told.residual(signal)
    worst = int(np.argmax(np.sign(signed) * residual))
    if np.sign(signed) * residual[worst] < 1.0:  # its like, or a longer mean, told it
        return ""
    shows, expected = (in_unit(plant.channels[signal], v) for v in told.reading(signal, worst))
    return f" (read {shows}, {expected} expected)"


def _fuller(plant: Plant) -> list[int]:
    """The stores and voltages that went beyond all that they were: each may keep its law though a limit was moved."""
    x, n = plant.grid.x, plant.grid.reference
    low, high = np.min(x[:n], axis=0), np.max(x[:n], axis=0)
    beyond = np.maximum(np.max(x[n:], axis=0) - high, low - np.min(x[n:], axis=0))
    return [
        k
        for k, channel in enumerate(plant.channels)
        if beyond[k] > _BEYOND * (high[k] - low[k]) > 0 and aspect_of(channel) in _STORED
    ]


def _quiet(plant: Plant, told: Expectations, component: str, signal: int, gathered: Gathered) -> Evidence:
    channel = plant.channels[signal]
    least = told.size(signal, 1.0, 0)
    factor, unit = scale(unit_of(channel), least)
    return Evidence(
        component=component, kind="signal.quiet", aspect="pattern.usual",
        statement=f"{component}: its signals stayed where the other signals of the plant put them; {named(channel)} off by"
        f" {with_unit(sig3(least * factor), unit)} would show.",
        values={"channel": channel.metric, "signals": len(plant.channels), "reference_rows": plant.grid.reference},
        window=gathered.window, direction="steady", strength=0.7,
        source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


def _beyond_past(plant: Plant, signal: int, gathered: Gathered) -> Evidence:
    """That a store or a voltage is beyond all that it was, which is so: what goes with it moved as it always does."""
    x, n = plant.grid.x[:, signal], plant.grid.reference
    low, high = float(np.min(x[:n])), float(np.max(x[:n]))
    beneath = low - float(np.min(x[n:])) > float(np.max(x[n:])) - high
    out = x[n:] < low if beneath else x[n:] > high
    now, edge, least = (
        in_unit(plant.channels[signal], v)
        for v in (float(x[-1]), low if beneath else high, float(np.min(x[n:]) if beneath else np.max(x[n:])))
    )
    way, most = ("lower", "lowest") if beneath else ("higher", "highest")
    began, until = n + int(np.argmax(out)), n + int(np.flatnonzero(out)[-1])
    since = (
        f"since {moment(plant, began)}"
        if out[-1]
        else f"from {moment(plant, began)} to {moment(plant, until)}"
    )
    state = f"reads {now} and has been" if out[-1] else f"reads {now} again and was"
    said = (
        f"{state} {way} than ever before {since} ({most} {least}, until then {edge}), and all that goes with it moved as it"
        " always does: what it shows is so"
    )
    return _near(plant, signal, said, gathered, since=began, keeps="its law" if out[-1] else "over")


def _near(
    plant: Plant, signal: int, said: str, gathered: Gathered, *, since: int | None = None, keeps: str = ""
) -> Evidence:
    channel = plant.channels[signal]
    name = "it" if named(channel) == channel.component else named(channel)
    return plant_fact(
        plant, signal, gathered, component=channel.component, kind="signal.apart", aspect="pattern.unlike",
        said=f"{name} {said}.", since=plant.grid.reference if since is None else since, direction="changed",
        strength=_DOUBT, values={"channel": channel.metric, **({"keeps": keeps} if keeps else {})},
    )  # fmt: skip
