"""Workloads: replicas that are not wanted, not made, killed for memory or crashing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aitia.tools.cluster.finding import (
    CONTRADICTION,
    LIKELY,
    POSSIBLE,
    SAID,
    SYMPTOM,
    Finding,
    describe,
    get,
    quote,
)
from aitia.tools.cluster.objects import Pod, Workload
from aitia.tools.cluster.state import State

STUCK = "ProgressDeadlineExceeded"
RECENT_S = 3600.0  # a restart longer ago than this, of a pod that is ready, is history
_ACCOUNT = re.compile(
    r'service ?account "([^"]+)" not found|serviceaccounts? "([^"]+)" (?:not found|is forbidden)'
)
WEBHOOK = re.compile(r'(?:failed calling|admission) webhook "([^"]+)"')
_OOM = re.compile(r"(?i)oom[- ]?killed|out of memory|OOMKilled|memory limit too low")


def find(state: State) -> Iterator[Finding]:
    """Zero replicas, missing service accounts, kills for memory, and the signs of broken pods."""
    for workload in state.workloads:
        yield from _zero(state, workload)
        yield from _account(state, workload)
        yield from _memory(state, workload)
        yield from _signs(state, workload)
        yield from _rollout(state, workload)


def _zero(state: State, workload: Workload) -> Iterator[Finding]:
    if workload.kind not in ("Deployment", "StatefulSet") or workload.desired or state.pods_of(workload.name):
        return
    needed = state.services_of(workload.name) or state.callers(workload.name)
    why = "though a service sends traffic to it" if state.services_of(workload.name) else "so it does not run"
    yield Finding(
        aspect="k8s.zero_replicas",
        component=workload.name,
        statement=f"{workload.name}: the {workload.kind} is set to 0 replicas, {why}.",
        strength=SAID if needed else POSSIBLE,
        call=get(f"{workload.kind.lower()}s", state.namespace),
        values={"desired": 0},
    )


def _account(state: State, workload: Workload) -> Iterator[Finding]:
    missing = state.refused(workload)
    wanted = state.spec(workload.name).service_account
    absent = bool(wanted) and state.accounts is not None and wanted not in state.accounts
    told = next(
        (m for e in workload.events if e.reason == "FailedCreate" and (m := _ACCOUNT.search(e.message))), None
    )
    if not missing or not (absent or told):
        return  # an account that came a second later than the pods' first try is no fault
    name = wanted if absent else (told.group(1) or told.group(2) if told else "")
    if state.accounts is not None and name in state.accounts:
        return
    yield Finding(
        aspect="k8s.service_account",
        component=workload.name,
        statement=(
            f"{workload.name}: its pods run as service account {name!r}, which does not exist in "
            f"{state.namespace}, so no pod can be created ({len(state.pods_of(workload.name))} of "
            f"{workload.desired})."
        ),
        strength=CONTRADICTION if absent else SAID,
        call=get("serviceaccounts", state.namespace),
        values={
            "service_account": name,
            "pods": len(state.pods_of(workload.name)),
            "desired": workload.desired,
        },
    )


def _memory(state: State, workload: Workload) -> Iterator[Finding]:
    for pod in state.pods_of(workload.name):
        killed = next((c for c in pod.spec.containers if "OOMKilled" in (c.reason, c.last_reason)), None)
        said = next((e for e in pod.events if e.type == "Warning" and _OOM.search(e.message)), None)
        if killed is None and said is None:
            yield from _likely_memory(state, workload.name, pod)
            continue
        if pod.healthy and not recent(pod):
            continue
        container = killed or (pod.spec.containers[0] if pod.spec.containers else None)
        limit = container.limits.get("memory", "") if container else ""
        with_limit = f" with a memory limit of {limit}" if limit else ""
        told = f' ("{quote(said.message)}")' if said and not killed else ""
        yield Finding(
            aspect="k8s.oom",
            component=workload.name,
            statement=f"{workload.name}: container {container.name if container else '?'} of {pod.name} was killed for "
            f"using too much memory{with_limit}, {pod.restarts} restarts{told}.",
            strength=CONTRADICTION if killed or said else LIKELY,
            call=describe("pods", state.namespace, pod.name),
            values={"restarts": pod.restarts} | ({"memory_limit": limit} if limit else {}),
            quotes=bool(told),
        )
        return


def _likely_memory(state: State, app: str, pod: Pod) -> Iterator[Finding]:
    """Killed by SIGKILL though no probe asked for it, or a runtime that says that its heap is full."""
    if pod.healthy and not recent(pod):
        return
    by_probe = any(e.reason == "Killing" for e in pod.events)
    bounded = next((c for c in pod.spec.containers if c.exit_code == 137 and c.limits.get("memory")), None)
    heap = next(
        (x for x in state.lines(app) if re.search(r"OutOfMemoryError|Cannot allocate memory", x.text)), None
    )
    if (bounded is None or by_probe) and heap is None:
        return
    limit = bounded.limits["memory"] if bounded else ""
    told = (
        f': "{quote(heap.text, 140)}"'
        if heap
        else f" (exit code 137, memory limit {limit}, no probe killed it)"
    )
    yield Finding(
        aspect="k8s.oom",
        component=app,
        statement=f"{app}: {pod.name} probably exits because it runs out of memory{told}.",
        strength=LIKELY if heap else LIKELY - 0.1,
        call=describe("pods", state.namespace, pod.name),
        values={"restarts": pod.restarts},
        quotes=heap is not None,
    )


def recent(pod: Pod) -> bool:
    """Whether a pod restarted lately (or was never seen to, but counts restarts of unknown time)."""
    return pod.restarts > 0 and (pod.restart_s is None or pod.restart_s <= RECENT_S)


def _signs(state: State, workload: Workload) -> Iterator[Finding]:
    pods = state.pods_of(workload.name)
    if len(pods) < workload.desired:
        yield Finding(
            aspect="k8s.missing_pods",
            component=workload.name,
            statement=f"{workload.name}: {len(pods)} of {workload.desired} pods exist.",
            strength=SYMPTOM,
            call=get("pods", state.namespace),
            values={"pods": len(pods), "desired": workload.desired},
            symptom=True,
        )
    for pod in () if state.starting(workload.name) else pods:
        sign = _sign(pod)
        if sign:
            yield Finding(
                aspect=sign[0],
                component=workload.name,
                statement=f"{workload.name}: pod {pod.name} {sign[1]}.",
                strength=SYMPTOM,
                call=describe("pods", state.namespace, pod.name),
                values={"status": pod.status, "restarts": pod.restarts},
                symptom=True,
            )
            return


def _rollout(state: State, workload: Workload) -> Iterator[Finding]:
    """A new version that does not come up: the controller has given up waiting for it."""
    stuck = workload.conditions.get("Progressing", ("", ""))[1] == STUCK
    told = next((e.message for e in reversed(workload.events) if e.reason == STUCK), "")
    if not stuck and not (told and state.short(workload.name)):
        return
    ready = sum(p.healthy for p in state.pods_of(workload.name))
    said = f': "{quote(told)}"' if told else ""
    yield Finding(
        aspect="k8s.rollout",
        component=workload.name,
        statement=f"{workload.name}: the rollout of {workload.kind.lower()} {workload.name} is stuck, {ready} of "
        f"{workload.desired} pods are ready ({STUCK}){said}.",
        strength=SYMPTOM,
        call=describe(f"{workload.kind.lower()}s", state.namespace, workload.name),
        values={"ready": ready, "desired": workload.desired},
        symptom=True,
        quotes=bool(told),
    )


def _sign(pod: Pod) -> tuple[str, str] | None:
    if pod.status == "Pending":
        return "k8s.pending", "is pending and runs on no node" if not pod.node else "is pending"
    if pod.restarts and recent(pod) and (not pod.healthy or pod.restarts >= 2):
        code = next((c.exit_code for c in pod.spec.containers if c.exit_code), None)
        last = f", last exit code {code}" if code is not None else ""
        return "k8s.crash_loop", f"({pod.status}) restarted {pod.restarts} times{last}"
    if not pod.healthy:
        return "k8s.not_ready", f"({pod.status}) has {pod.ready[0]} of {pod.ready[1]} containers ready"
    return None
