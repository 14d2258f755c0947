"""Nodes: kubelet, container runtime, kube-proxy and scheduler that do not run, and nodes under pressure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.tools.cluster.finding import (
    CONTRADICTION,
    LIKELY,
    POSSIBLE,
    SAID,
    SYMPTOM,
    Finding,
    describe,
    get,
    quote,
)
from aitia.tools.cluster.objects import Node
from aitia.tools.cluster.state import State
from aitia.tools.sources.base import ClusterCall

_ASPECTS: Final = {
    "kubelet": "k8s.kubelet",
    "containerd": "k8s.container_runtime",
    "docker": "k8s.container_runtime",
    "crio": "k8s.container_runtime",
    "kube-proxy": "k8s.kube_proxy",
    "kube-scheduler": "k8s.scheduler",
}
_DOWN = re.compile(
    r"Active:\s*(inactive|failed|deactivating|activating \(auto-restart\))|not running|Process not found",
    re.IGNORECASE,
)
_ACTIVE = re.compile(r"Active:\s*active")
_RUNTIME = re.compile(
    r"(?i)container runtime is down|runtime network not ready|containerd\.sock|crio\.sock|dockershim|PLEG is not healthy"
)
RECENT_S: Final = 600.0
PENDING_S: Final = 45.0


def find(state: State) -> Iterator[Finding]:
    """System services that do not run, by their own status, else by what their absence does."""
    told: set[tuple[str, str]] = set()
    for finding in (
        *_services(state),
        *_conditions(state),
        *_proxy(state),
        *_scheduler(state),
        *_pressure(state),
    ):
        if (finding.component, finding.aspect) not in told:
            told.add((finding.component, finding.aspect))
            yield finding


def _services(state: State) -> Iterator[Finding]:
    for node in state.nodes:
        for service, text in sorted(node.services.items()):
            aspect = _ASPECTS.get(service)
            down = _DOWN.search(text)
            if aspect is None or down is None or _ACTIVE.search(text):
                continue
            line = next((ln.strip() for ln in text.splitlines() if "Active:" in ln), down.group())
            yield Finding(
                aspect=aspect,
                component=node.name,
                statement=f'{node.name}: {service} is not running ("{quote(line, 90)}").',
                strength=CONTRADICTION,
                call=ClusterCall(verb="node_service", resource=service, name=node.name),
                values={"service": service},
                quotes=True,
            )


def _conditions(state: State) -> Iterator[Finding]:
    known = any(n.services for n in state.nodes)
    for node in state.nodes:
        if node.ready == "True" or not node.ready:
            continue
        yield Finding(
            aspect="k8s.node_not_ready",
            component=node.name,
            statement=f"{node.name}: the node is not ready ({quote(node.ready_message, 120) or node.ready}).",
            strength=SYMPTOM,
            call=describe("nodes", "", node.name),
            values={"ready": node.ready},
            symptom=True,
            quotes=True,
        )
        if known:
            continue
        if _RUNTIME.search(node.ready_message) or _runtime_events(state, node):
            yield _by_condition(node, "k8s.container_runtime", "its container runtime does not answer", SAID)
        elif node.ready == "Unknown" or "stopped posting" in node.ready_message:
            yield _by_condition(node, "k8s.kubelet", "its kubelet stopped reporting", SAID)


def _by_condition(node: Node, aspect: str, what: str, strength: float) -> Finding:
    return Finding(
        aspect=aspect,
        component=node.name,
        statement=f'{node.name}: {what} ("{quote(node.ready_message, 120)}").',
        strength=strength,
        call=describe("nodes", "", node.name),
        values={"ready": node.ready},
        quotes=True,
    )


def _runtime_events(state: State, node: Node) -> bool:
    mine = [e for e in (*state.events, *state.node_events) if e.kind == "node" and e.name == node.name]
    on_it = {p.name for p in state.pods if p.node == node.name}
    mine += [e for e in state.events if e.kind == "pod" and e.name in on_it]
    return any(_RUNTIME.search(e.message) and (e.last_s or 0.0) <= RECENT_S for e in mine)


def _proxy(state: State) -> Iterator[Finding]:
    """Services that answer from every node but one: that node's packets are not forwarded."""
    tested = [c for c in state.connections if c.ok_from or c.failed_from]
    for node in sorted({n for c in tested for n in c.failed_from}):
        here = [c for c in tested if node in (*c.failed_from, *c.ok_from)]
        lost = [c for c in here if node in c.failed_from and c.ok_from]
        if len(lost) >= 3 and len(lost) >= 0.8 * len(here):
            yield Finding(
                aspect="k8s.kube_proxy",
                component=node,
                statement=f"{node}: {len(lost)} of {len(here)} services cannot be reached from this node and can from others: "
                f"it does not forward service addresses.",
                strength=LIKELY,
                call=ClusterCall(
                    verb="connect", name=lost[0].service, namespace=state.namespace, port=lost[0].port
                ),
                values={"failed": len(lost), "tested": len(here)},
            )


def _scheduler(state: State) -> Iterator[Finding]:
    """Pods that nobody tried to place, and scheduler pods that do not run."""
    for pod in state.system_pods:
        if pod.name.startswith("kube-scheduler") and not pod.healthy:
            yield Finding(
                aspect="k8s.scheduler",
                component=pod.node or pod.name.removeprefix("kube-scheduler-"),
                statement=f"{pod.node or pod.name}: the scheduler pod {pod.name} is not running ({pod.status}).",
                strength=SAID,
                call=get("pods", "kube-system"),
                values={"status": pod.status},
            )
    untouched = [
        p
        for p in state.pods
        if p.status == "Pending"
        and not p.node
        and p.described
        and not p.events
        and "PodScheduled" not in p.conditions
        and (p.age_s or 0.0) >= PENDING_S
    ]
    if not untouched:
        return
    masters = [n.name for n in state.nodes if re.search(r"master|control-plane", n.roles)]
    if len(masters) == 1 or masters:
        yield Finding(
            aspect="k8s.scheduler",
            component=masters[0],
            statement=(
                f"{masters[0]}: no attempt was made to schedule {untouched[0].name}, pending for "
                f"{untouched[0].age_s:g} s without an event: the scheduler is not working."
            ),
            strength=LIKELY if len(masters) == 1 else POSSIBLE,
            call=describe("pods", state.namespace, untouched[0].name),
            values={"pending": len(untouched)},
        )


def _pressure(state: State) -> Iterator[Finding]:
    for node in state.nodes:
        for pressure in node.pressure:
            yield Finding(
                aspect="k8s.node_pressure",
                component=node.name,
                statement=f"{node.name}: the node reports {pressure}.",
                strength=SAID,
                call=describe("nodes", "", node.name),
                values={"condition": pressure},
            )
