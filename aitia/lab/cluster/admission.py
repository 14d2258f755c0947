"""What the API server refuses: no service account, a limit range, a quota, a webhook; and what a quota counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aitia.lab.cluster.spec import quantity
from aitia.lab.cluster.world import Object, World, labels_of, selected, set_condition, stamp


def denied(world: World, space: str, generated: str, name: str, spec: Object, owner: Object | None) -> str:
    """Why a pod is not created, in the words of the API server; "" where it is."""
    account = spec.get("serviceAccountName", "default")
    if account != "default" and world.get("ServiceAccount", space, account) is None:
        return (
            f'pods "{generated}" is forbidden: error looking up service account {space}/{account}: '
            f'serviceaccount "{account}" not found'
        )
    if hook := webhook_refusal(world, space):
        return hook
    for limit in world.all_of("LimitRange", space):
        if problem := _beyond(limit, spec):
            return f'pods "{name}" is forbidden: {problem}'
    for quota in world.all_of("ResourceQuota", space):
        hard, used = quota["spec"]["hard"], usage(world, space, quota["spec"]["hard"])
        wanted = {k: _wanted(k, spec) for k in hard if k in POD_KINDS}
        missing = [k for k, v in wanted.items() if v is None]
        if missing:
            return f'pods "{name}" is forbidden: failed quota: {quota["metadata"]["name"]}: must specify {",".join(sorted(missing))} for: {spec["containers"][0]["name"]}'  # fmt: skip
        over = sorted(k for k, v in wanted.items() if v and used[k] + v > quantity(hard[k]) + 1e-9)
        if over:
            told = [
                ",".join(f"{k}={shown(k, amounts[k])}" for k in over)
                for amounts in (
                    {k: v or 0 for k, v in wanted.items()},
                    used,
                    {k: quantity(h) for k, h in hard.items()},
                )
            ]
            return f'pods "{name}" is forbidden: exceeded quota: {quota["metadata"]["name"]}, requested: {told[0]}, used: {told[1]}, limited: {told[2]}'  # fmt: skip
    return ""


POD_KINDS: Final = ("pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")


def _wanted(kind: str, spec: Mapping[str, Any]) -> float | None:
    """What a pod would add to a quota; None where it must say and does not."""
    if kind == "pods":
        return 1.0
    part, resource = kind.split(".")
    held = [c.get("resources", {}).get(part, {}).get(resource) for c in spec["containers"]]
    return None if None in held else sum(quantity(h) for h in held)


def usage(world: World, space: str, kinds: Mapping[str, str]) -> dict[str, float]:
    """What the living objects of a namespace use of each kind that a quota names."""
    used = dict.fromkeys(kinds, 0.0)
    living = [p for p in world.all_of("Pod", space) if p["status"]["phase"] not in ("Succeeded", "Failed")]
    for kind in kinds:
        if kind in POD_KINDS:
            used[kind] = sum(_wanted(kind, p["spec"]) or 0.0 for p in living)
        elif kind == "services":
            used[kind] = float(len(world.all_of("Service", space)))
        elif kind == "persistentvolumeclaims":
            used[kind] = float(len(world.all_of("PersistentVolumeClaim", space)))
        elif kind == "requests.storage":
            claims = world.all_of("PersistentVolumeClaim", space)
            used[kind] = sum(quantity(c["spec"]["resources"]["requests"]["storage"]) for c in claims)
    return used


def shown(kind: str, value: float) -> str:
    """A quantity as the API prints it in its smallest whole unit."""
    if kind.endswith("cpu"):
        return str(int(value)) if float(value).is_integer() else f"{round(value * 1000)}m"
    if kind.endswith(("memory", "storage")):
        for unit, size in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
            if value and value % size == 0:
                return f"{int(value // size)}{unit}"
    return str(int(value))


def _beyond(limit: Object, spec: Mapping[str, Any]) -> str:
    """What a limit range finds too large."""
    for item in limit["spec"]["limits"]:
        for resource, most in sorted(item.get("max", {}).items()):
            for container in spec["containers"]:
                asked = container.get("resources", {}).get("limits", {}).get(resource)
                if asked and quantity(asked) > quantity(most):
                    return f"maximum {resource} usage per Container is {most}, but limit is {asked}"
    return ""


def webhook_refusal(world: World, space: str) -> str:
    """What a validating webhook for pods answers, or that it cannot be reached."""
    for config in world.all_of("ValidatingWebhookConfiguration"):
        for hook in config["webhooks"]:
            if hook["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] != space:
                continue
            target = hook["clientConfig"]["service"]
            ends = world.get("Endpoints", target["namespace"], target["name"])
            url = f"https://{target['name']}.{target['namespace']}.svc:{target['port']}{target['path']}?timeout={hook['timeoutSeconds']}s"
            ready = bool(ends and any(s.get("addresses") for s in ends.get("subsets", ())))
            if not ready and hook["failurePolicy"] == "Fail":
                return f'Internal error occurred: failed calling webhook "{hook["name"]}": failed to call webhook: Post "{url}": no endpoints available for service "{target["name"]}"'  # fmt: skip
            secret = config["metadata"].get("annotations", {}).get("cert-manager.io/inject-ca-from", "")
            expires = world.physics.certificates.get(secret.rpartition("/")[2], world.now + 1)
            if ready and secret and expires <= world.now and hook["failurePolicy"] == "Fail":
                return f'Internal error occurred: failed calling webhook "{hook["name"]}": failed to call webhook: Post "{url}": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time {stamp(world.now)} is after {stamp(expires)}'  # fmt: skip
            rule = _policy(world, target["namespace"], target["name"])
            if ready and rule:
                return f'admission webhook "{hook["name"]}" denied the request: {rule}'
    return ""


def _policy(world: World, space: str, service: str) -> str:
    """The rule that the webhook's own configuration makes it enforce on every pod."""
    found = world.get("ConfigMap", space, f"{service}-policies")
    return str(found["data"].get("deny", "")) if found else ""


def count_quotas(world: World) -> None:
    """The quota controller."""
    for quota in world.all_of("ResourceQuota"):
        hard = quota["spec"]["hard"]
        used = usage(world, quota["metadata"]["namespace"], hard)
        told = {"hard": dict(hard), "used": {k: shown(k, v) for k, v in used.items()}}
        world.write(quota, "status", told)


def count_budgets(world: World) -> None:
    """The disruption controller."""
    for budget in world.all_of("PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"]
        pods = [
            p for p in world.all_of("Pod", budget["metadata"]["namespace"]) if selected(wanted, labels_of(p))
        ]
        pods = [p for p in pods if p["status"]["phase"] not in ("Succeeded", "Failed")]
        healthy = sum(
            1 for p in pods for c in p["status"].get("conditions", ()) if c["type"] == "Ready" and c["status"] == "True"
        )  # fmt: skip
        least = int(budget["spec"]["minAvailable"])
        allowed = max(0, healthy - least)
        before = budget.get("status", {})
        told = {
            "observedGeneration": budget["metadata"]["generation"],
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": least,
            "expectedPods": len(pods),
        }
        if {k: before.get(k) for k in told} != told:
            budget["status"] = {**told, "conditions": before.get("conditions", [])}
            reason = "SufficientPods" if allowed else "InsufficientPods"
            set_condition(world, budget, "DisruptionAllowed", str(bool(allowed)), reason)
            world.touch(budget)
