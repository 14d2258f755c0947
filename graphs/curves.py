"""The curve behind a fact: at most 120 samples of what it measured, kept with the run, so that every report can draw it.

An artifact as `aitia.tools.signals.plots` describes it, and in it {"band": [low, high] of the baseline, "baseline": its name,
"alarm": epoch seconds, "labels": what picks the series among those of its name}. Values are in the fact's own unit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from aitia.core.words import Baseline, Evidence, Result, Window
from aitia.tools import ToolContext
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import baselines_of, held, within
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import scale
from aitia.tools.signals.plots import SERIES, series_artifact

MOST_POINTS: Final = 120  # of a curve that is kept: some 2.5 KB
_KINDS: Final = ("metric.", "rank.")
_BAND: Final = (2.5, 97.5)  # percentiles of the baseline between which the band lies
_LEAST: Final = 3  # samples that make a curve
_LONGEST: Final = 300  # characters of labels that are kept
_CODE: Final = re.compile(r"[1-5]\d\d")  # of an HTTP answer

Put = Callable[[bytes, str], str]


def with_curves(result: Result, ctx: ToolContext, put: Put) -> Result:
    """The result with a curve for each of its measurements that has none. What its tool read is not read again."""
    wanted = [e for e in result.evidence if _is_measured(e)]
    if result.status != "ok" or not wanted:
        return result
    by_metric: dict[tuple[str, str], list[Derived]] = {}
    for d in (d for gathered in held(ctx) for d in gathered.derived):
        by_metric.setdefault((d.component, d.metric), []).append(d)
    drawn: list[Evidence] = []
    for e in result.evidence:
        alike = by_metric.get((e.component, str(e.values.get("metric", ""))), []) if _is_measured(e) else []
        found = _of(e, alike)
        data = _curve(e, found, alike, ctx) if found is not None else None
        drawn.append(e if data is None else e.model_copy(update={"artifact": put(data, SERIES)}))
    return result.model_copy(update={"evidence": tuple(drawn)})


def _is_measured(fact: Evidence) -> bool:
    return not fact.artifact and fact.kind.startswith(_KINDS)


def _of(fact: Evidence, alike: Sequence[Derived]) -> Derived | None:
    """The series that a fact is about: of those of its metric the one that its sentence names, else that of its query."""
    peered = [d for d in alike if d.peer == fact.peer] or list(alike)
    stat = fact.values.get("stat")
    fitting = [d for d in peered if d.stat == stat] or peered
    named = [d for d in fitting if fact.statement.startswith(f"{d.component}: {subject(d)} ")]
    same = [d for d in named or fitting if d.query == fact.source.query]
    chosen = [d for d in same or named if _factor(d, fact) is not None] or same or named
    return max(chosen, key=lambda d: len(subject(d))) if chosen else None


def _curve(fact: Evidence, d: Derived, alike: Sequence[Derived], ctx: ToolContext) -> bytes | None:
    part = within(d.t, _span(fact, ctx.incident.window))
    t, v = d.t[part], d.v[part]
    if int(np.sum(np.isfinite(v))) < _LEAST:
        return None
    factor = _factor(d, fact) or 1.0
    told: dict[str, Any] = json.loads(series_artifact(t, v * factor, most=MOST_POINTS))
    low, high, name = _band(fact, d, baselines_of(ctx.incident))
    told |= {
        "band": None if name == "" else [float(f"{low * factor:.5g}"), float(f"{high * factor:.5g}")],
        "baseline": name,
        "alarm": round(ctx.incident.started_at.timestamp(), 3),
        "labels": labels_of(d, alike),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _span(fact: Evidence, window: Window) -> Window:
    """The window, as much time before it, and where it began earlier still, that as well."""
    before = window.shift(-window.seconds).start
    onset = fact.onset or before
    if onset < before:
        before = max(onset - (window.end - onset) / 4, window.shift(-30 * window.seconds).start)
    return Window(start=before, end=window.end)


def _factor(d: Derived, fact: Evidence) -> float | None:
    """By what samples are multiplied to be in the fact's unit; None where that unit is none of theirs."""
    known = np.abs(d.v[np.isfinite(d.v)])
    sizes = (float(np.max(known)), float(np.median(known)), 0.0) if known.size else (0.0,)
    units = {unit: factor for factor, unit in (scale(d.about.unit, size) for size in sizes)}
    return units.get(fact.unit)


def _band(fact: Evidence, d: Derived, baselines: Sequence[Baseline]) -> tuple[float, float, str]:
    """Between which values the baseline's samples lie, and its name; "" where it has none of this series."""
    name = str(fact.values.get("baseline", ""))
    for baseline in baselines:
        before = d.v[within(d.t, baseline.window)]
        before = before[np.isfinite(before)]
        if name in ("", baseline.name) and before.size >= _LEAST:
            low, high = np.percentile(before, _BAND)
            return float(low), float(high), baseline.name
    return 0.0, 0.0, ""


def labels_of(d: Derived, alike: Sequence[Derived]) -> str:
    """`key=value,…` that all raw series behind it share and not all of its metric's do: what picks it in a query.

    Several codes of one class are `code=5xx`.
    """
    picked = _shared([d]) - _shared(alike)
    told = ",".join(f"{k}={v}" for k, v in sorted(picked) if not {",", "="} & set(k + v))
    return told if len(told) <= _LONGEST else ""


def _shared(several: Sequence[Derived]) -> set[tuple[str, str]]:
    """The labels that all series have, and of codes that all have the class."""
    sets = [set(raw.labels.items()) for d in several for raw in d.raw]
    whole = set.intersection(*sets) if sets else set()
    coded = [{(k, f"{v[0]}xx") for k, v in s if _CODE.fullmatch(v)} for s in sets]
    classes = set.intersection(*coded) if coded else set()
    return whole | {(k, v) for k, v in classes if k not in dict(whole)}
