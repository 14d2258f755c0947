"""The kinds of fault that are offered first to a person who corrects a report."""

from __future__ import annotations

from aitia.agent.likely import FEW, likely_faults
from aitia.agent.taxonomy import bundled
from aitia.core.words import Evidence, Exclusion, Report, Sentence, SourceRef, Suspect


def fact(aspect: str, strength: float = 1.0) -> Evidence:
    return Evidence(
        id="E1", component="orders", kind="metric.shift", aspect=aspect, statement="x", direction="up", strength=strength,
        source=SourceRef(source="metrics", query="q"),
    )  # fmt: skip


def report(**fields: object) -> Report:
    return Report.model_validate(
        {
            "run": "r",
            "incident": {
                "id": "i",
                "title": "t",
                "started_at": "2026-11-25T01:00:00Z",
                "origin": "cli",
                "window": {"start": "2026-11-25T00:30:00Z", "end": "2026-11-25T01:30:00Z"},
            },
            "verdict": "cause",
            "probability": 0.7,
        }
        | fields
    )


def test_suspects_then_what_was_ruled_out_then_what_the_facts_speak_for() -> None:
    excluded = Exclusion(
        component="db",
        fault="resource.disk",
        probability=0.05,
        sentence=Sentence(text="no", cites=("E1",), by="template", role="ruled_out"),
    )
    made = report(
        suspects=[Suspect(component="orders", fault="resource.cpu", score=1, probability=0.7)],
        ruled_out=[excluded],
        evidence=[fact("memory")],
    )
    found = likely_faults(made, bundled())
    assert found[:2] == ["resource.cpu", "resource.disk"]
    assert "resource.memory" in found[2:]
    assert len(found) == len(set(found)) <= FEW


def test_a_report_without_facts_and_suspects_has_no_likely_kind() -> None:
    assert likely_faults(report(), bundled()) == []
