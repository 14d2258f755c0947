"""A curve in one line of text: blocks, with the onset and the alarm between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from aitia.core.words import Evidence, from_epoch
from aitia.render import text as t
from aitia.render.plots import SUFFIX, read_marks, say, unit_of
from aitia.tools.signals.plots import kept_samples

BLOCKS: Final = "▁▂▃▄▅▆▇█"
WIDTH: Final = 60  # characters of a sparkline
IN_REPORT: Final = 40
ONSET, ALARM = "│", "┊"
LEGEND: Final = f"{ONSET} onset  {ALARM} alarm"


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """A curve as blocks, each the mean of its part; a blank where nothing is known."""
    size = max(1, math.ceil(len(values) / width))
    parts = [[v for v in values[i : i + size] if math.isfinite(v)] for i in range(0, len(values), size)]
    means = [sum(p) / len(p) if p else math.nan for p in parts]
    known = [m for m in means if math.isfinite(m)]
    if not known:
        return ""
    low, high = min(known), max(known)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((m - low) * scale)] if math.isfinite(m) else " " for m in means)


def curve_line(fact: Evidence, artifacts: Mapping[str, bytes]) -> str:
    """`E5 ▁▁▁│▅███┊█  1 – 34  01:07:26 – 01:10:06`: what a fact measured; "" where the run keeps no curve of it."""
    kept = artifacts.get(fact.artifact, b"")
    samples = kept_samples(kept) if fact.artifact.endswith(SUFFIX) and kept else []
    if len(samples) < 3 or samples[0][0] >= samples[-1][0]:
        return ""
    start, end = samples[0][0], samples[-1][0]
    drawn = sparkline(_evenly(samples), IN_REPORT)
    onset = fact.onset.timestamp() if fact.onset else None
    places = ((read_marks(kept).alarm, ALARM), (onset, ONSET))
    marks = [(m, sign) for m, sign in places if m is not None and start <= m <= end]
    for moment, sign in sorted(marks, reverse=True):
        at = round((moment - start) / (end - start) * len(drawn))
        drawn = drawn[:at] + sign + drawn[at:]
    values = [v for _, v in samples]
    low, high = min(values), max(values)
    reach = f"{say(low)} – {say(high)}" if low != high else say(low)
    return f"{fact.id} {drawn}  {reach}{unit_of(fact)}  {_times(start, end)}"


def _times(start: float, end: float) -> str:
    """From when to when, with the date where the days differ."""
    first, last = from_epoch(start), from_epoch(end)
    date = first.date() != last.date()
    return f"{t.at(first, date=date)} – {t.at(last, date=date)}"


def _evenly(samples: Sequence[tuple[float, float]]) -> list[float]:
    """The last known value at evenly spaced moments: kept samples are the lowest and highest of their stretches."""
    start, end = samples[0][0], samples[-1][0]
    cells: list[list[float]] = [[] for _ in range(IN_REPORT)]
    for at, value in samples:
        cells[min(int((at - start) / (end - start) * IN_REPORT), IN_REPORT - 1)].append(value)
    found: list[float] = []
    for cell in cells:
        found.append(sum(cell) / len(cell) if cell else found[-1])
    return found
