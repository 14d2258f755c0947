"""The benchmark of names: a vendor's own labels change no answer to its names, and marks are as they are told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.meaning import names  # noqa: E402

ROWS = [
    ("acme", "acme_request_latency_ms", "latency", "up"),
    ("acme", "acme_heap_used_bytes", "memory", "up"),
    ("acme", "acme_widgets_frobbed", "traffic", "both"),
    ("brill", "brill.requests.failed", "errors", "up"),
    ("brill", "brill.cpu.percent", "cpu", "up"),
    ("cobb", "Cobb_Tank_Level", "level", "both"),
    ("cobb", "CobbHeapBytes", "memory", "up"),
]


def answers(folder: Path, monkeypatch: pytest.MonkeyPatch, noisy: str = "") -> dict[str, list[object]]:
    folder.mkdir()
    lines = [
        {"name": name, "vendor": vendor, "group": "apm", "kind": "gauge", "unit": "", "quantity": "force" if vendor == noisy else q,
         "direction": "none" if vendor == noisy else d, "second": "energy" if vendor == noisy else q, "second_direction": d}
        for vendor, name, q, d in ROWS
    ]  # fmt: skip
    (folder / "names.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    monkeypatch.setattr(sys, "argv", ["names.py", "--data", str(folder), "--json", str(folder / "out.json")])
    names.main()
    out = json.loads((folder / "out.json").read_text())
    assert out["n"] == len(ROWS)
    return {
        c["name"]: [c["no_model"], c["peer knn"]]
        for c in out["per_case"]
        if c["vendor"] == (noisy or c["vendor"])
    }


def test_noise_for_a_vendors_labels_changes_no_answer_to_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(tmp_path / "before", monkeypatch)
    for vendor in ("acme", "brill", "cobb"):
        after = answers(tmp_path / vendor, monkeypatch, noisy=vendor)
        assert after == {name: before[name] for name in after}


def test_unknown_is_neither_right_nor_wrong_but_for_what_is_nothing() -> None:
    assert names.mark({"quantity": "memory"}, ("unknown", "both", 0.0)) == "unknown"
    assert names.mark({"quantity": "other"}, ("unknown", "both", 0.0)) == "right"
    assert names.mark({"quantity": "memory"}, ("disk", "down", 0.9)) == "wrong"
    assert names.worth(["right"] * 90 + ["wrong"] * 6 + ["unknown"] * 4) > names.worth(
        ["right"] * 93 + ["wrong"] * 7
    )
