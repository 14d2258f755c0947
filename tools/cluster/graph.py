"""Components and relations of a cluster: what runs where, what belongs where, who calls whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aitia.core.words import Component, Link
from aitia.tools.cluster.gather import brief
from aitia.tools.cluster.state import State
from aitia.tools.sources.base import ClusterSource

_HOST = re.compile(
    r"^(?:[a-z][a-z0-9+.:-]*://)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?(?:[/?].*)?$", re.IGNORECASE
)


def components(source: ClusterSource) -> list[Component]:
    """Apps (with their pods as aliases), nodes and namespaces of all namespaces of a source."""
    states = [brief(source, namespace) for namespace in source.namespaces()]
    names = [w for s in states for w in s.apps]
    twice = {n for n in names if names.count(n) > 1}
    found: dict[str, Component] = {}
    for state in states:
        found[state.namespace] = Component(id=state.namespace, type="namespace")
        for node in state.nodes:
            found.setdefault(node.name, Component(id=node.name, type="node"))
    for state in states:
        for app in _apps(state, twice):
            found.setdefault(app.id, app)
    return [found[key] for key in sorted(found)]


def _apps(state: State, twice: set[str]) -> Iterable[Component]:
    def told(name: str) -> str:
        return f"{state.namespace}/{name}" if name in twice else name

    for workload in state.workloads:
        pods = state.pods_of(workload.name)
        links = [Link(relation="part_of", to=state.namespace)]
        links += [Link(relation="runs_on", to=n) for n in sorted({p.node for p in pods if p.node})]
        links += [Link(relation="calls", to=told(c)) for c in state.calls.get(workload.name, ())]
        services = [s.name for s in state.services_of(workload.name) if s.name not in twice]
        full = [f"{s}.{state.namespace}.svc.cluster.local" for s in services]
        aliases = [*(p.name for p in pods), *services, *full]
        yield Component(
            id=told(workload.name),
            type="app",
            aliases=tuple(dict.fromkeys(a for a in aliases if a != told(workload.name))),
            links=tuple(links),
        )


def tree_calls(text: str) -> dict[str, set[str]]:
    """Caller to callees from a drawn dependency tree (`├── name` below its caller)."""
    found: dict[str, set[str]] = {}
    path: list[str] = []
    for line in text.split("\n"):
        match = re.match(r"^([\s│|]*)(?:[├└`+|]+[─-]+\s*)?([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        drawn = re.search(r"[├└]", line)
        if match is None or line.lstrip().startswith(("[", "(")):
            continue
        if drawn is None:
            path = [match.group(2)] if line[:1].strip() else path
            continue
        depth = drawn.start() // 4 + 1
        del path[depth:]
        if path:
            found.setdefault(path[-1], set()).add(match.group(2))
        path.append(match.group(2))
    return found


def env_calls(env: Mapping[str, str], services: frozenset[str]) -> set[str]:
    """The services that the values of environment variables name as a host."""
    return {host for value in env.values() if (host := host_of(value)[0]) in services}


def host_of(value: str) -> tuple[str, int]:
    """The host's first label and the port of `host:port`, `scheme://host:port/...` or a bare host; ("", 0) for others."""
    match = _HOST.match(value.strip())
    if match is None or len(value) > 253:
        return "", 0
    host, port = match.group(1).lower(), int(match.group(2) or 0)
    if re.fullmatch(r"[\d.]+", host):
        return "", 0
    labels = host.split(".")
    internal = len(labels) == 1 or (len(labels) > 2 and labels[2] == "svc") or labels[-1] == "local"
    return (labels[0] if internal or len(labels) == 2 else host), port
