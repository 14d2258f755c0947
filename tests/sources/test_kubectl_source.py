"""The live cluster source: the real kubectl client against an API server on loopback, and against ones that misbehave."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.clock import RecordedClock
from aitia.core.config import SourceConfig
from aitia.core.errors import OutOfTime, SourceError
from aitia.core.redact import Redactor
from aitia.core.resolve import Resolver
from aitia.core.store import RunStore
from aitia.core.words import Window, from_epoch
from aitia.graphs.diagnose import Options, diagnose
from aitia.incoming import make_incident
from aitia.tools.sources import ClusterSource, build_inventory, open_source
from aitia.tools.sources.cluster import cluster_objects
from aitia.tools.sources.cluster.cluster_redact import redacted, redacted_object
from aitia.tools.sources.cluster.kubectl import Denied, Kubectl, Unanswered
from aitia.tools.sources.logs.error_lines import summary

from . import kube_api

SPAN = Window(start=from_epoch(time.time() - 3600), end=from_epoch(time.time()))
PLANTED = (
    "hunter2-planted",
    "hunter3-planted",
    "hunter4-planted",
    "cGxhbnRlZC1zZWNyZXQtdmFsdWU",
    "planted-bearer-token",
)
LOGS = {
    "payment-7f9c4d5b6f-x2v9k": 'INFO up\nERROR db said "no" password=hunter4-planted attempt 1\n'
    'ERROR db said "no" password=hunter4-planted attempt 2\n',
    "payment-7f9c4d5b6f-x2v9k:previous": "panic: DB_HOST is not set\n",
}
needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl is not installed (Debian: kubectl)"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", "/elsewhere")


def opened(folder: Path, url: str, **fields: object) -> ClusterSource:
    path = kube_api.kubeconfig(folder, url)
    config = {"name": "live", "kind": "cluster", "type": "kubectl", "path": str(path)} | fields
    source = open_source(SourceConfig.model_validate(config), folder)
    assert isinstance(source, ClusterSource)
    return source


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, type[kube_api.KubeApi]]]:
    with kube_api.serving(logs=LOGS) as served:
        yield served


@needs_kubectl
@pytest.mark.server
def test_objects_are_those_of_the_api_and_logs_those_of_the_pods(cluster, tmp_path: Path) -> None:
    url, api = cluster
    source = opened(tmp_path, url)
    pods = {p["metadata"]["name"]: p for p in source.objects("pods", "shop") or ()}
    payment = pods["payment-7f9c4d5b6f-x2v9k"]
    assert payment["kind"] == "Pod"
    assert payment["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert any("Back-off restarting" in e["message"] for e in source.objects("events", "shop") or ())
    assert "dedicated" in json.dumps([n["spec"] for n in source.objects("nodes") or ()])
    lines = source.logs("shop", {"app": "payment"}) or []
    assert sum("attempt" in line for line in lines) == 2
    assert any("DB_HOST is not set" in line for line in lines)  # of the container that crashed
    assert source.objects("jobs", "shop") == []
    assert abs((datetime.now(tz=UTC) - source.observed_at()).total_seconds()) < 60
    assert {method for method, _ in api.asked} <= {"GET", "POST"}
    assert all("selfsubjectrulesreviews" in path for method, path in api.asked if method == "POST")


@needs_kubectl
@pytest.mark.server
def test_no_secret_leaves_the_source(cluster, tmp_path: Path) -> None:
    source = opened(tmp_path, cluster[0])
    secrets = source.objects("secrets", "shop") or []
    assert "payment-token" in {s["metadata"]["name"] for s in secrets}
    assert all(set(s) == {"kind", "metadata", "type"} for s in secrets)
    lists = [
        json.dumps(source.objects(r, "shop"))
        for r in ("pods", "deployments", "configmaps", "events", "secrets")
    ]
    everything = [*lists, "\n".join(source.logs("shop", {"app": "payment"}) or ())]
    assert not [p for p in PLANTED for text in everything if p in text]
    assert all("<secret:" in text for text in (*lists[:3], everything[-1]))


@needs_kubectl
@pytest.mark.server
def test_only_lists_of_configured_namespaces_are_asked_for(cluster, tmp_path: Path) -> None:
    url, api = cluster
    source = opened(tmp_path, url, options={"namespaces": "shop"})
    before = len(api.asked)
    for odd in (
        "--all-namespaces",
        "-A",
        "pods -A",
        "a;id",
        "$(id)",
        "../x",
        "secrets/payment-token",
        "widgets",
    ):
        assert source.objects(odd, "shop") is None
    for space in ("billing", "", "--all-namespaces", "shop --as=admin"):
        assert source.objects("pods", space) is None
        assert source.logs(space, {"app": "payment"}) is None
    assert source.objects("secrets", "kube-system") is None
    for labels in ({}, {"app": "x,y"}, {"app": "a b"}, {"--all": "x"}):
        assert source.logs("shop", labels) is None
    assert len(api.asked) == before
    closed = opened(tmp_path, url, options={"namespaces": "shop", "system": False})
    assert closed.objects("pods", "kube-system") is None
    assert source.objects("pods", "kube-system") == []
    after = len(api.asked)
    assert source.objects("pods", "kube-system") == []
    assert len(api.asked) == after  # asked twice within a minute: one state for all tools of a run
    assert opened(tmp_path, url, options={"namespaces": "*"}).namespaces() == ["shop"]
    with pytest.raises(SourceError, match="namespaces"):
        opened(tmp_path, url, options={"namespaces": "shop --as=admin"}).namespaces()


@needs_kubectl
@pytest.mark.server
def test_inventory_joins_pods_addresses_and_dns_names(cluster, tmp_path: Path) -> None:
    source = opened(tmp_path, cluster[0])
    resolver = Resolver()
    inventory = build_inventory([source], SPAN, resolver)
    assert inventory.has("cluster")
    assert set(inventory.holdings[0].components) == {"orders", "payment"}
    for raw in ("payment-7f9c4d5b6f-x2v9k", "10.1.0.9:8081", "payment.shop.svc.cluster.local", "payment"):
        assert resolver.resolve(raw) == "payment"
    assert resolver.resolve("10.0.0.3:9100") == "worker-1"
    links = {(link.relation, link.to) for c in inventory.components if c.id == "payment" for link in c.links}
    assert links == {("part_of", "shop"), ("runs_on", "worker-1"), ("calls", "orders")}


def test_owner_references_make_one_component_of_a_workload_and_two_of_two_namespaces() -> None:
    def items(namespace: str, address: str) -> list[dict]:
        found = [
            item
            for resource, item in kube_api.app("web", ip=address)
            if resource in ("pods", "replicasets", "services")
        ]
        ordinal = kube_api.thing(
            "pods",
            "db-0",
            owner="StatefulSet/db",
            spec={"nodeName": "n"},
            status={"podIP": "", "hostIP": "10.0.0.3"},
        )
        host = kube_api.thing(
            "pods",
            "agent-x2v9k",
            owner="DaemonSet/agent",
            spec={"nodeName": "n"},
            status={"podIP": "10.0.0.3", "hostIP": "10.0.0.3"},
        )
        for item in (*found, ordinal, host):
            item["metadata"]["namespace"] = namespace
        return [*found, ordinal, host]

    one = {
        c.id: c for c in cluster_objects.apart({"a": cluster_objects.components(items("a", "10.1.0.1"), "a")})
    }
    assert set(one) == {"a", "web", "db", "agent", "n", "worker-1"}
    assert {"web-7f9c4d5b6f-x2v9k", "10.1.0.1", "web.a.svc.cluster.local"} <= set(one["web"].aliases)
    assert one["db"].aliases == ("db-0",)
    assert one["agent"].aliases == ("agent-x2v9k",)  # on the host's network: the address is the node's
    spaces = {n: cluster_objects.components(items(n, f"10.1.0.{i}"), n) for i, n in enumerate(("a", "b"), 1)}
    resolver = Resolver(cluster_objects.apart(spaces))
    assert [resolver.resolve(r) for r in ("10.1.0.1:80", "web.b.svc.cluster.local", "b/web")] == [
        "a/web",
        "b/web",
        "b/web",
    ]
    assert [resolver.resolve(r) for r in ("web", "db-0", "web-7f9c4d5b6f-x2v9k")] == ["", "", ""]
    assert (
        cluster_objects.components([{}, {"kind": "Pod"}, {"kind": "Pod", "metadata": 3, "spec": []}], "a")[
            0
        ].id
        == "a"
    )


@needs_kubectl
@pytest.mark.server
def test_what_the_account_may_not_read_is_named(tmp_path: Path) -> None:
    with kube_api.serving(forbidden=frozenset({"nodes", "secrets"})) as (url, _):
        source = opened(tmp_path, url)
        assert source.objects("nodes") is None
        note = source.describe(SPAN).note
        assert "not allowed to list" in note
        assert "nodes" in note
        assert "pods" not in note
    with (
        kube_api.serving(forbidden=frozenset({"pods"})) as (url, _),
        pytest.raises(SourceError, match="Grant"),
    ):
        opened(tmp_path, url).describe(SPAN)


@needs_kubectl
@pytest.mark.server
def test_an_account_that_may_list_some_types_is_answered_of_those(tmp_path: Path) -> None:
    with kube_api.serving(forbidden=frozenset({"daemonsets", "jobs"}), logs=LOGS) as (url, _):
        source = opened(tmp_path, url)
        held = source.describe(SPAN)
        assert held.components == ("orders", "payment")
        assert "daemonsets" in held.note
        assert {c.id for c in source.components() if c.type == "app"} == {"orders", "payment"}
        assert source.objects("daemonsets", "shop") is None
        assert len(source.objects("deployments", "shop") or ()) == 2
        assert len(source.logs("shop", {"app": "payment"}) or ()) == 4


@needs_kubectl
@pytest.mark.server
def test_what_goes_wrong_is_said(tmp_path: Path) -> None:
    with kube_api.serving(unauthorized=True) as (url, _), pytest.raises(SourceError, match="credentials"):
        opened(tmp_path, url).describe(SPAN)
    with kube_api.serving() as (url, _):
        with pytest.raises(SourceError, match=r"options\.context"):
            opened(tmp_path, url, options={"context": "prod"}).describe(SPAN)
        with pytest.raises(SourceError, match="Install kubectl"):
            opened(tmp_path, url, options={"kubectl": "/nowhere/kubectl"}).describe(SPAN)
        with pytest.raises(SourceError, match=r"does not exist. Fix `path` of source"):
            open_source(
                SourceConfig(name="live", kind="cluster", type="kubectl", path=str(tmp_path / "none")),
                tmp_path,
            ).describe(SPAN)
    with kube_api.serving(delay_s=3.0) as (url, _):
        began = time.monotonic()
        with pytest.raises(SourceError, match="timeout_s"):
            opened(tmp_path, url, timeout_s=0.5).describe(SPAN)
        assert time.monotonic() - began < 12
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(SourceError, match="Start the API server"):
        opened(tmp_path, url).describe(SPAN)
    assert (
        "Start the API server" in build_inventory([opened(tmp_path, url)], SPAN, Resolver()).holdings[0].note
    )


@needs_kubectl
@pytest.mark.server
def test_a_live_cluster_is_diagnosed(tmp_path: Path) -> None:
    """From the API server through kubectl to a report: a service that selects no pod, asked about in plain words."""
    now = datetime.now(tz=UTC)
    with kube_api.serving(objects=kube_api.mislabelled()) as (url, api):
        report = diagnose(
            make_incident("checkout is failing", now=now, started_at=now - timedelta(minutes=12)),
            [opened(tmp_path, url, options={"namespaces": "shop"})],
            store=RunStore.create(tmp_path / "runs", meta={}),
            llm=None,
            options=Options(planner="rules", narrator="template"),
            clock=RecordedClock(now),
        )
    assert (report.verdict, report.component) == ("cause", "orders")
    assert report.fault.endswith("service_selector")
    assert {method for method, _ in api.asked} <= {"GET", "POST"}


def _stub(folder: Path, body: str) -> str:
    path = folder / "kubectl-stub"
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_an_endless_answer_and_a_hanging_client_are_cut_off(tmp_path: Path) -> None:
    endless = Kubectl(source="s", binary=_stub(tmp_path, "while True: print('x' * 100_000)"), max_bytes=2**21)
    with pytest.raises(SourceError, match="larger than 2 MiB"):
        endless.run("get", "pods")
    forks = "import subprocess, time\nsubprocess.Popen(['sleep', '60'])\ntime.sleep(60)"
    began = time.monotonic()
    with pytest.raises(SourceError, match="timeout_s"):
        Kubectl(source="s", binary=_stub(tmp_path, forks), timeout_s=-4.5).run("get", "pods")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ('Error from server (NotFound): pods "x" not found', Unanswered, "does not have"),
        ('error: the server doesn\'t have a resource type "routes"', Unanswered, "does not have"),
        ('Error from server (Forbidden): pods is forbidden: User "v" cannot list resource', Denied, "Grant"),
        ("Unable to connect to the server: getting credentials: exec: executable gke-gcloud-auth-plugin not found",
         SourceError, "Renew the credentials"),
        ("Unable to connect to the server: Forbidden", SourceError, "Start the API server"),
        ('error: context "x" not found, cannot list', SourceError, "Fix"),
        ("Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded)", OutOfTime, "timeout_s"),
    ],
)  # fmt: skip
def test_only_the_api_server_can_say_that_there_is_nothing(
    tmp_path: Path, said: str, kind: type[SourceError], told: str
) -> None:
    stub = _stub(tmp_path, f"import sys\nsys.exit({said!r})")
    with pytest.raises(SourceError, match=told) as raised:
        Kubectl(source="s", binary=stub).run("get", "pods")
    assert raised.type is kind


def test_lines_of_an_application_that_begin_with_error_are_read(tmp_path: Path) -> None:
    lines = [
        "error: cannot open the ledger",
        'error: container "c" in pod "web-1" is waiting to start: ContainerCreating',
        'error: previous terminated container "c" in pod "web-1" not found',
        "error: unable to retrieve container logs for containerd://4f2a",
    ]
    stub = _stub(tmp_path, f"import sys\nprint({chr(10).join(lines)!r} if 'logs' in sys.argv else '{{}}')")
    source = opened(tmp_path, "http://127.0.0.1:1", options={"kubectl": stub, "namespaces": "shop"})
    assert set(source.logs("shop", {"app": "web"}) or ()) == {"error: cannot open the ledger"}


def test_lists_are_redacted_and_of_secrets_names_and_types_are_asked_for_alone(tmp_path: Path) -> None:
    pod = {
        "metadata": {"name": "web-1"},
        "spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "hunter4-planted"}]}]},
    }
    told = {"items": [pod, 3]}
    body = (
        "import sys\n"
        f"print('db-login   Opaque   2   9d' if sys.argv[-1] == 'secrets' else {json.dumps(told)!r})\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))"
    )
    source = opened(
        tmp_path, "http://127.0.0.1:1", options={"kubectl": _stub(tmp_path, body), "namespaces": "shop"}
    )
    (one,) = source.objects("pods", "shop") or ()
    assert one["kind"] == "Pod"
    assert "<secret:" in json.dumps(one)
    assert "planted" not in json.dumps(one)
    (secret,) = source.objects("secrets", "shop") or ()
    assert (secret["metadata"]["name"], secret["type"]) == ("db-login", "Opaque")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [("--output=json" in line) for line in asked] == [True, False]
    assert all("--namespace=shop" in line for line in asked)


def test_namespaces_beyond_the_bound_are_named(tmp_path: Path) -> None:
    names = "".join(f"namespace/n{n:02d}\n" for n in range(23))
    body = f"import sys\nprint({names!r} if 'namespaces' in sys.argv else '{{}}')"
    source = opened(
        tmp_path, "http://127.0.0.1:1", options={"kubectl": _stub(tmp_path, body), "namespaces": "*"}
    )
    assert "only 20 namespaces are read and 3 are not" in source.describe(SPAN).note


def test_no_other_verb_can_be_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    client = Kubectl(source="s", binary=_stub(tmp_path, f"open({str(mark)!r}, 'w')"))
    for verb in (
        ("delete", "pod", "x"),
        ("config", "set-context"),
        ("auth", "reconcile"),
        ("exec", "x"),
        ("proxy",),
    ):
        with pytest.raises(ValueError, match="read-only"):
            client.run(*verb)
    assert not os.path.exists(mark)


NAMES = ("DB_PASSWORD", "api-token", "AWS_SECRET_ACCESS_KEY", "app.credentials", "PGPASSWORD")


@settings(max_examples=80)
@given(
    name=st.sampled_from(NAMES),
    value=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'\\"), min_size=6),
)
def test_a_secret_environment_value_never_survives(name: str, value: str) -> None:
    value = "zz" + value.replace("<secret:", "") + "zz"
    redactor = Redactor(b"k" * 32)
    listed = yaml.safe_dump(
        {"env": [{"name": name, "value": value}, {"name": "PORT", "value": "80"}]}, width=10**6
    )
    applied = json.dumps({"env": [{"name": name, "value": value}]}, separators=(",", ":"))
    described = f"    Environment:\n      {name}:            {value}\n      PORT:  80\n"
    for text in (listed, applied, described):
        assert value not in redacted(text, redactor)
    assert yaml.safe_load(redacted(listed, redactor))["env"][1] == {"name": "PORT", "value": "80"}
    assert redacted(redacted(listed, redactor), redactor) == redacted(listed, redactor)


@pytest.mark.parametrize(
    "text",
    [
        "data:\n  secret: hunter4\n  port: kept\n",
        "secret: hunter4\nport: kept\n",
        "env:\n- name: DB_PASSWORD\n  value: |-\n    hunter4\n\n    hunter4\n- name: PORT\n  value: kept\n",
        "env:\n- name: DB_PASSWORD\n  value: abc\n    hunter4\n- name: PORT\n  value: kept\n",
        "data:\n  DB_PASSWORD: |\n    hunter4\n\n    hunter4\n  port: kept\n",
        "    Environment:\n      DB_PASSWORD:  abc\n                    hunter4\n      PORT:  kept\n",
        "args:\n- --requirepass\n- hunter4\n- --port\n- kept\n",
        "    Args:\n      --requirepass\n      hunter4\n      --port\n      kept\n",
        'args: ["--verbose", "--requirepass", "hunter4", "--port", "kept"]\n',
        "args: [--requirepass, hunter4, --port, kept]\n",
        "- exec redis-server --requirepass hunter4 --port kept\n",
        "- --auth.token=hunter4\n- --port=kept\n",
        "      DSN:  root:hunter4@tcp(mysql:3306)/kept\n",
    ],
)
def test_secrets_of_every_form_go_and_what_stands_beside_them_stays(text: str) -> None:
    redactor = Redactor(b"k" * 32)
    told = redacted(text, redactor)
    assert "hunter4" not in told
    assert "<secret:" in told
    assert "kept" in told
    assert redacted(told, redactor) == told


@pytest.mark.parametrize(
    "made",
    [
        {
            "spec": {
                "containers": [
                    {"env": [{"name": "DB_PASSWORD", "value": "hunter4"}, {"name": "PORT", "value": "kept"}]}
                ]
            }
        },
        {"spec": {"containers": [{"args": ["--requirepass", "hunter4", "--port", "kept"]}]}},
        {
            "spec": {
                "containers": [
                    {"command": ["sh", "-c", "exec redis-server --requirepass hunter4 --port kept"]}
                ]
            }
        },
        {"kind": "ConfigMap", "data": {"DB_PASSWORD": "hunter4\nhunter4", "port": "kept"}},
        {
            "kind": "ConfigMap",
            "data": {"secret": "hunter4", "app.yaml": "db:\n  password: hunter4\n  name: kept\n"},
        },
        {"metadata": {"annotations": {"note": "kept", "token": "hunter4"}}},
        {"message": "login failed password=hunter4, kept"},
    ],
)
def test_secrets_in_objects_go_and_what_stands_beside_them_stays(made: dict) -> None:
    redactor = Redactor(b"k" * 32)
    once = redacted_object(made, redactor)
    told = json.dumps(once)
    assert "hunter4" not in told
    assert "<secret:" in told
    assert "kept" in told
    assert redacted_object(once, redactor) == once


def test_what_refers_to_secrets_stays_and_what_was_applied_goes() -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"env":"hunter4"}'}
    made = {
        "metadata": {"name": "web", "annotations": applied, "managedFields": [{"manager": "x"}]},
        "spec": {
            "volumes": [{"name": "certs", "secret": {"secretName": "shop-certs"}}],
            "imagePullSecrets": [{"name": "registry-token"}],
            "env": [
                {
                    "name": "API_TOKEN",
                    "valueFrom": {"secretKeyRef": {"name": "payment-token", "key": "token"}},
                }
            ],
        },
    }
    told = redacted_object(made, Redactor(b"k" * 32))
    assert told == {"metadata": {"name": "web", "annotations": {}}, "spec": made["spec"]}


def test_a_redacted_block_leaves_valid_yaml() -> None:
    text = "env:\n- name: API_TOKEN\n  value: |-\n    a\n    b\n- name: PORT\n  value: '80'\n"
    told = yaml.safe_load(redacted(text, Redactor(b"k" * 32)))
    assert told["env"][1] == {"name": "PORT", "value": "80"}


def test_names_of_secrets_and_structure_stay() -> None:
    text = "volumes:\n- name: certs\n  secret:\n    secretName: shop-certs\nautomountServiceAccountToken: false\nenv:\n" \
           "- name: API_TOKEN\n  valueFrom:\n    secretKeyRef:\n      key: token\n      name: payment-token\n"  # fmt: skip
    assert redacted(text, Redactor(b"k" * 32)) == text
    assert "s3cr3t" not in redacted("data:\n  token: s3cr3tABC\n  secret: S3-s3cr3t\n", Redactor(b"k" * 32))


@settings(max_examples=60)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_counting_error_lines_never_fails(lines: list[str]) -> None:
    told = summary(lines)
    assert not told or 0 < told["total_errors"] <= told["total_log_count"] <= len(lines)
