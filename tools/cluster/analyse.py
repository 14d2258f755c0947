"""All analysers over one state, and what speaks for nothing being wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from aitia.tools.cluster import (
    addresses,
    configuration,
    controls,
    databases,
    exits,
    gateways,
    images,
    network,
    nodes,
    performance,
    probes,
    quotas,
    reasons,
    scheduling,
    services,
    storage,
    workloads,
)
from aitia.tools.cluster.finding import Finding, get
from aitia.tools.cluster.objects import Pod, Workload
from aitia.tools.cluster.state import State

ANALYSERS: Final[tuple[Callable[[State], Iterator[Finding]], ...]] = (
    workloads.find,
    exits.find,
    quotas.find,
    scheduling.find,
    images.find,
    probes.find,
    controls.find,
    services.find,
    addresses.find,
    storage.find,
    configuration.find,
    gateways.find,
    databases.find,
    network.find,
    reasons.find,
    performance.find,
)


def analyse(state: State) -> list[Finding]:
    """Every finding about a namespace, reasons before signs, surest first; one of each (component, aspect, peer)."""
    return ranked(f for find in ANALYSERS for f in find(state))


def analyse_nodes(state: State) -> list[Finding]:
    """Every finding about the nodes."""
    return ranked(f for find in (nodes.find, reasons.find_nodes) for f in find(state))


def ranked(found: Iterator[Finding]) -> list[Finding]:
    """Reasons before signs, surest first; of equal ones the surest is kept."""
    order = sorted(found, key=lambda f: (f.symptom, -f.strength, f.component, f.aspect, f.statement))
    kept: dict[tuple[str, str], Finding] = {}
    for finding in order:
        kept.setdefault((finding.component, finding.aspect), finding)
    return list(kept.values())


def quiet(state: State) -> list[Finding]:
    """Which apps are as they should be: all pods ready, not restarted lately, services with endpoints.

    One of which no pod was described and no manifest read was not looked into: a ready pod may still serve nobody.
    """
    found = []
    for workload in state.workloads:
        pods = state.pods_of(workload.name)
        if workload.manifest is None and not any(p.specified for p in pods):
            continue
        services_ = state.services_of(workload.name)
        reachable = all(s.endpoints for s in services_ if s.selector)  # unread ones do not speak for it
        calm = bool(pods) and all(p.healthy and not (p.restarts and workloads.recent(p)) for p in pods)
        if calm and len(pods) >= workload.desired and reachable:
            ends = f", {len(services_)} services with endpoints" if services_ else ""
            found.append(
                Finding(
                    aspect="k8s.ready",
                    component=workload.name,
                    statement=(
                        f"{workload.name}: {len(pods)} of {workload.desired} pods are ready, restarted 0 times "
                        f"recently{ends}{_leaving(state, workload, pods)}."
                    ),
                    strength=0.8,
                    call=get("pods", state.namespace),
                    values={"pods": len(pods), "desired": workload.desired},
                )
            )
    if found:
        found.insert(0, _whole(state, len(found)))
    return found


def _leaving(state: State, workload: Workload, pods: Sequence[Pod]) -> str:
    """Pods of an older ReplicaSet that a finished rollout takes away: what they report is no trouble of those that stay."""
    now = {_replica_set(p) for p in pods}
    gone = [
        p
        for p in state.pods
        if p.app == workload.name and p.status == "Terminating" and _replica_set(p) not in now
    ]
    if workload.kind != "Deployment" or not gone or len(now) != 1:
        return ""
    one, more = gone[0], f" and {len(gone) - 1} more" if len(gone) > 1 else ""
    restarts = f", restarted {one.restarts} times," if one.restarts else ""
    return (
        f"; the rollout to ReplicaSet {now.pop()} is complete, and pod {one.name}{more} of the older ReplicaSet "
        f"{_replica_set(one)}{restarts} is being removed"
    )


def _replica_set(pod: Pod) -> str:
    """The ReplicaSet of a deployment's pod, whose name the pod's begins with."""
    return pod.name.rpartition("-")[0]


def _whole(state: State, calm: int) -> Finding:
    """That a namespace was looked at as a whole: most of its apps may find no room among the facts."""
    return Finding(
        aspect="k8s.ready",
        component=state.namespace,
        statement=f"{state.namespace}: {calm} of {len(state.workloads)} apps have all their pods ready.",
        strength=0.5,
        call=get("pods", state.namespace),
        values={"calm": calm, "apps": len(state.workloads)},
    )


def quiet_nodes(state: State) -> list[Finding]:
    """Which nodes are ready."""
    return [
        Finding(
            aspect="k8s.ready",
            component=node.name,
            statement=f"{node.name}: the node is ready.",
            strength=0.8,
            call=get("nodes", ""),
        )
        for node in state.nodes
        if node.ready == "True"
    ]
