"""What people and pipelines do to a cluster: apply, release, restart, scale, delete. Failures and harmless things use the same."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from typing import Any

from aitia.lab.cluster.pods import is_over, new_pod, pods_of
from aitia.lab.cluster.site import Change, Site
from aitia.lab.cluster.spec import App
from aitia.lab.cluster.workloads import remove
from aitia.lab.cluster.world import Object, stamp


def workload_of(site: Site, app: App) -> Object:
    """The object that an app's author applies."""
    found = site.world.get(app.kind, site.layout.space(app), app.name)
    assert found is not None, app.name
    return found


def template_of(item: Object) -> Object:
    """The pod template of a workload; a bare pod is its own."""
    if item["kind"] == "Pod":
        return item
    held: Object = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
    return dict_of(held["template"])


def dict_of(value: Any) -> Object:
    """The value itself, as a mapping."""
    assert isinstance(value, dict)
    return value


def container_of(item: Object, app: App) -> Object:
    """The app's own container in its template."""
    return dict_of(
        next(c for c in template_of(item)["spec"]["containers"] if c["name"] == app.container_name)
    )


def edit(site: Site, app: App, change: Callable[[Object, Object], None], *, at_once: bool = False) -> None:
    """Apply a changed template. `change` gets the pod spec and the app's container; `at_once` gives up the old pods first."""
    item, world = workload_of(site, app), site.world
    if app.kind == "Pod":
        _replace(site, app, change)
        return
    change(template_of(item)["spec"], container_of(item, app))
    if at_once and app.kind == "Deployment":
        item["spec"]["strategy"] = {"type": "Recreate"}
    world.touch(item, spec=True)
    if at_once and app.kind in ("StatefulSet", "DaemonSet"):
        restart(site, app)
    world.settle()


def _replace(site: Site, app: App, change: Callable[[Object, Object], None] | None) -> None:
    """A bare pod cannot be edited: it is deleted and made again."""
    old, world = workload_of(site, app), site.world
    spec = copy.deepcopy(old["spec"])
    for key in ("nodeName", "preemptionPolicy", "priority", "enableServiceLinks", "tolerations"):
        spec.pop(key, None)
    spec["volumes"] = [v for v in spec["volumes"] if not v["name"].startswith("kube-api-access")]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        container["volumeMounts"] = [
            m for m in container["volumeMounts"] if not m["name"].startswith("kube-api-access")
        ]
    if change is not None:
        change(spec, next(c for c in spec["containers"] if c["name"] == app.container_name))
    labels, meta = dict(old["metadata"]["labels"]), old["metadata"]
    remove(world, old)

    def again() -> None:
        if world.alive(old):
            world.at(2, again)
            return
        made = new_pod(world, None, meta["name"], meta["namespace"], {"metadata": {}, "spec": spec}, labels)
        if isinstance(made, str):
            world.at(
                30, again
            )  # whoever applies it tries again; the server's answer goes to that person alone

    world.at(3, again)


def restart(site: Site, app: App) -> None:
    """`kubectl delete pod` of all its pods; of a job's workload nothing."""
    if app.kind == "Pod":
        _replace(site, app, None)
        return
    for pod in pods_of(site.world, site.layout.space(app), site.layout.selector(app)):
        if not is_over(pod):
            remove(site.world, pod)
    site.world.settle()


def rollout_restart(site: Site, app: App) -> None:
    """`kubectl rollout restart`."""
    item = workload_of(site, app)
    notes = template_of(item)["metadata"].setdefault("annotations", {})
    notes["kubectl.kubernetes.io/restartedAt"] = stamp(site.world.now)
    site.world.touch(item, spec=True)
    site.world.settle()


def scale(site: Site, app: App, count: int) -> None:
    """`kubectl scale`."""
    item = workload_of(site, app)
    item["spec"]["replicas"] = count
    site.world.touch(item, spec=True)
    site.world.settle()


def next_tag(image: str, chance: random.Random) -> str:
    """The image with the tag of the next release."""
    head, _, tag = image.rpartition(":")
    numbers = list(re.finditer(r"\d+", tag))
    # The last number of a version, but not a digest, a date or a suffix of the base image.
    at = next((n for n in reversed(numbers[:3]) if len(n[0]) < 5), numbers[-1])
    made = f"{tag[: at.start()]}{int(at[0]) + chance.randrange(1, 3):0{len(at[0])}d}{tag[at.end() :]}"
    return f"{head}:{made}"


def release(site: Site, app: App, image: str, *, at_once: bool = False) -> None:
    """Roll out another image and write it into the journal."""

    def change(spec: Object, container: Object) -> None:
        container["image"] = image

    item = workload_of(site, app)
    tag = image.rpartition(":")[2]
    if "app.kubernetes.io/version" in item["metadata"].get("labels", {}):
        item["metadata"]["labels"]["app.kubernetes.io/version"] = tag
    edit(site, app, change, at_once=at_once)
    note(site, app.name, "deploy", site.words(app, tag), tag)


def note(site: Site, component: str, kind: str, text: str, version: str = "") -> None:
    """An entry of the journal."""
    site.changes.append(Change(at=site.world.now, component=component, kind=kind, text=text, version=version))


def note_edit(site: Site, app: App, chance: random.Random) -> None:
    """A changed manifest in the journal, as far as the site's way of working leaves a trace: an edit by hand does not."""
    if chance.random() < 0.25:
        return
    revision = f"{chance.getrandbits(28):07x}"
    space = site.layout.space(app)
    text = {
        "helm": f"helm upgrade {app.name} ({space}): values.yaml, revision {chance.randrange(12, 60)}",
        "argocd": f"Sync {space}/{app.name} to {revision} succeeded",
        "flux": f"Kustomization {space}/{app.name} reconciled, revision main@sha1:{revision}",
        "kubectl": f"kubectl apply -f {app.name}.yaml",
    }[site.layout.journal]
    note(site, app.name, "config", text, revision if site.layout.journal in ("argocd", "flux") else "")


def cordon(site: Site, node: Object) -> None:
    """`kubectl cordon`."""
    world = site.world
    node["spec"]["unschedulable"] = True
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": stamp(world.now)}
    node["spec"]["taints"] = [*node["spec"].get("taints", []), taint]
    name = node["metadata"]["name"]
    world.event(node, "NodeNotSchedulable", f"Node {name} status is now: NodeNotSchedulable", "kubelet", host=name)  # fmt: skip
    world.touch(node)


def ramp(site: Site, minutes: float, put: Callable[[float], None]) -> None:
    """Let a quantity go from 0 to 1 over some minutes."""
    steps = max(1, int(minutes * 4))
    for n in range(1, steps + 1):
        site.world.at(n * 15, lambda n=n: put(n / steps))  # type: ignore[misc]
