"""A stream of alerts put together: one entry for each alert of a component, with when it first fired and whether it is usual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aitia.core.resolve import Resolver
from aitia.core.words import Alert
from aitia.tools.alerts.kinds import Kind, kind_of, severity_weight, weights
from aitia.tools.alerts.owners import Owners

OLD_S: Final = 6 * 3600.0  # what has fired for so long when the last alert comes is no news
FLAPS: Final = 3  # times after which an alert that comes and goes is usual
_USUAL: Final = 0.1  # of its weight
_PASSED: Final = 0.6  # of its weight, where it was over before the others began
_MINUTE: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Firing:
    """All times that one alert fired of one component (and told of one other, `peer`)."""

    component: str
    peer: str
    name: str
    kind: Kind
    alerts: tuple[Alert, ...]
    weight: float  # how much it says of where the cause is
    usual: str = ""  # why it is no news

    @property
    def first(self) -> datetime:
        """When it first fired, of what is no flapping: its last time, where it flaps."""
        return self.alerts[-1].start if self.usual else self.alerts[0].start

    @property
    def text(self) -> str:
        """What the newest says."""
        return self.alerts[-1].text


def firings(alerts: Iterable[Alert], resolver: Resolver) -> list[Firing]:
    """The stream's entries by the time at which each began. Alerts of no component are left out."""
    told = tuple(sorted(alerts, key=lambda a: (a.start, a.name, sorted(a.labels.items()))))
    if not told:
        return []
    owners = Owners(resolver, told)
    groups: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in told:
        if own := owners.of(alert):
            groups.setdefault((own, owners.peer(alert, own), alert.name), []).append(alert)
    newest = told[-1].start
    news = [
        a
        for group in groups.values()
        if len(_episodes(group)) < FLAPS
        for a in group
        if not _is_old(a, newest)
    ]
    began = min((a.start for a in news), default=newest)
    made = [_firing(*key, group, newest, began) for key, group in groups.items()]
    return sorted(made, key=lambda f: (f.first, f.component, f.name, f.peer))


def _firing(
    own: str, peer: str, name: str, alerts: Sequence[Alert], newest: datetime, began: datetime
) -> Firing:
    kind = kind_of(name, alerts[-1].text)
    weight = weights()[kind.role] * max(severity_weight(a.severity) for a in alerts)
    usual = ""
    if all(_is_old(a, newest) for a in alerts):
        usual = "it has fired for hours"
    elif len(_episodes(alerts)) >= FLAPS and alerts[0].start < began:  # a crash loop's begin with the rest
        usual = f"it came and went {len(_episodes(alerts))} times"
    elif kind.role == "upkeep":
        usual = "it tells of upkeep"
    if usual:
        weight *= _USUAL
    elif all(a.end is not None and a.end <= began for a in alerts):
        weight *= _PASSED
    return Firing(
        component=own, peer=peer, name=name, kind=kind, alerts=tuple(alerts), weight=weight, usual=usual
    )


def _is_old(alert: Alert, newest: datetime) -> bool:
    return (newest - alert.start).total_seconds() > OLD_S


def _episodes(alerts: Sequence[Alert]) -> list[datetime]:
    """The starts of the times that an alert fired and was over again: pods of one component that fire side by side are one."""
    found: list[datetime] = []
    until: datetime | None = None
    for alert in alerts:
        if not found or (until is not None and alert.start > until):
            found.append(alert.start)
            until = alert.end
        elif until is not None:
            until = None if alert.end is None else max(until, alert.end)
    return found
