"""Parsers of kubectl text: exact on what kubectl prints, and calm on anything else."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.tools.cluster import described
from aitia.tools.cluster.analyse import analyse, analyse_nodes, quiet
from aitia.tools.cluster.answers import connection, described_addresses, log_lines
from aitia.tools.cluster.gather import brief, gather
from aitia.tools.cluster.graph import host_of, tree_calls
from aitia.tools.cluster.manifest import documents, spec_of
from aitia.tools.cluster.routes import env_routes, routes_of
from aitia.tools.cluster.text import age_s, quantity, rows, trees
from aitia.tools.sources import ClusterCall

from .faults import FAULTS, healthy

LINES = st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), max_size=30).map("\n".join)
WORDS = st.sampled_from(
    [
        "Name:",
        "Name:  x",
        "Events:",
        "  Type  Reason",
        "  ----",
        "NAME   READY",
        "x  1/1",
        "  a: b",
        "    c:",
        "- id: x",
        "kind: List",
        "\t",
        ":",
        "{",
        "items: 3",
    ]
)
TEXTS = LINES | st.lists(WORDS, max_size=25).map("\n".join)


@given(TEXTS)
@settings(max_examples=150)
def test_parsers_never_raise(text: str) -> None:
    rows(text)
    for tree in trees(text):
        described.spec(tree)
        described.node(tree)
        described.service(tree)
        described.quota(tree)
        described.claim(tree)
        described.events(tree)
        described.conditions(tree)
    for doc in documents(text):
        spec_of(doc)
    connection("a", 1, text)
    log_lines(text)
    described_addresses(text)
    tree_calls(text)
    host_of(text)
    described.probe(text)
    routes_of("a", text, "b")
    env_routes("a", {text: text, "X_ROUTES_0_URI": text})
    quantity(text)
    age_s(text)


class Hostile:
    """A cluster that answers every question with the same text."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def namespaces(self) -> list[str]:
        return ["x"]

    def ask(self, call: ClusterCall) -> str | None:
        return self.text


@given(TEXTS | st.none())
@settings(max_examples=60)
def test_a_hostile_cluster_is_gathered_and_analysed(text: str | None) -> None:
    state = gather(Hostile(text), "x")  # type: ignore[arg-type]
    analyse(state)
    analyse_nodes(state)
    quiet(state)
    brief(Hostile(text), "x")  # type: ignore[arg-type]
    if text is None:
        assert any("not answered" in u for u in state.unread)


@given(st.data())
@settings(max_examples=40)
def test_damaged_recordings_are_analysed(data: st.DataObject) -> None:
    """Cut, emptied and swapped answers of a real-looking cluster."""
    cluster = healthy()
    kind = data.draw(st.sampled_from(sorted(FAULTS)))
    FAULTS[kind][0](cluster)
    answers = {k: v for k, v in cluster.answers().items() if isinstance(v, str)}
    keys = sorted(answers)
    for key in data.draw(st.lists(st.sampled_from(keys), max_size=8)):
        cut = data.draw(st.integers(0, max(1, len(answers[key]))))
        answers[key] = data.draw(
            st.sampled_from(
                [answers[key][:cut], answers[key][cut:], "", answers[data.draw(st.sampled_from(keys))]]
            )
        )

    class Damaged(Hostile):
        def ask(self, call: ClusterCall) -> str | None:
            return recorded(answers, call)

    state = gather(Damaged(""), "acme")  # type: ignore[arg-type]
    analyse(state)
    analyse_nodes(state)


def recorded(answers: dict[str, str], call: ClusterCall) -> str | None:
    tool = {
        "get": "GetResources",
        "describe": "DescribeResource",
        "yaml": "GetAppYAML",
        "logs": "GetErrorLogs",
    }.get(call.verb, "-")
    for key, text in answers.items():
        name, _, arguments = key.partition(":")
        told = json.loads(arguments)
        if (
            name == tool
            and call.name in told.values()
            and told.get("resource_type", "") in ("", call.resource)
        ):
            return text
    return None


def test_tables_keep_values_with_blanks_and_empty_columns() -> None:
    text = (
        "NAME    READY   RESTARTS      STORAGECLASS   AGE\na-b-c   1/1     2 (29s ago)                  9d\n"
    )
    assert rows(text) == [
        {"NAME": "a-b-c", "READY": "1/1", "RESTARTS": "2 (29s ago)", "STORAGECLASS": "", "AGE": "9d"}
    ]


def test_describe_keeps_continued_values_and_nesting() -> None:
    text = (
        "Name:         web\nLabels:       a=1\n              b=2\nAnnotations:  x.io/y: z\n              k: v\n"
        "Containers:\n  c:\n    Port:   80/TCP\n    Limits:\n      cpu:  1\n    Environment:\n      URL:  http://x:80/a\n"
        "Tolerations:  node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\nEvents:  <none>\n"
    )
    (tree,) = trees(text)
    assert tree.pairs("Labels") == {"a": "1", "b": "2"}
    spec = described.spec(tree)
    assert spec.containers[0].env == {"URL": "http://x:80/a"}
    assert spec.containers[0].limits == {"cpu": "1"}
    assert spec.containers[0].ports[0].number == 80
    assert spec.tolerations[0].operator == "Exists"


@pytest.mark.parametrize(
    ("text", "kind", "port", "delay"),
    [
        ("grpc <pod>:8080  delay=5s timeout=1s period=10s #success=1 #failure=3", "grpc", "8080", 5),
        ("http-get http://:web/ok delay=0s timeout=2s period=3s #success=1 #failure=3", "http", "web", 0),
        (
            "http-get https://10.0.0.1:8443/ok delay=0s timeout=2s period=3s #success=1 #failure=3",
            "https",
            "8443",
            0,
        ),
        ("tcp-socket :6379 delay=9s timeout=1s period=5s #success=1 #failure=3", "tcp", "6379", 9),
        ("exec [cat /ok] delay=1s timeout=1s period=5s #success=1 #failure=3", "exec", "", 1),
    ],
)
def test_probes_are_read(text: str, kind: str, port: str, delay: float) -> None:
    probe = described.probe(text)
    assert probe is not None
    assert (probe.kind, probe.port, probe.delay) == (kind, port, delay)


def test_quantities_and_ages() -> None:
    assert [quantity(q) for q in ("500m", "2", "64Mi", "1k", "x", None)] == [
        0.5,
        2.0,
        64 * 2**20,
        1000.0,
        None,
        None,
    ]
    assert [age_s(a) for a in ("2m5s", "4d6h", "62s", "")] == [125.0, 367200.0, 62.0, None]


def test_lists_of_live_kubectl_are_unfolded() -> None:
    text = json.dumps(
        {"kind": "List", "items": [{"kind": "Service", "metadata": {"name": "a"}}, {"kind": "Deployment"}, 3]}
    )
    assert [d["kind"] for d in documents(text)] == ["Service", "Deployment"]
    bomb = "a: &a [x]\n" + "\n".join(f"b{i}: *a" for i in range(100))
    assert documents(bomb) == []


def test_dependency_trees_are_read() -> None:
    text = "[Service]: a\n[Downstream (Calls)]:\na\n├── b\n│   └── c   <-- (Database)\n└── d\n"
    assert tree_calls(text) == {"a": {"b", "d"}, "b": {"c"}}


def test_connections_by_node() -> None:
    text = "Debug Pod test results deployed on n1: punt!\nTerminated\nConnection Failed\nDebug Pod test results deployed on n2: x open\nConnection Succeeded\n"
    one = connection("x", 80, text)
    assert (one.ok, one.failed_from, one.ok_from) == (False, ("n1",), ("n2",))
    assert connection("x", 80, "x (10.0.0.1:80) open\nConnection Succeeded").ok
    assert not connection("x", 80, "Connection Failed").ok


def test_every_answer_of_the_builder_is_read(tmp_path: Path) -> None:
    state = gather(healthy().write(tmp_path), "acme")
    assert [u for u in state.unread if "no table" in u or "no description" in u] == []
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
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_configuration_holds_up_the_reader_of_routes(name: str) -> None:
    began = time.process_time()
    routes_of("gateway", HOSTILE[name], "configmap")
    assert time.process_time() - began < 2


def test_routes_of_a_json_text() -> None:
    route = {"id": "pay", "uri": "lb://payment.shop:8080", "predicates": ["Path=/pay/**"]}
    other = {"id": "no-path", "uri": "lb://x"}
    text = json.dumps({"spring": {"routes": [other, route]}})
    assert [
        (r.name, r.host, r.port, r.path) for r in routes_of("gateway", text, "SPRING_APPLICATION_JSON")
    ] == [("pay", "payment", 8080, "/pay/**")]


@pytest.mark.parametrize("line", ["A" + "  A" * 40 + "!", "A" + " " * 50_000 + "!"])
def test_no_line_holds_up_the_reader_of_tables(line: str) -> None:
    began = time.process_time()
    assert rows(f"{line}\nx") == []
    assert time.process_time() - began < 2


def test_no_description_holds_up_the_reader_of_trees() -> None:
    began = time.process_time()
    trees("Name: a\nNote: x" + " " * 60_000 + "y")
    assert time.process_time() - began < 2


def test_a_number_of_thousands_of_digits_is_no_age() -> None:
    assert (age_s("9" * 5000 + "d") or 0) >= 0
