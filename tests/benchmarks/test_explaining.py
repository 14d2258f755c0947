"""The benchmark of explaining: raw sentences are scored anew without a model; labels are read by the scorer only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LABELLED = ROOT / "benchmarks/model/data/sentences_labelled.jsonl"


def scored(tmp_path: Path, labels: list[dict[str, Any]], name: str) -> dict[str, Any]:
    raw = [r | {"seconds": 1.0, "prompt_tokens": 80, "generated_tokens": 40} for r in labels]
    (tmp_path / "raw.jsonl").write_text("".join(json.dumps(r) + "\n" for r in raw), encoding="utf-8")
    (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in labels), encoding="utf-8")
    command = [
        sys.executable, "benchmarks/model/explaining.py", "--data", str(tmp_path / "none"), "--models", "",
        "--raw", str(tmp_path / "raw.jsonl"), "--labels", str(tmp_path / f"{name}.jsonl"), "--json", str(tmp_path / f"{name}.json"),
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found: dict[str, Any] = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    return found


def value(found: dict[str, Any], metric: str) -> float:
    return next(float(r["value"]) for r in found["rows"] if r["metric"] == metric)


def test_sentences_are_scored_and_noise_in_the_labels_changes_no_prediction(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    first = [r for r in lines if r["mode"] == "first"][:24]
    found = scored(tmp_path, first, "right")
    assert value(found, "false sentences refused") > 0.9
    assert value(found, "true sentences refused") < 0.25
    assert value(found, "caught: all") > 0.98
    noise = [r | {"label": "false" if r["label"] == "true" else "true"} for r in first]
    turned = scored(tmp_path, noise, "noise")
    assert value(turned, "true sentences refused") > 0.9
    predicted = [
        [(c["text"], c["reasons"]) for c in f["per_case"] if "reasons" in c] for f in (found, turned)
    ]
    assert predicted[0] == predicted[1]
