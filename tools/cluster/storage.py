"""Storage: claims that do not bind, compared field by field with the volumes that are there, and mounts that are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, describe, logs, quote
from aitia.tools.cluster.objects import Claim, Event, Pod, Volume
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.state import State

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_TAKEN = re.compile(
    r"(?i)already bound to a different claim|is already bound|volume \"[^\"]+\" bound to a different"
)
_NO_CLASS = re.compile(
    r"(?i)storageclass(?:\.storage\.k8s\.io)? \"?([^\" ]+)\"? not found|no volume plugin matched"
)
_DENIED = re.compile(
    r"(?i)permission denied|read-only file system|operation not permitted|EACCES|access denied by server while mounting"
)
_PATH = re.compile(
    r"(?<![\w.])/[\w./-]+|\b(?:open|mkdir|chown|write|writing|create|rdb|aof|dump|data ?dir\w*|directory|file)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One field in which a claim and a volume differ."""

    aspect: str
    what: str


def find(state: State) -> Iterator[Finding]:
    """One reason per claim that does not bind; refused mounts and files."""
    for app in state.apps:
        yield from _claims(state, app)
        yield from _permission(state, app)


def _wanted(state: State, name: str) -> Claim | None:
    """A claim as it is, completed by what its manifest asks for; the manifest alone where it was not created."""
    declared = next((c for c in state.declared_claims if c.name == name), None)
    live = next((c for c in state.claims if c.name == name), None)
    if live is None or declared is None:
        return live or declared
    return replace(
        declared,
        status=live.status,
        volume=live.volume or declared.volume,
        storage_class=live.storage_class if live.storage_class else declared.storage_class,
        events=live.events,
    )


def _claims(state: State, app: str) -> Iterator[Finding]:
    for name in state.spec(app).claims:
        claim = _wanted(state, name)
        there = any(c.name == name for c in state.claims)
        if claim is None or not there or claim.status == "Bound":
            continue
        events = [
            *claim.events,
            *(e for e in state.events if e.kind == "persistentvolumeclaim" and e.name == name),
        ]
        found = list(_by_events(state, app, claim, events)) or list(_by_fields(state, app, claim, events))
        yield from found


def _told(
    state: State, app: str, claim: Claim, aspect: str, strength: float, what: str, event: Event | None
) -> Finding:
    said = f' The cluster: "{quote(event.message, 140)}".' if event else ""
    return Finding(
        aspect=aspect,
        component=app,
        statement=f"{app}: claim {claim.name} stays {claim.status or 'unbound'}: {what}.{said}",
        strength=strength,
        call=describe("persistentvolumeclaims", state.namespace, claim.name),
        values={"claim": claim.name, "status": claim.status},
        quotes=event is not None,
    )


def _by_events(state: State, app: str, claim: Claim, events: Sequence[Event]) -> Iterator[Finding]:
    warnings = [e for e in events if e.reason in ("FailedBinding", "ProvisioningFailed", "VolumeMismatch")]
    taken = next((e for e in warnings if _TAKEN.search(e.message)), None)
    other = next(
        (v for v in _volumes(state) if claim.volume == v.name and _of_another(state, claim, v)), None
    )
    if taken or other:
        owner = f" (claim {other.claim})" if other else ""
        what = f"it asks for volume {claim.volume or '?'}, which belongs to another claim{owner}"
        yield _told(state, app, claim, "k8s.volume_taken", CONTRADICTION, what, taken)
        return
    mismatch = next((e for e in warnings if e.reason == "VolumeMismatch"), None)
    if mismatch is not None:
        aspect = (
            "k8s.claim_mode" if "accessMode" in mismatch.message.replace(" ", "") else "k8s.claim_capacity"
        )
        yield _told(state, app, claim, aspect, SAID, "the volume that it names does not match it", mismatch)


def _volumes(state: State) -> list[Volume]:
    known = {v.name: v for v in state.declared_volumes}
    return list({**known, **{v.name: v for v in state.volumes}}.values())


def _of_another(state: State, claim: Claim, volume: Volume) -> bool:
    space, _, name = volume.claim.rpartition("/")
    return bool(volume.claim) and (name != claim.name or space not in ("", state.namespace))


def _by_fields(state: State, app: str, claim: Claim, events: Sequence[Event]) -> Iterator[Finding]:
    """The closest volume decides: the one with the fewest differences, the app's own by manifest first."""
    warning = next((e for e in reversed(events) if e.reason in ("FailedBinding", "ProvisioningFailed")), None)
    missing = next((e for e in events if _NO_CLASS.search(e.message)), None)
    own = {v.name for v in state.declared_volumes}
    scored = []
    for volume in _volumes(state):
        free = volume.status != "Released" and not _of_another(state, claim, volume)
        differing = differences(claim, volume)
        if not free:
            differing = [
                *differing,
                Mismatch(
                    aspect="k8s.volume_taken",
                    what=f"volume {volume.name} is {volume.status} to {volume.claim}",
                ),
            ]
        scored.append((len(differing), volume.name not in own, volume.name, differing))
    scored.sort(key=lambda s: s[:3])
    if scored and scored[0][3]:
        differing = scored[0][3]
        strength = CONTRADICTION if len(differing) == 1 else SAID
        for place, mismatch in enumerate(differing[:2]):
            yield _told(state, app, claim, mismatch.aspect, strength - 0.2 * place, mismatch.what, warning)
    elif missing or (
        claim.storage_class and state.classes is not None and claim.storage_class not in state.classes
    ):
        what = f"storage class {claim.storage_class!r} does not exist"
        yield _told(state, app, claim, "k8s.claim_class", SAID, what, missing or warning)
    elif not scored:
        yield _told(
            state,
            app,
            claim,
            "k8s.claim_class",
            POSSIBLE,
            "there is no volume and none is provisioned",
            warning,
        )


def differences(claim: Claim, volume: Volume) -> list[Mismatch]:
    """In which of class, access mode, capacity and labels a volume does not meet a claim (unknown fields do not count)."""
    found: list[Mismatch] = []
    if claim.selector and not all(n.holds(volume.labels) for n in claim.selector):
        wants = ", ".join(str(n) for n in claim.selector)
        carries = ", ".join(f"{k}={v}" for k, v in sorted(volume.labels.items())) or "no labels"
        found.append(
            Mismatch(
                aspect="k8s.claim_selector",
                what=f"its selector ({wants}) does not match volume {volume.name} ({carries})",
            )
        )
    if claim.storage_class is not None and claim.storage_class != volume.storage_class:
        found.append(
            Mismatch(
                aspect="k8s.claim_class",
                what=(
                    f"it asks for storage class {claim.storage_class!r}, but volume {volume.name} is of class "
                    f"{volume.storage_class!r}"
                ),
            )
        )
    modes = {_MODES.get(m, m) for m in volume.modes}
    lacking = [m for m in claim.modes if _MODES.get(m, m) not in modes]
    if lacking and modes:
        found.append(
            Mismatch(
                aspect="k8s.claim_mode",
                what=(
                    f"it asks for {lacking[0]}, but volume {volume.name} supports "
                    f"{', '.join(sorted(volume.modes))}"
                ),
            )
        )
    asked, has = quantity(claim.size), quantity(volume.size)
    if asked is not None and has is not None and asked > has:
        found.append(
            Mismatch(
                aspect="k8s.claim_capacity",
                what=f"it asks for {claim.size}, but volume {volume.name} has {volume.size}",
            )
        )
    return found


def _permission(state: State, app: str) -> Iterator[Finding]:
    spec = state.spec(app)
    broken = state.broken(app)
    mounts = bool(spec.claims or spec.host_paths) or any(c.mounts for c in spec.containers)
    if not broken or not mounts:
        return
    refused = next(
        (
            e
            for p in broken
            for e in p.events
            if e.reason in ("FailedMount", "FailedAttachVolume") and _DENIED.search(e.message)
        ),
        None,
    )
    line = next((x.text for x in state.lines(app) if _DENIED.search(x.text) and _PATH.search(x.text)), None)
    message = next((c.message for p in broken for c in p.spec.containers if _DENIED.search(c.message)), None)
    text = refused.message if refused else line or message
    if text is None or not any(_stopped(p) for p in broken):
        return
    where = (*spec.host_paths, *spec.claims)
    volume = f" (volume {where[0]})" if where else ""
    yield Finding(
        aspect="k8s.volume_permission",
        component=app,
        statement=f'{app}: its container is not allowed to access its files{volume} and exits: "{quote(text, 160)}".',
        strength=SAID if refused or where else LIKELY,
        call=logs(app, state.namespace) if not refused else describe("pods", state.namespace, broken[0].name),
        values={"volume": where[0] if where else ""},
        quotes=True,
    )


def _stopped(pod: Pod) -> bool:
    return pod.status not in ("Running",) or pod.restarts > 0
