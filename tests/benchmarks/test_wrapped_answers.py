"""The benchmark of messages that wrap errors reads labels in its scorer only: with noise for labels no prediction changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.meaning import wrapped  # noqa: E402

ROWS: list[dict[str, Any]] = [
    {
        "half": half,
        "text": text,
        "source": half,
        "fault": bool(kind),
        "class": kind,
        "accept": [],
        "whose": "peer",
    }
    for half in ("held", "shown")
    for text, kind in (
        ("not read: getaddrinfo ENOTFOUND db", "dns"),
        ("not sent: certificate has expired", "certificate"),
        ("ready", None),
    )
]


def run(folder: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    folder.mkdir()
    (folder / "wrapped.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = folder / "out.json"
    monkeypatch.setattr(sys, "argv", ["wrapped.py", "--data", str(folder), "--json", str(out)])
    wrapped.main()
    return dict(json.loads(out.read_text()))


def test_noise_for_labels_changes_no_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = [r | {"fault": True, "class": "lock", "accept": [], "whose": "host"} for r in ROWS]
    right, wrong = run(tmp_path / "a", ROWS, monkeypatch), run(tmp_path / "b", noise, monkeypatch)
    assert right["per_case"] == wrong["per_case"]
    value = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert value["no_model", "held: class"] == value["no_model", "shown: class"] == 1
    assert value["no_model", "held: normal called faulty"] == 0
    noisy = {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}
    assert noisy["no_model", "held: class"] == 0


def test_a_crash_is_told_as_a_restart() -> None:
    rows = [{"fault": True, "class": "crash", "accept": []}]
    assert wrapped.scored(rows, [{"class": "restart", "class at no level": "", "bad": True}])["class"] == [
        1.0
    ]
