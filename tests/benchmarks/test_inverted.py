"""The benchmark of messages turned round: which side a line stands on changes no answer, and shares are of what they say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.meaning import inverted  # noqa: E402

PAIRS = [
    ("connection to 10.0.0.4:5432 refused", "connection to 10.0.0.4:5432 accepted"),
    ("disk is full: 0 bytes left", "disk is not full: 40 GB left"),
    ("listening on port 80", "listening on port 81"),
]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *, swapped: bool) -> dict[str, bool]:
    """What is told of each line."""
    folder.mkdir()
    rows = [
        {"id": f"p{n}", "product": "x", "fault": b if swapped else a, "normal": a if swapped else b}
        for n, (a, b) in enumerate(PAIRS)
    ]
    (folder / "inverted.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    monkeypatch.setattr(
        sys, "argv", ["inverted.py", "--data", str(folder), "--json", str(folder / "out.json")]
    )
    assert inverted.main() == 0
    out = json.loads((folder / "out.json").read_text())
    assert out["n"] == len(PAIRS)
    told = {}
    for row, case in zip(rows, out["per_case"], strict=True):
        told |= dict(zip((row["fault"], row["normal"]), case["no_model"], strict=True))
    return told


def test_which_side_a_line_stands_on_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(tmp_path / "a", monkeypatch, swapped=False)
    assert told == run(tmp_path / "b", monkeypatch, swapped=True)
    assert told[PAIRS[0][0]]
    assert not told[PAIRS[2][0]]


def test_kept_is_of_the_faults_that_were_called_one() -> None:
    pairs = [{"fault": "a", "normal": "b"}, {"fault": "c", "normal": "d"}, {"fault": "e", "normal": "f"}]
    told = {"a": True, "b": True, "c": True, "d": False, "e": False, "f": True}
    assert inverted.score(pairs, told) == {
        "kept, of faults called one": [1.0, 0.0],
        "both right": [0.0, 1.0, 0.0],
        "fault right": [1.0, 1.0, 0.0],
        "normal right": [0.0, 1.0, 0.0],
    }
