"""Probes: liveness and startup that kill, and readiness that refuses, though the container runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Final, Literal

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, describe, quote
from aitia.tools.cluster.objects import Container, Pod, Probe
from aitia.tools.cluster.state import YOUNG_S, State, own_containers
from aitia.tools.cluster.workloads import recent

Which = Literal["Liveness", "Readiness", "Startup"]
_WHICH: Final[tuple[Which, ...]] = ("Startup", "Liveness", "Readiness")
HASTY_S = 15.0  # a container that is killed before it ran this long had no chance to start
_PROTOCOL = re.compile(
    r"(?i)malformed HTTP|HTTP/1\.x transport connection broken|server gave HTTP response to HTTPS|first record does not look like"
    r"|http: server gave|frame too large|server preface|Unimplemented|unknown service|EOF$|tls: |connection reset by peer"
)
_STATUS = re.compile(r"statuscode: (\d{3})")
_REFUSED = re.compile(
    r"(?i)connection refused|failed to connect|context deadline exceeded|i/o timeout|timeout"
)


def find(state: State) -> Iterator[Finding]:
    """At most one reason per app and probe."""
    for app in state.apps:
        for pod in state.pods_of(app):
            if pod.specified and (not pod.healthy or recent(pod)):
                found = [*_liveness(state, app, pod), *_readiness(state, app, pod)]
                found = found or [*_unseen_probe(state, app, pod)]
                found = found or ([] if young(pod) else [*_failing(state, app, pod)])
                yield from found
                if found:
                    break


def _failures(pod: Pod, which: Which) -> list[str]:
    """What the kubelet says of failures; a probe that errored could not be run, and the kubelet throws its result away."""
    told = [e.message for e in pod.events if e.reason == "Unhealthy" and f"{which} probe" in e.message]
    return [t for t in told if f"{which} probe errored" not in t]


def _killed(pod: Pod, container: Container) -> bool:
    return any(
        e.reason == "Killing"
        and re.search(rf"Container {re.escape(container.name)} failed (liveness|startup) probe", e.message)
        for e in pod.events
    )


def _liveness(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    failed = _failures(pod, "Liveness")
    for container in pod.spec.containers:
        probe = container.liveness
        ended = "OOMKilled" in (container.reason, container.last_reason)
        if probe is None or not failed or ended:
            continue
        killed = _killed(pod, container) or _hangs(pod, container)
        port = _wrong_port(state, app, container, probe)
        protocol = _wrong_protocol(container, probe, failed) or _unusual(state, app, probe, "Liveness")
        if not killed and not port and not (protocol and protocol[0] >= CONTRADICTION):
            continue
        if port:
            yield _found(
                state,
                app,
                pod,
                "k8s.liveness_port",
                CONTRADICTION,
                container,
                probe,
                "Liveness",
                port,
                failed,
            )
        elif protocol:
            yield _found(
                state,
                app,
                pod,
                "k8s.liveness_protocol",
                protocol[0],
                container,
                probe,
                "Liveness",
                protocol[1],
                failed,
            )
        else:
            strength, what = _timing(state, container, probe)
            other = container.readiness
            if other is not None and other.kind != probe.kind and not _served(pod):
                # It never came so far as to show which protocol it speaks: both may be wrong.
                odd = f"it speaks {probe.kind}, while the readiness probe speaks {other.kind}"
                sure = POSSIBLE if strength >= SAID else LIKELY
                yield _found(
                    state, app, pod, "k8s.liveness_protocol", sure, container, probe, "Liveness", odd, failed
                )
                strength = min(strength, LIKELY) if strength >= SAID else POSSIBLE
            yield _found(
                state, app, pod, "k8s.liveness_timing", strength, container, probe, "Liveness", what, failed
            )
        return


def _unseen_probe(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    """The kubelet says that it kills for a liveness probe of which no specification was read."""
    failed = _failures(pod, "Liveness")
    container = next((c for c in pod.spec.containers if c.liveness is None and _killed(pod, c)), None)
    if not failed or container is None:
        return
    code = container.exit_code
    ended = f", and it exits with code {code}" if code is not None else ""
    yield Finding(
        aspect="k8s.liveness_fails",
        component=app,
        statement=f"{app}: the kubelet restarts container {container.name} of {pod.name} because its liveness probe fails, "
        f'{pod.restarts} restarts{ended}. The kubelet: "{quote(failed[-1], 120)}".',
        strength=SAID,
        call=describe("pods", state.namespace, pod.name),
        values={"restarts": pod.restarts, "failures": len(failed)},
        quotes=True,
    )


def _served(pod: Pod) -> bool:
    return pod.ready[0] > 0


def _hangs(pod: Pod, container: Container) -> bool:
    """Restarted, killed by a signal rather than ended by its own exit code 1, with failing liveness."""
    return container.restarts > 0 and container.exit_code in (0, 2, 137, 143, None)


def _readiness(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    failed = _failures(pod, "Readiness")
    for container in pod.spec.containers:
        probe = container.readiness
        if (
            probe is None
            or not failed
            or container.ready
            or container.state != "Running"
            or container.restarts > 3
        ):
            continue
        port = _wrong_port(state, app, container, probe)
        protocol = _wrong_protocol(container, probe, failed) or _unusual(state, app, probe, "Readiness")
        if port:
            yield _found(
                state,
                app,
                pod,
                "k8s.readiness_port",
                CONTRADICTION,
                container,
                probe,
                "Readiness",
                port,
                failed,
            )
        elif protocol and not _same(probe, container.liveness):
            yield _found(
                state,
                app,
                pod,
                "k8s.readiness_protocol",
                protocol[0],
                container,
                probe,
                "Readiness",
                protocol[1],
                failed,
            )
        return


def young(pod: Pod) -> bool:
    """Whether it had no time to answer its probes yet."""
    return pod.age_s is not None and pod.age_s < YOUNG_S


def _failing(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    """A probe that fails for no reason that its specification shows. One that starts up is killed for it, over and over."""
    for which in _WHICH:
        failed = _failures(pod, which)
        if not failed:
            continue
        started = which == "Startup"
        probe = next((p for c in pod.spec.containers if (p := _probe_of(c, which))), None)
        budget = (
            f" (it may fail {probe.failures} times, every {probe.period:g} s after {probe.delay:g} s)"
            if probe
            else ""
        )
        yield Finding(
            aspect="k8s.probe",
            component=app,
            statement=f'{app}: the {which.lower()} probe of {pod.name} fails{budget}: "{quote(failed[-1], 160)}".',
            strength=LIKELY if started else POSSIBLE,
            call=describe("pods", state.namespace, pod.name),
            values={"probe": which.lower(), "restarts": pod.restarts},
            quotes=True,
        )
        return


def _probe_of(container: Container, which: Which) -> Probe | None:
    return {"Startup": container.startup, "Liveness": container.liveness, "Readiness": container.readiness}[
        which
    ]


def _same(probe: Probe, other: Probe | None) -> bool:
    return other is not None and (probe.kind, probe.port, probe.path) == (other.kind, other.port, other.path)


def known_ports(state: State, app: str, container: Container, other: Probe | None) -> set[str]:
    """Where a container listens: its declared ports and their names, its PORT variable, its services' targets."""
    found = {str(p.number) for p in container.ports} | {p.name for p in container.ports if p.name}
    for sibling in own_containers(state.spec(app)):
        if sibling.name == container.name:
            found |= {p.name for p in sibling.ports if p.name}
    found |= {v for k, v in container.env.items() if re.search(r"(^|_)PORT$", k) and v.isdigit()}
    if other is not None and other.port:
        found.add(other.port)
    if not container.ports:
        found |= {p.target for s in state.services_of(app) for p in s.ports if p.target}
    return found


def _wrong_port(state: State, app: str, container: Container, probe: Probe) -> str:
    if not probe.port:
        return ""
    other = container.readiness if probe is container.liveness else container.liveness
    both = other is not None and other.port == probe.port
    known = known_ports(state, app, container, None if both else other)
    if not known or probe.port in known:
        return ""
    return f"it probes port {probe.port}, while the container listens on {', '.join(sorted(known))}"


def _wrong_protocol(container: Container, probe: Probe, failed: list[str]) -> tuple[float, str] | None:
    other = container.readiness if probe is container.liveness else container.liveness
    differs = other is not None and other.kind != probe.kind
    text = failed[-1]
    against = f", while the other probe speaks {other.kind}" if other is not None and differs else ""
    if any(_PROTOCOL.search(f) for f in failed):
        return CONTRADICTION, f"it speaks {probe.kind} to a port that answers in another protocol{against}"
    status = next((m.group(1) for f in failed if (m := _STATUS.search(f))), "")
    if (
        status
        and status[:2] in ("40", "41", "42", "50")
        and (differs or status in ("400", "401", "403", "404", "405", "415", "426", "501", "505"))
    ):
        return (
            SAID if differs else LIKELY
        ), f"its HTTP request for {probe.path or '/'} gets {status}{against}"
    if differs and other is not None and _REFUSED.search(text) and _worked(container, probe):
        return SAID, f"it speaks {probe.kind} on port {probe.port}{against} on the same port and succeeds"
    if (
        probe.kind == "grpc"
        and _plain(container)
        and _REFUSED.search(text)
        and "connection refused" not in text
    ):
        return LIKELY, "it speaks gRPC, and nothing else shows that the container does"
    return None


def _unusual(state: State, app: str, probe: Probe, which: Which) -> tuple[float, str] | None:
    """A protocol that the other apps' probes of the namespace do not speak."""
    kinds = [
        p.kind
        for other in state.apps
        if other != app
        for c in own_containers(state.spec(other))
        if (p := c.liveness if which == "Liveness" else c.readiness) is not None
    ]
    usual = Counter(kinds).most_common(1)
    if len(kinds) < 4 or usual[0][0] == probe.kind or usual[0][1] < 0.9 * len(kinds) or probe.kind == "exec":
        return None
    return (
        LIKELY - 0.05,
        f"it speaks {probe.kind}, while {usual[0][1]} of {len(kinds)} such probes of the namespace speak {usual[0][0]}",
    )


def _worked(container: Container, probe: Probe) -> bool:
    """Whether the container's readiness passes on the same port, so that only the liveness probe is wrong."""
    other = container.readiness
    return other is not None and other is not probe and other.port == probe.port and container.ready


def _plain(container: Container) -> bool:
    names = " ".join([container.image, *container.env, *(p.name for p in container.ports)]).lower()
    return "grpc" not in names and not (
        container.liveness and container.readiness and container.liveness.kind == container.readiness.kind
    )


def _timing(state: State, container: Container, probe: Probe) -> tuple[float, str]:
    others = [
        p.liveness.patience
        for app in state.apps
        for p in own_containers(state.spec(app))
        if p.liveness is not None and p.name != "" and p.liveness is not probe
    ]
    usual = median(others) if len(others) >= 3 else None
    beside = f"; the namespace's other liveness probes wait {usual:g} s" if usual is not None else ""
    what = (
        f"it kills the container {probe.patience:g} s after its start (delay {probe.delay:g} s, period {probe.period:g} s, "
        f"{probe.failures} failures allowed, timeout {probe.timeout:g} s){beside}"
    )
    hasty = (
        probe.patience < HASTY_S
        or probe.failures == 1
        or (usual is not None and probe.patience < 0.6 * usual)
    )
    return (SAID if hasty else POSSIBLE), what


def _found(
    state: State,
    app: str,
    pod: Pod,
    aspect: str,
    strength: float,
    container: Container,
    probe: Probe,
    which: Which,
    what: str,
    failed: list[str],
) -> Finding:
    return Finding(
        aspect=aspect,
        component=app,
        statement=f"{app}: the {which.lower()} probe of container {container.name} cannot succeed: {what}. "
        f'The kubelet: "{quote(failed[-1], 120)}".',
        strength=strength,
        call=describe("pods", state.namespace, pod.name),
        values={"probe": probe.kind, "port": probe.port, "restarts": pod.restarts, "failures": len(failed)},
        quotes=True,
    )
