"""The plant that comes with aitia, from the historian's export to the planner's work order, without a model."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia.render.work_order import render_work_order, work_order_json

PLANT = Path(__file__).parents[2] / "examples" / "plant" / "aitia.yaml"
NOW = datetime(2026, 3, 10, 5, 25, tzinfo=UTC)


def test_the_suction_of_the_pump_and_what_to_do_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    report = aitia.diagnose(
        "P-101 vibration high", config=PLANT, started_at=NOW - timedelta(minutes=80), at=NOW, model=None
    )
    assert (report.verdict, report.component, report.fault) == ("cause", "P-101", "machine.pump.cavitation")
    order = json.loads(work_order_json(report))
    assert (order["asset"], order["machine"]) == ("P-101", "pump")
    assert "suction strainer basket" in order["parts"]
    assert order["remaining"]["hours"] is None
    assert {f["id"] for f in order["facts"]} <= {e.id for e in report.evidence}
    said = " ".join(
        [*(m.text for m in report.mitigations), *(c.text + c.command for c in report.next_checks)]
    )
    assert "strainer" in said
    assert not any(word in said for word in (" logs", " host", "journalctl"))
    assert "P-101: pump cavitation" in render_work_order(report)
