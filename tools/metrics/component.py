"""The drill-down: one component's series at a lower threshold, and how they move with the symptom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aitia.core.words import Evidence, Result
from aitia.tools.change.correlation import spearman
from aitia.tools.change.scale import mad
from aitia.tools.metrics.scan import LEAST, scan_series
from aitia.tools.metrics.scan import everything as scanned
from aitia.tools.registry import ToolContext, tool
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, gather, within
from aitia.tools.series.metric_facts import plain, subject
from aitia.tools.series.numbers import sig3, text
from aitia.tools.series.rates import step_of
from aitia.tools.series.remarks import nothing, queries

EASE = 0.6  # log2 units of surprise that a single component needs less than a scan of everything
WEAK = 0.1
MOST = 20
_LAGS = 10
_RHO = 0.7


@tool(needs=("metrics",), target="component")
def metrics_component(ctx: ToolContext, *, component: str) -> Result:
    """Look closer at one component: weaker changes than the scan reports, and series that move with the symptom."""
    everything = gather(ctx)
    wanted = ctx.resolver.resolve(component) or component
    mine = tuple(d for d in everything.derived if d.component == wanted)
    if not mine:
        return Result(status="no_data", message=nothing(everything, wanted), query=queries(everything))
    alone = Gathered(
        raw=tuple(r for r in everything.raw if r[1].component == wanted),
        derived=mine,
        baselines=everything.baselines,
        window=everything.window,
        problems=everything.problems,
    )
    known = {
        (e.aspect, e.kind, e.values.get("metric"))
        for e in scanned(ctx, everything).facts
        if e.component == wanted
    }
    closer = [e for e in scan_series(alone, ease=EASE).facts if e.strength >= WEAK]
    facts = [
        e for e in closer if (e.aspect, e.kind, e.values.get("metric")) not in known or e.strength < LEAST
    ]
    symptom = symptom_of(ctx, everything)
    facts += [] if symptom is None else list(_moves_along(symptom, mine, alone))
    facts.sort(key=lambda e: (-e.strength, e.kind, e.statement))
    message = f"{len(mine)} series of {wanted} at a lower threshold than the scan's."
    if not facts:
        return Result(
            status="no_data", message=f"{message} Nothing beyond what the scan found.", query=queries(alone)
        )
    return Result(status="ok", message=message, query=queries(alone), evidence=tuple(facts[:MOST]))


def symptom_of(ctx: ToolContext, gathered: Gathered) -> Derived | None:
    """The series the alarm is about: latency or errors of the hinted component, else the one that moved most."""
    hints = [h for h in (ctx.resolver.resolve(hint) or hint for hint in ctx.incident.hints) if h]
    words = f"{ctx.incident.title} {ctx.incident.text}".lower()
    aspects = ("errors", "latency") if "error" in words or "5xx" in words else ("latency", "errors")
    candidates = [d for d in gathered.derived if d.about.aspect in aspects and not d.peer]
    hinted = [d for d in candidates if d.component in hints] or candidates
    if not hinted:
        return None

    def moved(d: Derived) -> float:
        now, all_ = d.v[within(d.t, gathered.window)], d.v[np.isfinite(d.v)]
        now = now[np.isfinite(now)]
        return float(np.max(np.abs(now - np.median(all_)))) / (float(mad(all_)) + 1e-9) if now.size else 0.0

    return max(hinted, key=lambda d: (-aspects.index(d.about.aspect), moved(d), d.key))


def _moves_along(symptom: Derived, series: Sequence[Derived], gathered: Gathered) -> Iterator[Evidence]:
    """`metric.correlation` facts: rank correlation of at least 0.7 with the symptom at some lag."""
    for d in series:
        if d.component == symptom.component and d.about.aspect == symptom.about.aspect:
            continue
        found = lagged(symptom, d, gathered)
        if found is not None and abs(found[0]) >= _RHO:
            rho, lag, samples = found
            yield _fact(symptom, d, rho, lag, samples, gathered)


def lagged(symptom: Derived, d: Derived, gathered: Gathered) -> tuple[float, float, int] | None:
    """The strongest Spearman correlation over lags (rho, seconds by which the series leads, samples), or None."""
    part = within(symptom.t, gathered.window)
    t, y = symptom.t[part], symptom.v[part]
    step = max(step_of(symptom.t), step_of(d.t))
    good = np.isfinite(y)
    known = np.isfinite(d.v)
    if int(np.sum(good)) < 12 or int(np.sum(known)) < 12 or step <= 0:
        return None
    best: tuple[float, float, int] | None = None
    for k in range(-2, _LAGS + 1):
        x = np.interp(t[good] - k * step, d.t[known], d.v[known])
        rho = spearman(x, y[good])
        if best is None or abs(rho) > abs(best[0]) + 0.01:
            best = (rho, k * step, int(np.sum(good)))
    return best


def _fact(symptom: Derived, d: Derived, rho: float, lag: float, samples: int, gathered: Gathered) -> Evidence:
    way = "with" if rho > 0 else "against"
    shift = f", {text(lag)} s ahead of it" if lag > 0 else ""
    effective = samples / 4.0  # neighbouring samples are not independent
    surprise = 1.0 - float(np.exp(-max(0.0, effective * rho * rho - 3.0) / 6.0))
    return plain(
        d,
        kind="metric.correlation",
        aspect=d.about.aspect,
        statement=f"{d.component}: {subject(d)} moves {way} the {symptom.about.say or symptom.metric} of"
        f" {symptom.component} in the window (rank correlation {text(rho)}{shift}).",
        values={"metric": d.metric, "rho": sig3(rho), "lead_s": sig3(lag), "samples": samples,
                "symptom": symptom.metric},
        window=gathered.window,
        direction="changed",
        strength=min(0.4, 0.45 * surprise * abs(rho)),
    )  # fmt: skip
