"""Components and relations of a cluster: what runs where, what belongs where, who calls whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aitia.core.words import Component, Link
from aitia.tools.cluster.gather import brief
from aitia.tools.cluster.state import State
from aitia.tools.sources.base import ClusterSource
from aitia.tools.sources.cluster import cluster_objects as objects

_OWNED = ("pods", "replicasets", "jobs", "services")


def components(source: ClusterSource) -> list[Component]:
    """Apps (with their pods, addresses and container ids as aliases), nodes and namespaces of all namespaces of a source."""
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
    owned = {p.name: p.app for s in states for p in s.pods}
    spaces = {
        n: [
            _under(c, owned)
            for c in objects.components([i for r in _OWNED for i in source.objects(r, n) or ()], n)
        ]
        for n in source.namespaces()
    }
    return objects.merged([*objects.apart(spaces), *found.values()])


def _under(one: Component, owned: Mapping[str, str]) -> Component:
    """A pod that no reference ties to its app, as the app of which the state says that it is."""
    app = owned.get(one.id, one.id)
    return one if app == one.id else one.model_copy(update={"id": app, "aliases": (one.id, *one.aliases)})


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
