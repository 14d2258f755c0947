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

# Conditions that a health checker beside the kubelet reports (node-problem-detector's names).
_UNHEALTHY: Final = {
    "KubeletUnhealthy": ("kubelet", "k8s.kubelet"),
    "ContainerRuntimeUnhealthy": ("the container runtime", "k8s.container_runtime"),
    "KubeProxyUnhealthy": ("kube-proxy", "k8s.kube_proxy"),
    "KubeSchedulerUnhealthy": ("kube-scheduler", "k8s.scheduler"),
}
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
        *_scheduler(state),
        *_pressure(state),
    ):
        if (finding.component, finding.aspect) not in told:
            told.add((finding.component, finding.aspect))
            yield finding


def _services(state: State) -> Iterator[Finding]:
    for node in state.nodes:
        for condition, (service, aspect) in _UNHEALTHY.items():
            status, message = node.conditions.get(condition, ("", ""))
            if status == "True":
                yield Finding(
                    aspect=aspect,
                    component=node.name,
                    statement=f'{node.name}: {service} is not running ("{quote(message, 90)}").',
                    strength=CONTRADICTION,
                    call=describe("nodes", "", node.name),
                    values={"service": service},
                    quotes=True,
                )


def _conditions(state: State) -> Iterator[Finding]:
    known = any(c in n.conditions for n in state.nodes for c in _UNHEALTHY)
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
        and p.specified
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
        for condition, (status, _) in sorted(node.conditions.items()):
            if condition.endswith("Pressure") and status == "True":
                yield Finding(
                    aspect="k8s.node_pressure",
                    component=node.name,
                    statement=f"{node.name}: the node reports {condition}.",
                    strength=SAID,
                    call=describe("nodes", "", node.name),
                    values={"condition": condition},
                )
