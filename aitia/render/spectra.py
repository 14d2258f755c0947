"""The plot of a spectrum over shaft orders: its marked lines with their multiples, and the height from which a line counts.

An artifact whose name ends in `.spectrum.json`: {"orders": [...], "db": [...], "marks": {name: order}, "limit": dB}.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from aitia.core.words import Evidence
from aitia.render.svg import picture, tag, text

SPECTRUM: Final = ".spectrum.json"
_WIDE, _HIGH, _EDGE, _FOOT = 240, 84, 4, 16
_NAMES: Final = {"bsf": "2×BSF", "1x": "1×", "2x": "2×"}
_MOST_POINTS, _MOST_MARKS, _MULTIPLES = 400, 4, 4


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """What is drawn: points (order, dB) in order, marked orders by name, and the limit in dB."""

    points: tuple[tuple[float, float], ...]
    marks: tuple[tuple[str, float], ...]
    limit: float


def read_spectrum(data: bytes) -> Spectrum | None:
    """The spectrum of an artifact; None where it holds none that can be drawn."""
    try:
        told = json.loads(data)
        pairs = [(float(x), float(y)) for x, y in zip(told["orders"], told["db"], strict=True)]
        marks = [(str(name), float(order)) for name, order in told["marks"].items()]
        limit = float(told["limit"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    points = sorted(p for p in pairs if math.isfinite(p[0]) and math.isfinite(p[1]))[:_MOST_POINTS]
    if len(points) < 2 or points[0][0] == points[-1][0] or not math.isfinite(limit):
        return None
    known = [(name, order) for name, order in marks if math.isfinite(order) and order > 0]
    return Spectrum(points=tuple(points), marks=tuple(known[:_MOST_MARKS]), limit=limit)


def spectrum_plot(fact: Evidence, spectrum: Spectrum) -> Markup:
    """The spectrum as a line, marked orders dashed and named, their multiples as short ticks."""
    end = spectrum.points[-1][0]
    high = max(spectrum.limit, *(y for _, y in spectrum.points))
    bottom = _HIGH - _FOOT

    def across(order: float) -> float:
        return _EDGE + order / end * (_WIDE - 2 * _EDGE)

    def up(db: float) -> float:
        return bottom - max(db, 0.0) / high * (bottom - 14)

    body = [tag("line", {"x1": _EDGE, "x2": _WIDE - _EDGE, "y1": bottom, "y2": bottom, "class": "rule"})]
    y = up(spectrum.limit)
    body.append(tag("line", {"x1": _EDGE, "x2": _WIDE - _EDGE, "y1": y, "y2": y, "class": "torn"}))
    for name, order in spectrum.marks:
        for multiple in range(1, _MULTIPLES + 1):
            if order * multiple <= end:
                x = across(order * multiple)
                top = 14 if multiple == 1 else bottom - 2
                body.append(tag("line", {"x1": x, "x2": x, "y1": top, "y2": bottom + 3, "class": "torn"}))
        x = min(max(across(min(order, end)), 24.0), _WIDE - 24.0)
        body.append(text(x, 10, _NAMES.get(name, name.upper()), kind="tick", anchor="middle"))
    points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in spectrum.points)
    body.append(tag("polyline", {"points": points, "class": "series"}))
    body.append(text(_EDGE, _HIGH - 2, f"0 – {high:.3g} dB", kind="tick"))
    body.append(text(_WIDE - _EDGE, _HIGH - 2, f"0 – {end:.3g} × shaft speed", kind="tick", anchor="end"))
    told = ", ".join(
        f"{_NAMES.get(name, name.upper())} at order {order:.4g}" for name, order in spectrum.marks
    )
    key = f"plot-{''.join(c for c in fact.id if c.isalnum())}"
    return picture(
        key, *body, title=f"{fact.id}: {told or 'spectrum over shaft orders'}",
        desc="Spectrum over shaft orders, in decibels above its noise floor; dashed: the marked orders,"
        f" and {spectrum.limit:.3g} dB, the threshold for a line.",
        attributes={"viewBox": f"0 0 {_WIDE} {_HIGH}", "class": "plot"},
    )  # fmt: skip
