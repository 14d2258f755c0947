"""Facts from the process signals of components with too few channels for a common pattern: each series by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from aitia.core.words import Evidence, SourceRef, from_epoch
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, within
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.grid import LEAST
from aitia.tools.signals.series import Finding, Findings, detect_series
from aitia.tools.sources.rows import Floats


def single_evidence(channels: Iterable[Derived], gathered: Gathered) -> Iterator[Evidence]:
    """A `signal.anomaly` fact for each channel whose window is unlike the longest baseline before it."""
    for d in channels:
        part = within(d.t, gathered.window)
        if has_past(d, gathered):
            told = detect_series(d.t[part], d.v[part], _past(d, gathered), adjoining=True)
            if told.found:
                yield _fact(d, max(told.found, key=lambda f: f.surprise), told, gathered)


def has_past(channel: Derived, gathered: Gathered) -> bool:
    """Whether a channel has a baseline that it can be held against."""
    return int(np.isfinite(_past(channel, gathered)).sum()) >= LEAST


def _past(d: Derived, gathered: Gathered) -> Floats:
    return max((d.v[within(d.t, b.window)] for b in gathered.baselines), key=len, default=np.array([]))


def _fact(d: Derived, found: Finding, told: Findings, gathered: Gathered) -> Evidence:
    at = from_epoch(found.onset)
    share = sum(f.end - f.onset for f in told.found) / gathered.window.seconds
    times = found.surprise / told.threshold
    return Evidence(
        component=d.component,
        kind="signal.anomaly",
        aspect=d.about.aspect,
        statement=f"{d.component}: {subject(d)} left its usual pattern at {clock(at)},"
        f" {text(sig3(times))} times the limit.",
        values={"channel": d.metric, "times_limit": sig3(times), "channels": 1,
                "detector": " + ".join(told.choice.detectors) if told.choice else "", "because": told.message},
        window=gathered.window,
        onset=at,
        onset_error_s=sig3(found.error_s),
        direction="changed",
        strength=round(min(0.6, (1.0 - 0.5**times) * min(1.0, 0.5 + share)), 3),
        source=SourceRef(source=d.source, query=d.query),
    )  # fmt: skip
