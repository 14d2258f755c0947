"""Harmless things that happen in a cluster."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from aitia.lab.cluster.actions import cordon, next_tag, note, release, restart, scale, workload_of
from aitia.lab.cluster.failures import is_store
from aitia.lab.cluster.physics import Program
from aitia.lab.cluster.pods import pods_of
from aitia.lab.cluster.site import Site
from aitia.lab.cluster.spec import App
from aitia.lab.cluster.workloads import remove
from aitia.lab.cluster.world import Object, digest, stamp

Decoy = Callable[[Site, str, random.Random], str]


def _other(site: Site, victim: str, chance: random.Random, *kinds: str) -> App | None:
    """An app of the site's own that is neither the victim nor its neighbour in a rollout."""
    found = [
        a for a in site.layout.apps if a.name != victim and a.victim and a.kind in kinds and not is_store(a)
    ]
    return chance.choice(found) if found else None


def rollout(site: Site, victim: str, chance: random.Random) -> str:
    """Another app gets a good new version."""
    app = _other(site, victim, chance, "Deployment", "StatefulSet")
    if app is None:
        return ""
    image = next_tag(app.image, chance)
    site.world.physics.programs[image] = Program()
    release(site, app, image)
    return f"{app.name} was rolled out in a new version"


def scaling(site: Site, victim: str, chance: random.Random) -> str:
    """Another app gets one more copy."""
    app = _other(site, victim, chance, "Deployment")
    if app is None or app.name in site.layout.scalers:
        return ""
    count = int(workload_of(site, app)["spec"]["replicas"]) + 1
    scale(site, app, count)
    note(site, app.name, "scale", f"kubectl scale deployment {app.name} --replicas={count}")
    return f"{app.name} was scaled to {count}"


def finished_job(site: Site, victim: str, chance: random.Random) -> str:
    """A one-off job does its work and ends."""
    apps = [a for a in site.layout.apps if is_store(a) and not a.namespace]
    if not apps:
        return ""
    app, world, space = chance.choice(apps), site.world, site.layout.namespace
    name = f"{app.name}-{chance.choice(('dump', 'vacuum', 'migrate'))}-{chance.getrandbits(16):04x}"
    container: Object = {"name": "run", "image": app.image, "command": ["/bin/sh", "-c", "exec run-task"], "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"}  # fmt: skip
    spec: Object = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}  # fmt: skip
    job = world.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": space}, "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "template": {"metadata": {"creationTimestamp": None, "labels": {}}, "spec": spec}}, "status": {"startTime": stamp(world.now)}})  # fmt: skip
    uid = job["metadata"]["uid"]
    labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid, "job-name": name}  # fmt: skip
    job["spec"]["template"]["metadata"]["labels"] = labels
    job["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    job["metadata"]["labels"] = dict(labels)
    site.life.tasks[name] = 30 + digest(name) % 60
    return f"the one-off job {name} ran and ended well"


def cordon_one(site: Site, victim: str, chance: random.Random) -> str:
    """One node is cordoned for an update; nothing has to move."""
    nodes = [n for n in site.world.all_of("Node") if not n["spec"].get("taints")]
    if len(nodes) < 2:
        return ""
    node = chance.choice(nodes)
    cordon(site, node)
    name = node["metadata"]["name"]
    note(site, name, "maintenance", f"kubectl cordon {name}")
    return f"node {name} was cordoned"


def restarted(site: Site, victim: str, chance: random.Random) -> str:
    """One pod of another app is deleted and made anew."""
    app = _other(site, victim, chance, "Deployment")
    if app is None:
        other = _other(site, victim, chance, "Pod")
        if other is None or other.calls or any(other.name in a.calls for a in site.layout.apps):
            return ""
        restart(site, other)
        return f"{other.name} was deleted and made again"
    pods = pods_of(site.world, site.layout.space(app), site.layout.selector(app))
    if len(pods) < 2:
        return ""
    remove(site.world, chance.choice(pods))
    return f"a pod of {app.name} was deleted and made again"


def old_restarts(site: Site, victim: str, chance: random.Random) -> str:
    """A container that was killed some days ago and has run since."""
    pods = [p for p in site.world.all_of("Pod", site.layout.namespace) if p["status"]["phase"] == "Running"]
    pods = [p for p in pods if not p["metadata"]["name"].startswith(victim or "?")]
    if not pods:
        return ""
    pod = chance.choice(pods)
    status = pod["status"]["containerStatuses"][0]
    if "running" not in status["state"]:
        return ""
    ended = site.world.now - chance.randrange(2 * 86_400, 8 * 86_400)
    status["restartCount"] = chance.randrange(1, 5)
    status["state"] = {"running": {"startedAt": stamp(ended + 2)}}
    reason, code = chance.choice((("OOMKilled", 137), ("Error", 1), ("Error", 143), ("Completed", 0)))
    last = {"exitCode": code, "reason": reason, "startedAt": stamp(ended - chance.randrange(4000, 90_000)), "finishedAt": stamp(ended), "containerID": f"containerd://{site.world.uid('old').replace('-', '') * 2}"}  # fmt: skip
    status["lastState"] = {"terminated": last}
    site.world.touch(pod)
    return f"{pod['metadata']['name']} had restarts days before"


def load_wave(site: Site, victim: str, chance: random.Random) -> str:
    """Some more visitors for a while."""
    physics, factor = site.world.physics, chance.uniform(1.25, 1.5)
    physics.load *= factor
    site.world.at(chance.randrange(400, 900), lambda: setattr(physics, "load", physics.load / factor))
    return f"{round((factor - 1) * 100)} per cent more requests for some minutes"


def config_touched(site: Site, victim: str, chance: random.Random) -> str:
    """A value in a config map changes that nobody reads while running."""
    maps = [
        m
        for m in site.world.all_of("ConfigMap", site.layout.namespace)
        if "application.yaml" in m.get("data", {})
    ]
    maps = [m for m in maps if not m["metadata"]["name"].startswith(victim or "?")]
    if not maps:
        return ""
    held = chance.choice(maps)
    held["data"]["application.yaml"] += f"banner: {chance.choice(('spring', 'autumn', 'none'))}\n"
    site.world.touch(held)
    name = held["metadata"]["name"]
    note(site, name.rpartition("-")[0] or name, "config", f"kubectl apply -f {name}.yaml")
    return f"config map {name} got another banner"


DECOYS: Final[Mapping[str, Decoy]] = {
    "rollout": rollout,
    "scaling": scaling,
    "finished-job": finished_job,
    "cordon": cordon_one,
    "restart": restarted,
    "old-restarts": old_restarts,
    "load-wave": load_wave,
    "config-touched": config_touched,
}
