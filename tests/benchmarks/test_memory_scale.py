"""The scale benchmark on a handful of incidents: they are always the same ones, and each is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_small_store_is_measured(tmp_path: Path) -> None:
    out = tmp_path / "scale.json"
    command = [sys.executable, "benchmarks/memory/scale.py", "--n", "60", "--systems", "no_model,trivial scan", "--json", str(out)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env={"AITIA_HOME": str(tmp_path), "PATH": "/usr/bin"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the real embedder is left out" in done.stdout
    rows = {
        (r["system"], r["metric"]): r["value"] for r in json.loads(out.read_text(encoding="utf-8"))["rows"]
    }
    assert rows["no_model", "found_in_5"] == 1.0
    assert {m for s, m in rows if s == "no_model"} >= {
        "imported_per_s",
        "disk_mb",
        "peak_rss_mb",
        "p50_ms",
        "p95_ms",
        "p95_cpu_ms",
    }
    assert 0 < rows["no_model", "p50_ms"] <= rows["no_model", "p95_ms"]
