"""The TVDiag benchmark: an incident's own answer is not read, and any folder of the layout is taken."""

from __future__ import annotations

import csv
import importlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from benchmarks.adapters.tvdiag.events import Case

from .tvdiag_world import cases

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution
tvdiag = importlib.import_module("benchmarks.rca.tvdiag")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up system in the layout of the benchmark."""
    folder = tmp_path_factory.mktemp("events") / "bazaar"
    (folder / "raw").mkdir(parents=True)
    raw: dict[str, dict[str, object]] = {k: {} for k in ("metrics", "logs", "traces", "nodes", "edges")}
    with (folder / "label.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "instance", "anomaly_type"])
        for n, case in enumerate(cases(rounds=2)):
            writer.writerow([n, case.component, case.fault])
            at = {c: k for k, c in enumerate(case.nodes)}
            raw["nodes"][str(n)] = list(case.nodes)
            raw["edges"][str(n)] = [[at[a], at[b]] for a, b in case.edges]
            raw["metrics"][str(n)] = [
                [e.component, e.signal, e.direction] for e in case.events if e.source == "metric"
            ]
            raw["logs"][str(n)] = [
                [e.component, f"{e.component}-7"] for e in case.events if e.source == "log"
            ]
            raw["traces"][str(n)] = [
                [e.peer, e.component, e.signal, e.direction] for e in case.events if e.source == "trace"
            ]
    for kind, body in raw.items():
        (folder / "raw" / f"{kind}.json").write_text(json.dumps(body))
    return folder.parent


def test_noise_for_the_answers_of_a_fold_changes_no_prediction_of_it(data: Path) -> None:
    (folder,) = tvdiag.systems(data)
    answers = tvdiag.read_answers(folder)
    library = tvdiag.solved(tvdiag.events_of(folder), answers)
    part = [n % 3 for n in range(len(library))]

    def of_fold(cases: list[Case]) -> list[object]:
        said = tvdiag.predictions("bazaar", cases, part, tvdiag.trained(cases, part))
        return [p for p in said if p.fold == 0]

    chance = random.Random(1)
    noisy = [
        c.model_copy(update={"component": chance.choice(c.nodes), "fault": chance.choice(["hog", "slow", "noise"])}) if p == 0 else c
        for c, p in zip(library, part, strict=True)
    ]  # fmt: skip
    assert noisy != library
    assert of_fold(noisy) == of_fold(library)


def test_the_script_takes_the_folder_and_ours_beats_the_peers(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    argv = [sys.executable, "benchmarks/rca/tvdiag.py", "--data", str(data), "--json", str(out)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    told = json.loads(out.read_text())
    assert (told["task"], told["n"]) == ("rca/tvdiag", len(cases(rounds=2)))
    value = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert value["ours", "bazaar HR@1"] > value["peer metric alerts", "bazaar HR@1"]
    assert value["ours", "bazaar HR@1"] > value["trivial", "bazaar HR@1"]
    assert value["ours", "bazaar fault F1"] > value["trivial", "bazaar fault F1"]
    assert {r["system"] for r in told["rows"]} == {
        "ours",
        "no_model",
        "peer metric alerts",
        "peer kNN",
        "trivial",
    }
    assert all(r["ci95"][0] <= r["value"] <= r["ci95"][1] for r in told["rows"])


def test_a_folder_without_the_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--data"):
        list(tvdiag.systems(tmp_path))
