"""A cluster source to the typed state of a namespace."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from aitia.tools.cluster import exits, live
from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.hosts import env_calls
from aitia.tools.cluster.objects import LogLine, Route, Workload
from aitia.tools.cluster.reading import AT_ONCE, OWNERS, WORKLOADS, Reader
from aitia.tools.cluster.routes import argument_routes, env_routes, ingress_routes, routes_of
from aitia.tools.cluster.state import State
from aitia.tools.sources.base import ClusterSource

BRIEF: Final = ("pods", *WORKLOADS, *OWNERS, "services", "nodes", "configmaps")
WEBHOOKS: Final = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
LISTS: Final = (
    *BRIEF, "endpoints", "events", "persistentvolumeclaims", "resourcequotas", "storageclasses", "persistentvolumes", "secrets",
    "serviceaccounts", "networkpolicies", "ingresses", "horizontalpodautoscalers",
    "poddisruptionbudgets", *WEBHOOKS,
)  # fmt: skip
MOST_ENDED: Final = 30  # apps of which the log of a pod that ended is read by itself
MOST_TEXT: Final = 100_000  # characters of a config map


def brief(source: ClusterSource, namespace: str) -> State:
    """What the component graph needs: workloads, pods, services, nodes, and who calls whom."""
    reader = Reader(source, namespace)
    reader.ahead(BRIEF)
    return _basic(reader, None)


def gather(reader: Reader) -> State:
    """Everything the analysers look at."""
    namespace = reader.namespace
    reader.ahead(LISTS)
    secrets = reader.known("secrets")
    state = replace(
        _basic(reader, reader.known("endpoints")),
        quotas=tuple(live.quota(d) for d in reader.listed("resourcequotas")),
        claims=tuple(
            replace(
                m.claim_of(d, namespace), events=tuple(reader.about("persistentvolumeclaim", m.name_of(d)))
            )
            for d in reader.listed("persistentvolumeclaims")
        ),
        volumes=tuple(m.volume_of(d) for d in reader.listed("persistentvolumes")),
        classes=reader.names("storageclasses"),
        events=tuple(reader.events),
        node_events=tuple(live.events(reader.listed("events", "default"), reader.now)),
        system_pods=tuple(live.pod(d, {}, (), reader.now) for d in reader.listed("pods", "kube-system")),
        secrets=reader.names("secrets"),
        pull_secrets=frozenset(m.name_of(d) for d in secrets or () if "docker" in str(d.get("type"))),
        configmaps=reader.names("configmaps"),
        accounts=reader.names("serviceaccounts"),
        policies=tuple(live.policy(d) for d in reader.listed("networkpolicies")),
        scalers=tuple(live.scaler(d) for d in reader.listed("horizontalpodautoscalers")),
        budgets=tuple(live.budget(d) for d in reader.listed("poddisruptionbudgets")),
        webhooks=tuple(w for r in WEBHOOKS for d in reader.listed(r) for w in live.webhooks(d)),
        declared_services=tuple(m.service_of(d, namespace) for d in reader.manifests("services").values()),
        declared_claims=tuple(
            m.claim_of(d, namespace) for d in reader.manifests("persistentvolumeclaims").values()
        ),
        declared_volumes=tuple(m.volume_of(d) for d in reader.manifests("persistentvolumes").values()),
        config_texts=_texts(reader),
    )
    state = replace(
        state,
        routes=tuple(dict.fromkeys(_routes(reader, state))),
        logs=_logs(reader, state),
        last_words=_last_words(reader, state),
    )
    return replace(state, unread=tuple(sorted(reader.unread)), asked=reader.asked)


def _basic(reader: Reader, ends: Sequence[m.Doc] | None) -> State:
    by_name = None if ends is None else {m.name_of(d): d for d in ends}
    services = [live.service(d, reader.namespace, by_name) for d in reader.listed("services")]
    state = State(
        namespace=reader.namespace,
        workloads=tuple(reader.workloads),
        pods=tuple(reader.pods),
        services=tuple(services),
        nodes=tuple(live.node(d) for d in reader.listed("nodes")),
        addresses=_addresses(reader),
    )
    return replace(state, calls=_calls(state))


def _addresses(reader: Reader) -> dict[str, dict[str, str]]:
    """The hosts and ports among the entries of config maps and of applied secrets, as they are before as they were applied."""
    docs = [
        *reader.manifests("secrets").values(),
        *reader.manifests("configmaps").values(),
        *reader.listed("configmaps"),
    ]
    return {m.name_of(d): m.addresses(d) for d in docs}


def _texts(reader: Reader) -> dict[str, str]:
    docs = [*reader.manifests("configmaps").values(), *reader.listed("configmaps")]
    return {
        m.name_of(d): "\n".join(f"{k}: {v}" for k, v in m.mapping(d.get("data")).items())[:MOST_TEXT]
        for d in docs
    }


def _routes(reader: Reader, state: State) -> list[Route]:
    """Routes of ingresses, of config maps, and of the environment and arguments of apps."""
    found = [r for d in reader.known("ingresses") or () for r in ingress_routes(d, m.name_of(d))]
    for doc in reader.known("configmaps") or ():
        name = m.name_of(doc)
        env = _readers_env(state, name)
        for key, value in m.mapping(doc.get("data")).items():
            found += routes_of(name, value, f"{name}/{key}", env)
    return [*found, *(r for w in state.workloads for r in _own_routes(state, w))]


def _readers_env(state: State, name: str) -> dict[str, str]:
    """The variables of the apps that read a config map: what stands for a placeholder in it."""
    found: dict[str, str] = {}
    for spec in map(state.spec, state.apps):
        if any(
            r.name == name for r in (*spec.references, *(r for c in spec.containers for r in c.references))
        ):
            for container in spec.containers:
                found |= container.env
    return found


def _own_routes(state: State, workload: Workload) -> list[Route]:
    found: list[Route] = []
    for container in state.spec(workload.name).containers:
        found += env_routes(workload.name, container.env)
        found += argument_routes(workload.name, (*container.command, *container.env.values()))
        for key, value in sorted(container.env.items()):
            found += routes_of(workload.name, value, key, container.env)
    return found


def _calls(state: State) -> dict[str, tuple[str, ...]]:
    """Who calls whom, by the services that environments name, their own entries or those of the config maps that they take in."""
    names = frozenset(s.name for s in state.services)
    behind: dict[str, str] = {s.name: state.app_behind(s) for s in state.services}
    found: dict[str, tuple[str, ...]] = {}
    for workload in state.workloads:
        called: set[str] = set()
        for container in state.spec(workload.name).containers:
            taken = [state.addresses.get(r.name, {}) for r in container.references if not r.key]
            for env in (container.env, *taken):
                called |= {behind[c] for c in env_calls(env, names)}
        if called := called - {workload.name, ""}:
            found[workload.name] = tuple(sorted(called))
    return found


def _logs(reader: Reader, state: State) -> dict[str, tuple[LogLine, ...]]:
    """Error lines of all apps, those in trouble first: time may not suffice for all."""
    order = sorted(state.workloads, key=lambda w: (not state.short(w.name), w.name))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        lines = pool.map(lambda w: reader.error_lines(w, state.pods_of(w.name)), order)
        return {w.name: found for w, found in zip(order, lines, strict=True) if found}


def _last_words(reader: Reader, state: State) -> dict[str, tuple[str, ...]]:
    """What a pod of each app that ended with an error said last; of at most a few dozen apps."""
    ended = {p.app: p for p in reversed(state.pods) if exits.ended(p)}
    chosen = list(ended.values())[:MOST_ENDED]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        said = pool.map(reader.last_words, chosen)
        return {pod.name: words for pod, words in zip(chosen, said, strict=True) if words}
