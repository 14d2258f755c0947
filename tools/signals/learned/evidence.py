"""What a trained classifier says of an incident's vibration blocks, as facts (`options: {fault_model: FILE}` of a source)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.errors import BadInput, ModelError
from aitia.core.percent import percent
from aitia.core.words import Evidence, SourceRef, Window
from aitia.tools.registry import ToolContext
from aitia.tools.signals.learned import faults
from aitia.tools.signals.learned.faults import STRANGEST, FaultModel
from aitia.tools.signals.learned.windows import ORDERS, Record, cut
from aitia.tools.signals.learned.words import Diagnosis
from aitia.tools.signals.vibration.speed import rpm_of
from aitia.tools.sources.base import LearnedSource, Waveform

_ASPECTS: Final[Mapping[str, str]] = {
    "outer_race": "vibration.bpfo", "outer": "vibration.bpfo", "inner_race": "vibration.bpfi", "inner": "vibration.bpfi",
    "ball": "vibration.bsf", "cage": "vibration.ftf", "imbalance": "vibration.1x", "unbalance": "vibration.1x",
    "misalignment": "vibration.2x", "looseness": "vibration.harmonics", "healthy": "vibration.none",
    "normal": "vibration.none",
}  # fmt: skip
_UNTESTED: Final = 0.5  # strength of a class whose hits could not be counted


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What is said of the blocks of one machine, in time order."""

    component: str
    model: FaultModel
    file: str
    blocks: tuple[Waveform, ...]
    told: tuple[Diagnosis, ...]


def learned_facts(ctx: ToolContext) -> tuple[list[Evidence], list[str]]:
    """A fact for each machine whose blocks of the window are mostly named alike, and notes on what cannot be told."""
    facts: list[Evidence] = []
    notes: list[str] = []
    for source in ctx.sources.of("signals"):
        try:
            if isinstance(source, LearnedSource) and (file := source.fault_model) is not None:
                model = ctx.sources.once(("fault_model", str(file)), partial(faults.load, file))
                for said in _said(ctx, source, model, file):
                    found, note = _fact(ctx, said, source.classes)
                    facts += found
                    notes += note
        except (BadInput, ModelError) as error:
            notes.append(str(error))
    return facts, notes


def _said(ctx: ToolContext, source: LearnedSource, model: FaultModel, file: Path) -> list[_Said]:
    """Each machine's blocks, named; the healthy blocks that the model measures against are those of the baselines."""
    window = ctx.incident.window
    by_machine: dict[str, list[tuple[Waveform, bool]]] = {}
    spans = [(b.window, False) for b in ctx.incident.baselines] if model.about.healthy else []
    seen: set[tuple[str, str, datetime]] = set()
    for span, inside in [*spans, (window, True)]:
        for block in source.waveforms(span):
            if (key := (block.component, block.channel, block.at)) not in seen:
                seen.add(key)
                name = ctx.resolver.resolve(block.component) or block.component
                by_machine.setdefault(name, []).append((block, inside or window.contains(block.at)))
    found = []
    for component, pairs in sorted(by_machine.items()):
        pairs.sort(key=lambda pair: (pair[0].at, pair[0].channel))
        if any(inside for _, inside in pairs):
            records = [_record(n, b, inside, component, model) for n, (b, inside) in enumerate(pairs)]
            windows = cut(records, window=model.about.window, rate=model.about.fs or 0.0)
            told = {int(d.record): d for d in model.diagnose(windows)}
            kept = [n for n, (_, inside) in enumerate(pairs) if inside and n in told]
            found.append(
                _Said(component=component, model=model, file=file.name, blocks=tuple(pairs[n][0] for n in kept),
                      told=tuple(told[n] for n in kept))
            )  # fmt: skip
    return found


def _record(number: int, block: Waveform, inside: bool, component: str, model: FaultModel) -> Record:
    if len(model.about.channels) != 1:
        raise BadInput(
            f"The fault model was trained on {', '.join(model.about.channels)}, but blocks have one "
            "channel each. Train it with one channel per record."
        )
    return Record(
        name=str(number), label="" if inside else model.about.healthy, group=component, x=block.x[:, None],
        channels=model.about.channels, fs=block.fs, rpm=rpm_of(block),
        orders=tuple(float(block.bearing.get(o, float("nan"))) for o in ORDERS),
    )  # fmt: skip


def _fact(ctx: ToolContext, said: _Said, classes: Mapping[str, str]) -> tuple[list[Evidence], list[str]]:
    """The class of most blocks, with the share of such answers that were right on machines held out."""
    count = len(said.told)
    if not count:
        return [], []
    name = f"{said.component}: the learned classifier {said.file}"
    strange = float(np.mean([d.strange for d in said.told]))
    label, hits = Counter(d.label for d in said.told).most_common(1)[0]
    if strange >= STRANGEST:
        return [], [
            (
                f"{name} has not learned a machine like this: {percent(strange)} of its features are outside the "
                "training range."
            )
        ]
    if not label or 2 * hits <= count:
        return [], [
            f"{name} cannot tell: {count - hits if label else hits} of {count} blocks are not of one class."
        ]
    aspect = _aspect(label, said.model, classes)
    about, first = said.model.about, next(n for n, d in enumerate(said.told) if d.label == label)
    right = about.figures.named_right
    strength = (
        (_UNTESTED if right is None or label in about.figures.untested else right)
        * (1.0 - strange)
        * hits
        / count
    )
    well = aspect == "vibration.none"
    reasons = [r.feature for r in said.told[first].reasons[:2]]
    statement = (
        f"a classifier learned from {about.data.machines} machines names {hits} of {count} blocks {label}"
        + (f", mainly because of {' and '.join(reasons)}" if reasons else "")
        + ("" if right is None else f"; on held-out machines {percent(right)} of its names were correct")
    )
    block = said.blocks[first]
    onset, error = (None, 0.0) if well else _onset(said.blocks, first, ctx.incident.window)
    return [
        Evidence(
            component=said.component, kind="vibration.learned", aspect=aspect, statement=statement,
            values={"class": label, "blocks": hits, "of": count, "outside_training": round(strange, 3)}, unit="blocks",
            window=ctx.incident.window, onset=onset, onset_error_s=error, direction="steady" if well else "up",
            strength=round(min(0.97, strength), 3),
            source=block.ref or SourceRef(source=said.file, query="waveforms of the window"),
        )
    ], []  # fmt: skip


def _aspect(label: str, model: FaultModel, classes: Mapping[str, str]) -> str:
    """What the class is about: as configured, by its name, or vibration in general."""
    if label in classes:
        return classes[label]
    if label == model.about.healthy:
        return "vibration.none"
    return _ASPECTS.get(label.casefold().replace(" ", "_").replace("-", "_"), "vibration")


def _onset(blocks: Sequence[Waveform], first: int, window: Window) -> tuple[datetime, float]:
    """The first block of the class; it began between that block and the one before."""
    before = blocks[first - 1].at if first else window.start
    return blocks[first].at, max(0.0, (blocks[first].at - before).total_seconds())
