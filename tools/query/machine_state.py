"""Whether a machine runs, by what is measured of it: a machine has no object of a cluster that says so."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from aitia.core.words import SourceRef, from_epoch
from aitia.tools.query.found import Found
from aitia.tools.query.measured import Measured, meaning_of, measured, series_of
from aitia.tools.query.site import Site
from aitia.tools.sources.rows import Floats

_RUN: Final = re.compile(
    r"(?i)(?<![a-z])(run|running|runs|on|betrieb|l[aä]uft|laufend|marcha|marche|marcia|praca)(?![a-z])"
)
_TELLS: Final = ("state", "speed", "power", "current", "flow")
"""Quantities that have a level of rest, the plainest first."""
_READ: Final = 200  # characters of a description
_REST, _RUNS = 0.1, 0.25
"""Of the usual level (90th percentile): below the first it is at rest, from the second on it runs. By hand, as in `condition`."""
_LEAST: Final = 20  # samples; with fewer nobody knows what is usual


def tells_running(site: Site, component: str) -> list[Measured]:
    """What tells whether a component runs, the plainest first."""
    found = [(q, m) for m in measured(site) if m.component == component and (q := _quantity(m)) in _TELLS]
    return [m for q, m in sorted(found, key=lambda pair: (_TELLS.index(pair[0]), pair[1].metric))]


def _quantity(one: Measured) -> str:
    if _RUN.search(one.metric.replace("_", " ")) or (not one.unit and _RUN.search(one.help[:_READ])):
        return "state"  # `XS-101` of no unit, "P-101 running"
    told = meaning_of(one.metric, one.unit, one.help).quantity
    return "" if told == "state" else told


def running_tag(site: Site, component: str) -> Measured | None:
    """The tag that is 1 while a component runs and 0 while it rests; None where it has none."""
    for one in tells_running(site, component):
        if _quantity(one) != "state":
            continue
        held = series_of(site, component, one.metric, site.window(None, None))
        values = {float(v) for _, s in held for v in np.unique(s.v[np.isfinite(s.v)])}
        if values and values <= {0.0, 1.0}:
            return one
    return None


def machine_state(site: Site, component: str) -> Found | None:
    """Whether it runs at the last sample up to now, and which value says so; None where nothing tells."""
    for one in tells_running(site, component):
        held = series_of(site, component, one.metric, site.window(None, None))
        for name, series in held:
            known = np.isfinite(series.v)
            t, v = series.t[known], np.abs(series.v[known])
            if t.size and (said := _said(v, binary=_quantity(one) == "state")):
                at = from_epoch(float(t[-1]))
                unit = series.metadata.unit or meaning_of(one.metric).unit
                value = f"{float(series.v[known][-1]):.4g} {unit}".strip()
                return Found(
                    status="found", kind="text", at=at, names=(said,), sources=(SourceRef(source=name, query=series.query),),
                    values={one.metric: value},
                    said=f"{component} {_SENTENCE[said]} at {at:%Y-%m-%d %H:%M:%S} UTC, by {one.metric}: {value}{_usual(v)}.",
                )  # fmt: skip
    return None


_SENTENCE: Final = {
    "running": "was running",
    "at rest": "was at rest",
    "hardly running": "was neither at rest nor at its usual level",
}


def _said(v: Floats, *, binary: bool) -> str:
    if binary and set(np.unique(v)) <= {0.0, 1.0}:
        return "running" if v[-1] else "at rest"
    level = float(np.percentile(v, 90.0))
    if v.size < _LEAST or level <= 0.0:
        return ""
    share = float(v[-1]) / level
    return "at rest" if share < _REST else "running" if share >= _RUNS else "hardly running"


def _usual(v: Floats) -> str:
    known = set(np.unique(v[:2000]))
    return "" if known <= {0.0, 1.0} else f" (usually up to {float(np.percentile(v, 90.0)):.4g})"
