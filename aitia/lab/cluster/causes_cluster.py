"""How failures of scheduling, quotas, storage, networks, admission and DNS are caused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from aitia.lab.cluster.actions import (
    cordon,
    edit,
    next_tag,
    note,
    note_edit,
    ramp,
    release,
    restart,
    scale,
)
from aitia.lab.cluster.admission import shown, usage
from aitia.lab.cluster.failures import Hit
from aitia.lab.cluster.manifests import claim_spec
from aitia.lab.cluster.physics import Program
from aitia.lab.cluster.spec import quantity
from aitia.lab.cluster.system_apps import system_apps
from aitia.lab.cluster.world import Object


def asks(resource: str) -> Callable[[Hit], None]:
    """A request that fits no node."""

    def cause(hit: Hit) -> None:
        nodes = hit.site.layout.nodes
        amount = {
            "cpu": f"{max(n.cpu for n in nodes)}500m",
            "memory": f"{int(max(n.memory_gib for n in nodes)) + 2}Gi",
            "nvidia.com/gpu": "1",
        }[resource]

        def change(spec: Object, container: Object) -> None:
            held = container["resources"]
            held["requests"][resource] = amount
            if resource in held.get("limits", {}) or "gpu" in resource:
                held.setdefault("limits", {})[resource] = amount

        _apply(hit, change)

    return cause


def _apply(hit: Hit, change: Callable[[Object, Object], None]) -> None:
    edit(hit.site, hit.app, change, at_once=hit.at_once)
    note_edit(hit.site, hit.app, hit.chance)


def selector_fits_none(hit: Hit) -> None:
    """A node selector with a label that no node has."""
    key, value = hit.chance.choice(
        (("disktype", "nvme"), ("node-pool", "apps-v2"), ("kubernetes.io/arch", "arm64"))
    )

    def change(spec: Object, container: Object) -> None:
        spec["nodeSelector"] = {**spec.get("nodeSelector", {}), key: value}

    _apply(hit, change)


def affinity_fits_none(hit: Hit) -> None:
    """A required node affinity that no node meets."""
    key, values = hit.chance.choice(
        (("topology.kubernetes.io/zone", ["zone-d"]), ("node.kubernetes.io/instance-type", ["c7i.4xlarge"]))
    )

    def change(spec: Object, container: Object) -> None:
        term = {"matchExpressions": [{"key": key, "operator": "In", "values": values}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        spec.setdefault("affinity", {})["nodeAffinity"] = required

    _apply(hit, change)


def repel(hit: Hit) -> None:
    """A required anti-affinity and more copies than nodes."""
    labels = hit.site.layout.selector(hit.app)
    count = len(hit.site.layout.nodes) + 2

    def change(spec: Object, container: Object) -> None:
        term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}

    edit(hit.site, hit.app, change, at_once=True)
    scale(hit.site, hit.app, count)
    note_edit(hit.site, hit.app, hit.chance)


def _move(hit: Hit) -> None:
    """The victim's pods must be made anew: deleted, as after an update of their nodes."""
    restart(hit.site, hit.app)


def nodes_tainted(hit: Hit) -> None:
    """All workers get a taint, as for a move to new machines."""
    key, value = hit.chance.choice((("dedicated", "batch"), ("maintenance", "true"), ("pool", "retired")))
    for node in hit.site.world.all_of("Node"):
        held = node["spec"].setdefault("taints", [])
        if not any("control-plane" in t["key"] for t in held):
            held.append({"key": key, "value": value, "effect": "NoSchedule"})
            hit.site.world.touch(node)
    _move(hit)


def nodes_cordoned(hit: Hit) -> None:
    """All workers are cordoned and not uncordoned."""
    for node in hit.site.world.all_of("Node"):
        cordon(hit.site, node)
    _move(hit)


def quota_cut(resource: str) -> Callable[[Hit], None]:
    """A quota of just less than what is used; then pods must be made anew."""

    def cause(hit: Hit) -> None:
        world, space = hit.site.world, hit.site.layout.space(hit.app)
        used = usage(world, space, {resource: "0"})[resource]
        step = {"pods": 1.0, "requests.cpu": 0.1, "requests.memory": 2.0**28}[resource]
        hard = {resource: shown(resource, max(step, (used // step - 1) * step))}
        quota = next(iter(world.all_of("ResourceQuota", space)), None)
        if quota is None:
            world.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": f"{space}-quota", "namespace": space}, "spec": {"hard": hard}, "status": {}})  # fmt: skip
        else:
            quota["spec"]["hard"] = {**quota["spec"]["hard"], **hard}
            world.touch(quota)
        note(hit.site, space, "config", f"kubectl apply -f {space}-quota.yaml")
        _move(hit)

    return cause


def limit_range_cut(hit: Hit) -> None:
    """A maximum below the limit that the victim's pods have."""
    world, space = hit.site.world, hit.site.layout.namespace
    most = f"{int(quantity(hit.app.memory_limit) / 2**20 * 0.75)}Mi"
    item = {"type": "Container", "max": {"memory": most}}
    for old in world.all_of("LimitRange", space):
        world.delete(old)
    world.create({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": f"{space}-limits", "namespace": space}, "spec": {"limits": [item]}})  # fmt: skip
    note(hit.site, space, "config", f"kubectl apply -f {space}-limits.yaml")
    _move(hit)


def account_gone(hit: Hit) -> None:
    """The service account is deleted; its pods cannot be made anew."""
    world = hit.site.world
    found = world.get("ServiceAccount", hit.site.layout.space(hit.app), hit.app.account)
    if found is not None:
        world.delete(found)
    _move(hit)


def binding_gone(hit: Hit) -> None:
    """The role binding is deleted; the program runs on and is refused."""
    world = hit.site.world
    found = world.get("RoleBinding", hit.site.layout.space(hit.app), hit.app.account)
    if found is not None:
        world.delete(found)
    if hit.chance.random() < 0.6:
        note(hit.site, hit.app.name, "config", f"kubectl delete rolebinding {hit.app.account}")


def _claim(hit: Hit) -> Object:
    world, space = hit.site.world, hit.site.layout.space(hit.app)
    name = f"data-{hit.app.name}-0" if hit.app.kind == "StatefulSet" else f"{hit.app.name}-data"
    found = world.get("PersistentVolumeClaim", space, name)
    assert found is not None, name
    return found


def claim_class(hit: Hit) -> None:
    """The claim is made anew with a storage class that does not exist, as after a restore from a backup."""
    world, claim = hit.site.world, _claim(hit)
    spec = claim_spec(hit.site.layout, hit.app.volume)
    spec["storageClassName"] = hit.chance.choice(("fast-ssd", "premium-zrs", "local-nvme", "standard-v2"))
    meta = {
        k: copy.deepcopy(claim["metadata"][k])
        for k in ("name", "namespace", "labels")
        if k in claim["metadata"]
    }
    world.delete(claim)
    world.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec, "status": {"phase": "Pending"}})  # fmt: skip
    note(hit.site, hit.app.name, "maintenance", f"restore of {meta['name']} from the weekly backup")
    _move(hit)


def provisioner_silent(hit: Hit) -> None:
    """The claim is made anew and whoever makes volumes is not there."""
    world, claim = hit.site.world, _claim(hit)
    world.physics.provisioners[hit.site.layout.provisioner] = False
    meta = {
        k: copy.deepcopy(claim["metadata"][k])
        for k in ("name", "namespace", "labels")
        if k in claim["metadata"]
    }
    world.delete(claim)
    world.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim_spec(hit.site.layout, hit.app.volume), "status": {"phase": "Pending"}})  # fmt: skip
    note(hit.site, hit.app.name, "maintenance", f"restore of {meta['name']} from the weekly backup")
    _move(hit)


def volume_full(hit: Hit) -> None:
    """The volume fills within minutes."""
    sizes = hit.site.world.physics.sizes
    minutes = 3 if hit.strength == "strong" else 9
    ramp(hit.site, minutes, lambda done: sizes.__setitem__(hit.app.name, 0.37 + 0.63 * done))


def _service(hit: Hit) -> Object:
    found = hit.site.world.get("Service", hit.site.layout.space(hit.app), hit.app.service_name)
    assert found is not None
    return found


def service_selector(hit: Hit) -> None:
    """A selector that fits no pod."""
    service = _service(hit)
    key = next(iter(service["spec"]["selector"]))
    service["spec"]["selector"][key] = f"{hit.app.name}-{hit.chance.choice(('v2', 'blue', 'app', 'server'))}"
    hit.site.world.touch(service)
    note_edit(hit.site, hit.app, hit.chance)


def service_port(hit: Hit) -> None:
    """A target port at which nothing listens."""
    service = _service(hit)
    service["spec"]["ports"][0]["targetPort"] = hit.app.port + hit.chance.choice((1, 10, 1000))
    hit.site.world.touch(service)
    note_edit(hit.site, hit.app, hit.chance)


def policy_shuts_out(hit: Hit) -> None:
    """A policy that selects the victim and lets nobody in; policies that allowed it give way."""
    world, space = hit.site.world, hit.site.layout.space(hit.app)
    labels = hit.site.layout.selector(hit.app)
    for old in world.all_of("NetworkPolicy", space):
        if old["metadata"]["name"] == f"{hit.app.name}-ingress":
            world.delete(old)
    name = hit.chance.choice(("default-deny", "tighten-ingress", f"{hit.app.name}-restrict"))
    world.create({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": space}, "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"]}})  # fmt: skip
    if hit.chance.random() < 0.7:
        note(hit.site, space, "config", f"kubectl apply -f {name}.yaml")


def _dependants(hit: Hit) -> None:
    """Pods of the site that must be made anew while nothing is admitted."""
    for name in (hit.site.layout.app(hit.site.layout.entry).calls)[:1]:
        restart(hit.site, hit.site.layout.app(name))


def webhook_silent(hit: Hit) -> None:
    """Its new version exits at once."""
    image = next_tag(hit.app.image, hit.chance)
    says = ("unable to load configuration: open /etc/policy/rules.yaml: no such file or directory",)
    hit.site.world.physics.programs[image] = Program(exits_after=3, exit_code=1, says=says)
    release(hit.site, hit.app, image, at_once=True)
    hit.site.world.at(40, lambda: _dependants(hit))


def webhook_rule(hit: Hit) -> None:
    """A rule that the site's pods do not keep."""
    rule = hit.chance.choice(("containers must not run as root (rule run-as-non-root)", "images must carry a signature (rule signed-images)", "label cost-center is required (rule cost-labels)"))  # fmt: skip
    space = hit.site.layout.space(hit.app)
    hit.site.world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{hit.app.service_name}-policies", "namespace": space}, "data": {"deny": rule}})  # fmt: skip
    note_edit(hit.site, hit.app, hit.chance)
    hit.site.world.at(30, lambda: _dependants(hit))


def webhook_certificate(hit: Hit) -> None:
    """Its certificate was not renewed; pods must be made anew."""
    world = hit.site.world
    world.physics.certificates[hit.app.certificate] = world.now
    world.at(30, lambda: _dependants(hit))


def public_certificate(hit: Hit) -> None:
    """The ingress's certificate was not renewed."""
    world, layout = hit.site.world, hit.site.layout
    world.physics.certificates[layout.tls] = world.now


def route_to_nowhere(hit: Hit) -> None:
    """The route's backend is wrong."""
    world, layout = hit.site.world, hit.site.layout
    for ingress in world.all_of("Ingress", layout.namespace):
        port = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"]
        port["number"] += hit.chance.choice((1, 10, 1000))
        world.touch(ingress, spec=True)
    for route in world.all_of("VirtualService", layout.namespace):
        target: Any = route["spec"]["http"][0]["route"][0]["destination"]
        target["port"]["number"] += hit.chance.choice((1, 10, 1000))
        world.touch(route, spec=True)
    note_edit(hit.site, layout.app(layout.app(layout.entry).calls[0]), hit.chance)


def resolver_gone(hit: Hit) -> None:
    """CoreDNS is scaled to nothing."""
    scale(hit.site, next(a for a in system_apps(hit.site.layout) if a.name == "coredns"), 0)


def resolver_broken(hit: Hit) -> None:
    """A Corefile without its last brace, and pods that read it anew."""
    world = hit.site.world
    found = world.get("ConfigMap", "kube-system", "coredns")
    if found is not None:
        found["data"]["Corefile"] = found["data"]["Corefile"].rstrip().removesuffix("}")
        world.touch(found)
    if hit.chance.random() < 0.7:
        note(hit.site, "coredns", "config", "kubectl -n kube-system edit configmap coredns")
    restart(hit.site, next(a for a in system_apps(hit.site.layout) if a.name == "coredns"))


def store_slow(hit: Hit) -> None:
    """Its disk answers late."""
    factor = {"medium": 600.0, "strong": 2500.0}[hit.strength] / hit.app.own_ms
    hit.site.world.physics.slow[hit.app.name] = factor


def store_crashes(hit: Hit) -> None:
    """A minor version that does not start on the data that is there."""
    image = next_tag(hit.app.image, hit.chance)
    says = {
        "postgres": ("database files are incompatible with server", "shutting down due to startup failure"),
        "redis": ("Can't handle RDB format version 12", "Fatal error loading the DB, check server logs. Exiting."),
    }.get(hit.app.style, ("Invalid cluster.id in: /var/lib/kafka/data/meta.properties", "Exiting Kafka due to fatal exception"))  # fmt: skip
    hit.site.world.physics.programs[image] = Program(exits_after=4, exit_code=1, says=says, start_s=20)
    release(hit.site, hit.app, image, at_once=True)
