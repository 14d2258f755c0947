"""Raw telemetry as a person reads it: log lines, series, changes, each over the incident's window and its baselines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.core.words import Window, from_epoch
from aitia.drill.incident import Incident, meant
from aitia.drill.words import Seen
from aitia.render.text import at, clean, clip, count
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import gather
from aitia.tools.series.numbers import scale, sig3
from aitia.tools.sources.base import ChangeSource
from aitia.tools.text.reader import Extract, Record, open_each
from aitia.tools.text.streams import streams

Shown = tuple[list[str], tuple[Seen, ...]]
MOST_LINES: Final = 40
MOST_SERIES: Final = 60
_BUDGET: Final = 32 << 20  # bytes read of one log file
_CELLS: Final = 40  # of a sparkline
_BARS: Final = "▁▂▃▄▅▆▇█"


def lines(incident: Incident, component: str, text: str) -> Shown:
    """The newest log lines of a component in the window, all or those that hold a text, and how many there were before."""
    name = incident.component(component)
    window = incident.context.incident.window
    start, end = window.epoch
    found = [r for r in records(incident, name) if text.casefold() in r.message.casefold()]
    now = [r for r in found if start <= r.at < end]
    which = f" with {text!r}" if text else ""
    head = f"{name}: {count(len(now), 'line')}{which} in the window, {len(found) - len(now)} before it"
    if len(now) > MOST_LINES:
        head += f"; the newest {MOST_LINES}"
    told = [f"{_moment(r.at)} {r.level:<7} {_safe(incident, r.message)}" for r in now[-MOST_LINES:]]
    return [head, *told], (Seen(component=name, kind="log"),)


def records(incident: Incident, name: str) -> list[Record]:
    """A component's records of the whole span in the order of time."""
    found: list[Record] = []
    start, end = incident.span.epoch
    for _, stream in streams(incident.context, name)[name]:
        files = open_each(
            stream.paths, zone=stream.zone, near=incident.span.end, component=stream.component,
            only=stream.only, refused=lambda path, error: None,
        )  # fmt: skip
        for file in files:
            found += file.records(start, end, budget=_BUDGET, extract=Extract())
    return sorted(found, key=lambda r: r.at)


def series(incident: Incident, component: str, metric: str) -> Shown:
    """A component's series: the middle value before and in the window, and their course. Counters are shown as rates."""
    name = incident.component(component)
    gathered = gather(incident.context)
    every = [d for d in gathered.derived if d.component == name]
    if not every:
        raise BadInput(f"{name} has no series.")
    found = [d for d in every if metric.casefold() in d.metric.casefold()]
    if not found:
        raise BadInput(
            f"{name} has no metric {metric!r}.{meant(metric, dict.fromkeys(d.metric for d in every))}"
        )
    start, end = incident.span.epoch
    share = round(_CELLS * (gathered.window.epoch[0] - start) / max(end - start, 1e-9))
    head = (
        f"{name}: {len(found)} series; middle value before → in the window, course (the window begins at ┃)"
    )
    told = [_course(d, (start, gathered.window.epoch[0], end), share) for d in found[:MOST_SERIES]]
    if len(found) > MOST_SERIES:
        told.append(f"{len(found) - MOST_SERIES} more: series {name} METRIC")
    aspects = dict.fromkeys(d.about.aspect for d in found[:MOST_SERIES])
    seen = (Seen(component=name, kind=kind, aspect=a) for a in aspects for kind in ("metric", "signal"))
    return [head, *told], tuple(seen)


def _course(d: Derived, spans: tuple[float, float, float], share: int) -> str:
    start, split, end = spans
    before, now = (_middle(d.v[(d.t >= a) & (d.t < b)]) for a, b in ((start, split), (split, end)))
    largest = max((abs(v) for v in (before, now) if v is not None), default=0.0)
    factor, unit = scale(d.about.unit, largest)
    values = " → ".join("–" if v is None else f"{sig3(v * factor):g}" for v in (before, now))
    labels = ",".join(f"{k}={v}" for k, v in (*d.labels, *d.state))
    called = f"{d.metric}{{{labels}}}" if labels else d.metric
    stat = f" {d.stat}" if d.stat != "gauge" else ""
    peer = f" to {d.peer}" if d.peer else ""
    bars = _bars(d, start, end)
    return f"{clip(clean(called), 70):<46}{stat}{clean(peer)}  {values} {unit}  {bars[:share]}┃{bars[share:]}"


def _middle(values: np.ndarray) -> float | None:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if good.size else None


def _bars(d: Derived, start: float, end: float) -> str:
    """The course in cells of equal time; a blank where there is no sample."""
    cell = np.clip(((d.t - start) / max(end - start, 1e-9) * _CELLS).astype(int), 0, _CELLS - 1)
    means = [_middle(d.v[cell == n]) for n in range(_CELLS)]
    known = [m for m in means if m is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    step = (high - low) / (len(_BARS) - 1)
    return "".join(" " if m is None else _BARS[round((m - low) / step) if step > 0 else 0] for m in means)


def changes(incident: Incident) -> Shown:
    """Deploys, configuration changes and maintenance acts of the year before, oldest first; the newest where there are many."""
    found = sorted(_changes(incident))[-MOST_LINES:]
    if not found:
        return ["No changes are on record."], ()
    told = [
        f"{at(when, date=True)}  {name:<16} {kind:<12} {_safe(incident, text)}"
        for when, name, kind, text in found
    ]
    seen = tuple(
        Seen(component=name, kind=family)
        for name in dict.fromkeys(name for _, name, _, _ in found)
        for family in ("change", "maintenance")
    )
    return told, seen


def _changes(incident: Incident) -> Iterator[tuple[datetime, str, str, str]]:
    sources, end = incident.context.sources, incident.span.end
    year = Window(start=end - timedelta(days=365), end=end)
    for source in (*sources.of("changes"), *sources.of("maintenance")):
        for change in source.read(year) if isinstance(source, ChangeSource) else ():
            name = incident.context.resolver.resolve(change.component) or change.component
            yield change.at, name, change.kind, change.text


def sources(incident: Incident) -> list[str]:
    """What there is to look at, a line a source."""
    return [
        _holding(h.source, h.kind, h.components, h.count, h.note) for h in incident.context.inventory.holdings
    ]


def _holding(name: str, kind: str, components: Sequence[str], number: int, note: str) -> str:
    of = f" of {', '.join(components[:12])}{' …' if len(components) > 12 else ''}" if components else ""
    return f"{clean(name):<14} {kind:<12} {number or '':>6} {clean(of.strip())}{f'  ({clean(note)})' if note else ''}"


def _moment(seconds: float) -> str:
    return f"{from_epoch(seconds):%H:%M:%S}"


def _safe(incident: Incident, text: str) -> str:
    return clip(clean(incident.redactor.text(text)), 300)
