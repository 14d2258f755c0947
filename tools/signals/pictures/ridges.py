"""Ridges of a spectrogram picture: lines that stay, lines that follow the speed, their harmonics and sidebands, when one began.

No fault is named from them. A line is told by its frequency or order, its stretch of time and its height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from aitia.tools.signals.pictures.courses import moving_course
from aitia.tools.signals.pictures.lines import Kind, Line, lines
from aitia.tools.signals.pictures.onsets import Onset, onset_of
from aitia.tools.signals.pictures.plane import Plane, speed_of, steady
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import About

# By hand, on made spectrograms (docs/fitted.md).
_SAME: Final = 0.015  # of a ratio
_MOST_MULTIPLE: Final = 12
_MULTIPLE_ERROR: Final = 0.15


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """A line: Hz at its begin and end (± `error_hz`), seconds, the share of its columns that it stands out in.

    `kind` "order": it follows the speed; `order` of the shaft where the speed is known. `multiple` of the lowest line of its
    kind that it is (0: none), `ratio` to it. `sideband_of`: hertz or order of the line that it lies beside, a partner on
    the other side. `began_s`, `rose`: when it began and by how much it rose there (the plane's unit), None where it did not.
    """

    kind: Kind
    begin_s: float
    end_s: float
    begin_hz: float
    end_hz: float
    middle_hz: float
    error_hz: float
    share: float
    stands: float
    multiple: int = 0
    ratio: float | None = None
    order: float | None = None
    order_error: float | None = None
    sideband_of: float | None = None
    spacing: float | None = None
    began_s: float | None = None
    rose: float | None = None
    from_nothing: bool = False


@dataclass(frozen=True, kw_only=True)
class Ridges:
    """The lines from low to high frequency; `speed` says where the speed came from, `unit` is of `rose` ("" without a scale)."""

    ridges: tuple[Ridge, ...]
    speed: Literal["given", "found", "steady or unknown"]
    unit: str
    notes: tuple[str, ...]


def ridges(plane: Plane, about: About) -> Ridges:
    """All lines of a plane, the surest looked for first: each takes its points away from those after it."""
    given = speed_of(about, plane.seconds)
    moving = given if given is not None and not steady(given) else None
    follows = moving if moving is not None else moving_course(plane)
    origin: Literal["given", "found", "steady or unknown"]
    origin = "given" if given is not None else "found" if follows is not None else "steady or unknown"
    found = lines(plane, follows)
    made = [_ridge(plane, line, given) for line in found]
    made = _sidebands(_families(made))
    notes = []
    if given is not None and follows is None:
        notes.append(
            "the speed is steady: whether a line follows it cannot be told from this picture, orders are told for all"
        )
    if given is not None and moving is None and follows is not None:
        notes.append(
            "lines move though the given speed does not: their order cannot be told, check --rpm or give speed"
        )
    if origin == "found":
        notes.append(
            "the speed was not given: lines that move together are told by their ratio, give --rpm or speed for orders"
        )
    return Ridges(
        ridges=tuple(sorted(made, key=lambda r: r.middle_hz)),
        speed=origin,
        unit=plane.unit,
        notes=tuple(notes),
    )


def _ridge(plane: Plane, line: Line, given: Floats | None) -> Ridge:
    contrast, level = _top(plane, plane.contrast, line.hertz), _top(plane, plane.level, line.hertz)
    inside = np.flatnonzero(np.isfinite(contrast))
    first, last = int(inside[0]), int(inside[-1])
    part, heights = contrast[first : last + 1], level[first : last + 1]
    onset: Onset | None = onset_of(part, heights)
    begin = first + onset.column if onset is not None and onset.from_nothing else first
    half = 0.5 * float(plane.seconds[1] - plane.seconds[0])
    middle = 0.5 * float(line.hertz[begin] + line.hertz[last])
    error = plane.error_at(middle)
    order = None
    if given is not None and (line.kind == "order") != steady(
        given
    ):  # at a steady speed those that stay are told
        order = round(float(np.mean(line.hertz[begin : last + 1] / given[begin : last + 1])), 3)
    return Ridge(
        kind=line.kind,
        begin_s=round(float(plane.seconds[begin]) - half, 3),
        end_s=round(float(plane.seconds[last]) + half, 3),
        begin_hz=round(float(line.hertz[begin]), 3),
        end_hz=round(float(line.hertz[last]), 3),
        middle_hz=round(middle, 3),
        error_hz=round(error, 3),
        share=round(float(np.mean(part[begin - first :] > 1.0)), 3),
        stands=round(line.score, 1),
        order=order,
        order_error=None if given is None or order is None else round(error / float(np.max(given)), 3),
        began_s=None if onset is None else round(float(plane.seconds[first + onset.column]), 3),
        rose=None if onset is None or not plane.unit else round(onset.rose, 1),
        from_nothing=onset is not None and onset.from_nothing,
    )


def _top(plane: Plane, values: Floats, hertz: Floats) -> Floats:
    """The highest of three rows along a course: a line is seldom in the middle of one."""
    row = plane.row_of(hertz)
    steps = [plane.along(values, plane.hertz_of(row + step)) for step in (-1.0, 0.0, 1.0)]
    return np.maximum(np.maximum(steps[0], steps[1]), steps[2])


def _families(found: list[Ridge]) -> list[Ridge]:
    """Ratio to the lowest line of the same kind, and the whole multiple of it where it is one."""
    made = []
    for ridge in found:
        alike = [r for r in found if r.kind == ridge.kind]
        lowest = min(alike, key=lambda r: r.middle_hz)
        one, base = (
            (ridge.order, lowest.order)
            if ridge.order and lowest.order
            else (_reference(ridge), _reference(lowest))
        )
        ratio = one / base
        error = (ridge.error_hz + ratio * lowest.error_hz) / lowest.middle_hz
        n = round(ratio)
        whole_one = (
            1 <= n <= _MOST_MULTIPLE and error <= _MULTIPLE_ERROR and abs(ratio - n) <= max(_SAME * n, error)
        )
        made.append(replace(ridge, ratio=round(ratio, 3), multiple=n if whole_one else 0))
    return made


def _reference(ridge: Ridge) -> float:
    """Hz by which lines of one course compare: at the end that all of them reach, near enough."""
    return ridge.end_hz if ridge.kind == "order" else ridge.middle_hz


def _sidebands(found: list[Ridge]) -> list[Ridge]:
    """Pairs at the same distance on both sides of a stronger line that are no multiples of the lowest one themselves."""
    made = list(found)
    for centre in found:
        alike = [(n, r) for n, r in enumerate(found) if r.kind == centre.kind and r is not centre]
        for n, lower in alike:
            for m, upper in alike:
                below, above = _place(centre) - _place(lower), _place(upper) - _place(centre)
                slack = 2 * (centre.order_error if centre.order and centre.order_error else centre.error_hz)
                pair = (
                    below > 0
                    and above > 0
                    and abs(below - above) <= max(slack, 0.02 * below)
                    and below < 0.5 * _place(centre)
                )
                weaker = max(lower.stands, upper.stands) < centre.stands
                if pair and weaker and not (lower.multiple and upper.multiple and centre.multiple):
                    for k in (n, m):
                        made[k] = replace(
                            made[k], sideband_of=_place(centre), spacing=round(0.5 * (below + above), 3)
                        )
    return made


def _place(ridge: Ridge) -> float:
    return ridge.order if ridge.order else ridge.end_hz if ridge.kind == "order" else ridge.middle_hz
