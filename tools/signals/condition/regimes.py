"""The ways in which an asset ran, and the usual level of each point in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from aitia.tools.change.scale import mad
from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.running import Mask, Running
from aitia.tools.signals.condition.words import Regime, Span
from aitia.tools.sources.rows import Floats

_LEVELS: Final = 5  # a driver of at most so many levels makes a class of each
_NAMES: Final = ("low", "middle", "high")


def regimes(
    grid: Buckets, run: Running, drivers: tuple[str, ...], quantities: Mapping[str, str], span: Span
) -> tuple[Regime, ...]:
    """Off, settling after a change, and the classes of the first driver, with each point's level in the reference."""
    inside = (grid.t >= span.start.timestamp()) & (grid.t < span.end.timestamp())
    masks: list[tuple[str, Mask]] = [("off", ~run.on), ("starting or changing", run.on & ~run.settled)]
    masks += [(name, run.settled & of) for name, of in _classes(grid, drivers, run.settled)]
    return tuple(
        Regime(
            name=name, share=float(np.mean(m)), rows=int((m & inside).sum()), usual=_usual(grid, m & inside)
        )
        for name, m in masks
        if m.any()
    )


def _classes(grid: Buckets, drivers: tuple[str, ...], settled: Mask) -> list[tuple[str, Mask]]:
    if not drivers:
        return [("running", np.ones(grid.t.size, dtype=bool))]
    name, v = drivers[0], grid.column(drivers[0])
    known = v[settled & np.isfinite(v)]
    levels, count = np.unique(known, return_counts=True)
    if 1 < levels.size <= _LEVELS and np.min(count) >= 3:
        return [(f"{name} {level:.4g}", v == level) for level in levels]
    if known.size < 12 or levels.size < 4:
        return [("running", np.ones(grid.t.size, dtype=bool))]
    low, high = np.quantile(known, (1 / 3, 2 / 3))
    masks = (v < low, (v >= low) & (v < high), v >= high)
    return [(f"{word} {name}", np.asarray(m)) for word, m in zip(_NAMES, masks, strict=True)]


def _usual(grid: Buckets, rows: Mask) -> dict[str, tuple[float, float]]:
    found = {}
    for k, name in enumerate(grid.names):
        v: Floats = grid.x[rows, k]
        v = v[np.isfinite(v)]
        if v.size >= 5:
            found[name] = (float(f"{np.median(v):.5g}"), float(f"{float(mad(v)):.3g}"))
    return found
