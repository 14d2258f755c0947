"""The scan: which series of which component changed in the incident window, and which did not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from aitia.core.words import Baseline, Evidence, Result, Window, from_epoch
from aitia.tools.change.levels import MIN_PERSIST, Shift, detect, reference
from aitia.tools.change.trends import Trend, find_trend
from aitia.tools.metrics.absolute import find_absolute
from aitia.tools.metrics.coverage import message as coverage_message
from aitia.tools.metrics.coverage import unseen
from aitia.tools.metrics.intermittent import runs_of
from aitia.tools.metrics.limits import find_limits
from aitia.tools.metrics.liveness import find_missing, find_restarts
from aitia.tools.metrics.quiet_metrics import ALL, GOLDEN, Looked, find_quiet
from aitia.tools.metrics.spent import find_spent
from aitia.tools.metrics.versions import find_versions
from aitia.tools.metrics.whole import find_onsets
from aitia.tools.metrics.whole import looked as looked_whole
from aitia.tools.registry import ToolContext, tool
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import BEGINNING, Gathered, gather, remembered, within
from aitia.tools.series.metric_facts import Onset, shift_evidence, trend_evidence
from aitia.tools.series.numbers import usual_range
from aitia.tools.series.rates import step_of
from aitia.tools.series.remarks import nothing, queries, too_short
from aitia.tools.sources.rows import Floats

LEAST = 0.2  # weaker facts are not worth a line
PER_GROUP = 3
_STEADY = ("gauge",)
_MOVES = ("metric.shift", "metric.trend")


@dataclass(frozen=True, kw_only=True)
class Scan:
    """All facts of a scan before selection, and what was looked at."""

    facts: tuple[Evidence, ...]
    looked: tuple[Looked, ...]
    baseline: str


@tool(needs=("metrics",), produces=("shifts",))
def metrics_scan(ctx: ToolContext, *, component: str = "") -> Result:
    """Which metrics of which component changed, stopped or hit a limit in the incident window, and which stayed calm."""
    gathered = gather(ctx, component=component)
    if not gathered.derived:
        return Result(status="no_data", message=nothing(gathered, component), query=queries(gathered))
    scan = scan_series(gathered) if component else everything(ctx, gathered)
    if not scan.looked and not scan.facts:
        return Result(status="no_data", message=too_short(gathered), query=queries(gathered))
    versions = () if component else tuple(find_versions(gathered.raw, ctx.incident))
    facts = (*select(scan, gathered.window, limit=ctx.limits.evidence), *versions)
    return Result(
        status="ok",
        message=" ".join(filter(None, (_compared(scan, gathered), _lacks(gathered)))),
        query=queries(gathered),
        evidence=facts,
        data={
            "shifts": [_row(e) for e in facts if e.kind.startswith("metric.") and e.kind != "metric.quiet"]
        },
    )


def _compared(scan: Scan, gathered: Gathered) -> str:
    """With what, and where there was nothing to compare with, why."""
    if scan.baseline == ALL:
        return f"{too_short(gathered)} The onset was looked for over {ALL}."
    return f"{len(scan.looked)} series compared with {scan.baseline}."


def everything(ctx: ToolContext, gathered: Gathered) -> Scan:
    """The scan of all series, made once per run."""
    return remembered(ctx, "scanned", lambda: scan_series(gathered))


def scan_series(gathered: Gathered, *, ease: float = 0.0) -> Scan:
    """Every fact and every look, unselected. `ease` lowers the surprise that a shift needs (log2 units)."""
    primary = _primary(gathered)
    tests, window = len(gathered.derived), gathered.window
    facts: list[Evidence] = []
    looked: list[Looked] = []
    for d in gathered.derived:
        seen, found = _look(d, gathered, primary, tests=tests, ease=ease)
        facts += found
        looked += [seen] if seen else []
    at_bound = [*find_limits(gathered.derived, bundled().limits, baseline=primary, window=window)]
    told = {(e.component, e.values["metric"]) for e in at_bound}
    levels = find_absolute(gathered.derived, baselines=gathered.baselines, window=window)
    facts += [*at_bound, *(e for e in levels if (e.component, e.values["metric"]) not in told)]
    short = _without_past(gathered, primary, {e.source.query for e in facts if e.kind in _MOVES})
    facts += find_onsets(short, window=window, weakest=LEAST)
    facts += find_spent(gathered.derived, window=window)
    if not looked:
        strongest = {e.source.query: e.strength for e in sorted(facts, key=lambda e: e.strength)}
        own = tuple(looked_whole(short, strongest, window=window))
        return Scan(facts=tuple(facts), looked=own, baseline=ALL)
    facts += find_missing(gathered.raw, gathered.derived, baseline=primary, window=window)
    facts += find_restarts(gathered.raw, baseline=primary, window=window)
    return Scan(facts=tuple(facts), looked=tuple(looked), baseline=primary.name)


def _without_past(gathered: Gathered, primary: Baseline, moved: set[str]) -> list[Derived]:
    """What no baseline can be compared with, or only one that the trouble may have filled, where it is known what it is about."""
    return [
        d
        for d in gathered.derived
        if d.query not in moved
        and (
            (primary.name == BEGINNING and d.about.aspect != "other")
            or reference(d.v[within(d.t, primary.window)], d.about) is None
        )
    ]


def _primary(gathered: Gathered) -> Baseline:
    """The baseline in which most series have enough samples; the first one wins a tie."""

    def usable(baseline: Baseline) -> int:
        parts = (within(d.t, baseline.window) for d in gathered.derived)
        return sum(1 for part in parts if part.stop - part.start >= 10)

    return max(gathered.baselines, key=usable)


def _look(
    d: Derived, gathered: Gathered, primary: Baseline, *, tests: int, ease: float
) -> tuple[Looked | None, list[Evidence]]:
    part = within(d.t, gathered.window)
    now, before = d.v[part], d.v[within(d.t, primary.window)]
    ref = reference(before, d.about)
    known = now[np.isfinite(now)]
    if ref is None or known.size < MIN_PERSIST:
        return None, []
    shift = detect(ref, now, d.about, smooth=d.smooth, tests=tests, ease=ease)
    found: list[Evidence] = []
    if shift is not None:
        shift = replace(shift, strength=shift.strength * _agreement(d, gathered, primary, now, shift, tests))
        if shift.strength >= LEAST:
            onset = _onset(d, part.start + shift.first, part, ref.median, ref.spread, shift)
            found.append(shift_evidence(d, shift, onset, window=gathered.window, baseline=primary.name))
    trend = _trend(d, primary, gathered.window) if d.stat in _STEADY else None
    if trend is not None and trend.strength >= LEAST:
        found.append(trend_evidence(d, trend, window=gathered.window, baseline=primary.name))
    strongest = max((e.strength for e in found), default=0.0)
    after = float(np.median(known))
    seen = Looked(
        series=d, before=ref.median, after=after, samples=known.size, strength=strongest, usual=usual_range(ref.values),
        runs=runs_of(d, before, now), last=float(np.median(known[-3:])),
    )  # fmt: skip
    return seen, found


def _trend(d: Derived, primary: Baseline, window: Window) -> Trend | None:
    if primary.window.start > window.start or (window.start - primary.window.end).total_seconds() > 3600:
        return None
    part = within(d.t, Window(start=primary.window.start, end=window.end))
    return find_trend(d.t[part], d.v[part], d.about, window_start=window.epoch[0])


def _agreement(
    d: Derived, gathered: Gathered, primary: Baseline, now: Floats, shift: Shift, tests: int
) -> float:
    """1, or less where the change vanishes, or turns round, under another baseline."""
    factor = 1.0
    for other in gathered.baselines:
        ref = reference(d.v[within(d.t, other.window)], d.about) if other != primary else None
        if ref is not None:
            again = detect(ref, now, d.about, smooth=d.smooth, tests=tests)
            agrees = again is not None and again.strength >= LEAST and again.direction == shift.direction
            factor *= 1.0 if agrees else 0.5
    return factor


def _onset(d: Derived, index: int, part: slice, median: float, spread: float, shift: Shift) -> Onset:
    """The first changed sample; a change that is already there when the window opens is followed back in time."""
    sign = 1.0 if shift.direction == "up" else -1.0
    if index == part.start:
        while index > 1 and sign * (d.v[index - 1] - median) > 1.5 * spread:
            index -= 1
    step = step_of(d.t)
    return Onset(at=from_epoch(float(d.t[index])), error_s=step * max(1, d.smooth))


def select(scan: Scan, window: Window, *, limit: int) -> tuple[Evidence, ...]:
    """The strongest few per component, aspect and peer; quiet facts fill what is left of the limit."""
    moved = sorted(_varied(scan.facts), key=lambda e: (-e.strength, e.component, e.statement))
    gone = frozenset(e.component for e in scan.facts if e.kind == "metric.missing" and e.strength >= 0.7)
    quiet = list(find_quiet(scan.looked, window=window, baseline=scan.baseline, busy=gone))
    room = max(limit - len(moved), limit // 3)
    order = {aspect: rank for rank, aspect in enumerate(GOLDEN)}
    quiet = sorted(quiet, key=lambda e: (bool(e.peer), order[e.aspect], e.component))[:room]
    return (*moved[: limit - len(quiet)], *sorted(quiet, key=lambda e: (e.component, e.aspect)))


def _varied(facts: Iterable[Evidence]) -> Iterator[Evidence]:
    """At most three facts per component, aspect and peer: the strongest of each kind before a second of any."""
    groups: dict[tuple[str, str, str], list[Evidence]] = defaultdict(list)
    for fact in sorted(facts, key=lambda e: (-e.strength, e.kind, e.statement)):
        groups[fact.component, fact.aspect, fact.peer].append(fact)
    for group in groups.values():
        seen: Counter[str] = Counter()
        ranked = []
        for fact in group:
            ranked.append((seen[fact.kind], -fact.strength, fact.statement, fact))
            seen[fact.kind] += 1
        yield from (fact for *_, fact in sorted(ranked, key=lambda r: r[:3])[:PER_GROUP])


def _row(e: Evidence) -> dict[str, object]:
    return {
        "component": e.component,
        "peer": e.peer,
        "aspect": e.aspect,
        "kind": e.kind,
        "metric": str(e.values.get("metric", "")),
        "direction": e.direction,
        "strength": e.strength,
        "onset": e.onset.isoformat() if e.onset else "",
    }


def _lacks(gathered: Gathered) -> str:
    """What could not be read or is not there, for the report's list of what was not seen."""
    lacking = unseen(gathered.raw, baseline=_primary(gathered).window, window=gathered.window)
    return coverage_message([*(p.rstrip(".") for p in gathered.problems), *lacking])
