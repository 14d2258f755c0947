"""The adapter of recorded kubectl text only transcribes: exact on what kubectl prints, blind to what it says."""

from __future__ import annotations

import json
import re
import sys
import time
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.words import Window
from aitia.tools.sources import open_source

from ..cluster.builder import SPACE
from ..cluster.faults import FAULTS, healthy

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.adapters.k8s_tool_cache import Answers, Question, transcribed
from benchmarks.adapters.k8s_tool_cache import objects as o
from benchmarks.adapters.k8s_tool_cache import parts as p
from benchmarks.adapters.k8s_tool_cache.recording import Transcript
from benchmarks.adapters.k8s_tool_cache.text import age_s, rows, trees

LINES = st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), max_size=30).map("\n".join)
WORDS = st.sampled_from(
    ["Name:", "Name:  x", "Events:", "  Type  Reason", "  ----", "NAME   READY", "x  1/1", "  a: b", "    c:", "- id: x",
     "kind: List", "\t", ":", "{", "items: 3"]
)  # fmt: skip
TEXTS = LINES | st.lists(WORDS, max_size=25).map("\n".join)
# Values of equal length, so that the columns of a table stay where they are.
SWAPPED = (
    ("stock", "cache"),
    ("8081", "8082", "8083"),
    ("alpha", "gamma"),
    ("Running", "Pending"),
    ("True", "Nope"),
)


def swapped(text: str, order: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, order)), lambda m: order[m[0]], text)


def plain(made: Transcript) -> list[str]:
    """The objects in an order of their own, without the numbers that events are given."""
    found = [{**i, "metadata": {}} if i["kind"] == "Event" else i for i in made.items]
    return [json.dumps(i, sort_keys=True) for i in found]


@pytest.mark.parametrize(
    "kind", ["scheduling.k8s.taint", "storage.k8s.storage_class", "software.crash", "node.k8s.kubelet"]
)
@pytest.mark.parametrize("group", SWAPPED, ids=[g[0] for g in SWAPPED])
def test_values_that_change_places_in_the_text_change_places_in_the_objects(
    kind: str, group: tuple[str, ...]
) -> None:
    cluster = healthy()
    FAULTS[kind][0](cluster)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in cluster.answers().items()}
    before = plain(Transcript(Answers(texts, SPACE), SPACE))
    assert any(group[0] in one for one in before) or group[0] == "True"
    for other in permutations(group):
        order = dict(zip(group, other, strict=True))
        moved = {swapped(k, order): swapped(v, order) for k, v in texts.items()}
        after = plain(Transcript(Answers(moved, SPACE), SPACE))
        if group[0] in (
            "Running",
            "True",
        ):  # words with a form of their own: as many objects, of the same names
            assert [json.loads(a)["kind"] for a in after] == [json.loads(b)["kind"] for b in before]
        else:
            assert sorted(after) == sorted(swapped(b, order) for b in before)


@given(TEXTS)
@settings(max_examples=120, deadline=None)
def test_parsers_never_raise(text: str) -> None:
    now = Answers({}).at
    rows(text)
    for tree in trees(text):
        row = {
            "NAME": "x",
            "READY": text,
            "RESTARTS": text,
            "STATUS": text,
            "AGE": text,
            "IP": text,
            "CLAIM": text,
        }
        o.pod(row, tree, "a", now, ["ReplicaSet/x"])
        o.workload("Deployment", row, tree, "a", now)
        p.node(row, tree, {"kubelet": text})
        p.service(row, tree, "a", now)
        p.endpoints("x", text, tree, tree, "a")
        p.quota(row, tree, "a")
        p.claim(row, tree, "a")
        p.policy(tree, "a")
        p.ingress(tree, "a")
    p.config_map("x", text, "a")
    o.probe(text)
    age_s(text)


def test_calls_find_their_answers_whatever_the_order_of_arguments() -> None:
    answers = Answers(
        {
            'GetResources:{"namespace":"n","name":"","resource_type":"pods"}': "NAME\nx",
            'GetResources:{"output_wide":true,"resource_type":"pods","namespace":"n"}': "NAME   NODE\nx      a",
            'GetResources:{"resource_type":"nodes","name":"","namespace":"n"}': "NAME\nalpha",
            'GetErrorLogs:{"service_name":"s","namespace":"n"}': {"patterns": []},
            'GetResources:{"resource_type":"secrets","namespace":"n"}': "Error from server (Forbidden): no",
            "collection_timestamp": "2026-01-01",
            "Broken:{": "x",
        },
        "n",
    )
    assert answers.ask(Question(verb="get", resource="pods", namespace="n")) == "NAME\nx"
    assert (
        answers.ask(Question(verb="get", resource="pods", namespace="n", wide=True))
        == "NAME   NODE\nx      a"
    )
    assert answers.ask(Question(verb="get", resource="nodes")) == "NAME\nalpha"
    assert answers.ask(Question(verb="logs", name="s", namespace="n")) == '{"patterns": []}'
    assert answers.ask(Question(verb="get", resource="secrets", namespace="n")) is None
    assert answers.ask(Question(verb="describe", resource="pods", name="x", namespace="n")) is None
    assert answers.at.isoformat() == "2026-01-01T00:00:00+00:00"


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
        "      KEY:  <set to the key 'k' in secret 's'>  Optional: false\n"
        "Tolerations:  node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\nEvents:  <none>\n"
    )
    (tree,) = trees(text)
    assert tree.pairs("Labels") == {"a": "1", "b": "2"}
    spec = o.pod_spec(tree)
    (one,) = spec["containers"]
    assert one["env"] == [
        {"name": "URL", "value": "http://x:80/a"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
    ]
    assert one["resources"] == {"limits": {"cpu": "1"}}
    assert one["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert spec["tolerations"] == [
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    ]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("grpc <pod>:8080  delay=5s timeout=1s period=10s #success=1 #failure=3", {"grpc": {"port": 8080}}),
        ("http-get http://:web/ok delay=0s timeout=2s period=3s #success=1 #failure=3",
         {"httpGet": {"port": "web", "path": "/ok", "scheme": "HTTP"}}),
        ("tcp-socket :6379 delay=9s timeout=1s period=5s #success=1 #failure=3", {"tcpSocket": {"port": 6379}}),
        ("exec [cat /ok] delay=1s timeout=1s period=5s #success=1 #failure=3", {"exec": {"command": ["[cat", "/ok]"]}}),
    ],
)  # fmt: skip
def test_probes_are_transcribed(text: str, made: dict[str, Any]) -> None:
    probe = o.probe(text)
    assert probe is not None
    assert {k: v for k, v in probe.items() if not k.endswith(("Seconds", "Threshold"))} == made


def test_ages_are_moments_before_the_recording() -> None:
    assert [age_s(a) for a in ("2m5s", "4d6h", "62s", "")] == [125.0, 367200.0, 62.0, None]
    assert (age_s("9" * 5000 + "d") or 0) >= 0
    assert o.stamp(Answers({}).at, "2m") == "2024-12-31T23:58:00+00:00"


def test_config_maps_keep_values_of_many_lines() -> None:
    text = "Name:  x\n\nData\n====\na.yaml:\n----\nk: v\nl:\n- 1\n\nport:\n----\n80\n\n\nBinaryData\n====\n"
    assert p.config_map("x", text, "n")["data"] == {"a.yaml": "k: v\nl:\n- 1", "port": "80"}


def test_a_case_becomes_a_recorded_cluster_and_its_metrics_a_table(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    cluster = healthy()
    cluster.app("web").logs = [(3, "error: refused")]
    told = cluster.answers() | {"collection_timestamp": "2026-01-01T10:00:00"}
    (case / "tool_cache.json").write_text(json.dumps(told))
    (case / "metrics.csv").write_text("\ufefftime,web-cpu,web-p95latency\n2026-01-01 09:59:00,0.5,\n")
    configs = transcribed(case, SPACE, tmp_path / "out")
    assert [c.name for c in configs] == ["cluster", "metrics"]
    source, metrics = (open_source(SourceConfig.model_validate(c), tmp_path) for c in configs)
    assert source.observed_at().isoformat() == "2026-01-01T10:00:00+00:00"
    assert source.logs(SPACE, {"app": "web"}) == ["error: refused"] * 3
    at = source.observed_at()
    (series,) = metrics.read(Window(start=at.replace(hour=9), end=at))
    assert (series.component, series.metric, list(series.v)) == ("web", "cpu", [0.5])


@pytest.mark.parametrize("line", ["A" + "  A" * 40 + "!", "A" + " " * 50_000 + "!"])
def test_no_line_holds_up_the_reader_of_tables(line: str) -> None:
    began = time.process_time()
    assert rows(f"{line}\nx") == []
    assert time.process_time() - began < 2


def test_no_description_holds_up_the_reader_of_trees() -> None:
    began = time.process_time()
    trees("Name: a\nNote: x" + " " * 60_000 + "y")
    assert time.process_time() - began < 2
