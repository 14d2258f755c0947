"""Gauges that reach their limit: pool, descriptors, connections, memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from aitia.core.words import Baseline, Evidence, Window, from_epoch
from aitia.tools.metrics.quiet_metrics import BOUND
from aitia.tools.series.aspects import LimitRule
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import within
from aitia.tools.series.metric_facts import Onset, plain, subject
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

NEAR = 0.9
UNBOUND = 1.5  # of it, from which on it bounds nothing: a pool may overflow a little, no gauge stands at twice its limit
IN_USE = ("active", "in_use", "used", "busy", "checked_out")
UNSEEN = 0.15  # by how much it counts as risen where nobody saw it lower; by hand
SETTING = 1e17  # a floor from which on a series is what somebody set, whatever it is said to be about
BEYOND = 1.1  # of what is said to bound it: a gauge that stood there before has another limit


def find_limits(
    derived: Sequence[Derived], rules: Sequence[LimitRule], *, baseline: Baseline, window: Window
) -> Iterator[Evidence]:
    """A `metric.limit` fact for each gauge that stays at 90 % or more of its limit in the window."""
    gauges: dict[str, list[Derived]] = defaultdict(list)
    for d in derived:
        if d.stat == "gauge":
            gauges[d.component].append(d)
    for component in sorted(gauges):
        names = {g.metric for g in gauges[component]}
        for used in gauges[component]:
            if used.about.floor >= SETTING or used.about.setting or _is_size(used.metric, names):
                continue
            limit = _limit_of(used, gauges[component], rules)
            if limit is not None and not _is_peak(used, limit):
                yield from _at_limit(used, limit, baseline, window)


def _limit_of(used: Derived, gauges: Sequence[Derived], rules: Sequence[LimitRule]) -> Derived | None:
    if BOUND.search(used.metric):
        return None
    for rule in rules:
        pattern = rule.bound(used.metric)
        if pattern is None:
            continue
        found = [g for g in gauges if g.metric != used.metric and pattern.match(g.metric)]
        same = [g for g in found if dict(g.labels).items() <= dict(used.labels).items()]
        if same or found:
            return (same or found)[0]
    return None


def _is_size(metric: str, names: set[str]) -> bool:
    """Whether it is all that a pool holds, idle or not, of which another series says how many are in use."""
    return any(f"{metric}_{part}" in names for part in IN_USE)


def _is_peak(used: Derived, limit: Derived) -> bool:
    """Whether what seems to bound a gauge is the most that it ever was: it rose in these data, and as high as the gauge."""
    bound, most = limit.v[np.isfinite(limit.v)], float(np.nanmax(used.v, initial=0.0))
    rose = bound.size > 1 and bool(np.all(np.diff(bound) >= 0)) and bound[-1] > bound[0]
    return rose and float(bound[-1]) <= most * (1.0 + 1e-9)


def _at_limit(used: Derived, limit: Derived, baseline: Baseline, window: Window) -> Iterator[Evidence]:
    now, bound = used.v[within(used.t, window)], limit.v[np.isfinite(limit.v)]
    at = used.t[within(used.t, window)]
    most = float(np.max(bound)) if bound.size else 0.0
    if most <= 0.0 or not np.isfinite(most) or now.size < 3:
        return
    near = np.isfinite(now) & (now >= NEAR * most)
    if int(np.sum(near)) < 3 or float(np.max(now[near])) > UNBOUND * most:
        return
    before = _share(used.v[within(used.t, baseline.window)], most)
    if np.isnan(before):  # without a past by what it was until it came near
        before = _share(now[: int(np.argmax(near))], most)
    if before > BEYOND:
        return
    top = int(np.argmax(now[near]))
    peak, since, then = float(now[near][top]), float(at[near][0]), float(at[near][top])
    yield _fact(used, limit, peak, most, before, since, then, step_of(at), int(np.sum(near)), window)


def _share(values: Floats, most: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) / most if known.size else float("nan")


def _fact(
    used: Derived, limit: Derived, peak: float, most: float, before: float, since: float, then: float, step: float,
    samples: int, window: Window,
) -> Evidence:  # fmt: skip
    factor, unit = scale(used.about.unit, most)
    share = sig3(100.0 * peak / most)
    normal = "" if np.isnan(before) else f"; before, it was at {text(100.0 * before)} %"
    onset = Onset(at=from_epoch(since), error_s=step)
    new = UNSEEN if np.isnan(before) else max(0.0, peak / most - before)
    strength = min(0.95, (0.45 + 0.5 * min(1.0, new / 0.3)) * (1.0 if peak >= 0.98 * most else 0.8))
    values: dict[str, float | int | str | bool] = {
        "metric": used.metric, "limit_metric": limit.metric, "used": sig3(peak * factor),
        "limit": sig3(most * factor), "share_percent": share, "samples": samples,
    }  # fmt: skip
    if not np.isnan(before):
        values["share_before_percent"] = sig3(100.0 * before)
    return plain(
        used,
        kind="metric.limit",
        aspect=used.about.aspect,
        statement=f"{used.component}: {subject(used)} reached {with_unit(peak * factor, unit)} at {clock(from_epoch(then))};"
        f" that is {text(share)} % of its limit of {text(most * factor)}{normal}.",
        values=values,
        unit=unit,
        window=window,
        onset=onset,
        direction="up",
        strength=strength,
    )
