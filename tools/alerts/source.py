"""The alerts of an incident as a source, so that a plan knows that they are there and of which components they speak."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aitia.core.resolve import Resolver
from aitia.core.words import Alert, Holding, SourceKind, Window
from aitia.tools.alerts.owners import Owners


def several(alerts: Iterable[Alert]) -> bool:
    """Whether there are different alerts. A single one is what is asked about: it says no more than the question does."""
    return len({(a.name, *sorted(a.labels.items())) for a in alerts}) > 1


class AlertSource:
    """What was reported, read by `alerts_rank` from the incident itself."""

    name: Final = "alerts"
    kind: Final[SourceKind] = "alerts"

    def __init__(self, alerts: Iterable[Alert], resolver: Resolver) -> None:
        self._alerts, self._resolver = tuple(alerts), resolver

    def describe(self, window: Window) -> Holding:
        """Which components the alerts are about."""
        owners = Owners(self._resolver, self._alerts)
        named = {owners.of(a) for a in self._alerts} - {""}
        titles = dict.fromkeys(a.name for a in self._alerts)
        return Holding(
            source=self.name, kind=self.kind, components=tuple(sorted(named)), items=tuple(titles), count=len(self._alerts)
        )  # fmt: skip
