"""The benchmark of stepwise planning reads a case's paths in its scorer only; paths teach where they are named as --dev."""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from aitia.tools import Registry

from ..cluster.builder import SPACE
from ..cluster.faults import FAULTS, healthy

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.contract import Case
from benchmarks.model.planning_k8s import Learned, predicted, scored

REGISTRY = Registry.load()
KINDS = ("scheduling.k8s.taint", "software.configuration.k8s.service_selector", "scheduling.k8s.taint")


def made(folder: Path) -> list[str]:
    """Three cases; the components with the fault."""
    components = []
    for number, kind in enumerate(KINDS):
        cluster = healthy()
        components.append(FAULTS[kind][0](cluster))
        case = folder / f"c{number}"
        case.mkdir(parents=True)
        (case / "tool_cache.json.xz").write_bytes(lzma.compress(json.dumps(cluster.answers()).encode()))
    return components


def run(data: Path, paths: dict[str, list[str]]) -> tuple[list[Case], dict[tuple[str, str], float]]:
    """Predictions and figures on c0 and c1, with c2 to learn from."""
    for case, path in paths.items():
        process = {"path1": path, "path2": [*path, "GetClusterConfiguration::"]}
        told = {"namespace": SPACE, "query": "Service unavailable.", "result": {}, "process": process}
        (data / case / "metadata.json").write_text(json.dumps(told))
    learned = Learned(data, ["c2"], REGISTRY)
    cases = [predicted(data / name, learned, REGISTRY, None, 0.3) for name in ("c0", "c1")]
    return cases, {(r["system"], r["metric"]): r["value"] for r in scored(data, cases)}


def bare(cases: list[Case]) -> list[dict[str, Any]]:
    return [{s: run["calls"] if isinstance(run, dict) else run for s, run in c.items()} for c in cases]


def test_predictions_do_not_depend_on_the_paths_that_are_scored(tmp_path: Path) -> None:
    first, second, third = made(tmp_path / "data")
    right = {
        "c0": ["GetResources::pods", f"DescribeResource::pods::{first}"],
        "c1": ["GetResources::pods", "GetResources::endpoints", f"GetAppYAML::{second}"],
        "c2": ["GetResources::pods", f"DescribeResource::pods::{third}", f"GetAppYAML::{third}"],
    }
    noise = right | {"c0": ["GetResources::jobs"], "c1": ["GetAlerts::", "GetErrorLogs::nobody"]}
    found, score = run(tmp_path / "data", right)
    scrambled, wrong = run(tmp_path / "data", noise)
    assert bare(found) == bare(scrambled)

    assert score["no_model", "recall@8"] == 1.0
    assert (score["no_model", "repeated"], score["no_model", "valid"]) == (0.0, 1.0)
    assert {s for s, _ in score} >= {"no_model rules", "no_model memory", "peer", "trivial"}
    assert wrong["no_model", "recall@8"] < 0.5

    # What the memory learned from --dev does change them.
    other, _ = run(tmp_path / "data", right | {"c2": ["GetResources::pods", "GetResources::ingresses"]})
    assert bare(other)[0]["no_model memory"][1] == "GetResources::ingresses"
    assert bare(found)[0]["no_model memory"][1] == f"DescribeResource::pods::{first}"
