"""A line over an axis as SVG, wide enough for paper: waveforms, spectra, envelope spectra."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from aitia.render.svg import picture, tag, text

Floats = NDArray[np.float64]
_WIDE, _HIGH, _LEFT, _FOOT, _TOP = 680.0, 190.0, 52.0, 34.0, 16.0
_COLUMNS: Final = 620  # points drawn: one pixel each, its lowest and highest value
_TICKS: Final = 5


def chart(
    key: str,
    x: Floats,
    y: Floats,
    *,
    title: str,
    across: str,
    up: str,
    marks: Mapping[str, float] | None = None,
) -> Markup:
    """The line of y over x (rising), with both axes named with their units; `marks` are dashed and named places of x."""
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    if x.size < 2 or x[-1] <= x[0]:
        return Markup("")
    low, high = min(float(np.min(y)), 0.0), float(np.max(y))
    high = high if high > low else low + 1.0

    def place(value: float) -> float:
        return float(_LEFT + (value - x[0]) / (x[-1] - x[0]) * (_WIDE - _LEFT - 8))

    def height(value: float) -> float:
        return _HIGH - _FOOT - (value - low) / (high - low) * (_HIGH - _FOOT - _TOP)

    body = [
        tag("line", {"x1": _LEFT, "x2": _WIDE - 8, "y1": height(low), "y2": height(low), "class": "rule"})
    ]
    for name, at in (marks or {}).items():
        if x[0] <= at <= x[-1]:
            body.append(
                tag(
                    "line", {"x1": place(at), "x2": place(at), "y1": _TOP, "y2": height(low), "class": "torn"}
                )
            )
            body.append(text(place(at), _TOP - 4, name, kind="tick", anchor="middle"))
    for value in _ticks(float(x[0]), float(x[-1])):
        body.append(text(place(value), _HIGH - _FOOT + 14, f"{value:g}", kind="tick", anchor="middle"))
    for value in (low, high):
        body.append(text(_LEFT - 4, height(value) + 4, f"{value:.3g}", kind="tick", anchor="end"))
    points = " ".join(f"{place(a):.1f},{height(b):.1f}" for a, b in _thinned(x, y))
    body.append(tag("polyline", {"points": points, "class": "series"}))
    body.append(text((_LEFT + _WIDE) / 2, _HIGH - 4, across, kind="tick", anchor="middle"))
    body.append(text(2, _TOP - 4, up, kind="tick"))
    marked = ", ".join(f"{name} at {at:.4g}" for name, at in (marks or {}).items())
    return picture(
        key, *body, title=title, desc=f"{up} over {across}, from {low:.3g} to {high:.3g}" + (f"; {marked}" if marked else ""),
        attributes={"viewBox": f"0 0 {_WIDE:g} {_HIGH:g}", "class": "chart"},
    )  # fmt: skip


def _thinned(x: Floats, y: Floats) -> Sequence[tuple[float, float]]:
    """The lowest and the highest point of each column: no peak is lost."""
    if x.size <= 2 * _COLUMNS:
        return list(zip(x.tolist(), y.tolist(), strict=True))
    kept: list[int] = []
    edges = np.linspace(0, x.size, _COLUMNS + 1).astype(int)
    for start, end in pairwise(edges):
        part = y[start:end]
        kept += sorted({start + int(np.argmin(part)), start + int(np.argmax(part))})
    return [(float(x[n]), float(y[n])) for n in kept]


def _ticks(low: float, high: float) -> list[float]:
    """Round values within a range, about five."""
    step = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (m * step) <= _TICKS + 1)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]
