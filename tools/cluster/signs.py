"""What one answer of a cluster shows, in short: what is not well, and signs that tell what to ask next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aitia.tools.cluster.objects import Event

MOST: Final = 200  # objects of an answer
MOST_UNWELL: Final = 20
Thing = dict[str, Any]
_SAFE = "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of the hashes in names
_OWNED = re.compile(rf"^(?P<app>.+)-(?:[{_SAFE}]{{6,10}}|(?=[a-z]*\d)[a-z0-9]{{6,10}})-[a-z0-9]{{5}}$")
_ONE = re.compile(
    rf"^(?P<app>.+)-(?:(?=[{_SAFE}]*\d)[{_SAFE}]{{5}}|\d{{1,3}})$"
)  # of a daemon or stateful set
_SET = re.compile(rf"-(?:[{_SAFE}]{{4,10}}|(?=[a-z]*\d)[a-z0-9]{{6,10}})$")
_WORDS: Final = (
    ("scheduling.node_lost", "FailedScheduling", r"node\.kubernetes\.io/(?:unreachable|not-ready)"),
    ("scheduling.taint", "FailedScheduling", r"untolerated taint \{(?!node\.kubernetes\.io/)"),
    ("scheduling.affinity", "FailedScheduling", r"node affinity/selector|node selector"),
    ("scheduling.anti_affinity", "FailedScheduling", r"anti-affinity"),
    ("scheduling.capacity", "FailedScheduling", r"Insufficient "),
    ("scheduling.cordon", "FailedScheduling", r"0/(\d+) nodes are available: \1 node\(s\) were unschedulable"),
    ("scheduling.volume", "FailedScheduling", r"(?i)persistentvolumeclaim|volume"),
    ("scheduling.failed", "FailedScheduling", ""),
    ("image.not_found", "Failed|ErrImagePull", r"Failed to pull.*(?:NotFound|not found|manifest unknown|invalid reference)"),
    ("image.no_registry", "Failed", r"Failed to pull.*(?:no such host|i/o timeout|server misbehaving)"),
    ("image.denied", "Failed", r"Failed to pull.*(?:denied|nauthorized|403|authorization)"),
    ("image.pull", "Failed|BackOff|ErrImagePull", r"pull.*image|ImagePull"),
    ("image.secret", "FailedToRetrieveImagePullSecret", ""),
    ("probe.liveness", "Unhealthy", r"Liveness|Startup"),
    ("probe.readiness", "Unhealthy", r"Readiness"),
    ("sandbox.runtime", "FailedCreatePodSandBox", r"containerd\.sock|crio\.sock|runtime.*(?:down|not ready)"),
    ("sandbox.memory", "FailedCreatePodSandBox", r"(?i)oom|memory"),
    ("mount.secret", "FailedMount|Failed", r"secret \"|in Secret "),
    ("mount.configmap", "FailedMount|Failed", r"(?i)configmap \""),
    ("mount.failed", "FailedMount|FailedAttachVolume", ""),
    ("volume.unbound", "FailedBinding|ProvisioningFailed|VolumeMismatch", ""),
    ("create.quota", "FailedCreate", r"exceeded quota"),
    ("create.account", "FailedCreate", r"serviceaccount|service account"),
    ("create.failed", "FailedCreate", ""),
    ("node.runtime", "NodeNotReady|ContainerRuntime\\S*", ""),
    ("backoff", "BackOff", r"restarting"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One answer, read. A thing has `resource`, `name`, `component`, and where known `state`, `node`, `ports`, `address`.

    `points` are names and addresses that the answer speaks of as failing, most often named first.
    """

    statement: str
    signs: tuple[str, ...] = ()
    unwell: tuple[Thing, ...] = ()
    seen: tuple[Thing, ...] = ()
    points: tuple[str, ...] = ()


def app_of(resource: str, name: str) -> str:
    """The app that a pod's or a replica set's name begins with; any other name itself."""
    if resource == "pods" and (match := _OWNED.match(name) or _ONE.match(name)):
        return match.group("app")
    return _SET.sub("", name) if resource == "replicasets" else name


def thing(resource: str, name: str, **more: Any) -> Thing:
    """An object by its resource, name and app, with what else is known of it."""
    return {"resource": resource, "name": name, "component": app_of(resource, name)} | {
        k: v for k, v in more.items() if v
    }


def made(
    what: str, signs: Iterable[str], unwell: Sequence[Thing], seen: Iterable[Thing], **more: Any
) -> Reading:
    """A reading whose statement tells the first things that are not well, else what is."""
    first = "; ".join(f"{t['name']} {t.get('state', '')}".strip() for t in unwell[:4])
    rest = f"; and {len(unwell) - 4} more" if len(unwell) > 4 else ""
    return Reading(
        statement=f"{what}{': ' if first else ''}{first}{rest}.",
        signs=tuple(dict.fromkeys(signs)),
        unwell=tuple(unwell[:MOST_UNWELL]),
        seen=tuple(list(seen)[:MOST]),
        **more,
    )


def event_signs(found: Iterable[Event]) -> list[str]:
    """What warnings say, in signs."""
    return [
        sign
        for event in found
        if event.type == "Warning"
        for sign, reason, words in _WORDS
        if re.fullmatch(reason, event.reason) and re.search(words, event.message)
    ]
