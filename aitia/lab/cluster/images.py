"""How a kubelet gets an image, in the words of containerd 1.7 and kubelet 1.31."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aitia.lab.cluster.world import Object, World


def pull_problem(world: World, pod: Object, image: str) -> str:
    """Why an image cannot be pulled; "" where it can."""
    physics = world.physics
    host, _, rest = image.partition("/")
    repository, _, tag = rest.rpartition(":")
    head = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
    if host in physics.unresolved:
        return f'{head}failed to do request: Head "https://{host}/v2/{repository}/manifests/{tag}": dial tcp: lookup {host} on 127.0.0.53:53: no such host'  # fmt: skip
    if needed := physics.closed.get(host):
        held = {s["name"] for s in pod["spec"].get("imagePullSecrets", ())}
        there = needed in held and world.get("Secret", pod["metadata"]["namespace"], needed) is not None
        if not there:
            return f"{head}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://{host}/token?scope=repository%3A{repository.replace('/', '%2F')}%3Apull&service={host}: 403 Forbidden"  # fmt: skip
        if needed in physics.refused:
            return f"{head}failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://{host}/token?scope=repository%3A{repository.replace('/', '%2F')}%3Apull&service={host}: 401 Unauthorized"  # fmt: skip
    if image in physics.missing_tags:
        return f"rpc error: code = NotFound desc = {head}{image}: not found"
    return ""


def lost_secrets(world: World, pod: Object) -> str:
    """The pull secrets that a pod names and its namespace does not hold."""
    space = pod["metadata"]["namespace"]
    names = [s["name"] for s in pod["spec"].get("imagePullSecrets", ())]
    lost = [n for n in names if world.get("Secret", space, n) is None]
    return f"Unable to retrieve some image pull secrets ({', '.join(lost)}); attempting to pull the image may not succeed." if lost else ""  # fmt: skip


def configuration_problem(world: World, pod: Object, container: Mapping[str, Any]) -> str:
    """What a container's variables refer to and is not there."""
    space = pod["metadata"]["namespace"]
    for entry in container.get("env", ()):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            wanted = entry.get("valueFrom", {}).get(field)
            if not wanted:
                continue
            found = world.get(kind, space, wanted["name"])
            if found is None:
                return f'{kind.lower()} "{wanted["name"]}" not found'
            if wanted["key"] not in found.get("data", {}):
                return f"couldn't find key {wanted['key']} in {kind} {space}/{wanted['name']}"
    return ""


def mount_problem(world: World, pod: Object) -> tuple[str, str]:
    """The first volume that cannot be set up and why."""
    space = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes", ()):
        for field, key, kind in (("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret")):
            wanted = volume.get(field)
            if not wanted:
                continue
            found = world.get(kind, space, wanted[key])
            if found is None:
                return volume["name"], f'{kind.lower()} "{wanted[key]}" not found'
            lost = [i["key"] for i in wanted.get("items", ()) if i["key"] not in found.get("data", {})]
            if lost:
                return volume["name"], f"{kind.lower()} references non-existent config key: {lost[0]}"
    return "", ""
