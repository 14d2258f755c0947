"""What a planner reads beside an order: a set-point moved as it began, whose urgency it is, and units where they are known."""

from __future__ import annotations

import pytest

from aitia.agent.first_look import first_look
from aitia.agent.held_back import BESIDE, BROKEN, held_back
from aitia.agent.taxonomy import bundled
from aitia.agent.urgency import priority
from aitia.agent.weigher import Weighed
from aitia.core.words import Component, Evidence, Holding, Inventory, Link
from aitia.core.work_order import Remaining

from . import evidence as shop

HEAT, EXCHANGER, FAN, ENDS = "HP-1", "COND-1", "V-301", ("V-301-AS", "V-301-BS")
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=(HEAT, FAN), count=30),),
    components=(
        Component(id=HEAT, type="machine"),
        Component(id=EXCHANGER, type="part", links=(Link(relation="part_of", to=HEAT),)),
        Component(id="SWP-9", type="machine"),
        Component(id=FAN, type="machine"),
        *(Component(id=e, type="part", links=(Link(relation="part_of", to=FAN),)) for e in ENDS),
    ),
)


def apart(
    component: str, *, kind: str = "signal.apart", at: float = 600.0, **values: str | float
) -> Evidence:
    made = shop.fact(component, "pattern.apart", f"{component}: supply is higher.", kind=kind, at=at)
    return made.model_copy(update={"values": {"channel": "supply", **values}})


def setting(
    component: str, text: str = "AV-162 Supply Setpoint offset +3.0 written by facilities"
) -> Evidence:
    made = shop.fact(component, "condition.alarms", f'{component}: the journal says: "{text}".', kind="journal.entry",
                     direction="changed", strength=0.3, at=0.0)  # fmt: skip
    return made.model_copy(update={"values": {"text": text, "acted": "no"}})


def named(facts: list[Evidence], component: str = EXCHANGER) -> Weighed:
    return Weighed.model_validate(
        {
            "verdict": "cause", "probability": 0.96, "component": component, "fault": "machine.fouling",
            "suspects": [
                {"component": component, "fault": "machine.fouling", "score": 5.0, "probability": 0.96,
                 "ledger": [{"evidence": e.id, "log_odds": 5.0, "why": "", "term": "primary.signal"} for e in facts
                            if e.kind != "journal.entry"]},
                {"component": "", "fault": "unknown", "score": 1.0, "probability": 0.04},
            ],
        }
    )  # fmt: skip


def sure(*facts: Evidence) -> float:
    told = shop.numbered(list(facts))
    return held_back(named(told), told, PLANT).probability


def test_a_cause_that_begins_as_a_set_point_of_its_machine_is_moved_is_no_surer_than_that_allows() -> None:
    told = shop.numbered([setting(HEAT), apart(EXCHANGER)])
    held = held_back(named(told), told, PLANT)
    assert (held.verdict, held.fault, held.probability) == ("cause", "machine.fouling", BESIDE)
    unknown = next(s for s in held.suspects if s.fault == "unknown")
    assert "a set-point was moved" in unknown.ledger[-1].why


@pytest.mark.parametrize(
    "facts",
    [
        (setting("SWP-9"), apart(EXCHANGER)),  # of another machine
        (setting(HEAT), apart(EXCHANGER, at=-7200.0)),  # it had begun before
        (setting(HEAT), apart(EXCHANGER, at=9000.0)),  # hours later
        (setting(HEAT), apart(EXCHANGER, kind="signal.stuck")),  # no set-point makes an instrument stand
        (setting(HEAT, "DHW Disinfection start by schedule"), apart(EXCHANGER)),  # no set-point
    ],
)  # fmt: skip
def test_what_a_set_point_cannot_explain_stays_as_sure_as_it_was(facts: tuple[Evidence, ...]) -> None:
    assert sure(*facts) == 0.96


@pytest.mark.parametrize(
    ("channel", "unit", "reads", "expected", "most"),
    [
        ("supply", "", 3200.0, 3.2, BROKEN),
        ("flow", "m3/h", 3200.0, 3.2, BROKEN),
        ("supply", "", 4.1, 3.2, 0.96),
        ("supply", "degC", 6.0, 0.5, 0.96),  # near freezing, not twelve times as warm
        ("flow", "m3/h", 1.0, -0.1, 0.96),
        ("level", "m", 1.0, 0.05, 0.96),
        ("valve_position", "%", 30.0, 1.0, 0.96),
        ("dp_filter", "mbar", 30.0, 1.0, 0.96),
        ("cell_voltage_spread_mv", "mV", 30.0, 1.0, 0.96),
    ],
)
def test_an_instrument_that_reads_what_none_can_is_a_broken_or_planted_series(
    channel: str, unit: str, reads: float, expected: float, most: float
) -> None:
    read = apart(FAN, reads=reads, expected=expected, channel=channel).model_copy(update={"unit": unit})
    told = shop.numbered([read])
    biased = named(told, FAN)
    suspects = tuple(
        s.model_copy(update={"fault": "sensor.bias"}) if s.component else s for s in biased.suspects
    )
    held = held_back(biased.model_copy(update={"fault": "sensor.bias", "suspects": suspects}), told, PLANT)
    assert (held.verdict, held.fault, held.probability) == ("cause", "sensor.bias", most)
    unknown = next(s for s in held.suspects if s.fault == "unknown")
    assert any("planted series" in c.why for c in unknown.ledger) == (most == BROKEN)


def zone(component: str, letter: str) -> Evidence:
    made = shop.fact(
        component, "vibration", f"{component}: zone {letter}.", kind="vibration.zone", strength=0.7
    )
    return made.model_copy(update={"values": {"zone": letter, "highest": 9.0, "baseline_velocity": 1.0}})


def test_urgency_that_another_bearing_has_says_whose_it_is() -> None:
    own = shop.numbered([zone(ENDS[0], "B"), zone(ENDS[1], "D")])
    rest = (Remaining(why_none="no trend"), bundled().get("machine.bearing.wear"))
    soon, why = priority([], own, (), *rest, at={ENDS[0], FAN})
    assert soon == "now"
    assert ENDS[1] in why
    assert "not the part that the order is of" in why
    assert "not the part" not in priority([], own, (), *rest, at={ENDS[1], FAN})[1]


def test_a_look_tells_its_readings_with_their_unit_where_that_is_known() -> None:
    open_ = Weighed.model_validate({"verdict": "unknown", "probability": 0.9, "suspects": []})
    fact = apart(EXCHANGER, now=51.0, due=47.0, unit="°C")
    look = first_look(open_, shop.numbered([fact]), PLANT)
    assert look is not None
    assert "about 51 °C" in look.order_if
    assert "about 47 °C" in look.order_if
    bare = first_look(open_, shop.numbered([apart(EXCHANGER, now=51.0, due=47.0)]), PLANT)
    assert bare is not None
    assert "about 51 as" in bare.order_if
