"""Deploys that telemetry itself shows: a component's `..._info` series began to tell another version than before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from aitia.core.words import Evidence, Incident, SourceRef, from_epoch
from aitia.tools.change.nearness import near, proximity
from aitia.tools.series.numbers import clock
from aitia.tools.series.rates import step_of
from aitia.tools.sources.base import Series

VERSION: Final = ("version", "app_version", "release", "revision", "git_sha", "commit", "image_tag", "tag")
_INFO: Final = re.compile(r"(?:^|_)(?:info|version)$")
_PLAIN: Final = re.compile(r"[\w.+-]{1,40}")  # what is quoted of a label: outside text
_STAYS: Final = 2  # samples of the new version, at least


def find_versions(raw: Sequence[tuple[str, Series]], incident: Incident) -> Iterator[Evidence]:
    """A `change.deploy` fact for each component of which a version ended and another one began in the data at hand.

    It is a change like one of a journal: a reason to look, which convicts nobody. `before_alarm_s`: s from it to the alarm.
    """
    told = defaultdict[tuple[str, str, str], list[tuple[str, Series]]](list)
    for source, series in raw:
        key = next((k for k in VERSION if _PLAIN.fullmatch(series.labels.get(k, ""))), "")
        if key and series.t.size >= _STAYS and _INFO.search(series.metric):
            told[series.component, series.metric, key].append((source, series))
    seen = set[tuple[str, str]]()
    for (component, _, key), members in sorted(told.items(), key=lambda item: item[0]):
        members.sort(key=lambda m: float(m[1].t[0]))
        source, last = members[-1]
        before = [s for _, s in members[:-1] if s.labels[key] != last.labels[key] and s.t[0] < last.t[0]]
        version = last.labels[key]
        if before and before[-1].t[-1] <= last.t[-1] and (component, version) not in seen:
            seen.add((component, version))
            yield _fact(
                component, before[-1], last, key, SourceRef(source=source, query=last.query), incident
            )


def _fact(
    component: str, old: Series, new: Series, key: str, source: SourceRef, incident: Incident
) -> Evidence:
    at = from_epoch(float(new.t[0]))
    before_s = (incident.started_at - at).total_seconds()
    versions = f"{old.labels[key]} to {new.labels[key]}"
    return Evidence(
        component=component,
        kind="change.deploy",
        aspect="change.deploy",
        statement=f"{component}: its {key} changed from {versions} at {clock(at)}, as {new.metric} tells.",
        values={"text": versions, "before_alarm_s": round(before_s), "metric": new.metric},
        window=incident.window,
        onset=at,
        onset_error_s=step_of(new.t) or 0.0,
        direction="changed",
        strength=round(proximity(near(before_s, incident)), 3),
        source=source,
        taint=True,
    )
