"""How long the machines of an incident have left, as facts (`options: {life_model: FILE}` of a table of process signals)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.errors import BadInput, ModelError, SourceError
from aitia.core.words import Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.signals.alarm_target import is_alarmed
from aitia.tools.signals.life import store
from aitia.tools.signals.life.fleet import Fleet
from aitia.tools.signals.life.machines import Machine, machine_of
from aitia.tools.signals.life.report import STRANGE, Remaining, by_trend, remaining
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.sources.base import Series
from aitia.tools.sources.signals.life_options import Life, LifeSource

MOST_MACHINES: Final = 10
_MOST_DRAWN: Final = 150
# The quarter and the weights were set by hand, before engines 51-100 of C-MAPSS FD001 were scored.
_SHORT: Final = 0.25  # of a usual life: with less than that left at most a machine is near its end
_MOST, _TOLD = 0.6, 0.1
_STALE: Final = 3.0  # times between two rows, before the window
_Signals = dict[str, Series]


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What is said of a machine; `usual` is the life that its remaining life is short or long against."""

    machine: Machine
    said: Remaining
    usual: float
    drawn: bytes


def life_facts(ctx: ToolContext) -> tuple[list[Evidence], list[str]]:
    """A fact for each machine whose source says how its life is told, and notes on what cannot be told."""
    facts: list[Evidence] = []
    notes: list[str] = []
    for source in (*ctx.sources.of("metrics"), *ctx.sources.of("signals")):
        try:
            if isinstance(source, LifeSource) and (life := source.life) is not None:
                found, said = _of_source(ctx, source, life)
                facts += found
                notes += said
        except (BadInput, ModelError, SourceError) as error:
            notes.append(str(error))
    return facts, notes


def _of_source(ctx: ToolContext, source: LifeSource, life: Life) -> tuple[list[Evidence], list[str]]:
    model = (
        ctx.sources.once(("life_model", life.model), partial(store.load, Path(life.model)))
        if life.model
        else None
    )
    end = ctx.incident.window.end
    extent = source.extent(end)
    if extent is None or extent[0] >= end.timestamp():
        return [], [f"{source.name} has no rows before the window's end: remaining life cannot be estimated."]
    by_machine, notes = _machines(ctx, source.read(Window(start=from_epoch(extent[0]), end=end)))
    wanted = set(model.prepared.sensors) if model else {life.indicator}
    names = sorted(
        (n for n, s in by_machine.items() if wanted & s.keys()), key=lambda n: (not is_alarmed(ctx, n), n)
    )
    if not names:
        notes.append(f"No component of {source.name} has the signals needed to estimate its remaining life.")
    if len(names) > MOST_MACHINES:
        notes.append(f"Remaining life was estimated for {MOST_MACHINES} of {len(names)} machines.")
    facts: list[Evidence] = []
    for name in names[:MOST_MACHINES]:
        try:
            told = (
                _by_fleet(name, by_machine[name], life, model)
                if model
                else _by_indicator(name, by_machine[name], life)
            )
        except BadInput as error:
            notes.append(str(error))
            continue
        if why := _not_now(told, ctx.incident.window):
            notes.append(why)
        else:
            facts.append(_fact(ctx, told, life, by_machine[name], source.name))
    return facts, notes  # fmt: skip


def _machines(ctx: ToolContext, series: list[Series]) -> tuple[dict[str, _Signals], list[str]]:
    """The signals of each component by metric; a metric that one has twice is left out."""
    found: dict[str, _Signals] = {}
    twice: set[tuple[str, str]] = set()
    for one in series:
        name = ctx.resolver.resolve(one.component) or one.component
        if one.metric in found.setdefault(name, {}):
            twice.add((name, one.metric))
        found[name][one.metric] = one
    for name, metric in twice:
        del found[name][metric]
    return found, [
        f"Several series of {n} {m!r} have the same name. Give them different names."
        for n, m in sorted(twice)
    ]


def _by_fleet(name: str, signals: _Signals, life: Life, model: Fleet) -> _Told:
    p = model.prepared
    machine = machine_of(name, signals, life, sensors=p.sensors, settings=p.setting_names, step=model.step)
    x = p.features(machine.history)
    some = np.unique(np.linspace(0, x.shape[0] - 1, _MOST_DRAWN).astype(int))
    drawn = series_artifact(machine.at[some], model.of_features(x[some])[0])
    said = remaining(model, machine.history, unit=life.named_unit)
    return _Told(machine=machine, said=said, usual=model.life or p.cap, drawn=drawn)


def _by_indicator(name: str, signals: _Signals, life: Life) -> _Told:
    assert life.limit is not None
    machine = machine_of(name, signals, life, sensors=[life.indicator])
    said = by_trend(machine.history, indicator=life.indicator, limit=life.limit, limit_error=life.limit_error,
                    unit=life.named_unit)  # fmt: skip
    drawn = series_artifact(machine.at, machine.history.sensors[:, 0], limit=life.limit)
    return _Told(machine=machine, said=said, usual=said.age + (said.high or 0.0), drawn=drawn)


def _not_now(told: _Told, window: Window) -> str:
    """Why nothing is said of the machine's life in this window."""
    said, at = told.said, told.machine.at
    if said.life is None or said.strange > STRANGE:
        return said.sentence
    if window.start.timestamp() - at[-1] > _STALE * float(np.median(np.diff(at))):
        return f"The remaining life of {said.machine} is not estimated: its last row is from {_moment(at)}."
    return ""


def _moment(at: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return f"{from_epoch(float(at[-1])):%Y-%m-%d %H:%M} UTC"


def _fact(ctx: ToolContext, told: _Told, life: Life, signals: Mapping[str, Series], source: str) -> Evidence:
    said, near = told.said, _near_its_end(told)
    values: dict[str, Scalar] = {
        "by": said.by,
        "life": said.life or 0.0,
        "low": said.low or 0.0,
        "age": said.age,
    }
    values |= {} if said.high is None else {"high": said.high}
    values |= {"usual_life": told.usual, "as_of": from_epoch(float(told.machine.at[-1])).isoformat()}
    values |= {"strange": round(said.strange, 3)} if said.by == "fleet" else {"indicator": life.indicator}
    speaks = said.reasons[0].sensor if said.reasons else life.indicator
    query = signals[speaks].query if speaks in signals else f"signals of {said.machine}"
    return Evidence(
        component=said.machine, kind="signal.life", aspect="condition.life",
        statement=f"{said.sentence.rstrip('.')}, as of {_moment(told.machine.at)}.",
        values=values, unit=life.named_unit, window=ctx.incident.window, direction="down" if near else "steady",
        strength=near or _TOLD, source=SourceRef(source=source, query=query),
        artifact=ctx.put_artifact(told.drawn, SERIES),
    )  # fmt: skip


def _near_its_end(told: _Told) -> float:
    """How plainly a machine is near its end: 0.6 where nothing is left, 0 from a quarter of a usual life on.

    By the upper bound of the interval, so that a wide one says nothing; an open one (`high` unknown) says nothing at all. A
    worn machine is a condition: it makes a defect of a wearing part likelier and is never the cause of an alarm, so that even
    the plainest counts for less than any measurement of the defect. A usual life is the fleet's median, or what the machine's
    own trend gives at most.
    """
    if told.said.high is None or told.usual <= 0:
        return 0.0
    left = told.said.high / told.usual
    return round(_MOST * max(0.0, 1.0 - left / _SHORT), 3)
