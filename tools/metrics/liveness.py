"""Series that stop, targets that are down, and processes that restarted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aitia.core.words import Baseline, Evidence, SourceRef, Window, from_epoch
from aitia.tools.meaning.names import lexicon
from aitia.tools.series.aspects import bundled
from aitia.tools.series.behaviour import state_labels, state_of, trouble_of
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import within
from aitia.tools.series.kinds import IDENTITY
from aitia.tools.series.numbers import clock, sig3
from aitia.tools.series.rates import step_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats, label_key

Key = tuple[str, tuple[tuple[str, str], ...]]  # metric, labels
Named = tuple[str, Series]  # source name, series with its component resolved
_START = re.compile(r"(process_start_time_seconds|postmaster_start_time_seconds|_start_time_seconds)$")
_UPTIME = re.compile(r"(uptime(_in)?_seconds|_uptime)$")
_UP = re.compile(r"^(up|probe_success|redis_up|pg_up|nginx_up|mysql_up|haproxy_up|[a-z]+_up)$")
_START_WORDS = frozenset({"start", "started", "starttime", "startzeit", "boot", "boottime"})
_EPOCH_S = (1e9, 1e10)  # seconds since 1970 of the years 2001 to 2286
_MOST = 0.8  # the share of a component's series that must stop together
_LAST = 3  # samples at the end of the window
_SETTLES = 5.0  # samples until a rate over several of them shows nothing of the time before
_GOES_ON = 0.25  # of the usual rate, at least: what was under way may still be answered


def find_missing(
    raw: Sequence[Named], derived: Sequence[Derived] = (), *, baseline: Baseline, window: Window
) -> Iterator[Evidence]:
    """A `metric.missing` fact for each component that is down or whose series stopped before the others did.

    What a component says of those that it calls is told of them (`peer`). `derived` says which series those are, and who
    still answers requests: a check from outside that fails is then no process that is down.
    """
    peers = {_key(s): d.peer for d in derived if d.peer for s in d.raw}
    members: dict[str, list[Named]] = defaultdict(list)
    for source, series in raw:
        members[series.component].append((source, series))
    ends: dict[str, float] = {}
    for source, series in raw:
        if series.t.size:
            ends[source] = max(ends.get(source, float(series.t[-1])), float(series.t[-1]))
    for component in sorted(members):
        own = [m for m in members[component] if _key(m[1]) not in peers]
        down = next(_down(own, window), None)
        if down is not None and _answers(component, derived, down, window):
            yield _unwell(down)
        elif (gone := down or _gone(component, members[component], ends, window)) is not None:
            yield gone
        yield from _down_by(component, members[component], peers, window)


def _key(series: Series) -> Key:
    return series.metric, label_key(series.labels)


def _down_by(
    component: str, members: Sequence[Named], peers: Mapping[Key, str], window: Window
) -> Iterator[Evidence]:
    """Those of whom the component's own series say that they are down, each once."""
    theirs: dict[str, list[Named]] = defaultdict(list)
    for source, series in members:
        if peer := peers.get(_key(series), ""):
            theirs[peer].append((source, series))
    for peer in sorted(theirs):
        if told := next(_down(theirs[peer], window), None):
            what = told.statement.removeprefix(f"{component} ")
            yield told.model_copy(update={"peer": peer, "statement": f"{component} finds that {peer} {what}"})


def _answers(component: str, derived: Sequence[Derived], down: Evidence, window: Window) -> bool:
    """Whether requests that the component counts itself went on while it was told to be down."""
    since = down.onset.timestamp() if down.onset else window.epoch[0]
    for d in derived:
        if d.component == component and not d.peer and d.about.aspect == "traffic" and d.stat == "rate":
            before = d.v[(d.t < since) & np.isfinite(d.v)]
            now = d.v[(d.t > since + _SETTLES * step_of(d.t)) & (d.t <= window.epoch[1]) & np.isfinite(d.v)]
            if before.size and now.size and float(np.median(now)) >= _GOES_ON * float(np.median(before)) > 0:
                return True
    return False


def _unwell(down: Evidence) -> Evidence:
    """The same as a check that fails of a component that answers: its answers are not what the check wants."""
    statement = f"{down.statement.removesuffix('.')}; it still answers requests, so that the check fails and not the process."
    return down.model_copy(
        update={
            "aspect": "errors",
            "direction": "up",
            "statement": statement,
            "strength": min(down.strength, 0.8),
            "values": {**down.values, "answers": True},
        }
    )


def _down(members: Sequence[Named], window: Window) -> Iterator[Evidence]:
    families: dict[str, list[Series]] = defaultdict(list)
    up = [(source, series) for source, series in members if _says_up(series)]
    for _, series in up:
        families[series.metric].append(series)
    states = {metric: state_labels(family) for metric, family in families.items()}
    for source, series in up:
        if any(_some_up(other, series, window) for other in families[series.metric]):
            continue  # one of several of which it tells is down, not itself
        state = state_of(series, states[series.metric])
        if state and trouble_of(state) != "down":
            continue  # a phase that is over is none that is down
        part = within(series.t, window)
        t, v = series.t[part], series.v[part]
        zero = np.flatnonzero(v == 0.0)
        earlier = series.v[: part.start]
        if zero.size >= 2 and bool(np.any(earlier > 0)):
            since, still = float(t[zero[0]]), bool(v[-1] == 0.0)
            zeros = f"({series.metric} = 0)"
            when = clock(from_epoch(since))
            down = (
                f"has been down {zeros} since {when}"
                if still
                else f"was down {zeros} at {when}, for {zero.size} scrapes"
            )
            step = step_of(series.t)
            yield _fact(
                series, source, window, since, step, "availability", "gone", 0.95 if still else 0.7,
                f"{series.component} {down}.",
                {"metric": series.metric, "samples": int(zero.size), "still": still},
            )  # fmt: skip


def _some_up(other: Series, one: Series, window: Window) -> bool:
    """Whether another member of a metric that tells of several is up while this one is down; states of one thing are none."""
    differing = {k for k, _ in set(label_key(other.labels)) ^ set(label_key(one.labels))}
    if not differing - (IDENTITY - {"server"}) or state_labels([other, one]):
        return False
    part, here = within(other.t, window), within(one.t, window)
    return bool(np.any(one.v[here] == 0.0)) and bool(np.any(other.v[part][-_LAST:] > 0.0))


def _says_up(series: Series) -> bool:
    """Whether it is 1 while its component answers and 0 while it does not: by its name, or by what that means and its values."""
    if _UP.match(series.metric):
        return True
    about = bundled().of(series.metric, series.labels, series.metadata)
    known = series.v[np.isfinite(series.v)]
    return (
        about.aspect == "availability" and about.bad == "down" and known.size > 0
        and bool(np.all((known == 0.0) | (known == 1.0)))
    )  # fmt: skip


def _says_start(series: Series) -> bool:
    """Whether it is the time at which a process started, in seconds since 1970."""
    if _START.search(series.metric):
        return True
    known = series.v[np.isfinite(series.v)]
    return (
        known.size > 0
        and bool(np.all((known > _EPOCH_S[0]) & (known < _EPOCH_S[1])))
        and not _START_WORDS.isdisjoint(lexicon().read(series.metric).words)
    )


def _gone(
    component: str, members: Sequence[Named], ends: dict[str, float], window: Window
) -> Evidence | None:
    start = window.epoch[0]
    live = [(n, s) for n, s in members if s.t.size >= 5 and s.t[0] < start and not _says_up(s)]
    stopped = [(n, s) for n, s in live if _ended(s.t, ends[n], start)]
    if len(live) < 2 or len(stopped) < _MOST * len(live):
        return None
    source, series = max(stopped, key=lambda m: (float(m[1].t[-1]), m[1].metric))
    last, step = float(series.t[-1]), step_of(series.t)
    silent = ends[source] - last
    return _fact(
        series, source, window, last, step, "availability", "gone", 0.85,
        (f"{component}: {len(stopped)} of its {len(live)} series stopped at {clock(from_epoch(last))}, "
        f"while other components continued for {sig3(silent):g} s."),
        {"series": len(live), "stopped": len(stopped), "silent_s": sig3(silent)},
    )  # fmt: skip


def _ended(t: Floats, end: float, window_start: float) -> bool:
    return bool(t[-1] < end - max(4.0 * step_of(t), 8.0) and t[-1] >= window_start - 120.0)


def find_restarts(raw: Sequence[Named], *, baseline: Baseline, window: Window) -> Iterator[Evidence]:
    """A `metric.restart` fact for each component whose start time changed (or uptime fell) in the window."""
    seen: set[str] = set()
    for source, series in sorted(raw, key=lambda m: (m[1].component, not _says_start(m[1]), m[1].metric)):
        starts, uptime = _says_start(series), _UPTIME.search(series.metric)
        if series.component in seen or not (starts or uptime):
            continue
        known = np.isfinite(series.v)
        t, v = series.t[known], series.v[known]
        step = np.diff(v)
        changed = np.flatnonzero((step > 1.0) if starts else (step < -1.0)) + 1
        inside = [int(i) for i in changed if t[i] >= window.epoch[0]]
        earlier = len(changed) - len(inside)
        if not inside:
            continue
        seen.add(series.component)
        at = float(v[inside[0]]) if starts else float(t[inside[0]])
        at = at if abs(at - t[inside[0]]) < 300.0 else float(t[inside[0]])
        times = "once" if len(inside) == 1 else f"{len(inside)} times"
        strength = 0.9 if not earlier else 0.6
        yield _fact(
            series, source, window, at, step_of(t), "restart", "new", strength,
            f"{series.component}: the process restarted {times} in the window, first at {clock(from_epoch(at))}.",
            {"metric": series.metric, "count": len(inside), "count_before": earlier}, kind="metric.restart",
        )  # fmt: skip


def _fact(
    series: Series, source: str, window: Window, onset: float, error_s: float, aspect: str, direction: str,
    strength: float, statement: str, values: dict[str, float | int | str | bool], kind: str = "metric.missing",
) -> Evidence:  # fmt: skip
    return Evidence.model_validate(
        {
            "component": series.component,
            "kind": kind,
            "aspect": aspect,
            "statement": statement,
            "values": values,
            "window": window,
            "onset": from_epoch(onset),
            "onset_error_s": sig3(error_s),
            "direction": direction,
            "strength": strength,
            "source": SourceRef(source=source, query=series.query),
        }
    )
