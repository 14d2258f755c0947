"""What an alarm log may do in a verdict: an alarm says what was seen, never who is guilty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Component, Direction, Evidence, Holding, Inventory, Link, SourceRef, Window

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1))
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=("P-101", "E-301"), count=9),),
    components=(
        Component(id="P-101", type="machine", aliases=("pump",), links=(Link(relation="feeds", to="E-301"),)),
        Component(id="E-301", type="machine", aliases=("heat exchanger",)),
    ),
)


def fact(component: str, kind: str, aspect: str, way: Direction, strength: float, minute: int) -> Evidence:
    return Evidence(
        component=component,
        kind=kind,
        aspect=aspect,
        statement=f"{component}: {kind} of {aspect}, {way}, at {minute}.",
        values={"alarm": f"{component}.{aspect}", "channel": aspect},
        onset=NOW + timedelta(minutes=minute),
        direction=way,
        strength=strength,
        source=SourceRef(source="dcs", query="alarms"),
        window=WINDOW,
        taint=kind.startswith("alarm."),
        provenance="infrastructure",
    )


def judged(*facts: Evidence) -> Weighed:
    numbered = [f.model_copy(update={"id": f"E{n}"}) for n, f in enumerate(facts, 1)]
    return weigh(numbered, PLANT, bundled(), alarmed=("P-101",))


ALARMS = (
    fact("P-101", "alarm.first", "pressure", "down", 0.8, 0),
    fact("P-101", "alarm.active", "vibration", "up", 0.6, 1),
    fact("P-101", "alarm.active", "flow", "down", 0.6, 2),
    fact("E-301", "alarm.active", "temperature", "up", 0.6, 5),
)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_alarms_alone_convict_nobody(count: int) -> None:
    told = judged(*ALARMS[:count])
    assert (told.verdict, told.component) == ("unknown", "")


def test_an_alarm_is_no_proof_of_health() -> None:
    quiet = [fact("P-101", "metric.quiet", a, "steady", 0.9, 0) for a in ("flow", "pressure", "temperature")]
    assert judged(*quiet, ALARMS[1]).verdict != "healthy"


@pytest.mark.parametrize("count", [0, 1, 4])
def test_alarms_do_not_move_the_blame_from_the_machine_that_signals_name(count: int) -> None:
    signals = [
        fact("E-301", "signal.apart", "pattern.apart", "up", 0.9, 0),
        fact("E-301", "signal.quantity", "temperature", "down", 0.9, 0),
        fact("E-301", "signal.quantity", "pressure_drop", "up", 0.9, 0),
    ]
    told = judged(*signals, *ALARMS[:count])
    assert told.component in ("E-301", "")
    assert all(s.component != "P-101" or s.probability < 0.5 for s in told.suspects)


@pytest.mark.parametrize("kind", ["alarm.flood", "alarm.chattering", "alarm.standing"])
def test_what_is_said_of_the_alarm_system_changes_no_verdict(kind: str) -> None:
    context = fact("P-101", kind, "condition.alarms", "new", 0.5, 0)
    before, after = judged(*ALARMS), judged(*ALARMS, context)
    assert (after.verdict, after.component, after.fault) == (before.verdict, before.component, before.fault)
    assert after.probability == pytest.approx(before.probability, abs=0.02)
