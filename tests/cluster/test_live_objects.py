"""Kubernetes objects, read: exact on what the API gives, and calm on anything else."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.tools.cluster import live
from aitia.tools.cluster.analyse import analyse, analyse_nodes, quiet
from aitia.tools.cluster.gather import brief, gather
from aitia.tools.cluster.hosts import env_calls, host_of, resolved
from aitia.tools.cluster.manifest import spec_of
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.reading import Reader
from aitia.tools.cluster.routes import env_routes, routes_of
from aitia.tools.cluster.unhealthy import listing
from aitia.tools.sources.base import Object
from aitia.tools.sources.cluster.cluster_recorded import documents
from aitia.tools.sources.cluster.object_kinds import CLUSTER_WIDE, KINDS

from .builder import SPACE
from .faults import FAULTS, healthy

AT = datetime(2026, 8, 7, 10, tzinfo=UTC)
KEYS = ["metadata", "spec", "status", "kind", "name", "items", "template", "containers", "ports", "conditions", "data", "containerStatuses", "state", "involvedObject", "ownerReferences", "labels", "uid", "replicas", "subsets"]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70_000) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


def ago(**delta: float) -> str:
    return (AT - timedelta(**delta)).isoformat()


class Held:
    """A cluster that holds some objects; `closed` may not be read."""

    name, kind = "held", "cluster"

    def __init__(self, held: Mapping[str, list[Any]], closed: frozenset[str] = frozenset()) -> None:
        self.held, self.closed = held, closed

    def namespaces(self) -> list[str]:
        return ["x"]

    def objects(self, resource: str, namespace: str = "") -> list[Object] | None:
        return None if resource in self.closed else self.held.get(resource, [])

    def logs(self, namespace: str, selector: Mapping[str, str], pod: str = "") -> list[str] | None:
        return None

    def observed_at(self) -> datetime | None:
        return AT


def state_of(held: Mapping[str, list[Any]], closed: frozenset[str] = frozenset()) -> Any:
    return gather(Reader(Held(held, closed), "x"))  # type: ignore[arg-type]


def made(kind: str, name: str, *, owner: str = "", **more: Any) -> dict[str, Any]:
    above, _, of = owner.partition("/")
    meta = {"name": name, "namespace": "x", "uid": f"{kind}-{name}", "creationTimestamp": ago(minutes=20)}
    meta |= {"ownerReferences": [{"kind": above, "name": of, "controller": True}]} if owner else {}
    return {"kind": kind, "metadata": meta | more.pop("metadata", {}), **more}


def pod(name: str, *, ready: bool = True, owner: str = "", **more: Any) -> dict[str, Any]:
    state = {"running": {}} if ready else {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {
        "phase": "Running",
        "containerStatuses": [{"name": "c", "ready": ready, "restartCount": 0, "state": state}],
    }
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "n"}
    return made("Pod", name, owner=owner, spec=spec, status=status | more.pop("status", {}), **more)


@given(st.lists(JSON, max_size=6))
@settings(max_examples=80, deadline=None)
def test_any_objects_are_gathered_and_analysed(items: list[Any]) -> None:
    docs = [{**i, "kind": str(i.get("kind"))} for i in items if isinstance(i, dict)]
    docs = [d for d in docs if isinstance(d.get("metadata"), dict) and d["metadata"].get("name")]
    held = {
        r: copy.deepcopy(docs)
        for r in ("pods", "deployments", "jobs", "services", "events", "nodes", "configmaps")
    }
    state = state_of(held)
    analyse(state)
    analyse_nodes(state)
    quiet(state)
    brief(Held(held), "x")  # type: ignore[arg-type]


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_objects_are_analysed(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Parts of a real-looking cluster's objects cut out or swapped."""
    cluster = healthy()
    FAULTS[data.draw(st.sampled_from(sorted(FAULTS)))][0](cluster)
    source = cluster.write(tmp_path_factory.mktemp("c"))

    held = {r: copy.deepcopy(source.objects(r, "" if r in CLUSTER_WIDE else SPACE) or []) for r in KINDS}
    for resource in data.draw(st.lists(st.sampled_from([r for r in KINDS if held[r]]), max_size=6)):
        one = data.draw(st.sampled_from(held[resource]))
        one[data.draw(st.sampled_from(["spec", "status", "data", "subsets"]))] = data.draw(JSON)  # type: ignore[index]
    state = gather(Reader(Held(held), SPACE))  # type: ignore[arg-type]
    analyse(state)
    analyse_nodes(state)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_texts_never_raise(text: str) -> None:
    for doc in documents(text):
        spec_of(doc)
    host_of(text)
    resolved(text, {text: text})
    routes_of("a", text, "b")
    env_routes("a", {text: text, "X_ROUTES_0_URI": text})
    quantity(text)


def test_what_could_not_be_read_is_told_and_is_never_quiet() -> None:
    held = {"pods": [pod("web-0")], "deployments": [], "services": []}
    state = state_of(held, frozenset({"deployments", "events", "secrets"}))
    assert state.secrets is None
    assert {u.split(" ")[0] for u in state.unread} >= {"deployments", "events", "secrets", "logs"}
    assert not any(u.startswith("pods") for u in state.unread)
    served = {
        "pods": [pod("a", metadata={"labels": {"app": "a"}})],
        "services": [made("Service", "a", spec={"selector": {"app": "a"}})],
    }
    ends = made("Endpoints", "a", subsets=[{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}])
    assert [f.component for f in quiet(state_of({**served, "endpoints": [ends]}))] == ["x", "a"]
    assert quiet(state_of(served, frozenset({"endpoints"}))) == []


def test_the_call_graph_survives_a_list_that_is_not_read() -> None:
    def app(name: str, **env: str) -> dict[str, Any]:
        container = {"name": "c", "env": [{"name": k, "value": v} for k, v in env.items()]}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        return made(
            "Deployment",
            name,
            spec={"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
        )

    def service(name: str) -> dict[str, Any]:
        return made("Service", name, spec={"selector": {"app": name}, "ports": [{"port": 80}]})

    held = {"deployments": [app("web", PAY="pay:80"), app("pay", URL="lb://db"), app("db")],
            "services": [service(n) for n in ("web", "pay", "db")]}  # fmt: skip
    for closed in ("configmaps", "endpoints", "statefulsets", "jobs", "pods"):
        assert state_of(held, frozenset({closed})).calls == {"pay": ("db",), "web": ("pay",)}


def test_calls_by_placeholders_and_by_config_maps_taken_in_whole() -> None:
    assert env_calls({"URL": "http://${DB_HOST:orders-db}:5432/x"}, frozenset({"orders-db"})) == {"orders-db"}
    assert env_calls({"URL": "$(H):80", "H": "cart"}, frozenset({"cart"})) == {"cart"}
    assert host_of("lb://payment") == ("payment", 0)
    container = {"name": "c", "envFrom": [{"configMapRef": {"name": "settings"}}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    behind = {"metadata": {"labels": {"app": "pay"}}, "spec": {"containers": [{"name": "c"}]}}
    held = {
        "deployments": [
            made("Deployment", n, spec={"replicas": 1, "template": t})
            for n, t in (("web", template), ("pay", behind))
        ],
        "services": [made("Service", "pay", spec={"selector": {"app": "pay"}, "ports": [{"port": 80}]})],
        "configmaps": [made("ConfigMap", "settings", data={"PAY_HOST": "pay", "NOTE": "x"})],
    }
    assert state_of(held).calls == {"web": ("pay",)}


def test_pods_that_nothing_owns_jobs_and_the_last_run_of_a_cron_job() -> None:
    def job(name: str, hours: int) -> dict[str, Any]:
        return made(
            "Job",
            name,
            owner="CronJob/backup",
            metadata={"creationTimestamp": ago(hours=hours)},
            spec={"parallelism": 1},
        )

    held = {
        "pods": [pod("debug", ready=False), pod("m-1", owner="Job/migrate"), pod("b-1", owner="Job/backup-1", ready=False),
                 pod("b-2", owner="Job/backup-2"), pod("web-6d4cf56db6-x", owner="ReplicaSet/web-6d4cf56db6",
                                                       metadata={"labels": {"pod-template-hash": "6d4cf56db6"}})],
        "jobs": [made("Job", "migrate", spec={"parallelism": 1}, status={"ready": 1}), job("backup-1", 30), job("backup-2", 6)],
        "cronjobs": [made("CronJob", "backup", spec={"jobTemplate": {"spec": {}}})],
        "deployments": [made("Deployment", "web", spec={"replicas": 1}, status={"readyReplicas": 1})],
    }  # fmt: skip
    state = state_of(held, frozenset({"replicasets"}))
    assert {w.name: (w.kind, w.desired) for w in state.workloads} == {
        "debug": ("Pod", 1), "migrate": ("Job", 1), "backup": ("CronJob", 0), "web": ("Deployment", 1),
    }  # fmt: skip
    assert {p.name: p.app for p in state.pods} == {
        "debug": "debug", "m-1": "migrate", "b-2": "backup", "web-6d4cf56db6-x": "web",
    }  # fmt: skip
    assert state.short("debug")
    assert not state.short("backup")


def test_webhooks_and_autoscalers_tell_why_pods_are_missing() -> None:
    web = made("Deployment", "web", spec={"replicas": 2}, status={"readyReplicas": 0})
    sets = made("ReplicaSet", "web-1", owner="Deployment/web", spec={"replicas": 2}, status={"replicas": 0})
    said = 'Internal error occurred: failed calling webhook "check.acme.io": connection refused'
    event = made(
        "Event",
        "e",
        involvedObject={"kind": "ReplicaSet", "name": "web-1"},
        type="Warning",
        reason="FailedCreate",
        message=said,
    )
    hook = {"name": "check.acme.io", "clientConfig": {"service": {"name": "checker", "namespace": "ops"}}}
    held = {
        "deployments": [web],
        "replicasets": [sets],
        "events": [event],
        "validatingwebhookconfigurations": [made("ValidatingWebhookConfiguration", "v", webhooks=[hook, 3])],
    }
    told = next(f for f in analyse(state_of(held)) if f.aspect == "k8s.webhook")
    assert (
        "admission webhook check.acme.io, which service checker in ops answers, lets none" in told.statement
    )
    stuck = {
        "type": "ScalingActive",
        "status": "False",
        "reason": "FailedGetMetrics",
        "message": "no metrics",
    }
    scaler = made("HorizontalPodAutoscaler", "web-hpa", spec={"scaleTargetRef": {"name": "web"}, "maxReplicas": 4},
                  status={"conditions": [stuck], "desiredReplicas": 2})  # fmt: skip
    told = next(
        f
        for f in analyse(state_of({"deployments": [web], "horizontalpodautoscalers": [scaler]}))
        if f.aspect == "k8s.autoscaler"
    )
    assert told.statement == 'web: autoscaler web-hpa does not scale: "no metrics".'


def test_lists_of_jobs_autoscalers_and_budgets_are_read() -> None:
    failed = made(
        "Job",
        "j",
        status={"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
    )
    held = {
        "jobs": [failed, made("Job", "k")],
        "horizontalpodautoscalers": [
            made("HorizontalPodAutoscaler", "h", spec={"maxReplicas": 4}, status={"desiredReplicas": 4})
        ],
        "poddisruptionbudgets": [made("PodDisruptionBudget", "b", status={"disruptionsAllowed": 0})],
        "cronjobs": [made("CronJob", "c")],
    }
    reader = Reader(Held(held), "x")  # type: ignore[arg-type]
    read = {r: listing(r, reader) for r in held}
    assert {r: found and found.signs for r, found in read.items()} == {
        "jobs": ("job.failed",),
        "horizontalpodautoscalers": ("autoscaler.limit",),
        "poddisruptionbudgets": ("budget.spent",),
        "cronjobs": ("cronjobs.listed",),
    }
    assert read["jobs"]
    assert read["jobs"].statement == "get jobs: 2: j BackoffLimitExceeded."
    assert listing("jobs", Reader(Held(held, frozenset({"jobs"})), "x")) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "meta", "printed"),
    [
        ({"phase": "Pending"}, {}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, {}, "Evicted"),
        ({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, {}, "ImagePullBackOff"),
        ({"phase": "Running", "containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled"}}}]}, {}, "OOMKilled"),
        ({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}, {}, "ExitCode:3"),
        ({"phase": "Pending", "initContainerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, {}, "Init:ErrImagePull"),
        ({"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 0}}}, {"state": {"running": {}}}]}, {}, "Init:1/2"),
        ({"phase": "Running"}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "Terminating"),
        ({"phase": "Succeeded", "containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}]}, {}, "Completed"),
    ],
)  # fmt: skip
def test_status_is_put_together_as_kubectl_does(status: dict, meta: dict, printed: str) -> None:
    assert live.status({"metadata": meta, "status": status}) == printed


@pytest.mark.parametrize(
    ("probe", "kind", "port", "path"),
    [
        ({"grpc": {"port": 8080}}, "grpc", "8080", ""),
        ({"httpGet": {"port": "web", "path": "/ok"}}, "http", "web", "/ok"),
        ({"httpGet": {"port": 8443, "scheme": "HTTPS"}}, "https", "8443", ""),
        ({"tcpSocket": {"port": 6379}}, "tcp", "6379", ""),
        ({"exec": {"command": ["cat"]}}, "exec", "", ""),
    ],
)
def test_probes_are_read(probe: dict[str, Any], kind: str, port: str, path: str) -> None:
    spec = spec_of(
        {"spec": {"containers": [{"name": "c", "livenessProbe": {**probe, "initialDelaySeconds": 5}}]}}
    )
    one = spec.containers[0].liveness
    assert one is not None
    assert (one.kind, one.port, one.path, one.delay) == (kind, port, path, 5.0)


def test_quantities() -> None:
    assert [quantity(q) for q in ("500m", "2", "64Mi", "1k", "x", None)] == [
        0.5,
        2.0,
        64 * 2**20,
        1000.0,
        None,
        None,
    ]
    for n, prefix in enumerate("KMGTPE", 1):  # of the SI, where kilo is written k, and of the IEC
        assert quantity(f"2{prefix.replace('K', 'k')}") == 2 * 1000.0**n
        assert quantity(f"2{prefix}i") == 2 * 1024.0**n
    assert [quantity(q) for q in ("129e6", "2E3", ".5", "5.", "250000000n", "1500u", "2e3M", "1e")] == [
        129e6,
        2000.0,
        0.5,
        5.0,
        0.25,
        pytest.approx(0.0015),
        None,
        None,
    ]


def test_every_list_of_the_builder_is_read(tmp_path: Path) -> None:
    state = gather(Reader(healthy().write(tmp_path), "acme"))
    assert {u.split(" ")[0].rstrip(":") for u in state.unread} == {
        "jobs", "cronjobs", "horizontalpodautoscalers", "poddisruptionbudgets", "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
    }  # fmt: skip
    assert set(state.apps) == {
        "web",
        "orders",
        "billing",
        "stock",
        "cache",
        "mail",
        "sql-main",
        "edge-gateway",
    }
    assert state.calls["web"] == ("billing", "orders", "stock")


HOSTILE = {
    "json route": '{"id":"a"' + '"uri":"lb://a' * 8_000,
    "json ids": '"id":"a","uri":"lb://a",' * 8_000,
    "blank lines": "\n" * 60_000,
    "long port": "location / { proxy_pass http://a:" + "9" * 5_000 + "; }",
    "placeholders": "${" * 30_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_configuration_holds_up_the_readers(name: str) -> None:
    began = time.process_time()
    routes_of("gateway", HOSTILE[name], "configmap")
    resolved(HOSTILE[name], {})
    assert time.process_time() - began < 2


def test_routes_of_a_json_text() -> None:
    route = {"id": "pay", "uri": "lb://payment.shop:8080", "predicates": ["Path=/pay/**"]}
    other = {"id": "no-path", "uri": "lb://x"}
    text = json.dumps({"spring": {"routes": [other, route]}})
    assert [
        (r.name, r.host, r.port, r.path) for r in routes_of("gateway", text, "SPRING_APPLICATION_JSON")
    ] == [("pay", "payment", 8080, "/pay/**")]
