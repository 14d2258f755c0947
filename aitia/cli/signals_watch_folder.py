"""`aitia signals watch FOLDER`: its tables and vibration recordings, as `aitia init` finds them, watched to their end."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.core.words import Window, from_epoch

if TYPE_CHECKING:
    from aitia.core.config import SourceConfig
    from aitia.tools.signals.watch import Alarm
    from aitia.tools.sources.base import Series, SignalSource, Waveform
    from aitia.tools.sources.rows import Floats

_EVER: Final = Window(start=from_epoch(0), end=from_epoch(4.1e9))
_SHARE: Final = 3  # of the rows or recordings is the reference, where fewer than are asked for
_LEAST_BLOCKS: Final = 5  # of a reference of recordings; by hand
_Z: Final = 3.0  # usual deviations, in two recordings one after the other: as `signals_envelope` tells a rise
_FLOORS: Final = {"RMS": 0.05, "kurtosis": 0.1}  # of the level, at least of which usual deviations are


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was watched of a component of a source: its alarms, rows or recordings, and what should be known of it."""

    component: str
    alarms: tuple[Alarm, ...]
    rows: int
    note: str = ""


def folder_sources(folder: Path, timezone: str) -> list[SourceConfig]:
    """The tables of metrics and the recordings of a folder. Raises BadInput where there is neither."""
    from aitia.core.errors import BadInput
    from aitia.probe import probe_folder, probe_json

    found = [p.source for p in (*probe_folder(folder), *probe_json(folder)) if p.source is not None]
    found = [
        s for s in found if s.kind in ("metrics", "signals") and s.type in ("table", "recording", "waveform")
    ]
    if not found:
        raise BadInput(
            f"{str(folder)!r} holds no table of signals and no vibration recording. `aitia init` says what it is taken for."
        )
    zoned = {"timezone": timezone}
    return [
        s.model_copy(update={"options": {**s.options, **zoned}})
        if "timezone" in s.options or s.type == "recording"
        else s
        for s in found
    ]


def watch_source(
    source: SourceConfig, folder: Path, *, detector: str, limit: float, reference: int, healthy: tuple[float, float] | None,
    drop: Collection[str],
) -> Iterator[Watched]:  # fmt: skip
    """Each component of a source. Raises BadInput and SourceError as its reader and `Watch` do."""
    from aitia.tools.sources import open_source
    from aitia.tools.sources.base import MetricSource, SignalSource

    opened = open_source(source, folder)
    if isinstance(opened, SignalSource):
        yield from _recordings(opened, healthy)
    elif isinstance(opened, MetricSource):
        by_component: dict[str, list[Series]] = defaultdict(list)
        for one in opened.read(_EVER):
            if one.metric not in drop:
                by_component[one.component].append(one)
        for component, series in by_component.items():
            yield _series(
                component, series, detector=detector, limit=limit, reference=reference, healthy=healthy
            )


def _series(
    component: str, series: Sequence[Series], *, detector: str, limit: float, reference: int, healthy: tuple[float, float] | None
) -> Watched:  # fmt: skip
    from aitia.tools.signals.feed import MOST_COLUMNS
    from aitia.tools.signals.watch import LEAST, Watch

    t, x = _rows(series[:MOST_COLUMNS])
    start, size = _reference(t, reference, healthy)
    told = np.isfinite(x[start : start + size])
    known = np.array([size >= LEAST and bool(told[:, k].any()) for k in range(x.shape[1])])
    if not known.any():
        return Watched(
            component=component,
            alarms=(),
            rows=t.size,
            note=f"only {size} rows of normal operation; {LEAST} are needed",
        )
    names = [f"{component} {s.metric}".strip() for s, k in zip(series, known, strict=False) if k]
    seen = Watch(names, detector=detector, limit=limit, reference=max(LEAST, size))
    seen.learn(t[start : start + size], x[start : start + size, known])
    alarms = [
        a
        for at, row in zip(t[start + size :], x[start + size :, known], strict=True)
        if (a := seen.update(float(at), row))
    ]
    notes = [] if healthy or size == reference else [f"its first {size} of {t.size} rows are the reference"]
    dead = [s.metric for s, k in zip(series, known, strict=False) if not k]
    notes += [f"not watched, as the reference has no values: {', '.join(dead)[:200]}"] if dead else []
    return Watched(component=component, alarms=tuple(alarms), rows=t.size, note="; ".join(notes))


def _rows(series: Sequence[Series]) -> tuple[Floats, Floats]:
    """All times of some series, and their values then (times, series), NaN where one has none."""
    t = np.unique(np.concatenate([s.t for s in series]))
    x = np.full((t.size, len(series)), np.nan)
    for k, one in enumerate(series):
        x[np.searchsorted(t, one.t), k] = one.v
    return t, x


def _reference(t: Floats, wanted: int, healthy: tuple[float, float] | None) -> tuple[int, int]:
    """Where the reference begins, and its rows."""
    if healthy is not None:
        start, end = (int(n) for n in np.searchsorted(t, healthy))
        return start, end - start
    return 0, min(wanted, t.size // _SHARE)


def _recordings(source: SignalSource, healthy: tuple[float, float] | None) -> Iterator[Watched]:
    by_channel: dict[tuple[str, str], list[Waveform]] = defaultdict(list)
    for block in source.waveforms(_EVER):
        by_channel[block.component, block.channel].append(block)
    for (component, channel), blocks in by_channel.items():
        yield _levels(component, channel, sorted(blocks, key=lambda b: b.at), healthy)


def _levels(
    component: str, channel: str, blocks: Sequence[Waveform], healthy: tuple[float, float] | None
) -> Watched:
    """RMS and kurtosis of the recordings of one channel: an alarm at the second one in a row that leaves the reference."""
    from aitia.tools.signals.vibration.level import kurtosis, rms

    t = np.array([b.at.timestamp() for b in blocks])
    start, size = _reference(t, max(_LEAST_BLOCKS, len(blocks) // _SHARE), healthy)
    if size < _LEAST_BLOCKS or start + size >= len(blocks):
        note = f"{channel}: only {len(blocks)} recordings, {size} of normal operation; {_LEAST_BLOCKS} and one more are needed"
        return Watched(component=component, alarms=(), rows=len(blocks), note=note)
    alarms: list[Alarm] = []
    for name, measure in (("RMS", rms), ("kurtosis", kurtosis)):
        v = np.array([measure(b.x) for b in blocks])
        alarms += _left(
            f"{component} vibration {name} of {channel}".replace("  ", " "),
            t,
            v,
            slice(start, start + size),
            _FLOORS[name],
        )
    by = "" if healthy else f"{channel}: its first {size} of {len(blocks)} recordings are the reference"
    return Watched(component=component, alarms=tuple(alarms), rows=len(blocks), note=by)


def _left(name: str, t: Floats, v: Floats, part: slice, floor: float) -> Iterator[Alarm]:
    """An alarm each time that a level leaves its reference for two recordings in a row, the same way."""
    from aitia.tools.change.scale import mad
    from aitia.tools.signals.watch import Alarm

    usual = v[part]
    level = float(np.median(usual))
    spread = max(float(mad(usual)), float(np.std(usual)), floor * abs(level), 1e-12)
    way = np.where(np.abs(v - level) >= _Z * spread, np.sign(v - level), 0.0)
    out = 0.0
    for n in range(part.stop, v.size):
        if way[n] and way[n] == way[n - 1] and way[n] != out:
            first = n - 1
            out = float(way[n])
            yield Alarm(
                row=n + 1, at=float(t[n]), onset=float(t[first]), error_s=float(t[first] - t[first - 1]), channel=name,
                direction="up" if out > 0 else "down", before=level, since=float(np.mean(v[first : n + 1])),
            )  # fmt: skip
        out = out if way[n] or math.isclose(out, 0.0) else 0.0
