"""The scale benchmark on a handful of series: it names the culprit and prints what a size costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_small_table_is_measured(tmp_path: Path) -> None:
    out = tmp_path / "scale.json"
    command = [sys.executable, "benchmarks/rca/scale.py", "--series", "80", "--stores", "table", "--json", str(out)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["per_case"][0]["right"] is True
    assert 0 < found["per_case"][0]["first_findings_s"] <= found["per_case"][0]["seconds"]
    assert 20 < found["per_case"][0]["peak_mib"] < 2500
    assert {r["metric"].rsplit(" ", 1)[1] for r in found["rows"]} == {
        "first_findings_s", "seconds", "peak_mib", "right"}  # fmt: skip
