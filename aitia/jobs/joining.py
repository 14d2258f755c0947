"""Alerts that belong together are one incident: by time, by what their labels name, and by who calls whom.

An alert joins a diagnosis that runs, or that was answered a short while ago, where it began near in time to that one's
alerts and is about the same component, host or node, or about one that stands in its way: that calls it, is called by it,
or runs where it runs. A label that many share (`namespace`, `cluster`, `team`) joins nothing. `aitia.jobs.troubles` asks
that; here is what becomes of the two.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aitia.core.errors import AitiaError
from aitia.core.words import Alert, Component, Incident, Window
from aitia.settings import Settings
from aitia.tools.sources import TopologySource, open_sources

_log: Final = logging.getLogger("aitia.jobs")
MOST: Final = 5_000  # alerts of an incident; the newest are kept
_LONGEST: Final = 20_000


def topology_of(settings: Settings) -> tuple[Component, ...]:
    """The components of the settings' own topology files. What cannot be read joins nothing: the diagnosis says so."""
    wanted = [s for s in settings.sources if s.kind == "topology"]
    try:
        opened = open_sources(wanted, Path("/"))
        return tuple(c for s in opened if isinstance(s, TopologySource) for c in s.components())
    except AitiaError as error:
        _log.warning("the topology is not used to join alerts: %s", error)
        return ()


def folded(incident: Incident, newer: Sequence[Incident]) -> Incident:
    """All as one: every alert in its newest state, from the first's begin to the last's end; the first keeps its name."""
    if not newer:
        return incident
    every = (incident, *newer)
    first = min(
        every, key=lambda i: i.window.start
    )  # of several that begin together, the one that came first
    found = {_same(a): a for one in every for a in one.alerts}
    text = incident.text
    for one in newer:
        if one.text and one.text not in text:
            text = f"{text}\n{one.text}"[:_LONGEST]
    return incident.model_copy(
        update={
            "text": text,
            "started_at": min(one.started_at for one in every),
            "window": Window(start=first.window.start, end=max(one.window.end for one in every)),
            "baselines": first.baselines,
            "hints": tuple(dict.fromkeys(h for one in every for h in one.hints)),
            "labels": {
                k: v for k, v in incident.labels.items() if all(one.labels.get(k, v) == v for one in newer)
            },
            "alerts": tuple(sorted(found.values(), key=lambda a: (a.start, a.name))[-MOST:]),
        }
    )


def _same(alert: Alert) -> tuple[object, ...]:
    return (alert.name, alert.start, *sorted(alert.labels.items()))
