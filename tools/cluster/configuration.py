"""Configuration: secrets and config maps that are not there or not bound, and ports that two containers want."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from aitia.tools.cluster.finding import (
    CONTRADICTION,
    LIKELY,
    POSSIBLE,
    SAID,
    Finding,
    describe,
    get,
    logs,
    manifest,
    quote,
)
from aitia.tools.cluster.objects import Container, Reference
from aitia.tools.cluster.state import INJECTED, State, own_containers

_ABSENT = re.compile(r"(?i)(secret|configmap)s? \"(?:[^\"/]+/)?([^\"]+)\" not found")
_NO_KEY = re.compile(
    r"(?i)(?:couldn't find key|references non-existent (?:secret|config) key:?) ([\w.-]+)"
    r"(?: in (Secret|ConfigMap) \S*?/?([\w.-]+))?"
)
PORT_TAKEN = re.compile(
    r"(?i)address already in use|EADDRINUSE|port (?:\d+ )?(?:is |was )?already (?:in use|allocated|bound)"
    r"|bind\(?\)?.{0,60}in use|Only one usage of each socket"
)
_UNSET = re.compile(
    r"(?i)could not resolve placeholder|environment variable \S+ (?:is )?not set|password: NO"
    r"|missing (?:required )?(?:env|credential|secret)|Access denied for user|UnknownHostException"
    r"|Communications link failure|no password supplied|required key .* missing"
)
_STEM = re.compile(r"-(service|svc|app|deployment|server|api)$")


def find(state: State) -> Iterator[Finding]:
    """All findings of this module."""
    for app in state.apps:
        yield from _references(state, app)
        yield from _unbound(state, app)
        yield from _ports(state, app)


def references_of(state: State, app: str) -> list[Reference]:
    """The secrets and config maps that an app's containers and volumes need."""
    spec = state.spec(app)
    return list(dict.fromkeys([*(r for c in spec.containers for r in c.references), *spec.references]))


def _references(state: State, app: str) -> Iterator[Finding]:
    events = [e for p in state.broken(app) for e in p.events]
    told = {m.group(2): m.group(1).lower() for e in events for m in _ABSENT.finditer(e.message)}
    known: dict[str, frozenset[str] | None] = {"secret": state.secrets, "configmap": state.configmaps}
    for reference in references_of(state, app):
        names = known[reference.kind]
        gone = names is not None and reference.name not in names
        if not reference.optional and state.short(app) and (gone or reference.name in told):
            told.pop(reference.name, None)
            yield _missing(state, app, reference.kind, reference.name, CONTRADICTION)
    for name, kind in sorted(told.items()):
        yield _missing(state, app, kind, name, SAID)
    for event in events:
        key = _NO_KEY.search(event.message)
        if key:
            kind = "configmap" if (key.group(2) or "").lower() == "configmap" else "secret"
            yield Finding(
                aspect=f"k8s.{kind}",
                component=app,
                statement=f"{app}: it needs key {key.group(1)} of {kind} {key.group(3) or '?'}, which has no such key.",
                strength=SAID,
                call=describe("pods", state.namespace, event.name),
                values={"key": key.group(1), "name": key.group(3) or ""},
            )
            return


def _missing(state: State, app: str, kind: str, name: str, strength: float) -> Finding:
    return Finding(
        aspect=f"k8s.{kind}",
        component=app,
        statement=f"{app}: its containers need {kind} {name!r}, which does not exist in {state.namespace}.",
        strength=strength,
        call=get(f"{kind}s", state.namespace),
        values={"name": name},
    )


def _unbound(state: State, app: str) -> Iterator[Finding]:
    """A secret that is there for an app in trouble, which the app does not use though its siblings use theirs."""
    complaint = next((x for x in state.lines(app) if _UNSET.search(x.text)), None)
    if not state.spec(app).containers:  # what it uses was not read
        return
    if not state.secrets or not (state.short(app) or complaint):
        return
    bound = {r.name for a in state.apps for r in references_of(state, a) if r.kind == "secret"}
    stem = _STEM.sub("", app)
    mine = sorted(
        s for s in state.secrets - bound - state.pull_secrets if s == app or s.startswith(stem + "-")
    )
    suffixes = Counter(s.rpartition("-")[2] for s in bound)
    own = [s for s in mine if suffixes[s.rpartition("-")[2]] >= 2] or [s for s in mine if complaint]
    if own:
        siblings = suffixes[own[0].rpartition("-")[2]]
        yield Finding(
            aspect="k8s.secret",
            component=app,
            statement=(
                f"{app}: secret {own[0]!r} exists but is not bound to it, while {siblings} secrets of the "
                "same kind are bound to their apps."
            ),
            strength=CONTRADICTION if complaint and siblings >= 2 else SAID if siblings >= 2 else LIKELY,
            call=manifest(app, state.namespace),
            values={"name": own[0], "siblings": siblings},
        )
    elif complaint and re.search(r"(?i)placeholder|not set|password: NO|no password", complaint.text):
        yield Finding(
            aspect="k8s.secret",
            component=app,
            statement=f'{app}: a value that it needs is not set: "{quote(complaint.text, 160)}".',
            strength=LIKELY,
            call=logs(app, state.namespace),
            quotes=True,
        )


def _ports(state: State, app: str) -> Iterator[Finding]:
    containers = list(own_containers(state.spec(app)))
    beside = beside_each_other(state, app)
    if len(containers) < 2:
        if len(beside) > 1:
            yield from _beside_injected(state, app, beside)
        return
    wanted = Counter(
        (p.number, p.protocol)
        for c in containers
        for p in {(q.number, q.protocol): q for q in c.ports}.values()
    )
    twice = sorted(number for (number, _), n in wanted.items() if n > 1)
    line = next((x for x in state.lines(app) if PORT_TAKEN.search(x.text)), None)
    twice = sorted({*twice, *(n for c in containers for n in _listens(c) & _ports_beside(c, containers))})
    broken = state.broken(app) or [p for p in state.pods_of(app) if p.restarts]
    if not (line or (twice and broken)):
        yield from _odd_sidecar(state, app)
        return
    names = " and ".join(c.name for c in containers)
    told = f': "{quote(line.text, 140)}"' if line else ""
    yield Finding(
        aspect="k8s.port_conflict",
        component=app,
        statement=f"{app}: containers {names} in the same pod use the same port{' ' + str(twice[0]) if twice else ''}{told}.",
        strength=CONTRADICTION if twice else SAID,
        call=logs(app, state.namespace) if line else manifest(app, state.namespace),
        values={"containers": len(containers)} | ({"port": twice[0]} if twice else {}),
        quotes=line is not None,
    )


def beside_each_other(state: State, app: str) -> list[Container]:
    """The containers of an app's pod that run together: also those of which its template does not know (injected ones)."""
    pod = next((p for p in state.pods_of(app) if p.specified), None)
    return [c for c in (pod.spec if pod else state.spec(app)).containers if not c.init]


def _beside_injected(state: State, app: str, beside: Sequence[Container]) -> Iterator[Finding]:
    """An app that says that its port is taken while only a container that was put beside it can have taken it."""
    line = next((x for x in state.lines(app) if PORT_TAKEN.search(x.text)), None)
    if line is None or not any(p.restarts or not p.healthy for p in state.pods_of(app)):
        return
    told = PORT_TAKEN.search(line.text)
    number = re.search(
        r"(?i)port (\d{2,5})|:(\d{2,5})\b", line.text[max(0, told.start() - 40) if told else 0 :]
    )
    port = int(next(g for g in number.groups() if g)) if number else 0
    at = f" {port}" if port else ""
    yield Finding(
        aspect="k8s.port_conflict",
        component=app,
        statement=f"{app}: its port{at} is taken by another container of the pod ({' or '.join(c.name for c in beside)}): "
        f'"{_around(line.text, told)}".',
        strength=SAID,
        call=logs(app, state.namespace),
        values={"containers": len(beside)} | ({"port": port} if port else {}),
        quotes=True,
    )


def _around(text: str, match: re.Match[str] | None) -> str:
    start = max(0, (match.start() if match else 0) - 60)
    return quote(text[start : start + 160], 160)


def _odd_sidecar(state: State, app: str) -> Iterator[Finding]:
    """A second container that ends by itself beside one that runs: a taken port is the usual reason."""
    for pod in state.broken(app):
        own = [c for c in pod.spec.containers if not c.init and c.name not in INJECTED]
        ended = [c for c in own if c.exit_code == 1 and not c.ready]
        runs = [c for c in own if c.ready]
        if len(ended) == 1 and runs and any(c.ports for c in runs):
            ports = ", ".join(str(p.number) for c in runs for p in c.ports)
            yield Finding(
                aspect="k8s.port_conflict",
                component=app,
                statement=(
                    f"{app}: container {ended[0].name} exits on its own (exit code 1) next to {runs[0].name}, "
                    f"which uses port {ports}."
                ),
                strength=POSSIBLE,
                call=describe("pods", state.namespace, pod.name),
                values={"exit_code": 1},
            )
            return


def _listens(container: Container) -> set[int]:
    """Ports in a container's command line, those of other hosts (`host:port`) left out, beside the ports that it declares."""
    words = " ".join(container.command)
    named = {int(n) for n in re.findall(r"(?<![\w.]:)(?<![\w.])\d{2,5}(?![\w.])", words)}
    return named - {p.number for p in container.ports}


def _ports_beside(container: Container, containers: Sequence[Container]) -> set[int]:
    return {p.number for c in containers if c is not container for p in c.ports}
