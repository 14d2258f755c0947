"""Counter-evidence: golden signals that did not move."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aitia.core.aspects import MACHINE
from aitia.core.words import Evidence, SourceRef, Window
from aitia.tools.metrics.intermittent import Runs
from aitia.tools.series.derive import Derived
from aitia.tools.series.numbers import scale, sig3, text, with_unit

GOLDEN = ("latency", "errors", "cpu", "memory", "connections", "availability",
          "temperature", "pressure", "flow", "current", "vibration", "disk")  # fmt: skip
CALLED = ("latency", "errors")  # what callers measure of their calls
MOVED = 0.3
ALL = "all data at hand"
"""In a baseline's place: a series was compared with itself, and what stayed level may have been bad all along."""
UNSURE = 0.29  # strength of such a fact: it says that somebody looked, and clears nobody
PLAINLY = 0.05  # share of the larger level by which before and now differ for a reader's eye; by hand
BOUND = re.compile(r"_(max|limit|capacity|maxclients|maxmemory|max_connections)(_|$)|(^|_)max_|reserved")


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen of one series: its medians before and in the window, how many samples, its strongest change, the range of its
    baseline where it has one, how it ran where it runs at times alone, and where it ends (the median of its last three values).
    """

    series: Derived
    before: float
    after: float
    samples: int
    strength: float
    usual: tuple[float, float] | None = None
    runs: Runs | None = None
    last: float | None = None


def find_quiet(
    looked: Sequence[Looked], *, window: Window, baseline: str, busy: frozenset[str]
) -> Iterator[Evidence]:
    """One `metric.quiet` fact per component and golden aspect whose every own series stayed in its baseline range, and
    one per caller and callee whose calls stayed as they were.

    `busy` holds components that are down or gone: nothing of theirs counts as quiet.
    """
    groups: dict[tuple[str, str, str], list[Looked]] = defaultdict(list)
    for one in looked:
        series, aspect = one.series, one.series.about.aspect
        if aspect in (CALLED if series.peer else GOLDEN) and not BOUND.search(series.metric):
            groups[series.component, aspect, series.peer].append(one)
    for (component, aspect, _), members in sorted(groups.items()):
        if component in busy or any(m.strength >= MOVED for m in members):
            continue
        told = max(
            members,
            key=lambda m: (m.samples, m.series.stat in ("mean", "ratio"), abs(m.before), m.series.key),
        )
        if told.samples >= 3:
            yield _fact(component, aspect, told, len(members), window, baseline)


def _fact(component: str, aspect: str, told: Looked, count: int, window: Window, baseline: str) -> Evidence:
    d = told.series
    factor, unit = scale(d.about.unit, max(abs(told.before), abs(told.after)))
    before, after = sig3(told.before * factor), sig3(told.after * factor)
    name = ({"mean": "mean ", "p95": "p95 "}.get(d.stat, "") + d.about.say) if d.about.say else d.metric
    certainty = told.samples / (told.samples + 20.0)
    strength = round(float(np.clip(0.85 * certainty, 0.0, UNSURE if baseline == ALL else 0.8)), 3)
    levels = _levels(told, name, factor, unit, baseline)
    kept = _kept(told, count, factor, unit)
    said = d.about.say if d.about.say in MACHINE else aspect  # a voltage is told as a current
    return Evidence(
        component=component,
        peer=d.peer,
        kind="metric.quiet",
        aspect=aspect,
        statement=f"{component}: {said}{f' of calls to {d.peer}' * bool(d.peer)} {kept} {levels}.",
        values={"metric": d.metric, "before": before, "after": after, "series": count, "samples": told.samples,
                "baseline": baseline} | _end(told, factor, baseline),
        unit=unit,
        window=window,
        direction="steady",
        strength=strength,
        source=SourceRef(source=d.source, query=d.query),
    )  # fmt: skip


def _levels(told: Looked, name: str, factor: float, unit: str, baseline: str) -> str:
    """The medians of both times; of what runs at times while it ran, and how much of the time; the last value where it is odd."""

    def shown(value: float) -> str:
        return with_unit(sig3(value * factor), unit)

    if baseline == ALL:
        return f"({name} {shown(told.before)} in its first half, {shown(told.after)} in its second)"
    if told.runs is not None:
        now = "it did not run" if told.runs.after is None else shown(told.runs.after)
        shares = (f"{100.0 * share:.0f} %" for share in (told.runs.share_before, told.runs.share_after))
        ran = " and ".join(
            f"{share} of the time {when}"
            for share, when in zip(shares, ("before", "in the window"), strict=True)
        )
        return f"({name} while running {shown(told.runs.before)} before, {now} in the window; it ran {ran})"
    end = f", {shown(told.last)} at the end" if _over(told) and told.last is not None else ""
    return f"({name} {shown(told.before)} before, {shown(told.after)} in the window{end})"


def _over(told: Looked) -> float:
    """How far its last value lies outside its usual range, as a share of that range's width; 0 within it."""
    if told.last is None or told.usual is None:
        return 0.0
    low, high = told.usual
    return max(low - told.last, told.last - high, 0.0) / max(high - low, 1e-12)


def _end(told: Looked, factor: float, baseline: str) -> dict[str, float | int | str | bool]:
    """The last value where it is outside the usual range, and how far, of what runs all the time."""
    over = 0.0 if baseline == ALL or told.runs is not None else _over(told)
    return {"end": sig3((told.last or 0.0) * factor), "end_over": sig3(over)} if over else {}


def _kept(told: Looked, count: int, factor: float, unit: str) -> str:
    """That a level stayed: "unchanged" where it did to the eye, else within (or near) the range that it always had."""
    many = "1 series" if count == 1 else f"{count} series"
    differ = abs(told.after - told.before) > PLAINLY * max(abs(told.before), abs(told.after))
    if told.usual is None:
        return f"stayed in one range, {many} over {ALL}" if differ else f"unchanged, {many} stayed over {ALL}"
    if not differ:
        return f"unchanged, {many} stayed within the baseline range"
    low, high = told.usual
    within = "within" if low <= told.after <= high else "near"
    return (
        f"stayed {within} its usual range ({text(low * factor)} to {with_unit(high * factor, unit)}), {many}"
    )
