"""Which lines a question means: what is told does not change with the answers, which the scorer alone reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def told(folder: Path, meant: tuple[int, int]) -> tuple[list[object], dict[str, float]]:
    log = [
        "author 9", "made up", "till", ["card refused: 3", "card accepted: 4", "till started"],
        [["how many cards were refused?", "en", meant[0], "count"], ["when did the till start?", "en", meant[1], "first"]],
    ]  # fmt: skip
    folder.mkdir()
    (folder / "log_lines_written.jsonl").write_text(json.dumps(log) + "\n", encoding="utf-8")
    out = folder / "out.json"
    script = ROOT / "benchmarks/ask/which_lines.py"
    subprocess.run(
        [sys.executable, str(script), "--data", str(folder), "--json", str(out)],
        check=True,
        capture_output=True,
    )
    found = json.loads(out.read_text("utf-8"))
    right = {r["system"]: r["value"] for r in found["rows"] if r["metric"] == "right: answerable"}
    return [c["told"] for c in found["per_case"]], right


def test_answers_are_read_by_the_scorer_alone(tmp_path: Path) -> None:
    ours, right = told(tmp_path / "true", (0, 2))
    noise, wrong = told(tmp_path / "noise", (2, 1))
    assert ours == noise
    assert right["peer BM25"] == 1
    assert wrong["peer BM25"] == 0
    assert right["trivial"] == 0
