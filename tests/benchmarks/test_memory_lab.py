"""The memory benchmark on recordings of the lab: what is stored and asked, what is right, and one run of all of it."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia.agent.judged import Judged
from aitia.core.words import Incident, Inventory, Window
from aitia.lab.words import Order
from aitia.tools.memory.words import PastIncident
from benchmarks.memory import lab as script
from benchmarks.memory.lab_beside import beside
from benchmarks.memory.lab_runs import Run, halves

BUNDLE = Path(__file__).parents[2] / "benchmarks" / "lab" / "bundle" / "kinds"
AT = datetime(2026, 3, 1, tzinfo=UTC)


def recorded(system: str, fault: str, seed: int, component: str = "db", kind: str = "resource.disk") -> Run:
    name = f"{system}-{fault}-{seed}"
    cause = fault != "none"
    return Run(
        id=name,
        order=Order(system=system, fault=fault, seed=seed, victim=component if cause else ""),
        kind="cluster",
        incident=Incident(
            id=name,
            title=f"{fault} at {component}",
            started_at=AT,
            window=Window(start=AT, end=AT + timedelta(hours=1)),
        ),
        case=Judged(
            id=name,
            group=system,
            evidence=(),
            inventory=Inventory(),
            verdict="cause" if cause else "healthy",
            accepted=((component, kind),) if cause else (),
        ),
        report=("unknown", "", ""),
        said=None,
        kept=PastIncident(id=name, title=f"{fault} at {component}", component=component, fault=kind)
        if cause
        else None,
    )


def test_of_a_cause_recorded_twice_the_later_one_is_asked() -> None:
    both = [recorded("k8s-bare", "disk-full", seed) for seed in (7, 3)]
    once, healthy = recorded("k8s-mesh", "disk-full", 1), recorded("k8s-bare", "none", 1)
    stored, asked = halves([*both, once, healthy], "")
    assert {r.id for r in stored} == {"k8s-bare-disk-full-3", "k8s-mesh-disk-full-1"}
    assert {r.id for r in asked} == {"k8s-bare-disk-full-7", "k8s-bare-none-1"}


@pytest.mark.parametrize(("split", "asked"), [("", []), ("never", ["grid-line-cut-2"])])
def test_systems_that_nobody_looks_at_are_asked_of_in_their_own_split_alone(
    split: str, asked: list[str]
) -> None:
    sealed = [recorded("grid", "line-cut", seed) for seed in (1, 2)]
    stored, later = halves(sealed, split)
    assert [r.id for r in later] == asked
    assert len(stored) + len(later) == 2


@pytest.mark.parametrize(
    ("other", "grade"),
    [
        (recorded("k8s-bare", "other-name", 1), 1.0),
        (recorded("k8s-bare", "disk-full", 1, component="cache"), 0.5),
        (recorded("k8s-mesh", "disk-full", 1), 0.5),
        (recorded("k8s-bare", "disk-full", 1, kind="resource.memory"), 0.0),
    ],
)
def test_right_is_the_same_kind_at_the_same_component(other: Run, grade: float) -> None:
    assert script.grade(recorded("k8s-bare", "disk-full", 2), script.cause_of(other)) == grade


def test_every_system_finds_the_incident_with_the_same_words_and_none_that_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "_vectors", lambda: None)
    stored = [
        recorded("k8s-bare", "quota exhausted", 1, "cart", "resource.quota"),
        recorded("k8s-bare", "certificate expired", 1, "edge", "software.certificate"),
    ]
    asked = recorded("k8s-bare", "certificate expired", 2, "edge", "software.certificate")
    first, second = (p for _, p in script.dated(stored).values())
    found = script.systems([first, second], tmp_path)
    for name in ("no_model", "peer BM25", "peer BM25 facts"):
        assert found[name](asked, frozenset())[0] == second.id, name
        assert second.id not in found[name](asked, frozenset({second.id})), name


def test_without_the_right_ones_none_of_its_kind_is_left_to_recall() -> None:
    past = script.dated(
        [
            recorded("k8s-bare", "disk-full", 1),
            recorded("k8s-mesh", "disk-full", 1),
            recorded("k8s-bare", "slow", 1, kind="network.delay"),
        ]
    )
    asked = recorded("k8s-bare", "disk-full", 2)
    causes = {id: script.cause_of(run) for id, (run, _) in past.items()}
    right, nothing = script.asked_of(
        "peer", lambda _, out: [id for id in past if id not in out], asked, causes
    )
    assert (right["place"], right["grades"]) == (1, [1.0, 0.5, 0.0])
    assert nothing["first"] == ["INC-2"]


def test_kept_diagnoses_lie_beside_with_the_words_of_their_recording(tmp_path: Path) -> None:
    moved = {
        "component": "cart", "kind": "metric.shift", "aspect": "latency", "direction": "up", "strength": 0.9,
        "statement": "cart: latency rose.",
    }  # fmt: skip
    line = {
        "id": "kinds/k8s-bare-230fe55a alone", "group": "k8s-bare disk cause resource.disk", "verdict": "cause",
        "accepted": [["cart", "resource.disk"]], "evidence": [moved],
    }  # fmt: skip
    healthy = line | {"verdict": "healthy", "accepted": []}
    nowhere = line | {"id": "kinds/k8s-bare-00000000"}
    file = tmp_path / "kept.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in (line, healthy, nowhere)))
    (found,) = beside([file], [BUNDLE])
    assert (found.system, found.answer) == ("k8s-bare", ("cart", "resource.disk"))
    assert found.kept.title
    assert found.kept.symptoms == ("cart: latency rose.",)
    assert found.kept.fingerprint == ("metric.shift|latency|up|cart",)


def test_it_makes_second_recordings_diagnoses_once_and_tells_both_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, work, out = tmp_path / "data", tmp_path / "work", tmp_path / "out.json"
    for name in ("k8s-bare-230fe55a", "k8s-bare-356e5273"):
        shutil.copytree(BUNDLE / name, data / name)
    given = ["lab.py", "--data", str(data), "--work", str(work), "--json", str(out)]
    monkeypatch.setattr(sys, "argv", given)
    monkeypatch.setattr(script, "_vectors", lambda: None)
    assert script.main() == 0
    told: dict[str, Any] = json.loads(out.read_text())
    value = {(r["system"], r["metric"]): (r["value"], r["n"]) for r in told["rows"]}
    assert told["n"] == 2
    assert value["no_model", "recall@1"][1] == value["trivial", "later: right"][1] == 2
    monkeypatch.setattr("benchmarks.memory.lab_runs.replay", None)  # a second call diagnoses nothing
    assert script.main() == 0
