"""Where nothing is measured, calm logs do not show that requests are answered."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aitia.core.clock import RecordedClock
from aitia.core.scenario import load_scenario
from aitia.core.store import RunStore
from aitia.graphs.diagnose import Options, diagnose
from aitia.tools.sources import open_sources

FOLDER = Path(__file__).parents[2] / "scenarios" / "false-alarm"


def test_calm_logs_alone_are_not_enough_to_say_that_nothing_is_wrong() -> None:
    told = load_scenario(FOLDER)
    logs = [c for c in told.sources if c.kind in ("logs", "topology")]
    assert {c.kind for c in logs} != {c.kind for c in told.sources}
    with tempfile.TemporaryDirectory() as home:
        report = diagnose(
            told.as_incident(),
            open_sources(logs, FOLDER),
            store=RunStore.create(Path(home), meta={"sources": [], "root": str(FOLDER)}),
            llm=None,
            options=Options(planner="rules", narrator="template"),
            clock=RecordedClock(told.window.end),
            components=told.components,
        )
    assert report.verdict == "unknown"
    healthy = next(s for s in report.suspects if s.fault == "healthy")
    assert any(line.why.startswith("nothing is measured") for line in healthy.ledger)
