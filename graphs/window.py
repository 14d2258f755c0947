"""A short history: where no baseline holds samples, the beginning of the data is the baseline, if it is long enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aitia.agent.alarm import is_routine
from aitia.core.errors import SourceError
from aitia.core.protocols import Source
from aitia.core.words import Baseline, Incident, Window, from_epoch
from aitia.tools.change.levels import MIN_PERSIST
from aitia.tools.series.gather import BEGINNING
from aitia.tools.series.rates import step_of
from aitia.tools.sources import MetricSource
from aitia.tools.sources.logs.log_files import LogFiles

SHARE: Final = (
    7.0  # the incident window begins a seventh of the history before the alarm: a six-fold baseline is left
)
LEAST_S: Final = 30.0
FIRST_LINES: Final = "start_of_logs"
SHARE_OF_LOGS: Final = (
    2.0  # of logs alone half is left: what was logged before the alarm may fill more than a seventh
)


def fitted(incident: Incident, sources: Sequence[Source]) -> Incident:
    """The incident, its window narrowed where the metrics begin within it and no baseline has any sample.

    A history whose last part would hold too few samples to compare is left whole, its first sample the baseline in name only:
    then the onset is looked for over all of it.
    """
    readers = [s for s in sources if s.kind == "metrics" and isinstance(s, MetricSource)]
    if not readers:
        return _by_logs(incident, sources)
    if any(_count(s, b.window) for s in readers for b in incident.baselines):
        return incident
    first, step = min(
        (found for s in readers if (found := _first_sample(s, incident.window))), default=(None, 0.0)
    )
    if first is None:
        return incident
    history = (incident.started_at - first).total_seconds()
    if history < LEAST_S:
        return incident
    since = max(0.0, (incident.window.end - incident.started_at).total_seconds())
    if history / SHARE + since < MIN_PERSIST * step:
        alone = Baseline(name=BEGINNING, window=Window(start=first, end=from_epoch(first.timestamp() + step)))
        return incident.model_copy(update={"baselines": (*incident.baselines, alone)})
    start = from_epoch(incident.started_at.timestamp() - history / SHARE)
    beginning = Baseline(name=BEGINNING, window=Window(start=first, end=start))
    window = Window(start=start, end=incident.window.end)
    return incident.model_copy(update={"window": window, "baselines": (*incident.baselines, beginning)})


def _by_logs(incident: Incident, sources: Sequence[Source]) -> Incident:
    """The same of logs alone: where they begin within the window, their first half is the baseline."""
    files = [s for s in sources if isinstance(s, LogFiles)]
    spans = [e for s in files if (e := _extent(s, incident.window.end)) is not None]
    first = min((low for low, _ in spans), default=None)
    start = incident.window.start.timestamp()
    if first is None or not start <= first or incident.started_at.timestamp() - first < LEAST_S:
        return incident
    began = incident.started_at.timestamp()
    narrowed = from_epoch(began - (began - first) / SHARE_OF_LOGS)
    beginning = Baseline(name=FIRST_LINES, window=Window(start=from_epoch(first), end=narrowed))
    window = Window(start=narrowed, end=incident.window.end)
    return incident.model_copy(update={"window": window, "baselines": (*incident.baselines, beginning)})


def _extent(source: LogFiles, near: datetime) -> tuple[float, float] | None:
    try:
        return source.extent(near)
    except SourceError:
        return None


def is_own_baseline(incident: Incident) -> bool:
    """Whether what is compared may be the trouble on both sides: a short history, and nobody said when it began.

    A routine check that reports no trouble asks about no such thing.
    """
    unsaid = (incident.window.end - incident.started_at).total_seconds() < LEAST_S
    began = any(b.name in (BEGINNING, FIRST_LINES) for b in incident.baselines)
    return unsaid and not is_routine(incident) and began


def _count(source: MetricSource, window: Window) -> int:
    try:
        return source.describe(window).count
    except SourceError:
        return 0


def _first_sample(source: MetricSource, window: Window) -> tuple[datetime, float] | None:
    """When the first component's series begin, and the seconds between samples of the closest ones."""
    try:
        holding = source.describe(window)
        series = source.read(window, component=holding.components[0]) if holding.components else []
    except SourceError:
        return None
    known = [s.t for s in series if s.t.size]
    steps = [step for t in known if (step := step_of(t))]
    return (from_epoch(min(float(t[0]) for t in known)), min(steps, default=0.0)) if known else None
