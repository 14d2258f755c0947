"""The timeline drawn: a lane per component, a mark per onset, its shape by the kind of source, the alarm as a line.

Places are shares of the width, so that marks and words keep their size on a phone and on a wide screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from aitia.core.words import Evidence, Report
from aitia.render import text as t
from aitia.render.facts import by_id, named, source_kind, steps, timed
from aitia.render.svg import fit, picture, tag, text

LANES, ROWS, MARKS = 10, 4, 150
_LEFT, _RIGHT, _EARLY, _APART = 3.0, 97.0, 14.0, 15.0  # per cent of the width
_TOP, _ROW, _LABEL = 34, 19, 17  # pixels
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
SHAPES: Final = {
    "metrics": "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0z", "logs": "M-5-5H5V5H-5z", "changes": "M0-6 6 5H-6z",
    "traces": "M-3-5H3L6 0 3 5H-3L-6 0z", "signals": "M0-6 6 0 0 6-6 0z", "maintenance": "M0 6 6-5H-6z",
    "other": "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2z",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """The drawing, the kinds of marks in it and what else its signs mean."""

    drawing: Markup
    kinds: tuple[str, ...]
    legend: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """Moments to per cent of the width; what lies far before the window is put into a strip of its own."""

    start: datetime
    end: datetime
    early: bool

    def x(self, moment: datetime) -> float:
        if moment < self.start:
            return _LEFT
        left = _EARLY if self.early else _LEFT
        share = (moment - self.start) / (self.end - self.start)
        return round(left + min(share, 1.0) * (_RIGHT - left), 2)


def lanes(report: Report) -> Lanes | None:
    """The onsets of the report's timeline with their ids, and further strong onsets as small hollow marks."""
    told = _told(report)
    if not told:
        return None
    ids = {e.id for e in told}
    beside = [e for e in report.evidence if timed(e) and e.strength >= 0.5 and e.id not in ids][:MARKS]
    names = list(dict.fromkeys(e.component for e in told))
    names += [c for c in dict.fromkeys(e.component for e in beside) if c not in names]
    left, names = names[LANES:], names[:LANES]
    axis = _axis(report, [e for e in (*told, *beside) if e.component in names])
    chained = [s.fact.id for s in steps(report)]
    body: list[Markup] = []
    spots: dict[str, tuple[float, float]] = {}
    y = float(_TOP)
    for name in names:
        lane, y = _lane(
            y, name, axis, report, chained, spots,
            told=[e for e in told if e.component == name], beside=[e for e in beside if e.component == name],
        )  # fmt: skip
        body += lane
    way = [spots[i] for i in chained if i in spots]
    lines = [_line(a, b) for a, b in pairwise(way)]
    drawn = [e for e in told if e.component in names]
    kinds = dict.fromkeys(
        _shape(source_kind(report, e)) for e in (*drawn, *(b for b in beside if b.component in names))
    )
    hollow = any(e.component in names for e in beside)
    legend = (
        *(["hollow: only in the evidence"] if hollow else []),
        "shaded: the window",
        *(["joined: the cause chain"] if lines else []),
        *([f"{t.count(len(left), 'component')} more: not drawn"] if left else []),
    )
    return Lanes(
        drawing=picture(
            "lanes", *_frame(axis, report, y), *lines, *body,
            title="When each component changed", desc=_spoken(drawn, report),
            attributes={"width": "100%", "height": y + 26, "class": "lanes"},
        ),
        kinds=tuple(kinds),
        legend=legend,
    )  # fmt: skip


def mark(kind: str) -> Markup:
    """The shape of a kind of source, for the legend."""
    shape = tag("path", {"d": SHAPES[_shape(kind)], "class": "mark"})
    return tag("svg", {"width": 14, "height": 14, "viewBox": "-7 -7 14 14", "aria-hidden": "true"}, shape)


def _told(report: Report) -> list[Evidence]:
    known = by_id(report)
    found = {e.evidence: known[e.evidence] for e in report.timeline if e.evidence in known}
    found |= {s.fact.id: s.fact for s in steps(report)}
    return sorted((e for e in found.values() if e.onset is not None), key=lambda e: str(e.onset))[:MARKS]


def _shape(kind: str) -> str:
    return kind if kind in SHAPES else "other"


def _axis(report: Report, facts: Sequence[Evidence]) -> _Axis:
    """From the window's start, or as much as a window's length before it, to the last onset or the window's end."""
    window, alarm = report.incident.window, report.incident.started_at
    earliest = window.start - timedelta(seconds=window.seconds)
    moments = [alarm, window.start, window.end, *(e.onset for e in facts if e.onset is not None)]
    start, end = min(m for m in moments if m >= earliest), max(moments)
    return _Axis(start=start, end=end, early=min(moments) < start)


def _lane(
    y: float, name: str, axis: _Axis, report: Report, chained: Sequence[str], spots: dict[str, tuple[float, float]],
    *, told: list[Evidence], beside: list[Evidence],
) -> tuple[list[Markup], float]:  # fmt: skip
    """A component's name, its line and its marks; marks that come close stand under each other."""
    body = [text(0, y + 12, fit(named(name), 280, 13, bold=True), kind="name small")]
    first = y + _LABEL + _ROW / 2
    body.append(tag("line", {"x1": "0%", "x2": "100%", "y1": first, "y2": first, "class": "rule"}))
    small = [tag("path", {"d": SHAPES[_shape(source_kind(report, e))], "class": "mark hollow", "transform": "scale(.7)"})
             for e in beside]  # fmt: skip
    last: list[float] = []
    for e in told:
        if e.onset is None:
            continue
        x = axis.x(e.onset)
        free = next((n for n, before in enumerate(last) if x - before >= _APART), len(last))
        row = min(free, ROWS - 1)
        last[row : row + 1] = [x]
        place = (x, first + row * _ROW)
        spots[e.id] = place
        kind = "mark chained" if e.id in chained else "mark"
        shape = tag("path", {"d": SHAPES[_shape(source_kind(report, e))], "class": kind})
        right = x > 86
        label = text(-10 if right else 10, 4, e.id, kind="id", anchor="end" if right else "start")
        body.append(_at(*place, shape, *([label] if free < ROWS else [])))
    rows = len(last) + bool(beside)
    for e, shape in zip(beside, small, strict=True):
        if e.onset is not None:
            body.append(_at(axis.x(e.onset), first + len(last) * _ROW, shape))
    return body, first + max(rows, 1) * _ROW - _ROW / 2 + 5


def _at(x: float, y: float, *parts: Markup) -> Markup:
    """Parts around a place whose x is a share of the width."""
    return tag("svg", {"x": f"{x:.2f}%", "y": y, "overflow": "visible"}, *parts)


def _line(a: tuple[float, float], b: tuple[float, float]) -> Markup:
    place = {"x1": f"{a[0]:.2f}%", "y1": a[1], "x2": f"{b[0]:.2f}%", "y2": b[1]}
    return tag("line", place | {"class": "way"})


def _frame(axis: _Axis, report: Report, bottom: float) -> list[Markup]:
    """The window's shade, the alarm's line, the ticks."""
    window, alarm = report.incident.window, axis.x(report.incident.started_at)
    left, right = axis.x(max(window.start, axis.start)), axis.x(min(window.end, axis.end))
    shade = {"x": f"{left:.2f}%", "y": _TOP - 4, "width": f"{right - left:.2f}%", "height": bottom - _TOP + 4}
    words = f"alarm {t.at(report.incident.started_at)}"
    line = {"x1": f"{alarm:.2f}%", "x2": f"{alarm:.2f}%", "y1": 18, "y2": bottom, "class": "alarm"}
    found = [
        tag("rect", shade | {"class": "shade"}),
        tag("line", line),
        text(f"{alarm:.2f}%", 12, words, kind="alarm", anchor=_side(alarm)),
    ]
    if axis.early:
        edge = f"{(_LEFT + _EARLY) / 2:.2f}%"
        found.append(tag("line", {"x1": edge, "x2": edge, "y1": _TOP - 4, "y2": bottom, "class": "torn"}))
        found.append(text("0%", bottom + 18, "earlier", kind="tick"))
    for moment in _ticks(axis):
        x = axis.x(moment)
        place = {"x1": f"{x:.2f}%", "x2": f"{x:.2f}%", "y1": bottom, "y2": bottom + 5, "class": "rule"}
        found.append(tag("line", place))
        found.append(text(f"{x:.2f}%", bottom + 18, f"{moment:%H:%M:%S}", kind="tick", anchor="middle"))
    return found


def _side(x: float) -> str:
    return "start" if x < 20 else "end" if x > 80 else "middle"


def _ticks(axis: _Axis) -> list[datetime]:
    """At most four round times, none so near an end that its words would be cut."""
    span = (axis.end - axis.start).total_seconds()
    step = next((s for s in _STEPS if span / s <= 4), max(round(span / 4), 1))
    first = axis.start.timestamp() // step + 1
    moments = [datetime.fromtimestamp((first + n) * step, tz=axis.start.tzinfo) for n in range(5)]
    low = 24.0 if axis.early else 9.0
    return [m for m in moments if m <= axis.end and low <= axis.x(m) <= 91]


def _spoken(facts: Sequence[Evidence], report: Report) -> str:
    """The same in words, for those who do not see the drawing; the list below it has the sentences."""
    told = [
        f"{named(e.component)} {t.at(e.onset)} ({source_kind(report, e)}, {e.id})"
        for e in facts if e.onset is not None
    ]  # fmt: skip
    alarm = f"Alarm {t.at(report.incident.started_at)}."
    return f"{alarm} {'; '.join(told[:30])}{'; …' if len(told) > 30 else ''}"
