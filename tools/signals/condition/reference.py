"""What counts as normal: the period that somebody names, else the earliest of the calmest stretches."""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.core.words import from_epoch
from aitia.tools.signals.condition.words import Reference, Span
from aitia.tools.sources.rows import Floats

SHARE: Final = (
    0.25  # of the data: long enough for its own noise, short enough to end before most slow faults show
)
_PLACES: Final = 16
_EARLY: Final = (
    0.4  # of the data, where a reference begins if it is nearly as calm: a worn machine may be calm as well
)
_NEARLY_AS_CALM: Final = 2.5  # times the calmest
_AS_CALM: Final = 1.4  # times the calmest: earlier ones are preferred, since faults come later


def named(healthy: tuple[float, float], t: Floats, drivers: tuple[str, ...]) -> tuple[slice, Reference]:
    """The blocks of a named period. Raises BadInput where it lies outside of the data."""
    first, last = (int(k) for k in np.searchsorted(t, healthy))
    if healthy[1] <= healthy[0] or last - first < 1:
        raise BadInput(
            f"The healthy period {from_epoch(healthy[0])} to {from_epoch(healthy[1])} holds no samples. Name one between"
            f" {from_epoch(float(t[0]))} and {from_epoch(float(t[-1]))}."
        )
    span = Span(start=from_epoch(healthy[0]), end=from_epoch(healthy[1]))
    return slice(first, last), Reference(span=span, by="named", why="named as healthy", drivers=drivers)


def proposed(t: Floats, levels: Floats, drivers: tuple[str, ...]) -> tuple[slice, Reference]:
    """The calmest stretch of blocks (rows, points): how far levels wander within it, by how far they do overall."""
    size = max(4, round(SHARE * t.size))
    places = np.unique(np.linspace(0, max(0, t.size - size), _PLACES).astype(int))
    restless = np.array([_restless(levels, slice(p, p + size)) for p in places])
    early = restless[places <= _EARLY * t.size]
    calm = _AS_CALM * np.min(restless)
    if np.min(early) <= _NEARLY_AS_CALM * np.min(restless):
        calm = max(calm, _AS_CALM * float(np.min(early)))
    chosen = int(np.flatnonzero(restless <= calm)[0]) if np.isfinite(restless).any() else 0
    part = slice(int(places[chosen]), int(places[chosen]) + size)
    span = Span(start=from_epoch(float(t[part][0])), end=from_epoch(float(t[part][-1])))
    why = "no healthy period was named; this one is the earliest of the calmest"
    return part, Reference(span=span, by="proposed", why=why, drivers=drivers)


def _restless(levels: Floats, part: slice) -> float:
    """The median over points of spread and wander within the stretch, in spreads of the whole."""
    inside = levels[part]
    known = np.isfinite(inside).sum(axis=0)
    use = known >= max(4, 0.5 * inside.shape[0])
    if not use.any():
        return float("inf")
    half = inside.shape[0] // 2
    with np.errstate(all="ignore"):
        whole = np.nanstd(levels[:, use], axis=0)
        wander = np.abs(np.nanmean(inside[half:, use], axis=0) - np.nanmean(inside[:half, use], axis=0))
        spread = np.nanstd(inside[:, use], axis=0)
    share = (spread + 2.0 * wander) / np.maximum(whole, 1e-12)
    return float(np.nanmedian(share) + 0.5 * np.nanmax(share))
