"""The timeline of a machine: what plainly moved is on it, though nobody knows what its tag measures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

import aitia
from aitia.core.words import Report

BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 8, tzinfo=UTC)
MOVED = datetime(2026, 3, 1, 7, 20, tzinfo=UTC)


def report(folder: Path, kind: str) -> Report:
    """Eight hours of four opaque tags, one of which doubles forty minutes before the end."""
    rng, rows = np.random.default_rng(4), ["time,component,metric,value"]
    for i in range(int((END - BEGIN).total_seconds()) // 20):
        at = BEGIN + timedelta(seconds=20 * i)
        for tag, level, noise in (("TI-101.PV", 65.0, 0.3), ("PI-102.PV", 8.2, 0.04), ("FI-103.PV", 120.0, 0.6), ("XJ-104", 2.1, 0.05)):  # fmt: skip
            jump = 2.0 if tag == "XJ-104" and at >= MOVED else 0.0
            rows.append(f"{at.isoformat()},F-12,{tag},{level + jump + noise * rng.standard_normal():.4f}")
    (folder / "historian.csv").write_text("\n".join(rows) + "\n")
    (folder / "topology.yaml").write_text(yaml.safe_dump({"components": [{"id": "F-12", "type": kind}]}))
    sources = [{"name": "historian", "kind": "metrics", "type": "table", "path": "historian.csv"},
               {"name": "map", "kind": "topology", "type": "topology", "path": "topology.yaml"}]  # fmt: skip
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return aitia.diagnose(
        "F-12 is odd", config=folder / "aitia.yaml", at=END, started_at=END - timedelta(minutes=30)
    )


@pytest.mark.parametrize(("kind", "told"), [("machine", True), ("service", False)])
def test_a_machines_opaque_tag_that_moved_is_on_the_timeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, told: bool
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    found = report(tmp_path, kind)
    moved = [e for e in found.timeline if "XJ-104 rose" in e.text]
    assert bool(moved) is told
    assert all(abs(e.at - MOVED) <= timedelta(minutes=1) for e in moved)
    assert any("XJ-104 rose" in e.statement for e in found.evidence)
