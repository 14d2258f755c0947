"""Reasons that Kubernetes itself publishes (events, states, conditions), by the table in reasons.yaml."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from aitia.core.words import Scalar
from aitia.tools.cluster.finding import LIKELY, SAID, Finding, describe, get, logs, quote
from aitia.tools.cluster.objects import Event, Pod, Workload
from aitia.tools.cluster.signs import app_of
from aitia.tools.cluster.state import State

Where = Literal["pod", "set", "pods_gone", "owner", "status", "log", "condition", "node"]
RECENT_S: Final = 3600.0  # an event of a node that is older is another story
WAITS_S: Final = 120.0  # an init container that runs longer than this waits for something; by hand
OVERDUE_S: Final = 300.0  # a pod that should be gone for longer than this is held; by hand


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One line of the table. `said` and `but` are looked for in the message."""

    aspect: str
    on: Where
    what: str
    source: str
    reason: re.Pattern[str]
    said: re.Pattern[str]
    but: re.Pattern[str] | None
    by_node: bool

    def fits(self, reason: str, message: str) -> bool:
        """Whether a reason with its message is of this line."""
        told = self.reason.fullmatch(reason) is not None and self.said.search(message) is not None
        return told and not (self.but and self.but.search(message))


@cache
def table() -> tuple[Reason, ...]:
    """The lines of reasons.yaml."""
    raw: list[dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("reasons.yaml").read_text(encoding="utf-8")
    )
    return tuple(
        Reason(
            aspect=r["aspect"],
            on=r["where"],
            what=r["what"],
            source=r["source"],
            reason=re.compile(r.get("reason", ".*")),
            said=re.compile(r.get("said", "")),
            but=re.compile(r["not"]) if "not" in r else None,
            by_node=r.get("blame") == "node",
        )
        for r in raw
    )


def of(*places: Where) -> Iterator[Reason]:
    """The lines of some places."""
    return (r for r in table() if r.on in places)


def find(state: State) -> Iterator[Finding]:
    """What is said of apps, and what no event says: pods that are never gone and init containers that never end."""
    for reason in of("pod"):
        yield from _of_pods(state, reason)
    for workload in state.workloads:
        yield from _of_workload(state, workload)
        yield from _held(state, workload)
        yield from _waits(state, workload)


def find_nodes(state: State) -> Iterator[Finding]:
    """What is said of nodes."""
    for node in state.nodes:
        for reason in of("condition"):
            for condition, (status, message) in sorted(node.conditions.items()):
                if status == "True" and reason.fits(condition, message):
                    yield _told(reason, node.name, condition, message, describe("nodes", "", node.name))
        troubled = any(
            p.node == node.name and (not p.healthy or p.restarts) for p in state.pods if not p.done
        )
        events = [e for e in (*state.node_events, *state.events) if e.kind == "node" and e.name == node.name]
        for reason in of("node"):
            event = _last(reason, (e for e in events if (e.last_s or 0.0) <= RECENT_S))
            if event and troubled:
                call = describe("nodes", "", node.name)
                yield _told(reason, node.name, event.reason, event.message, call, strength=LIKELY)


def _last(reason: Reason, events: Iterable[Event]) -> Event | None:
    return next((e for e in reversed(list(events)) if reason.fits(e.reason, e.message)), None)


def _told(
    reason: Reason, component: str, word: str, message: str, call: Any, *, strength: float = SAID
) -> Finding:
    said = f': "{quote(message[-300:], 220)}"' if message else ""
    values: dict[str, Scalar] = {"reason": word} if word else {}
    return Finding(
        aspect=reason.aspect,
        component=component,
        statement=f"{component}: {reason.what}{f' ({word})' if word else ''}{said}.",
        strength=strength,
        call=call,
        values=values,
        quotes=bool(message),
    )


def _of_pods(state: State, reason: Reason) -> Iterator[Finding]:
    hit: dict[str, tuple[Pod, Event]] = {}
    for app in state.apps:
        for pod in state.broken(app):
            event = _last(reason, (e for e in pod.events if e.type == "Warning"))
            if event is not None:
                hit.setdefault(app, (pod, event))
    nodes = {pod.node for pod, _ in hit.values()}
    if reason.by_node and len(hit) > 1 and len(nodes) == 1 and "" not in nodes and len(state.nodes) > 1:
        pod, event = next(iter(hit.values()))
        yield _told(
            reason, pod.node, event.reason, event.message, describe("pods", state.namespace, pod.name)
        )
        return
    for app, (pod, event) in hit.items():
        yield _told(reason, app, event.reason, event.message, describe("pods", state.namespace, pod.name))


def _of_workload(state: State, workload: Workload) -> Iterator[Finding]:
    name, space = workload.name, state.namespace
    lacks = workload.ready < workload.desired
    about = describe(f"{workload.kind.lower()}s", space, name)
    events: dict[Where, Iterable[Event]] = {
        "set": workload.events if state.refused(workload) else (),
        "owner": workload.events,
        "pods_gone": [e for e in state.events if e.kind == "pod" and app_of("pods", e.name) == name]
        if lacks
        else (),
    }
    for where, told in events.items():
        for reason in of(where):
            event = _last(reason, told)
            if event:
                yield _told(reason, name, event.reason, event.message, about)
    for reason in of("status"):
        pod = next((p for p in state.pods_of(name) if lacks and reason.fits(p.status, p.message)), None)
        if pod:
            yield _told(reason, name, pod.status, pod.message, describe("pods", space, pod.name))
    for reason in of("log"):
        line = next((x for x in state.lines(name) if reason.said.search(x.text)), None)
        if line:
            yield _told(reason, name, "", line.text, logs(name, space), strength=LIKELY)


def _held(state: State, workload: Workload) -> Iterator[Finding]:
    """Pods that were to be gone long ago: a finalizer that nobody works off. Source: kubernetes/website finalizers.md."""
    down = {n.name for n in state.nodes if n.ready != "True"}
    late: dict[str, float] = defaultdict(float)
    for pod in state.pods:
        if pod.app == workload.name and pod.finalizers and pod.node not in down:
            late[pod.name] = pod.overdue_s or 0.0
    name = max(late, key=lambda n: late[n], default="")
    if name and late[name] >= OVERDUE_S:
        pod = next(p for p in state.pods if p.name == name)
        yield Finding(
            aspect="k8s.stuck_terminating",
            component=workload.name,
            statement=f"{workload.name}: {pod.name} should be gone for {late[name]:g} s, but finalizer "
            f"{', '.join(pod.finalizers)} holds it.",
            strength=SAID if workload.ready < workload.desired else LIKELY,
            call=get("pods", state.namespace, pod.name),
            values={"overdue_s": round(late[name])},
        )


def _waits(state: State, workload: Workload) -> Iterator[Finding]:
    """An init container that runs and does not end. Source: kubernetes/website debug-init-containers.md (Init:N/M)."""
    for pod in state.broken(workload.name):
        waiting = next(
            (c for c in pod.spec.containers if c.init and c.state == "Running" and not c.ready), None
        )
        if waiting is None or not re.fullmatch(r"Init:\d+/\d+", pod.status) or (pod.age_s or 0.0) < WAITS_S:
            continue
        words = state.lines(workload.name)
        said = f': "{quote(words[0].text, 160)}"' if words else ""
        yield Finding(
            aspect="k8s.init_waits",
            component=workload.name,
            statement=f"{workload.name}: init container {waiting.name} of {pod.name} runs since {pod.age_s:g} s and does not "
            f"end ({pod.status}), so no other container starts{said}.",
            strength=SAID,
            call=describe("pods", state.namespace, pod.name),
            values={"status": pod.status},
            quotes=bool(words),
        )
        return
