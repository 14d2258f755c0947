"""The benchmark of incident texts: labels are read by the scorer only."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.meaning import texts  # noqa: E402

CASES: list[dict[str, Any]] = [
    {
        "id": "a1", "text": "checkout slow since 10:00, not the database", "language": "en",
        "components": ["checkout", "orders-db"], "written_at": "2026-11-25T10:40:00+00:00",
        "affected": ["checkout"], "excluded": ["orders-db"], "symptom": "latency", "start": "2026-11-25T10:00:00+00:00",
    },
    {
        "id": "a2", "text": "Pumpe 2 undicht", "language": "de", "components": ["pump-1", "pump-2"],
        "written_at": "2026-11-25T10:40:00+01:00", "affected": ["pump-2"], "excluded": [], "symptom": "leak", "start": None,
    },
]  # fmt: skip
NOISE = {
    "affected": ["nobody"],
    "excluded": ["no one"],
    "symptom": "speed",
    "start": "1999-01-01T00:00:00+00:00",
}


def measured(folder: Path, cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    for file in ("texts.jsonl", "texts_second.jsonl"):
        (folder / file).write_text("\n".join(json.dumps(c) for c in cases), encoding="utf-8")
    out = folder / "out.json"
    monkeypatch.setattr(sys, "argv", ["texts.py", "--data", str(folder), "--json", str(out)])
    texts.main()
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_noise_for_labels_changes_no_prediction_and_every_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = measured(tmp_path, CASES, monkeypatch)
    value = {(r["system"], r["metric"]): r["value"] for r in before["rows"]}
    for metric in (
        "components exact",
        "excluded right",
        "symptom",
        "start within 10 min",
        "no start, none told",
    ):
        assert value["no_model", metric] == 1, metric
    assert value["trivial", "no start, none told"] == 0
    after = measured(tmp_path, [c | NOISE for c in CASES], monkeypatch)
    assert after["per_case"] == before["per_case"]
    noisy = {(r["system"], r["metric"]): r["value"] for r in after["rows"]}
    assert noisy["no_model", "components exact"] == noisy["no_model", "symptom"] == 0


def test_what_a_system_is_given_holds_no_label() -> None:
    assert set(texts.asked(CASES[0])) == set(texts.ASKED)


def test_an_excluded_component_that_is_taken_counts_against() -> None:
    made = {"affected": ["orders-db"], "excluded": [], "symptom": "latency", "start": None}
    said = texts.scored(made, CASES[0])
    assert said["excluded taken (lower is better)"] == 1
    assert said["start within 10 min"] == 0
