"""Which known fault of a plant the window's process signals show, as facts (`options: {fault_model: FILE}` of a source)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.errors import BadInput, ModelError
from aitia.core.percent import percent
from aitia.core.words import Evidence, Moment, Scalar, SourceRef, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import Gathered, within
from aitia.tools.series.numbers import clock, sig3
from aitia.tools.series.rates import step_of
from aitia.tools.signals.learned import faults, signature, store
from aitia.tools.signals.learned.faults import STRANGEST, FaultModel
from aitia.tools.signals.learned.signature import SignatureAbout, SignatureModel
from aitia.tools.signals.learned.windows import Record, cut
from aitia.tools.signals.learned.words import is_well
from aitia.tools.signals.signatures import LEAST, MEAN
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.fault_model import ModelledSource


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One component's signals: `x` (times, channels) in the model's order, NaN before a signal's first and after its last."""

    component: str
    source: str
    channels: tuple[str, ...]
    queries: tuple[str, ...]
    t: Floats
    x: Floats
    part: slice  # the rows of the window
    usual: slice  # the rows of the longest baseline

    def at(self, channel: str) -> int:
        """The number of a channel."""
        return self.channels.index(channel)


def plants_of(gathered: Gathered, source: str, channels: Sequence[str]) -> tuple[list[Plant], str]:
    """The components of a source that have every channel once, or what the nearest one lacks.

    A channel is a series' metric, or `component_metric` as a wide table writes it.
    """
    held: dict[str, dict[str, list[Series]]] = defaultdict(lambda: defaultdict(list))
    for name, series in gathered.raw:
        if name == source:
            for known in {series.metric, f"{series.component}_{series.metric}"}:
                held[series.component][known].append(series)
    made, lacking = [], {}
    for component, by_name in sorted(held.items()):
        missing = [c for c in channels if not any(np.isfinite(s.v).any() for s in by_name.get(c, ()))]
        twice = [c for c in channels if len(by_name.get(c, ())) > 1]
        if missing or twice:
            why = f"{component} lacks {missing[0]!r}" if missing else f"{component} has {twice[0]!r} twice"
            lacking[len(missing) + len(twice), component] = (
                f"{why} ({len(missing or twice)} of {len(channels)} signals)"
            )
        else:
            made.append(_gridded(gathered, source, component, [by_name[c][0] for c in channels], channels))
    if made:
        return made, ""
    return [], lacking[min(lacking)] if lacking else f"source {source!r} has no signals in the window"


def _gridded(
    gathered: Gathered, source: str, component: str, series: Sequence[Series], channels: Sequence[str]
) -> Plant:
    t = max(series, key=lambda s: s.t.size).t
    usual = max((within(t, b.window) for b in gathered.baselines), key=lambda s: s.stop - s.start)
    return Plant(
        component=component, source=source, channels=tuple(channels), queries=tuple(s.query for s in series),
        t=t,
        x=np.stack([_on(s, t) for s in series], axis=1), part=within(t, gathered.window), usual=usual,
    )  # fmt: skip


def _on(series: Series, t: Floats) -> Floats:
    known = np.isfinite(series.v)
    at = np.interp(t, series.t[known], series.v[known], left=np.nan, right=np.nan)
    return np.asarray(at, dtype=np.float64)


Model = FaultModel | SignatureModel
_UNTESTED: Final = 0.5  # strength at most of a fault that was never named right when left out
_MOST: Final = 0.97
_QUOTE: Final = 60
Said = tuple[list[Evidence], list[str]]


@dataclass(frozen=True, kw_only=True)
class _Fault:
    """What a model says of a plant: the fault, since when, why, and how far that is to be trusted."""

    label: str
    after: str  # the next likely fault
    since: int  # row of the plant's times
    error_s: float
    channel: int  # the signal that speaks most for it
    trust: str
    strength: float
    values: Mapping[str, Scalar]


def load(file: Path) -> Model:
    """A model of either learner. Raises ModelError that says what is wrong with the file."""
    return signature.load(file) if store.kind_of(file) == signature.KIND else faults.load(file)


def pattern_facts(ctx: ToolContext, gathered: Gathered, left: Sequence[Evidence]) -> Said:
    """A fact for each component whose window shows a known fault, and notes on what cannot be told.

    `left` are the facts that a component left its normal pattern; a signature model sees that by itself.
    """
    facts: list[Evidence] = []
    notes: list[str] = []
    for source in (s for kind in ("metrics", "signals") for s in ctx.sources.of(kind)):
        try:
            if isinstance(source, ModelledSource) and (file := source.fault_model) is not None:
                model = ctx.sources.once(("pattern_model", str(file)), partial(load, file))
                notes += _unknown(source, model, file.name)
                plants, lacking = plants_of(gathered, source.name, model.about.channels)
                if lacking:
                    notes.append(f"{file.name} does not get all signals that it was trained on: {lacking}.")
                for plant in plants:
                    found, said = _plant(ctx, plant, model, file.name, source.classes, left)
                    facts += found
                    notes += said
        except (BadInput, ModelError) as error:
            notes.append(str(error))
    return facts, notes


def _unknown(source: ModelledSource, model: Model, file: str) -> list[str]:
    """What to change where `class.LABEL` names a fault that the model does not know."""
    about = model.about
    known = [f.label for f in about.faults] if isinstance(about, SignatureAbout) else list(about.classes)
    told = ", ".join(map(_quoted, known[:10]))
    return [
        f"class.{_plain(label)} of source {source.name!r} is not a fault that {file} knows: {told}."
        for label in source.classes
        if label not in known
    ]


def _plant(
    ctx: ToolContext, plant: Plant, model: Model, file: str, classes: Mapping[str, str], left: Sequence[Evidence]
) -> Said:  # fmt: skip
    if isinstance(model, SignatureModel):
        told = _by_signature(plant, model)
    else:
        onsets = [e.onset for e in left if e.component == plant.component and e.onset is not None]
        told = _by_trees(plant, model, min(onsets)) if onsets else ""
    if isinstance(told, str):
        return [], [f"{plant.component}: the fault model {file} {told}."] if told else []
    return [_evidence(ctx, plant, told, classes)], []


def _by_signature(plant: Plant, model: SignatureModel) -> _Fault | str:
    """The fault, or why none is named ("" where the plant is in its normal pattern)."""
    normal = plant.x[plant.usual]
    if len(normal) < LEAST:
        return f"needs a baseline of {LEAST} samples, to see that it fits the plant"
    if why := model.signatures.unlike(normal):
        return f"does not fit: {why}"
    told = model.name(
        Record(
            name=plant.component,
            label="",
            group=plant.component,
            x=plant.x[plant.part],
            channels=plant.channels,
        )
    )
    if told.since is None:
        return ""
    if told.state == "short":
        return f"cannot tell: the plant was out of its normal pattern for {told.samples} samples, {LEAST} are needed"
    first = told.ranked[0]
    if told.state == "several":
        return (
            "names none: "
            + " and ".join(f"{_quoted(a.label)} ({a.likeness:.2f})" for a in told.ranked[:2])
            + " are alike"
        )
    if told.state != "named":
        return (
            f"does not know a fault like this: the nearest is {_quoted(first.label)}, similarity "
            f"{first.likeness:.2f}"
        )
    fault = next(f for f in model.about.faults if f.label == told.label)
    right, runs = fault.right, fault.runs
    trust = (
        f"{right} of its {runs} labelled runs were named correctly when held out"
        if runs > 1
        else "known from one run"
    )
    precision = model.about.recognised.precision
    return _Fault(
        label=told.label, after=told.ranked[1].label, since=plant.part.start + told.since,
        error_s=MEAN * step_of(plant.t), channel=plant.at(told.reasons[0].channel), trust=trust,
        strength=precision if right else min(_UNTESTED, precision),
        values={"likeness": sig3(first.likeness), "next_likeness": sig3(told.ranked[1].likeness),
                "samples": told.samples, "runs": runs, "runs_right": right},
    )  # fmt: skip


def _by_trees(plant: Plant, model: FaultModel, onset: Moment) -> _Fault | str:
    about = model.about
    since = max(plant.part.start, int(np.searchsorted(plant.t, onset.timestamp())))
    asked = [("now", "", plant.x[since : plant.part.stop])]
    if about.healthy:
        asked.append(("usual", about.healthy, plant.x[plant.usual]))
    records = [
        Record(name=name, label=label, group=plant.component, x=x, channels=plant.channels) for name, label, x in asked
    ]  # fmt: skip
    told = next((d for d in model.diagnose(cut(records, window=about.window)) if d.record == "now"), None)
    if told is None:
        return f"cannot tell: fewer than {about.window} samples since the plant left its normal pattern"
    if told.strange >= STRANGEST:
        return (
            f"does not know anything like this: {percent(told.strange)} of its features are outside the "
            "training range"
        )
    if not told.label:
        return f"cannot tell: {', '.join(map(_quoted, told.set)) or 'unlike every class'}"
    if is_well(told.label, about.healthy):
        return ""
    figures = about.figures
    right = _UNTESTED if figures.precision is None else figures.precision
    right = min(_UNTESTED, right) if told.label in figures.untested else right
    trust = (
        "there was no other machine to test it on"
        if figures.named_right is None or told.label in figures.untested
        else f"on held-out machines {percent(figures.named_right)} of the names were correct"
    )
    names = [r.feature.rsplit(", ", 1)[-1] for r in told.reasons]
    return _Fault(
        label=told.label, after=told.after, since=since, error_s=step_of(plant.t), trust=trust,
        channel=next((plant.at(n) for n in names if n in plant.channels), 0), strength=right * (1.0 - told.strange),
        values={"probability": sig3(told.probability), "samples": int(plant.part.stop - since)},
    )  # fmt: skip


def _evidence(ctx: ToolContext, plant: Plant, told: _Fault, classes: Mapping[str, str]) -> Evidence:
    """A `signal.pattern` fact; labels are text from outside."""
    aspect = classes.get(told.label, "pattern.known")
    at = from_epoch(float(plant.t[told.since]))
    after = f"; next is {_quoted(told.after)}" if told.after else ""
    return Evidence(
        component=plant.component,
        kind="signal.pattern",
        aspect=aspect,
        statement=f"{plant.component}: since {clock(at)} the pattern of its {len(plant.channels)} signals "
        f"matches {_quoted(told.label)}; {told.trust}{after}.",
        values={
            "fault": _plain(told.label),
            "next": _plain(told.after),
            "channel": plant.channels[told.channel],
            **told.values,
        },
        window=ctx.incident.window,
        onset=at,
        onset_error_s=sig3(told.error_s),
        direction="up" if aspect.startswith("vibration.") else "changed",
        strength=round(min(_MOST, told.strength), 3),
        source=SourceRef(source=plant.source, query=plant.queries[told.channel]),
        taint=True,
    )  # fmt: skip


def _plain(label: str) -> str:
    """A label on one line, without what is not printed, cut at 60 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in label).replace('"', "'").split())
    return line if len(line) <= _QUOTE else line[: _QUOTE - 1] + "…"


def _quoted(label: str) -> str:
    return f'"{_plain(label)}"'
