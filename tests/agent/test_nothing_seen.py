"""Telemetry that is not there is no proof of health."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia.core.config import SourceConfig
from aitia.core.words import Incident, Window
from aitia.render.terminal import render_text
from aitia.tools.changes import changes_list
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import open_source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def journal(folder: Path, *ago: timedelta) -> SourceConfig:
    lines = [
        {"at": (NOW - a).isoformat(), "component": f"s{n}", "kind": "deploy", "text": f"s{n} 1.{n}"}
        for n, a in enumerate(ago)
    ]
    (folder / "changes.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return SourceConfig(name="journal", kind="changes", type="changes", path=str(folder / "changes.jsonl"))


def test_a_journal_of_changes_watches_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    dead = SourceConfig(name="prom", kind="metrics", type="prometheus", url="http://127.0.0.1:9", timeout_s=1)
    report = aitia.diagnose(
        "s0 is down, all customers get 502",
        sources=[dead, journal(tmp_path, timedelta(minutes=20), timedelta(minutes=25))],
        started_at=NOW - timedelta(minutes=10), at=NOW, model=None,
    )  # fmt: skip
    assert report.evidence
    assert report.verdict == "unknown"
    shown = render_text(report)
    assert "no telemetry was found for this window" in shown
    assert "cannot be reached" in shown
    assert "Closest candidates" not in shown  # of the prior alone nothing is to be told


@pytest.mark.parametrize(("origin", "near"), [("cli", True), ("slack", True), ("alertmanager", False)])
def test_a_change_shortly_after_the_moment_that_a_person_told_counts(
    tmp_path: Path, origin: str, near: bool
) -> None:
    source = open_source(journal(tmp_path, timedelta(minutes=9), timedelta(minutes=2)), Path("/"))
    told = NOW - timedelta(minutes=10)  # it was deployed a minute later
    incident = Incident.model_validate(
        {"id": "i", "title": "s0 is down", "started_at": told, "origin": origin,
         "window": Window(start=NOW - timedelta(minutes=40), end=NOW)}
    )  # fmt: skip
    result = changes_list(ToolContext(incident=incident, sources=SourceSet([source])))
    strengths = {e.component: e.strength for e in result.evidence}
    assert (strengths["s0"] > 0.5) == near
    assert strengths["s1"] == 0.05
