"""Services, their endpoints, network policies and names: who reaches whom, and what a caller is told where it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aitia.lab.cluster.pods import is_going, is_over, is_ready, pods_of
from aitia.lab.cluster.world import Object, World, labels_of, selected, stamp

_ADDRESS: Final = re.compile(r"^(?:\w+://)?(?:[^@/]*@)?(?P<host>[\w.-]+)(?::(?P<port>\d+))?")


def publish(world: World) -> None:
    """The endpoints and endpoint slice controllers."""
    for service in world.all_of("Service"):
        wanted = service["spec"].get("selector")
        meta = service["metadata"]
        space, name = meta["namespace"], meta["name"]
        ends = world.get("Endpoints", space, name)
        if wanted is None:
            continue
        pods = [p for p in pods_of(world, space, wanted) if p["status"].get("podIP") and not is_over(p)]
        subsets = _subsets(service, [p for p in pods if not is_going(p)])
        if ends is None:
            ends = world.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "namespace": space, "labels": dict(meta.get("labels", {}))}, "subsets": []})  # fmt: skip
        if ends.get("subsets", []) != subsets:
            ends["subsets"] = subsets
            ends["metadata"].setdefault("annotations", {})["endpoints.kubernetes.io/last-change-trigger-time"] = stamp(world.now)  # fmt: skip
            world.touch(ends)
            _slice(world, service, pods)


def _subsets(service: Object, pods: list[Object]) -> list[Object]:
    groups: dict[tuple[tuple[str, int, str], ...], dict[str, list[Object]]] = {}
    for pod in sorted(pods, key=lambda p: p["status"]["podIP"]):
        ports = tuple(
            (p.get("name", ""), number, p["protocol"])
            for p in service["spec"]["ports"]
            if (number := target(p, pod)) is not None
        )
        if not ports:
            continue
        meta = pod["metadata"]
        end: Object = {"ip": pod["status"]["podIP"]}
        end |= {"nodeName": pod["spec"]["nodeName"], "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}}  # fmt: skip
        side = "addresses" if is_ready(pod) else "notReadyAddresses"
        groups.setdefault(ports, {}).setdefault(side, []).append(end)
    return [
        {**ends, "ports": [{"name": n, "port": p, "protocol": t} for n, p, t in ports]} for ports, ends in groups.items()
    ]  # fmt: skip


def _slice(world: World, service: Object, pods: list[Object]) -> None:
    space, name = service["metadata"]["namespace"], service["metadata"]["name"]
    held = next((s for s in world.all_of("EndpointSlice", space) if labels_of(s)["kubernetes.io/service-name"] == name), None)  # fmt: skip
    if held is None:
        labels = {**service["metadata"].get("labels", {}), "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", "kubernetes.io/service-name": name}  # fmt: skip
        held = world.create(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{name}-{world.uid('slice', space, name)[:5]}",
                    "generateName": f"{name}-",
                    "namespace": space,
                    "labels": labels,
                },
                "addressType": "IPv4",
                "endpoints": [],
                "ports": [],
            },
            service,
        )
    ends = []
    for pod in pods:
        ready = is_ready(pod) and not is_going(pod)
        meta = pod["metadata"]
        ends.append({"addresses": [pod["status"]["podIP"]], "conditions": {"ready": ready, "serving": is_ready(pod), "terminating": is_going(pod)}, "nodeName": pod["spec"]["nodeName"], "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}})  # fmt: skip
    ports = [{"name": p.get("name", ""), "port": n, "protocol": p["protocol"]} for p in service["spec"]["ports"] for pod in pods[:1] if (n := target(p, pod)) is not None]  # fmt: skip
    held["endpoints"], held["ports"] = ends, ports
    world.touch(held)


def target(port: Mapping[str, Any], pod: Object) -> int | None:
    """The number of a service's target port at a pod; None for a name that the pod does not know."""
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    for container in pod["spec"]["containers"]:
        for one in container.get("ports", ()):
            if one.get("name") == wanted:
                return int(one["containerPort"])
    return None


def resolves(world: World) -> bool:
    """Whether the cluster's DNS answers."""
    ends = world.get("Endpoints", "kube-system", "kube-dns") or {}
    return any(s.get("addresses") for s in ends.get("subsets", ()))


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What a call meets: the pods that can answer, or an error and how long the caller waits for it."""

    pods: tuple[str, ...] = ()
    problem: str = ""  # no_host | dns | refused | timeout
    host: str = ""
    port: int = 0
    address: str = ""
    wait_ms: float = 2.0


def split(address: str) -> tuple[str, int]:
    """Host and port of a URL or `host:port`."""
    found = _ADDRESS.match(address)
    if found is None:
        return "", 0
    return found["host"], int(found["port"] or (443 if address.startswith("https") else 80))


def reach(
    world: World, caller: Mapping[str, str], space: str, value: str, listening: Mapping[str, int]
) -> Reached:
    """What a pod with the labels `caller` meets at an address. `listening`: the port at which each pod's program listens."""
    host, port = split(value)
    name, _, rest = host.partition(".")
    where = rest.split(".")[0] or space
    if not resolves(world) or host in world.physics.unresolved:
        return Reached(problem="dns", host=host, port=port, wait_ms=5000)
    service = world.get("Service", where, name)
    if service is None:
        return Reached(problem="no_host", host=host, port=port, wait_ms=12)
    cluster_ip = service["spec"]["clusterIP"]
    at = next((p for p in service["spec"]["ports"] if p["port"] == port), None)
    if at is None:
        return Reached(problem="timeout", host=host, port=port, address=cluster_ip, wait_ms=5000)
    ends = world.get("Endpoints", where, name) or {}
    ready = [
        (a["targetRef"]["name"], p["port"]) for s in ends.get("subsets", ()) for a in s.get("addresses", ())
        for p in s["ports"] if p["name"] == at.get("name", "")
    ]  # fmt: skip
    if not ready:
        return Reached(problem="refused", host=host, port=port, address=cluster_ip)
    open_to = [n for n, _ in ready if _allowed(world, caller, space, where, n)]
    if not open_to:
        return Reached(problem="timeout", host=host, port=port, address=cluster_ip, wait_ms=5000)
    answering = tuple(n for n, p in ready if n in open_to and listening.get(n) == p)
    if not answering:
        return Reached(problem="refused", host=host, port=port, address=cluster_ip)
    return Reached(pods=answering, host=host, port=port, address=cluster_ip)


def _allowed(world: World, caller: Mapping[str, str], space: str, where: str, name: str) -> bool:
    """Whether the network policies of the target's namespace let the caller in."""
    pod = world.get("Pod", where, name)
    if pod is None:
        return False
    rules = [
        p for p in world.all_of("NetworkPolicy", where)
        if "Ingress" in p["spec"]["policyTypes"] and _covers(p["spec"]["podSelector"], labels_of(pod))
    ]  # fmt: skip
    return not rules or any(
        not rule.get("from") or any(_comes(peer, caller, space, where) for peer in rule["from"])
        for policy in rules
        for rule in policy["spec"].get("ingress", ())
    )


def _covers(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    return not wanted or selected(wanted, labels)


def _comes(peer: Mapping[str, Any], caller: Mapping[str, str], space: str, where: str) -> bool:
    spaces = peer.get("namespaceSelector")
    if spaces is not None:
        wanted = spaces.get("matchLabels", {})
        if wanted and wanted.get("kubernetes.io/metadata.name") != space:
            return False
    elif space != where:
        return False
    return _covers(peer.get("podSelector", {}), caller)
