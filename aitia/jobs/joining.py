"""Alerts that belong together are one incident: by time, by what their labels name, and by who calls whom.

An alert joins a diagnosis that runs, or that was answered a short while ago, where it began near in time to that one's
alerts and is about the same component, host or node, or about one that stands in its way: that calls it, is called by it,
or runs where it runs. A label that many share (`namespace`, `cluster`, `team`) joins nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from aitia.agent.topology import Topology
from aitia.core.errors import AitiaError
from aitia.core.resolve import Resolver
from aitia.core.words import Alert, Component, Incident, Window
from aitia.settings import Settings
from aitia.tools.alerts.owners import Owners
from aitia.tools.sources import TopologySource, open_sources

_log: Final = logging.getLogger("aitia.jobs")
_MOST: Final = 5_000  # alerts of an incident; the newest are kept
_LONGEST: Final = 20_000
_PLACES: Final = ("node", "host", "hostname", "nodename", "instance")


def topology_of(settings: Settings) -> tuple[Component, ...]:
    """The components of the settings' own topology files. What cannot be read joins nothing: the diagnosis says so."""
    wanted = [s for s in settings.sources if s.kind == "topology"]
    try:
        opened = open_sources(wanted, Path("/"))
        return tuple(c for s in opened if isinstance(s, TopologySource) for c in s.components())
    except AitiaError as error:
        _log.warning("the topology is not used to join alerts: %s", error)
        return ()


def belong(
    incident: Incident, other: Incident, components: Iterable[Component], *, within: timedelta
) -> bool:
    """Whether an incident's alerts are of the same trouble as another's. Never without alerts that name something."""
    if not (incident.alerts and other.alerts) or not _near(incident, other, within):
        return False
    resolver = Resolver(components)
    mine, theirs = (_named(one, resolver) for one in (incident, other))
    if mine & theirs or _places(incident) & _places(other):
        return True
    topology = Topology(resolver.components)
    return any(_joined(topology, a, b) for a in mine for b in theirs)


def joined(incident: Incident, newer: Incident) -> Incident:
    """Both as one: all alerts, the newest state of each, from the first's begin to the last's end; the first keeps its name."""
    found = {_same(a): a for a in (*incident.alerts, *newer.alerts)}
    alerts = sorted(found.values(), key=lambda a: (a.start, a.name))[-_MOST:]
    start = min(incident.window.start, newer.window.start)
    told = [incident.text, *([newer.text] if newer.text and newer.text not in incident.text else [])]
    return incident.model_copy(
        update={
            "text": "\n".join(told)[:_LONGEST],
            "started_at": min(incident.started_at, newer.started_at),
            "window": Window(start=start, end=max(incident.window.end, newer.window.end)),
            "baselines": incident.baselines if start == incident.window.start else newer.baselines,
            "hints": tuple(dict.fromkeys((*incident.hints, *newer.hints))),
            "labels": {k: v for k, v in incident.labels.items() if newer.labels.get(k, v) == v},
            "alerts": tuple(alerts),
        }
    )


def says_more(incident: Incident, newer: Incident) -> bool:
    """Whether an alert changes what is known: another one, or one whose firing ended or began anew."""
    known = {(_same(a), a.end) for a in incident.alerts}
    return any((_same(a), a.end) not in known for a in newer.alerts)


def _same(alert: Alert) -> tuple[object, ...]:
    return (alert.name, alert.start, *sorted(alert.labels.items()))


def _near(incident: Incident, other: Incident, within: timedelta) -> bool:
    starts = [a.start for a in other.alerts if a.start >= other.started_at]
    first, last = other.started_at, max(starts, default=other.started_at)
    return first - within <= incident.started_at <= last + within


def _named(incident: Incident, resolver: Resolver) -> frozenset[str]:
    """The components that its alerts are about, without what a namespace or a scrape alone names."""
    owners = Owners(resolver, incident.alerts)
    kept = [
        a.model_copy(update={"labels": {k: v for k, v in a.labels.items() if k not in ("namespace", "job")}})
        for a in incident.alerts
    ]
    return frozenset(name for a in kept if (name := owners.of(a)))


def _places(incident: Incident) -> frozenset[str]:
    return frozenset(
        a.labels[k].partition(":")[0] for a in incident.alerts for k in _PLACES if a.labels.get(k)
    )


def _joined(topology: Topology, a: str, b: str) -> bool:
    """Whether trouble travels between the two: one is in the other's way to what it calls, or on the other's host."""
    return (
        b in topology.ancestors(a)
        or a in topology.ancestors(b)
        or b in topology.hosts(a)
        or a in topology.hosts(b)
    )
