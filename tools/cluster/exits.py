"""Containers that end by themselves or cannot be started, jobs that failed, and pods that were evicted: with the last words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.core.words import Scalar
from aitia.tools.cluster import configuration, databases
from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, SAID, SYMPTOM, Finding, describe, get, quote
from aitia.tools.cluster.objects import Container, Pod, Workload
from aitia.tools.cluster.state import State
from aitia.tools.text.classes import meaning

# What the kubelet calls a container whose process never ran; the message tells why the runtime refused.
NOT_STARTED: Final = ("StartError", "RunContainerError", "ContainerCannotRun", "CreateContainerError")
_REFUSED: Final = re.compile(
    r"(?i)failed to (?:create|start) (?:containerd task|container|shim)|OCI runtime create failed"
    r"|exec: \"|executable file not found"
)
LOOPS: Final = "CrashLoopBackOff"  # why a container waits that ended over and over
MEMORY_EXIT: Final = 137  # SIGKILL: the kernel or a probe, not the program's own doing
# Of what a process says before it ends: the classes that are a reason to end. Others (an exception, bad data) tell how.
_REASONS: Final = frozenset(
    {
        "log.certificate", "log.permission", "log.configuration", "log.dns", "log.connection_refused", "log.timeout",
        "log.unavailable", "log.connection_limit", "log.disk_full", "log.oom", "log.quota", "log.io",
    }
)  # fmt: skip


def find(state: State) -> Iterator[Finding]:
    """One reason for each app; evictions beside it."""
    charged = databases.charged(state)
    for workload in state.workloads:
        pods = [p for p in state.pods if p.app == workload.name]
        yield from _evicted(state, workload, pods)
        started = next((f for p in pods if (f := _not_started(state, workload, p))), None)
        if started:
            yield started
            continue
        pod = next((p for p in pods if ended(p)), None)
        if pod:
            yield from _exit(state, workload, pod, charged.get(workload.name, ""))
        elif failed := failure(workload):
            yield _job(state, workload, failed)


def ended(pod: Pod) -> Container | None:
    """The container of a pod that is not well that ended by itself with an error; init containers come first."""
    if pod.healthy or pod.status == "Terminating":
        return None
    by_probe = any(e.reason == "Killing" for e in pod.events)
    for container in pod.spec.containers:
        code = container.exit_code
        told = bool(code) or (code is None and container.reason == LOOPS)  # a summary may leave the code out
        if not told or "OOMKilled" in (container.reason, container.last_reason):
            continue
        if code == MEMORY_EXIT or (by_probe and not container.init) or _unstarted(container):
            continue
        return container
    return None


def failure(workload: Workload) -> str:
    """Why a job failed, as its controller says; "" of one that did not."""
    status, reason = workload.conditions.get("Failed", ("", ""))
    return (reason or "too many failures") if workload.kind == "Job" and status == "True" else ""


def _unstarted(container: Container) -> bool:
    return bool({container.reason, container.last_reason} & {*NOT_STARTED})


def _not_started(state: State, workload: Workload, pod: Pod) -> Finding | None:
    if pod.healthy:
        return None
    container = next((c for c in pod.spec.containers if _unstarted(c)), None)
    told = [e.message for e in pod.events if e.type == "Warning" and _REFUSED.search(e.message)]
    if container is None and not (
        told and pod.status.removeprefix("Init:") in (*NOT_STARTED, "CrashLoopBackOff")
    ):
        return None
    message = (container.message if container else "") or (told[-1] if told else "")
    which = container or pod.spec.containers[0] if pod.spec.containers else None
    command = f", whose command is {quote(' '.join(which.command), 120)!r}" if which and which.command else ""
    restarts = f", restarted {pod.restarts} times" if pod.restarts else ""
    said = f': "{quote(message[-240:], 240)}"' if message else ""
    return Finding(
        aspect="k8s.command",
        component=workload.name,
        statement=f"{workload.name}: container {which.name if which else '?'} of {pod.name} ({pod.status}{restarts}) cannot be "
        f"started{command}{said}.",
        strength=SAID,
        call=describe("pods", state.namespace, pod.name),
        values={"status": pod.status, "restarts": pod.restarts},
        quotes=True,
    )


def _exit(state: State, workload: Workload, pod: Pod, server: str) -> Iterator[Finding]:
    """Why a container ended. Where it complains of a database `server`, its end is a sign of that one's trouble."""
    container = ended(pod)
    if container is None:
        return
    waits = (
        container.exit_code is None and container.reason == LOOPS
    )  # its message is the kubelet's, on the waiting
    words = state.last_words.get(pod.name, ()) or (
        (container.message,) if container.message and not waits else ()
    )
    said = " / ".join(quote(w, 160) for w in words)
    last = f'; its last words: "{said}"' if said else "; its log was not at hand"
    job = failure(workload)
    first = f"the job failed ({job}): " if job else ""
    init = "init " if container.init else ""
    statement = (
        f"{workload.name}: {first}{init}container {container.name} of {pod.name} ({pod.status}) ended{_code(container)}, "
        f"{pod.restarts} restarts{last}."
    )
    call = describe("pods", state.namespace, pod.name)
    values: dict[str, Scalar] = {
        "exit_code": container.exit_code or 0,
        "restarts": pod.restarts,
        "status": pod.status,
    }
    own = "k8s.exit" if said else "k8s.exit_unread"  # without its last words nobody knows why
    yield Finding(
        aspect="k8s.client_errors" if server else own,
        component=workload.name,
        statement=statement,
        strength=SYMPTOM if server else SAID if said else LIKELY,
        call=call,
        values=values,
        quotes=bool(said),
        symptom=bool(server),
    )
    if server or _port_taken(state, workload.name, words):
        return  # read closer elsewhere
    # Its own word on why it ended, beside the kubelet's on that it did.
    aspect = next((a for w in reversed(words) if (a := meaning(w, "error").aspect) in _REASONS), "")
    if aspect:
        yield Finding(
            aspect=aspect,
            component=workload.name,
            statement=f'{workload.name}: before {pod.name} ended{_code(container)} it said "{said}".',
            strength=SAID,
            call=call,
            values=values,
            quotes=True,
        )


def _code(container: Container) -> str:
    return "" if container.exit_code is None else f" with exit code {container.exit_code}"


def _port_taken(state: State, app: str, words: tuple[str, ...]) -> bool:
    """Whether an app says that its port is taken while another container runs beside it (configuration.py)."""
    beside = configuration.beside_each_other(state, app)
    return len(beside) > 1 and any(configuration.PORT_TAKEN.search(w) for w in words)


def _job(state: State, workload: Workload, reason: str) -> Finding:
    told = next((e.message for e in reversed(workload.events) if e.type == "Warning"), "")
    return Finding(
        aspect="k8s.exit",
        component=workload.name,
        statement=f"{workload.name}: the job failed ({reason})"
        + (f': "{quote(told, 160)}".' if told else "."),
        strength=LIKELY,
        call=describe("jobs", state.namespace, workload.name),
        values={"reason": reason},
        quotes=bool(told),
    )


def _evicted(state: State, workload: Workload, pods: list[Pod]) -> Iterator[Finding]:
    gone = [p for p in pods if p.status == "Evicted"]
    told = [p.message or next((e.message for e in p.events if e.reason == "Evicted"), "") for p in gone]
    message = next((t for t in told if t), "")
    if not gone:
        return
    yield Finding(
        aspect="k8s.eviction",
        component=workload.name,
        statement=f"{workload.name}: {len(gone)} pods were evicted"
        + (f': "{quote(message)}".' if message else "."),
        strength=CONTRADICTION if message and state.short(workload.name) else LIKELY,
        call=get("pods", state.namespace),
        values={"evicted": len(gone)},
        quotes=bool(message),
    )
