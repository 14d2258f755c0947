"""Scheduling: why a pending pod fits on no node, from its specification, the nodes, and the scheduler's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, describe, quote
from aitia.tools.cluster.objects import Node, Pod, Spec
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.state import State

SYSTEM_TAINT: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_COUNTED: Final = (
    ("cordon", re.compile(r"(\d+) node\(s\) were unschedulable")),
    (
        "selector",
        re.compile(r"(\d+) node\(s\) didn't match (?:Pod's )?node (?:affinity/selector|selector|affinity)"),
    ),
    ("taint", re.compile(r"(\d+) node\(s\) had (?:untolerated )?taints? \{([^}]*)\}")),
    ("cpu", re.compile(r"(\d+) Insufficient cpu")),
    ("memory", re.compile(r"(\d+) Insufficient memory")),
    # Any other resource that nodes advertise: GPUs, hugepages, ephemeral storage; `pods` is a node's own limit.
    ("resource", re.compile(r"(\d+) (?:Insufficient (?!cpu|memory)([\w./-]*\w)|(Too many pods))")),
    (
        "anti",
        re.compile(
            r"(\d+) node\(s\) (?:didn't match pod (?:anti-affinity|affinity/anti-affinity)"
            r"|didn't satisfy existing pods anti-affinity)"
        ),
    ),
    ("ports", re.compile(r"(\d+) node\(s\) didn't have free ports for the requested pod ports")),
    ("spread", re.compile(r"(\d+) node\(s\) didn't match pod topology spread constraints")),
    ("beside", re.compile(r"(\d+) node\(s\) didn't match pod affinity rules")),
    (
        "volume",
        re.compile(r"(\d+) node\(s\) (?:had volume node affinity conflict|exceed max volume count)"),
    ),
)
# Reasons that the scheduler's message tells whole: the aspect, and what it is in words.
_PLAIN: Final = {
    "ports": ("k8s.host_port", "on {n} nodes the host ports that it wants are taken"),
    "spread": ("k8s.topology_spread", "its topology spread constraint rules out {n} nodes"),
    "beside": ("k8s.pod_affinity", "on {n} nodes there is no pod that its affinity wants beside it"),
    "volume": ("k8s.volume_node", "its volume cannot be used on {n} nodes"),
}

Found = Callable[..., Finding]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the scheduler said: how many nodes failed for which reason, and the taints that it named."""

    counts: dict[str, int]
    taints: tuple[str, ...]
    message: str
    resources: tuple[str, ...] = ()  # those besides CPU and memory of which too little is free


def find(state: State) -> Iterator[Finding]:
    """One reason per app whose pods are pending without a node."""
    for app in state.apps:
        pending = [p for p in state.pods_of(app) if p.status == "Pending" and not p.node]
        if pending:
            yield from _reasons(state, app, pending[0])


def said(pod: Pod) -> Said | None:
    """The scheduler's last word on a pod."""
    events = [e for e in pod.events if e.reason == "FailedScheduling"]
    if not events:
        return None
    message = events[-1].message.partition(" preemption:")[0]
    counts: dict[str, int] = {}
    taints: list[str] = []
    resources: list[str] = []
    for reason, pattern in _COUNTED:
        for match in pattern.finditer(message):
            if reason == "taint" and match.group(2).startswith(SYSTEM_TAINT):
                counts["down"] = counts.get("down", 0) + int(match.group(1))
                continue
            counts[reason] = counts.get(reason, 0) + int(match.group(1))
            if reason == "taint":
                taints.append(match.group(2).replace(": ", "=").rstrip("=:"))
            if reason == "resource":
                resources.append(match.group(2) or "pods")
    return Said(counts=counts, taints=tuple(taints), message=message, resources=tuple(resources))


def _reasons(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    told = said(pod)
    spec = state.spec(app) if not pod.specified else _pod_spec(state, app, pod)
    if told is None and not _unplaceable(state, spec):
        return  # nobody tried to place it: the scheduler's affair (nodes.py), or it is young
    fits = [n for n in state.nodes if all(n.labels.get(k) == v for k, v in spec.node_selector.items())]
    near = [n for n in fits if _affine(n, spec)]
    cite = describe("pods", state.namespace, pod.name)
    quoted = f' The scheduler: "{quote(told.message, 160)}".' if told else ""

    def found(aspect: str, strength: float, what: str, **values: str | int | float) -> Finding:
        return Finding(
            aspect=aspect,
            component=app,
            statement=f"{app}: {pod.name} fits on no node: {what}.{quoted}",
            strength=strength,
            call=cite,
            values=values,
            quotes=bool(told),
        )

    if spec.node_selector and state.nodes and not fits:
        wanted = ", ".join(f"{k}={v}" for k, v in sorted(spec.node_selector.items()))
        yield found(
            "k8s.node_selector",
            CONTRADICTION,
            f"its node selector {wanted} matches none of {len(state.nodes)} nodes",
        )
        return
    if spec.affinity and state.nodes and not near:
        terms = " or ".join(" and ".join(str(n) for n in term) for term in spec.affinity)
        yield found(
            "k8s.node_affinity",
            CONTRADICTION,
            f"its required node affinity ({terms}) matches none of {len(fits)} nodes",
        )
        return
    if told is None:
        return
    yield from _by_count(spec, near or list(state.nodes), told, found)


def _pod_spec(state: State, app: str, pod: Pod) -> Spec:
    known = state.spec(app)
    return replace(
        known, node_selector=pod.spec.node_selector or known.node_selector, tolerations=pod.spec.tolerations
    )


def _unplaceable(state: State, spec: Spec) -> bool:
    return bool(state.nodes) and not any(
        all(n.labels.get(k) == v for k, v in spec.node_selector.items()) and _affine(n, spec)
        for n in state.nodes
    )


def _affine(node: Node, spec: Spec) -> bool:
    return not spec.affinity or any(all(n.holds(node.labels) for n in term) for term in spec.affinity)


def _by_count(spec: Spec, near: Sequence[Node], told: Said, found: Found) -> Iterator[Finding]:
    counts = told.counts
    open_nodes = [n for n in near if not n.unschedulable]
    alive = [n for n in open_nodes if n.ready == "True"]
    if counts.get("down") and not alive and open_nodes:
        return  # it may only run where a node is down: the node's fault
    rest = {r: c for r, c in counts.items() if r not in ("cordon", "down")}
    if alive and (spec.node_selector or spec.affinity) and len(rest) > 1:
        rest.pop("selector", None)  # it asks for nodes that are there: they refuse it for another reason
    if near and not open_nodes and counts.get("cordon", 0) > 0:
        names = ", ".join(n.name for n in near[:4])
        yield found(
            "k8s.cordon",
            CONTRADICTION,
            f"{len(near)} nodes that it may run on are cordoned ({names})",
            cordoned=len(near),
        )
        return
    if not rest:
        if counts.get("cordon"):
            yield found(
                "k8s.cordon", SAID, f"{counts['cordon']} nodes are cordoned", cordoned=counts["cordon"]
            )
        return
    order = sorted(rest, key=lambda r: (-rest[r], r))
    for place, reason in enumerate(order[:2]):
        strength = SAID if place == 0 else POSSIBLE
        yield from _one(spec, near, told, reason, strength, found)


def _one(
    spec: Spec, near: Sequence[Node], told: Said, reason: str, strength: float, found: Found
) -> Iterator[Finding]:
    n = told.counts[reason]
    if reason in _PLAIN:
        aspect, what = _PLAIN[reason]
        yield found(aspect, strength, what.format(n=n), nodes=n)
    elif reason == "selector":
        if spec.node_selector and not spec.affinity:
            yield found(
                "k8s.node_selector", strength, f"its node selector matches no free node ({n} do not match)"
            )
        elif not spec.node_selector:
            yield found(
                "k8s.node_affinity",
                strength,
                f"its required node affinity matches no free node ({n} do not match)",
            )
        else:
            yield found(
                "k8s.node_selector",
                LIKELY,
                f"its node selector or affinity matches no free node ({n} do not match)",
            )
            yield found(
                "k8s.node_affinity",
                LIKELY - 0.1,
                f"its node affinity or selector matches no free node ({n} do not)",
            )
    elif reason == "taint":
        names = ", ".join(dict.fromkeys(told.taints))
        yield found(
            "k8s.taint",
            strength,
            f"{n} nodes have a taint that it does not tolerate ({names})",
            nodes=n,
            taint=names,
        )
    elif reason in ("cpu", "memory"):
        need = sum(
            quantity(c.requests.get(reason)) or quantity(c.limits.get(reason)) or 0.0 for c in spec.containers
        )
        most = max((quantity(x.allocatable.get(reason)) or 0.0 for x in near), default=0.0)
        unit = " cores" if reason == "cpu" else " MiB"
        scale = 1.0 if reason == "cpu" else 2.0**20
        yield found(
            f"k8s.{reason}_capacity",
            strength,
            (
                f"it requests {need / scale:g}{unit} of {reason}, which {n} nodes do not have free (the "
                f"largest has {most / scale:g})"
            ),
            requested=need / scale,
            largest=most / scale,
        )
    elif reason == "resource":
        names = ", ".join(dict.fromkeys(told.resources))
        wanted = {
            r: total
            for r in told.resources
            if (total := sum(quantity(c.requests.get(r) or c.limits.get(r)) or 0.0 for c in spec.containers))
        }
        offered = {r: max((quantity(x.allocatable.get(r)) or 0.0 for x in near), default=0.0) for r in wanted}
        asked = "; ".join(f"it requests {wanted[r]:g} {r}" for r in wanted)
        known = any(x.allocatable for x in near)
        largest = "; ".join(f"the largest node offers {offered[r]:g}" for r in wanted) if known else ""
        yield found(
            "k8s.resource_capacity",
            strength,
            f"insufficient {names} on {n} nodes" + "".join(f"; {part}" for part in (asked, largest) if part),
            resource=names,
            nodes=n,
        )
    elif reason == "anti":
        rules = ", ".join(str(x) for x in spec.anti_affinity) or "another pod's rule"
        yield found(
            "k8s.anti_affinity",
            strength,
            f"{n} nodes already have a pod that its anti-affinity excludes ({rules})",
            nodes=n,
        )
