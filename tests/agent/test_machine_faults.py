"""Faults of machines: told by quantities against what is normal, of the machines that can have them, with what a planner needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aitia.agent.checks import next_checks
from aitia.agent.machine_class import class_of, classes_of
from aitia.agent.mitigate import mitigations
from aitia.agent.taxonomy import bundled
from aitia.agent.unshown import left_open
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.work_order import work_order
from aitia.core.words import Component, Evidence, Holding, Inventory, Link, WorkOrder

from . import evidence as shop
from .incident import INCIDENT

NAMES = ("P-101", "E-301", "XV-12", "TK-1", "DMA-W", "V-301")
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=NAMES, count=30),),
    components=(
        Component(
            id="P-101",
            type="machine",
            aliases=("cooling water pump 1",),
            links=(Link(relation="feeds", to="E-301"),),
        ),
        Component(id="E-301", type="machine", aliases=("plate heat exchanger",)),
        Component(id="XV-12", type="part", links=(Link(relation="part_of", to="DMA-W"),)),
        Component(id="TK-1", type="asset"),
        Component(id="DMA-W", type="asset", aliases=("west district",)),
        Component(id="V-301", type="machine", aliases=("induced-draught fan",)),
    ),
)


def off(component: str, aspect: str, direction: str, channel: str = "", **values: Any) -> Evidence:
    """A quantity of a machine that is off, as `signal.quantity` and `condition.trend` tell it."""
    kind = values.pop("kind", "signal.quantity")
    said = f"{component}: {channel or aspect} is off."
    made = shop.fact(
        component, aspect, said, kind=kind, direction=direction, strength=0.9, channel=channel or aspect
    )
    return made.model_copy(update={"values": {"channel": channel or aspect, **values}})


def apart(component: str) -> Evidence:
    return shop.fact(
        component, "pattern.apart", f"{component}: it left the others.", kind="signal.apart", direction="up", strength=0.9
    )  # fmt: skip


def told(*facts: Evidence) -> tuple[Weighed, list[Evidence]]:
    numbered = shop.numbered(list(facts))
    return weigh(numbered, PLANT, bundled()), numbered


def ordered(weighed: Weighed, facts: Sequence[Evidence]) -> WorkOrder | None:
    steps = mitigations(weighed, [], bundled(), inventory=PLANT, evidence=facts)
    return work_order(weighed, facts, PLANT, bundled(), run="r", incident=INCIDENT, mitigations=steps)


@pytest.mark.parametrize(
    ("component", "signs", "fault"),
    [
        ("P-101", [("pressure", "down", "HEAD"), ("flow", "down", "FLOW")], "machine.pump.wear"),
        ("E-301", [("temperature", "down", "T_out")], "machine.fouling"),
        ("XV-12", [("position", "down", "ZT")], "machine.valve.stuck"),
        ("DMA-W", [("flow", "up", "FT-1"), ("pressure", "down", "PT-2")], "machine.leak"),
        ("V-301", [("temperature", "up", "Lagertemp_C"), ("vibration", "up", "vib")], "machine.bearing.wear"),
    ],
)
def test_the_quantities_tell_which_fault_it_is(
    component: str, signs: list[tuple[str, str, str]], fault: str
) -> None:
    weighed, _ = told(apart(component), *(off(component, a, d, c) for a, d, c in signs))
    assert (weighed.verdict, weighed.component, weighed.fault) == ("cause", component, fault)


def test_the_other_way_round_it_is_another_fault() -> None:
    weighed, _ = told(apart("DMA-W"), off("DMA-W", "flow", "down"), off("DMA-W", "pressure", "down"))
    assert weighed.component == "DMA-W"
    assert weighed.fault != "machine.leak"
    likeliest = [s.fault for s in weighed.suspects if s.component == "DMA-W"][:2]
    assert set(likeliest) == {"machine.blockage", "machine.valve.closed"}


def test_a_machine_has_only_the_faults_of_its_class() -> None:
    weighed, _ = told(
        apart("E-301"), off("E-301", "pressure", "down", "suction"), off("E-301", "flow", "down")
    )
    kinds = {s.fault for s in weighed.suspects if s.component == "E-301"}
    assert not {k for k in kinds if k.startswith(("machine.pump", "software.", "resource.", "network."))}


TOWN = Inventory(
    holdings=(
        Holding(source="historian", kind="metrics", components=("PU-1", "XV-2", "PT-3", "LT-4"), count=8),
    ),
    components=(
        Component(id="PU-1", type="machine", links=(Link(relation="feeds", to="DMA-A"),)),
        Component(id="DMA-A", type="asset"),
        Component(id="XV-2", type="part", links=(Link(relation="part_of", to="DMA-A"),)),
        Component(id="PT-3", type="channel", links=(Link(relation="part_of", to="DMA-A"),)),
        Component(id="TK-4", type="asset", links=(Link(relation="feeds", to="DMA-A"),)),
        Component(id="LT-4", type="channel", links=(Link(relation="part_of", to="TK-4"),)),
        Component(id="TK-5", type="asset", links=(Link(relation="feeds", to="DMA-B"),)),
        Component(id="DMA-B", type="asset"),
        Component(id="LT-5", type="channel", links=(Link(relation="part_of", to="TK-5"),)),
    ),
)


@pytest.mark.parametrize(("alarm", "verdict"), [("PT-3", "cause"), ("LT-4", "cause"), ("LT-5", "unknown")])
def test_an_alarm_of_an_instrument_is_about_what_it_measures_and_what_that_feeds(
    alarm: str, verdict: str
) -> None:
    facts = shop.numbered([apart("XV-2"), off("XV-2", "pressure_drop", "up")])
    weighed = weigh(facts, TOWN, bundled(), alarmed=(alarm,))
    assert weighed.verdict == verdict
    if verdict == "cause":
        assert (weighed.component, weighed.fault) == ("XV-2", "machine.blockage")


def test_a_fouling_exchanger_is_not_charged_to_the_pump_that_feeds_it() -> None:
    slow = off("E-301", "temperature", "down", "T_out", kind="condition.trend", severity="plan")
    steady = shop.fact(
        "P-101", "flow", "P-101: flow stayed.", kind="metric.quiet", direction="steady", at=None
    )
    weighed, _ = told(slow, steady)
    assert next(s.component for s in weighed.suspects if s.component) == "E-301"
    assert not [s for s in weighed.suspects if s.component == "P-101"]


def measured(component: str, quantities: str) -> Evidence:
    fact = shop.fact(
        component, "flow", f"{component}: as usual.", kind="metric.quiet", direction="steady", at=None
    )
    return fact.model_copy(update={"values": {"measures": quantities}})


def test_fouling_is_told_only_where_too_little_flow_would_have_been_seen() -> None:
    cold = [apart("E-301"), off("E-301", "temperature", "down", "T_out")]
    for beside, verdict, fault in (
        (measured("P-101", "power, flow"), "cause", "machine.fouling"),
        (measured("E-301", "temperature, flow"), "cause", "machine.fouling"),
        (measured("P-101", "power"), "unknown", ""),
    ):
        weighed, facts = told(*cold, beside)
        assert weighed.fault == "machine.fouling"
        after = left_open(weighed, facts, PLANT, bundled())
        assert (after.verdict, after.fault) == (verdict, fault)


def test_fouling_of_what_nothing_feeds_keeps_its_place_and_loses_its_kind() -> None:
    alone = Inventory(holdings=PLANT.holdings, components=(PLANT.components[1],))
    facts = shop.numbered([apart("E-301"), off("E-301", "temperature", "down", "T_out")])
    after = left_open(weigh(facts, alone, bundled()), facts, alone, bundled())
    assert (after.verdict, after.component, after.fault) == ("cause", "E-301", "unspecified")


@pytest.mark.parametrize(
    ("name", "alias", "known"),
    [("P-101", "", "pump"), ("41-P-101A", "", "pump"), ("E-301", "", "exchanger"), ("Verdichter 1", "", "compressor"),
     ("M7", "Saugzug", "fan"), ("R-1", "", ""), ("orders", "", "")],
)  # fmt: skip
def test_what_machine_it_is_stands_in_its_names(name: str, alias: str, known: str) -> None:
    assert class_of(Component(id=name, type="machine", aliases=(alias,) if alias else ())) == known


def test_a_part_without_a_class_has_the_faults_of_its_whole() -> None:
    part = Component(id="rotor-7", type="part", links=(Link(relation="part_of", to="P-101"),))
    assert classes_of([PLANT.components[0], part])["rotor-7"][0] == "pump"


def test_nobody_is_sent_to_the_logs_of_a_pump() -> None:
    weighed, facts = told(apart("P-101"))
    assert (weighed.component, weighed.fault) == ("P-101", "unspecified")
    steps = [m.text for m in mitigations(weighed, [], bundled(), inventory=PLANT, evidence=facts)]
    checks = next_checks(weighed, facts, PLANT, bundled(), window=INCIDENT.window)
    said = " ".join([*steps, *(c.text + c.command for c in checks)])
    assert "on site" in said
    assert not any(word in said for word in ("logs", "host", "journalctl", "deploy"))


def test_the_one_measurement_that_decides_is_named() -> None:
    weighed, facts = told(
        apart("P-101"), off("P-101", "pressure", "down", "HEAD"), off("P-101", "flow", "down")
    )
    first = next_checks(weighed, facts, PLANT, bundled())[0]
    assert (
        first.text
        == "Measure shut-off head of P-101 against its curve, at a known speed: this decides whether it is pump wear"
    )


def test_an_order_says_how_bad_since_when_how_long_and_with_what() -> None:
    trend = off("P-101", "flow", "down", "FLOW", kind="condition.trend", severity="plan", limit=120.0, days_to_limit=12.0,
                days_low=9.0, days_high=18.0)  # fmt: skip
    weighed, facts = told(apart("P-101"), trend, off("P-101", "pressure", "down", "HEAD"))
    order = ordered(weighed, facts)
    assert order is not None
    assert (order.asset, order.machine, order.failure, order.priority) == (
        "P-101",
        "pump",
        "machine.pump.wear",
        "soon",
    )
    assert (order.remaining.hours, order.remaining.low_hours, order.remaining.high_hours) == (
        288.0,
        216.0,
        432.0,
    )
    assert order.remaining.earliest is not None
    assert (order.remaining.earliest - INCIDENT.window.end).days == 9
    assert "impeller" in order.parts
    assert [s.kind for s in order.steps][:2] == ["make safe", "decide"]
    assert all(s.advice for s in order.steps if s.kind == "make safe")
    assert {s.kind for s in order.steps} == {"make safe", "decide", "inspect", "repair", "confirm"}


def test_no_lifetime_is_invented() -> None:
    weighed, facts = told(
        apart("P-101"), off("P-101", "pressure", "down", "HEAD"), off("P-101", "flow", "down")
    )
    order = ordered(weighed, facts)
    assert order is not None
    assert order.remaining.hours is None
    assert order.remaining.why_none == "no trend to a limit and no model of its life is at hand"
    assert order.priority == "unknown"
    assert order.job.startswith("First look, then order: measure shut-off head")
    assert order.job.endswith(": overhaul P-101: replace impeller and wear rings")
    assert "measure shut-off head of P-101" in order.priority_why  # what would tell
    assert "as a rule such a fault is seen to at the next stop" in order.priority_why
    assert any("how long it can run" in words for words in order.not_known)
    assert any("how bad it is" in words for words in order.not_known)


def test_the_order_names_the_instrument_that_is_wrong() -> None:
    wrong = {"aspect": "pattern.offset", "values": {"channel": "FT-101"}}
    fact = apart("P-101").model_copy(update=wrong)
    order = ordered(*told(fact))
    assert order is not None
    assert order.job.startswith("Check the instrument FT-101 of P-101 against a second one")
    assert "{" not in "".join((order.job, *(s.text for s in order.steps)))


def test_a_zone_and_little_time_are_urgent() -> None:
    zone = off("V-301", "vibration", "up", "vib", kind="vibration.zone", zone="D")
    weighed, facts = told(apart("V-301"), zone, off("V-301", "vibration", "up", "vib"))
    order = ordered(weighed, facts)
    assert order is not None
    assert (order.priority, order.zone) == ("now", "D")


def test_a_service_has_no_work_order() -> None:
    cause = Weighed(verdict="cause", probability=0.9, component="orders", fault="resource.cpu")
    assert ordered(cause, []) is None


def test_every_kind_of_machines_says_where_it_is_from_and_what_decides() -> None:
    ours = [f for f in bundled() if f.machines]
    assert len(ours) >= 20
    lacking = [
        f.id for f in ours if not (f.source and f.decides and f.safe and f.effect and f.now and f.prevent)
    ]
    assert lacking == []
    with_parts = [f.id for f in ours if f.tools]
    assert len(with_parts) == len(ours)
