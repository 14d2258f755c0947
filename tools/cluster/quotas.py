"""Resource quotas: what was refused because of them, and what does not fit into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, get
from aitia.tools.cluster.objects import Claim, Quota
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.state import State

_EXCEEDED = re.compile(
    r"exceeded quota: (?P<quota>\S+), requested: (?P<requested>\S+(?:,\S+)*), used: (?P<used>\S+(?:,\S+)*),"
    r" limited: (?P<limited>\S+)"
)
_UNSAID = re.compile(r"failed quota: (?P<quota>\S+): must specify (?P<what>\S+)")
OBJECTS: Final = "k8s.quota_objects"
_ASPECTS: Final = (
    ("ephemeral-storage", OBJECTS),
    ("storage", "k8s.quota_storage"),
    ("persistentvolumeclaims", "k8s.quota_storage"),
    ("cpu", "k8s.quota_cpu"),
    ("memory", "k8s.quota_memory"),
    ("services", "k8s.quota_services"),
    ("pods", "k8s.quota_pods"),
    ("", OBJECTS),  # GPUs and other extended resources, counts of other kinds
)


def find(state: State) -> Iterator[Finding]:
    """Pods refused by a quota; services and claims that are missing where the quota leaves no room for them."""
    told: set[str] = set()
    for finding in (*_refused(state), *_services(state), *_storage(state), *_full(state)):
        if finding.aspect not in told:
            told.add(finding.aspect)
            yield finding


def aspect_of(resource: str) -> str:
    """The aspect of a quota's resource (`requests.cpu`, `count/pods`)."""
    return next(aspect for word, aspect in _ASPECTS if word in resource)


def _amounts(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split(",") if "=" in part)


def _refused(state: State) -> Iterator[Finding]:
    for workload in state.workloads:
        if not state.refused(workload):
            continue  # an old refusal that was overcome
        events = [*workload.events, *(e for e in state.events if e.name.startswith(workload.name + "-"))]
        for event in events:
            match = _EXCEEDED.search(event.message)
            if event.reason == "FailedCreate" and match:
                yield from _exceeded(state, workload.name, match)
            unsaid = _UNSAID.search(event.message)
            if event.reason == "FailedCreate" and unsaid:
                what = unsaid.group("what")
                yield Finding(
                    aspect=aspect_of(what),
                    component=state.namespace,
                    statement=(
                        f"{state.namespace}: quota {unsaid.group('quota')} requires {what}, which {workload.name} "
                        "does not specify: its pods are rejected."
                    ),
                    strength=LIKELY,
                    call=get("resourcequota", state.namespace),
                )


def _exceeded(state: State, app: str, match: re.Match[str]) -> Iterator[Finding]:
    requested, used, limited = (_amounts(match.group(g)) for g in ("requested", "used", "limited"))
    for resource, wanted in requested.items():
        aspect = aspect_of(resource)
        need, has, limit = (quantity(v) for v in (wanted, used.get(resource), limited.get(resource)))
        over = need is None or has is None or limit is None or need + has > limit
        if aspect and over:
            yield Finding(
                aspect=aspect,
                component=state.namespace,
                statement=(
                    f"{state.namespace}: quota {match.group('quota')} rejects pods of {app}: {resource} "
                    f"{used.get(resource, '?')} used and {wanted} requested, {limited.get(resource, '?')} allowed."
                ),
                strength=CONTRADICTION,
                call=get("resourcequota", state.namespace),
                values={
                    "quota": match.group("quota"),
                    "resource": resource,
                    "requested": wanted,
                    "used": used.get(resource, ""),
                    "limited": limited.get(resource, ""),
                },
            )


def _room(quota: Quota, resource: str) -> float | None:
    used, hard = quantity(quota.used.get(resource)), quantity(quota.hard.get(resource))
    return hard - used if used is not None and hard is not None else None


def _services(state: State) -> Iterator[Finding]:
    there = {s.name for s in state.services}
    missing = sorted({s.name for s in state.declared_services} - there)
    for quota in state.quotas:
        for resource in quota.hard:
            room = _room(quota, resource)
            if "services" in resource and room is not None and room < 1:
                lacks = f"; service {missing[0]} is declared but does not exist" if missing else ""
                yield Finding(
                    aspect="k8s.quota_services",
                    component=state.namespace,
                    statement=f"{state.namespace}: quota {quota.name} is used up, {quota.used[resource]} of "
                    f"{quota.hard[resource]} {resource}{lacks}.",
                    strength=CONTRADICTION if missing else POSSIBLE,
                    call=get("resourcequota", state.namespace),
                    values={"quota": quota.name, "used": quota.used[resource], "hard": quota.hard[resource]},
                )


def _storage(state: State) -> Iterator[Finding]:
    there = {c.name for c in state.claims}
    mounted = {c for w in state.workloads for c in state.spec(w.name).claims}
    missing = sorted(mounted - there)
    declared = {c.name: c for c in state.declared_claims}
    for quota in state.quotas:
        for resource in sorted(quota.hard):
            if aspect_of(resource) != "k8s.quota_storage":
                continue
            for name in missing:
                if _does_not_fit(quota, resource, declared.get(name)):
                    yield _no_room(state, quota, resource, name)


def _does_not_fit(quota: Quota, resource: str, claim: Claim | None) -> bool:
    room = _room(quota, resource)
    if room is None:
        return False
    if "persistentvolumeclaims" in resource:
        return room < 1
    size = quantity(claim.size) if claim else None
    return room <= 0 if size is None else size > room


def _no_room(state: State, quota: Quota, resource: str, claim: str) -> Finding:
    asked = next((c.size for c in state.declared_claims if c.name == claim and c.size), "")
    wants = f" asks for {asked} and" if asked else ""
    return Finding(
        aspect="k8s.quota_storage",
        component=state.namespace,
        statement=f"{state.namespace}: claim {claim} is mounted,{wants} does not exist: quota {quota.name} has "
        f"{quota.used[resource]} of {quota.hard[resource]} {resource} used.",
        strength=CONTRADICTION,
        call=get("resourcequota", state.namespace),
        values={
            "quota": quota.name,
            "resource": resource,
            "used": quota.used[resource],
            "hard": quota.hard[resource],
        },
    )


def _full(state: State) -> Iterator[Finding]:
    """A quota that is used up while pods are missing, where nobody recorded why they are."""
    short = [w.name for w in state.workloads if len(state.pods_of(w.name)) < w.desired]
    if not short:
        return
    for quota in state.quotas:
        for resource in sorted(quota.hard):
            room, aspect = _room(quota, resource), aspect_of(resource)
            if room is not None and room <= 0 and aspect not in (OBJECTS, "k8s.quota_services"):
                yield Finding(
                    aspect=aspect,
                    component=state.namespace,
                    statement=f"{state.namespace}: quota {quota.name} is used up ({quota.used[resource]} of "
                    f"{quota.hard[resource]} {resource}) while pods of {short[0]} are missing.",
                    strength=SAID - 0.2,
                    call=get("resourcequota", state.namespace),
                    values={"quota": quota.name, "resource": resource},
                )
