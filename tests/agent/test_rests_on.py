"""A cause is no surer than the kind of fact that it rests on has ever shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.agent.rests_on import PHYSICS, no_surer
from aitia.agent.weigher import Weighed
from aitia.core.words import Contribution, Evidence, Scalar, SourceRef, Suspect, Window

AT = datetime(2026, 2, 20, 12, tzinfo=UTC)
SPAN = Window(start=AT - timedelta(hours=1), end=AT)


def fact(name: str, aspect: str, **values: Scalar) -> Evidence:
    return Evidence(id=name, component="P-1", kind="condition.trend", aspect=aspect, statement=f"{name}.", window=SPAN,
                    source=SourceRef(source="historian", query="it"),
                    values=values, strength=0.9)  # fmt: skip


def verdict(fault: str, *lines: tuple[str, float]) -> Weighed:
    ledger = tuple(Contribution(evidence=e, log_odds=odds, why="it shows it") for e, odds in lines)
    suspects = (
        Suspect(component="P-1", fault=fault, score=5.0, probability=0.97, ledger=ledger),
        Suspect(component="", fault="unknown", score=0.0, probability=0.03),
    )  # fmt: skip
    return Weighed(verdict="cause", component="P-1", fault=fault, probability=0.97, suspects=suspects)


def test_a_relation_of_physics_leaves_the_kind_open() -> None:
    told = [fact("E1", "efficiency", by="physics"), fact("E2", "pressure")]
    held = no_surer(verdict("machine.pump.wear", ("E1", 4.0), ("E1", 1.0), ("E2", 2.0)), told)
    assert held.probability == PHYSICS
    assert [(s.component, s.fault, s.probability) for s in held.suspects[:2]] == [
        ("P-1", "machine.pump.wear", PHYSICS), ("P-1", "unspecified", 0.22),
    ]  # fmt: skip
    assert sum(s.probability for s in held.suspects) == pytest.approx(1.0)
    assert held.suspects[1].ledger[0].evidence == "E1"


def test_what_rests_on_other_facts_stays_as_sure() -> None:
    told = [fact("E1", "efficiency", by="physics"), fact("E2", "vibration.bpfo")]
    assert no_surer(verdict("machine.bearing.outer_race", ("E1", 1.0), ("E2", 4.0)), told).probability == 0.97


@pytest.mark.parametrize(("aspect", "most"), [("vibration.bpfo", 0.85), ("vibration.bsf", 0.5)])
def test_an_estimated_geometry_caps_the_verdict_and_not_the_fact_alone(aspect: str, most: float) -> None:
    told = [fact("E1", aspect, geometry="estimated"), fact("E2", "vibration")]
    held = no_surer(verdict("machine.bearing.outer_race", ("E1", 4.0), ("E2", 1.0)), told)
    assert held.probability == most
    unknown = next(s for s in held.suspects if s.fault == "unknown")
    assert unknown.probability == pytest.approx(1.0 - most, abs=1e-3)
    assert "estimated geometry" in unknown.ledger[-1].why
    known = [fact("E1", aspect), fact("E2", "vibration")]
    assert (
        no_surer(verdict("machine.bearing.outer_race", ("E1", 4.0), ("E2", 1.0)), known).probability == 0.97
    )
