"""The curve of an answer as SVG: a line over time, its lowest and highest value, from when to when."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from aitia.render import text as t
from aitia.render.plots import say
from aitia.render.svg import fit, picture, tag, text
from aitia.tools.query.found import Found

_WIDE, _HIGH, _EDGE, _FOOT = 320, 110, 6, 18
LEAST: Final = 3  # samples that make a picture


def answer_plot(found: Found, key: str) -> Markup | None:
    """The picture of what a look returned; None where that is no curve. Everything it shows, the sentence also says."""
    points = [(p.at.timestamp(), p.value) for p in found.curve]
    if len(points) < LEAST or points[0][0] >= points[-1][0]:
        return None
    start, end = points[0][0], points[-1][0]
    low, high = min(v for _, v in points), max(v for _, v in points)

    def across(at: float) -> float:
        return _EDGE + (at - start) / (end - start) * (_WIDE - 2 * _EDGE)

    def up(value: float) -> float:
        return (_HIGH - _FOOT - 4) - (value - low) / ((high - low) or 1.0) * (_HIGH - _FOOT - 24)

    unit = f" {t.clean(found.unit)}" if found.unit else ""
    first, last = found.curve[0].at, found.curve[-1].at
    date = first.date() != last.date()
    floor = _HIGH - _FOOT
    body = [
        tag("line", {"x1": _EDGE, "x2": _WIDE - _EDGE, "y1": floor, "y2": floor, "class": "rule"}),
        tag("polyline", {"points": " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points), "class": "series"}),
        text(_EDGE, 12, fit(f"{say(low)} – {say(high)}{unit}", 180, 11), kind="tick"),
        text(_EDGE, _HIGH - 4, t.at(first, date=date), kind="tick"),
        text(_WIDE - _EDGE, _HIGH - 4, t.at(last, date=date), kind="tick", anchor="end"),
    ]  # fmt: skip
    when = f"{t.at(first, date=True)} to {t.at(last, date=True)} UTC."
    return picture(
        key, *body, title=f"From {say(low)} to {say(high)}{unit}", desc=when,
        attributes={"viewBox": f"0 0 {_WIDE} {_HIGH}", "class": "plot wide"},
    )  # fmt: skip
