"""A site that has a memory recalls it in every diagnosis: by words, and by what the calls of the first round saw move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aitia
from aitia.core.config import SourceConfig
from aitia.core.words import Report
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import PastIncident, fingerprint_of

from ..shop import small_settings

AT = datetime(2026, 11, 25, 1, 10, 7, tzinfo=UTC)
METRICS = next(s for s in small_settings().sources if s.kind == "metrics")


def diagnosed(home: Path, *sources: SourceConfig) -> Report:
    return aitia.diagnose("5xx of gateway", sources=[METRICS, *sources], model=None, at=AT, home=home)


def recalled(report: Report) -> list[dict]:
    return [dict(e.values) for e in report.evidence if e.kind == "incident.similar"]


def test_what_moved_before_is_recalled_by_what_moves_now(tmp_path: Path) -> None:
    first = diagnosed(tmp_path)
    assert recalled(first) == []
    assert "incidents_search" not in {c.tool for c in first.calls}
    past = PastIncident(
        id="P1",
        title="Another wording altogether",
        at=AT - timedelta(days=3),
        component="orders",
        fingerprint=fingerprint_of(first.evidence),
        cause="A release of orders kept its sessions.",
    )
    later = past.model_copy(update={"id": "P2", "at": AT + timedelta(days=1)})
    MemoryStore(tmp_path).put([past, later], by="test")
    second = diagnosed(tmp_path)
    assert [v["incident"] for v in recalled(second)] == ["P1"]
    assert "evidence" in str(recalled(second)[0]["why"])
    turn = {c.tool: c.task for c in second.calls}
    assert turn["incidents_search"] > max(turn["metrics_scan"], turn["metrics_rank"], turn["runbooks_search"])


def test_a_memory_that_was_named_is_not_asked_twice(tmp_path: Path) -> None:
    MemoryStore(tmp_path).put([PastIncident(id="P1", title="5xx of gateway")], by="test")
    named = SourceConfig(name="ours", kind="incidents", type="memory", path=str(tmp_path))
    report = diagnosed(tmp_path, named)
    assert [h.source for h in report.inventory.holdings if h.kind == "incidents"] == ["ours"]
    assert [v["incident"] for v in recalled(report)] == ["P1"]
