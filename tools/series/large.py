"""A source that holds more series than can be read: what is looked at, and the words that say what is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Component, Incident, Window
from aitia.tools.series.aspects import bundled
from aitia.tools.series.kinds import SKIPPED
from aitia.tools.sources.base import LargeMetricSource, Series

NEAR: Final = 2  # steps along the topology from what the alarm names
MOST_NEAR: Final = 12  # components that are read in full
LEAST_SHOWN: Final = 3  # metrics without which an overview says too little
MOST_SHOWN: Final = 24  # metrics of an overview, each a range query
MOST_SCREENED: Final = 6  # metrics that the server judges over all components
PER_METRIC, MOST_MOVED = 4, 12  # components that each of them names, and all together
# Which aspects an overview shows first: what users feel, then what runs out.
ORDER: Final = (
    "errors", "latency", "availability", "cpu", "memory", "restart", "connections", "queue", "lag", "locks", "traffic", "disk",
    "logins", "io", "clock", "scans", "steal", "retries", "redeliveries", "threads", "file_descriptors", "network",
)  # fmt: skip
_PARTS: Final = ("_bucket", "_min", "_max", "_limit", "_quantile")


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was read of a large source, and one sentence that says what was not."""

    series: list[Series]
    note: str


def is_large(source: object, window: Window) -> bool:
    """Whether a source holds more series than a read returns."""
    return isinstance(source, LargeMetricSource) and source.size(window) > source.most


def look(
    source: LargeMetricSource,
    spans: Sequence[Window],
    window: Window,
    *,
    near: Sequence[str],
    resolve: Callable[[str], str],
) -> Looked:
    """All series of the components `near` the alarm, and of all others what there is room for.

    That is one value per component of the main metrics; where there are too many components even for that, all series
    of those whose main metrics left their earlier mean most, which the server judges over all components.
    """
    label, values = source.groups(window)
    if not values:
        note = (
            f"Source {source.name} is large and has no values of label {label!r}. Set its `component_label`."
        )
        return Looked(series=[], note=note)
    place = {name: n for n, name in enumerate(near)}
    named = [raw for raw in values if (resolve(raw) or raw) in place]
    detailed = sorted(named, key=lambda raw: place[resolve(raw) or raw])[:MOST_NEAR]
    names = source.names(window)
    shown = overview_names(names, room=min(MOST_SHOWN, source.most // len(values)))
    screened: list[str] = []
    if len(shown) < LEAST_SHOWN:
        shown, screened = [], overview_names(names, room=MOST_SCREENED)
    moved = _moved(source, spans, window, screened, detailed)
    series: list[Series] = []
    for span in spans:
        series += source.read_of(span, components=[*detailed, *moved])
        for name in shown:
            series += [s for s in source.overview(span, name) if s.component not in detailed]
    words = []
    if detailed:
        words.append(f"all those of {_listed(detailed)}, which the alarm names or which are its neighbours")
    if moved:
        words.append(
            f"all those of {_listed(moved)}, whose {_listed(screened)} deviated most from their earlier "
            f"mean among {len(values)} components"
        )
    if shown:
        words.append(f"one value per {label} of {_listed(shown)} for {len(values)} components")
    return Looked(series=series, note=_note(source, window, series, words))


def _moved(
    source: LargeMetricSource, spans: Sequence[Window], window: Window, metrics: Sequence[str], known: Sequence[str]
) -> list[str]:  # fmt: skip
    """The components that moved most by some metrics, a few by each, those known already left out."""
    before = max(6.0 * window.seconds, 0.0)
    before = max(window.seconds, min(before, (window.start - spans[0].start).total_seconds() or before))
    found: list[list[str]] = []
    for metric in metrics:
        try:
            found.append(source.moved_most(window, metric, baseline_s=before, top=PER_METRIC))
        except SourceError:
            continue  # a query that this server cannot answer in time shows nothing; the others may
    ranked = [raw for place in zip_longest(*found) for raw in place if raw is not None]
    return [raw for raw in dict.fromkeys(ranked) if raw not in known][:MOST_MOVED]


def overview_names(names: Iterable[str], *, room: int) -> list[str]:
    """The metrics of an overview, in the order of their aspects: one of each aspect, then a second of each."""
    known = set(names)
    by_aspect: dict[str, list[str]] = {}
    for name in sorted(known):
        aspect = bundled().of(name).aspect
        if name.endswith("_count") and name.removesuffix("_count") + "_sum" in known:
            aspect = "traffic"  # how often; the sum beside it says how long
        if aspect in ORDER and not SKIPPED.search(name) and not name.endswith(_PARTS):
            by_aspect.setdefault(aspect, []).append(name)
    chosen: list[str] = []
    depth = max((len(found) for found in by_aspect.values()), default=0)
    for place in range(depth):
        chosen += [by_aspect[a][place] for a in ORDER if a in by_aspect and place < len(by_aspect[a])]
    return chosen[: max(0, room)]


def near_alarm(
    incident: Incident, resolve: Callable[[str], str], components: Iterable[Component]
) -> list[str]:
    """What the alarm names and what lies within two steps of it in the topology, nearest first."""
    known = {c.id: c for c in components}
    beside: dict[str, set[str]] = {}
    for component in known.values():
        for link in component.links:
            beside.setdefault(component.id, set()).add(link.to)
            beside.setdefault(link.to, set()).add(component.id)
    words = {w.strip(".,:;()'\"") for w in f"{incident.title} {incident.text}".split()}
    labelled = [*incident.hints, *incident.labels.values(), *sorted(words)]
    spoken = dict.fromkeys(found for raw in labelled if (found := resolve(raw)))
    named = [c for c in spoken if c not in incident.cleared]
    queue, distance = deque(named), dict.fromkeys(named, 0)
    while queue:
        here = queue.popleft()
        for following in sorted(beside.get(here, ())) if distance[here] < NEAR else ():
            if following not in distance:
                distance[following] = distance[here] + 1
                queue.append(following)
    return list(distance)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def _note(source: LargeMetricSource, window: Window, series: Sequence[Series], words: Sequence[str]) -> str:
    looked = "; ".join(words) or "none: no component is named, and there is no metric of a known kind"
    size = source.size(window)
    of = (
        f"more than {source.most}" if size == source.most + 1 else str(size)
    )  # one more stands for not counted
    distinct = len({(s.component, s.metric, tuple(sorted(s.labels.items()))) for s in series})
    return (
        f"{source.name}: looked at {distinct} series out of {of} ({looked}), because a read returns"
        f" at most {source.most}; narrow `match` or name a component to see others."
    )
