"""Named regions of a picture held against their like: the phases of a terminal, the pumps of a row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import About, Box

_HOT: Final = 95.0  # percentile of a region that stands for how warm it is: a single point is noise
_LEAST: Final = 9  # points of a region
LEAST_K: Final = 1.0  # below it no difference is told: cameras agree with themselves to about that
NETA: Final = "NETA MTS, similar electrical components under similar load, as arpedon.com/tools/delta-t-criteria gives it"
_NETA_STEPS: Final = (
    (15.0, "major discrepancy, repair immediately"),
    (4.0, "probable deficiency, repair as time permits"),
    (1.0, "possible deficiency, investigate"),
)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A region: its hottest 5 % and median in the field's unit, and how it stands to its like.

    `difference` is to the middle one of `others` (None without any), `error` its standard error; `severity` the words of a
    published table where one is meant for such equipment, else "".
    """

    name: str
    box: Box
    warm: float
    median: float
    others: tuple[str, ...]
    difference: float | None
    error: float
    severity: str


def named_regions(values: Floats, plot: Box, about: About, *, unit: str, error: float) -> list[Named]:
    """The regions of a sidecar, the hottest against its like first. Boxes are points of the whole picture. Raises BadInput."""
    warm: dict[str, tuple[float, float, Box]] = {}
    for name, (x, y, w, h) in about.regions.items():
        left, top = max(0, x - plot[0]), max(0, y - plot[1])
        part = values[top : max(0, y - plot[1] + h), left : max(0, x - plot[0] + w)]
        if part.size < _LEAST:
            raise BadInput(
                f"Region {name!r} lies outside the picture's plot {list(plot)}, or is smaller than {_LEAST} points."
            )
        warm[name] = (float(np.percentile(part, _HOT)), float(np.median(part)), (x, y, w, h))
    made = []
    for group in _groups(tuple(warm), about.alike):
        for name in group:
            others = tuple(n for n in group if n != name)
            like = sorted(warm[n][0] for n in others)
            # Of an even number the lower of the middle two: of two others one may be the hot one.
            difference = warm[name][0] - like[(len(like) - 1) // 2] if like else None
            of_difference = error * 2.0**0.5
            electrical = about.equipment == "electrical" and unit == "°C"
            severity = _severity(difference) if electrical and difference is not None else ""
            hot, median, box = warm[name]
            made.append(
                Named(name=name, box=box, warm=hot, median=median, others=others, difference=difference, error=of_difference,
                      severity=severity)
            )  # fmt: skip
    return sorted(made, key=lambda n: -(n.difference if n.difference is not None else -np.inf))


def _severity(difference: float) -> str:
    return next(
        (
            f"{said} ({NETA})"
            for least, said in _NETA_STEPS
            if difference > least or (least < 15 and difference == least)
        ),
        "",
    )


def _groups(names: Sequence[str], told: Sequence[Sequence[str]]) -> list[list[str]]:
    """Groups of like: as told; else names that differ by a last number or letter; else all."""
    grouped = [list(group) for group in told]
    rest = [n for n in names if not any(n in g for g in grouped)]
    stems: Mapping[str, list[str]] = defaultdict(list)
    for name in rest:
        stems[re.sub(r"[ _.-]*(\d+|[A-Za-z])$", "", name).casefold()].append(name)
    found = list(stems.values())
    if not told and all(len(group) == 1 for group in found):
        return [rest] if rest else []
    return [*grouped, *found]
