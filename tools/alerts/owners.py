"""Whose an alert is: from its labels to a component, pods and volumes rolled up to what owns them, with or without topology."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from aitia.core.resolve import Resolver
from aitia.core.words import Alert

# Nearest to what a person calls the thing first; a host is what is left, `job` names the scrape more often than the thing.
OWNERS: Final = (
    "service", "service_name", "app", "application", "app_kubernetes_io_name", "component", "deployment", "statefulset",
    "daemonset", "cronjob", "workload", "destination_workload", "asset", "machine", "job_name", "pod", "pod_name",
    "persistentvolumeclaim", "node", "nodename", "hostname", "host", "instance", "container", "server", "namespace", "job",
)  # fmt: skip
PEERS: Final = (
    "server", "upstream", "upstream_cluster", "destination", "destination_service", "destination_service_name",
    "destination_workload", "peer", "peer_service", "callee", "target_service", "dependency", "backend", "remote",
)  # fmt: skip
# Who tells, not of whom is told.
_WATCHERS: Final = re.compile(
    r"(?i)(?:.*[-_.])?(?:(?:\w+[-_])*exporter|kube-state-metrics|kubelet|metrics-server|prometheus|alertmanager|blackbox|cadvisor)"
    r"(?:[-_.]\w+)*"
)
_CLAIM: Final = re.compile(
    r"^(?:data|storage|pvc|vol|volume)-|-(?:data|storage|pvc|vol|volume|claim)(?=-\d+$|$)"
)
_TOLD: Final = re.compile(
    r"(?i)\b(?:server|upstream|host|node|service|backend|replica|dependency|endpoint)\s+[\"'`]?([a-z][\w.]*(?:[-.][\w.]+)+|[a-z]+\d+)\b"
)
# What the pods of a deployment, a cron job (minutes since 1970), a daemon set and a stateful set have behind their owner's name.
_INSTANCE: Final = re.compile(
    r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$|-\d{8,10}-[a-z0-9]{5}$|-(?=[a-z]*\d)[bcdfghjklmnpqrstvwxz2456789]{5}$|(?<=[a-z])-\d$"
)
_WIDE: Final = frozenset({"namespace", "job"})  # what many share
_LONGEST: Final = 200


class Owners:
    """Resolves the names in alerts as a run's resolver does; what no topology knows becomes a component by its own name."""

    def __init__(self, resolver: Resolver, alerts: Iterable[Alert]) -> None:
        self._resolver = resolver
        self._mapped = {c.id for c in resolver.components if c.links or c.type != "unknown"}
        self._known: dict[str, str] = {c.id.casefold(): c.id for c in resolver.components}
        for alert in alerts:
            if name := self.of(alert):
                self._known.setdefault(name.casefold(), name)

    def of(self, alert: Alert) -> str:
        """The component that an alert is about, "" where no label names one."""
        labels = alert.labels
        named = [
            (k, labels[k])
            for k in OWNERS
            if labels.get(k) and not (k != "node" and _WATCHERS.fullmatch(labels[k]))
        ]
        for key, raw in named:  # what the site's own map knows
            found = self._resolver.resolve(raw[:_LONGEST]) if key not in _WIDE else ""
            if found in self._mapped:
                return found
        for key, raw in named:
            if _is_name(raw):
                return self._learn(key, raw[:_LONGEST])
        return ""

    def peer(self, alert: Alert, own: str) -> str:
        """Another component that the alert tells of, by a label or in its text; "" where it tells of none but itself."""
        for raw in [alert.labels.get(k, "") for k in PEERS] + _TOLD.findall(alert.text):
            found = self._resolver.resolve(raw) or (
                self._resolver.learn(raw) if raw and _is_name(raw) else ""
            )
            if found and found != own:
                return found
        words = set(re.findall(r"[a-z0-9](?:[\w.-]*[a-z0-9])?", alert.text.casefold()))
        told = sorted(
            name for key, name in self._known.items() if key in words and name != own and len(key) > 2
        )
        return told[0] if len(told) == 1 else ""

    def _learn(self, key: str, raw: str) -> str:
        name = re.sub(r":\d{1,5}$", "", raw)
        if key == "persistentvolumeclaim" or (key == "host" and _CLAIM.search(name)):
            whose = re.sub(r"-\d{1,3}$", "", _CLAIM.sub("", name))
            inside = [n for n in self._known if re.search(rf"(?:^|-){re.escape(n)}(?:-|$)", name.casefold())]
            name = self._known[max(inside, key=len)] if inside else whose
        elif key in ("pod", "pod_name", "host"):
            name = _INSTANCE.sub("", name)
        return self._resolver.learn(name)


def _is_name(raw: str) -> bool:
    """Whether a label's value can name a thing: addresses of loopback and numbers cannot."""
    return bool(re.search(r"[A-Za-z]", raw)) and not re.match(r"(?:localhost|127\.|\[?::1)", raw)


def shared_labels(a: Mapping[str, str], b: Mapping[str, str]) -> int:
    """How many labels that name a thing two alerts have alike."""
    return sum(1 for k in OWNERS if a.get(k) and a.get(k) == b.get(k))
