"""The benchmark of recorded Kubernetes faults reads answers in its scorer only, and takes any folder of its layout."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path
from typing import Any

from aitia.agent.taxonomy import bundled

from ..cluster.builder import SPACE
from ..cluster.faults import FAULTS, healthy

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.rca.k8s_snapshots import CAUSES  # noqa: E402

KINDS = (
    "scheduling.k8s.taint",
    "software.configuration.k8s.service_selector",
    "node.k8s.kubelet",
    "resource.quota.k8s.pods",
)


def made(folder: Path) -> dict[str, dict[str, str]]:
    """Four cases and their answers."""
    answers = {}
    for number, kind in enumerate(KINDS):
        cluster = healthy()
        component = FAULTS[kind][0](cluster)
        case = folder / f"c{number}"
        case.mkdir(parents=True)
        (case / "tool_cache.json.xz").write_bytes(lzma.compress(json.dumps(cluster.answers()).encode()))
        target, cause = CAUSES[kind]
        answers[case.name] = {
            "fault_object": f"{target}/{component}",
            "root_cause": cause,
            "fault_taxonomy": "x",
        }
        (case / "alert.json").write_text("{}")
    return answers


def run(folder: Path, results: dict[str, dict[str, str]], out: Path) -> dict[str, Any]:
    for case, result in results.items():
        told = {"namespace": SPACE, "query": "Service unavailable.", "result": result, "process": {}}
        (folder / case / "metadata.json").write_text(json.dumps(told))
    command = [
        sys.executable,
        "benchmarks/rca/k8s_snapshots.py",
        "--data",
        str(folder),
        "--dev",
        "c0,c1",
        "--json",
        str(out),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_predictions_do_not_depend_on_answers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    answers = made(data)
    right = run(data, answers, tmp_path / "a.json")
    noise = {
        case: {"fault_object": "app/nobody", "root_cause": "oom_killed", "fault_taxonomy": "y"}
        for case in answers
    }
    wrong = run(data, noise, tmp_path / "b.json")

    def bare(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [{k: v for k, v in case.items() if k != "seconds"} for case in told["per_case"]]

    assert bare(right) == bare(wrong)
    score = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert score["no_model", "pair@1"] == 1.0
    assert score["no_model", "pair@1 (kinds not seen)"] == 1.0
    assert {("peer", "pair@1"), ("trivial", "pair@1"), ("no_model", "verdict: wrong cause")} <= set(score)
    assert {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}["no_model", "pair@1"] == 0.0


def test_every_mapped_kind_is_one_of_ours() -> None:
    assert set(CAUSES) <= {f.id for f in bundled()}
    assert len({cause for _, cause in CAUSES.values()}) == 49
