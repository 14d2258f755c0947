"""What else it may be: a work that left it behind, instruments that disagree, a formula, a set-point that explains all."""

from __future__ import annotations

import pytest

from aitia.agent.announced import BALANCE
from aitia.agent.checks import next_checks
from aitia.agent.first_look import explained_by, first_look, may_be_all
from aitia.agent.held_back import AT_ODDS, BY_FORMULA, held_back
from aitia.agent.instruments_agree import at_odds, axis_of
from aitia.agent.left_by_work import could_move, makes
from aitia.agent.mitigate import mitigations
from aitia.agent.set_point import told_to
from aitia.agent.taxonomy import bundled
from aitia.agent.urgency import priority
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.word_alone import by_word_alone
from aitia.agent.work_order import work_order
from aitia.core.words import Component, Evidence, Holding, Inventory, Link, Result, Suspect
from aitia.core.work_order import Remaining

from . import evidence as shop
from .incident import INCIDENT

PUMP, FAN, RACK = "P-101", "V-301", "rack1"
MODULES = tuple(f"module{n:02}" for n in range(1, 5))
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=(PUMP, FAN, RACK), count=30),),
    components=(
        Component(id=PUMP, type="machine", aliases=("source water pump",)),
        Component(id=FAN, type="machine", aliases=("fan 1",)),
        *(
            Component(id=f"V-301-{side}", type="part", links=(Link(relation="part_of", to=FAN),))
            for side in ("AS", "BS")
        ),
        Component(id="V-301-M", type="machine", links=(Link(relation="feeds", to=FAN),)),
        Component(id=RACK, type="machine"),
        *(Component(id=m, type="part", links=(Link(relation="part_of", to=RACK),)) for m in MODULES),
    ),
)


def quantity(
    component: str, aspect: str, channel: str, *, at: float = 0.0, **values: str | float
) -> Evidence:
    made = shop.fact(
        component,
        aspect,
        f"{component}: {channel} is lower.",
        kind="signal.quantity",
        direction="down",
        at=at,
    )
    return made.model_copy(update={"values": {"channel": channel, **values}})


def worn(*more: Evidence) -> Weighed:
    apart = shop.fact(PUMP, "pattern.apart", f"{PUMP}: flow is lower.", kind="signal.apart", direction="down")
    facts = [
        apart.model_copy(update={"values": {"channel": "flow"}}),
        quantity(PUMP, "flow", "flow", now=9.8, usual=14.0),
        quantity(PUMP, "efficiency", "power"),
        *more,
    ]
    return weigh(shop.numbered(facts), PLANT, bundled())


def work(component: str, text: str, *, at: float, kind: str = "change.maintenance") -> Evidence:
    made = shop.fact(
        component,
        "change.maintenance",
        f'{component}: "{text}".',
        kind=kind,
        direction="changed",
        at=at,
        strength=0.1,
    )
    return made.model_copy(update={"values": {"text": text}})


def share(weighed: Weighed, fault: str) -> float:
    return next((s.probability for s in weighed.suspects if s.fault == fault), 0.0)


def to_wear(weighed: Weighed) -> float:
    """Odds of a blockage to wear."""
    return share(weighed, "machine.blockage") / share(weighed, "machine.pump.wear")


def test_wear_that_begins_with_a_work_on_the_pump_gives_way_to_what_such_work_leaves() -> None:
    assert to_wear(worn()) < 0.1
    assert to_wear(worn(work(PUMP, "source strainer rinsed, no findings", at=-3600.0))) > 0.5


def test_an_old_work_and_a_mere_look_make_no_blockage_of_wear() -> None:
    old, looked, rinsed = (
        to_wear(worn(work(PUMP, text, at=-3600.0 * hours)))
        for text, hours in (
            ("source strainer rinsed", 30.0),
            ("visual inspection", 1.0),
            ("source strainer rinsed", 1.0),
        )
    )
    assert old == pytest.approx(to_wear(worn()), abs=0.01)
    assert looked < 0.2 * rinsed


@pytest.mark.parametrize(
    ("text", "fault", "made"),
    [
        ("Lager nachgeschmiert, 25 g", "machine.imbalance", False),
        ("Lager nachgeschmiert, 25 g", "machine.bearing.wear", True),
        ("Schrauben nachgezogen, 420 Nm", "machine.misalignment", True),
        ("Kupplung mit Laser ausgerichtet", "machine.misalignment", True),
        ("filter backwash, pump off", "machine.pump.stopped", True),
        ("work 4711", "machine.pump.wear", None),
    ],
)
def test_a_work_makes_the_faults_of_its_kind(text: str, fault: str, made: bool | None) -> None:
    assert makes(text, fault) is made


def test_grease_moves_no_vane_and_an_announced_load_takes_no_current_away() -> None:
    assert not could_move("bearing greased", "position", "up")
    assert could_move("bearing greased", "temperature", "up")
    assert could_move("customer announces start of kiln", "current", "up")
    assert not could_move("customer announces start of kiln", "current", "down")


def rose(component: str, metric: str, before: float, after: float, *, direction: str = "up", at: float = 60.0, aspect: str = "vibration") -> Evidence:  # fmt: skip
    made = shop.fact(component, aspect, f"{component}: {metric} moved.", direction=direction, at=at)
    return made.model_copy(
        update={"values": {"metric": metric, "before": before, "after": after}, "unit": ""}
    )


def blocks(component: str, channel: str, before: float, highest: float) -> Evidence:
    made = shop.fact(
        component,
        "vibration",
        f"{component}: zone A.",
        kind="vibration.zone",
        direction="steady",
        strength=0.5,
    )
    return made.model_copy(
        update={"values": {"channel": channel, "zone": "A", "highest": highest, "baseline_velocity": before}}
    )


def line(component: str, **values: str | float) -> Evidence:
    made = shop.fact(
        component, "vibration.1x", f"{component}: 1x rose.", kind="vibration.line", strength=0.95
    )
    return made.model_copy(update={"values": {"times": 3.0, **values}})


def named(evidence: list[Evidence], fault: str = "machine.imbalance") -> Weighed:
    lead = next(e for e in evidence if e.kind == "vibration.line")
    made = Suspect.model_validate(
        {"component": FAN, "fault": fault, "score": 8.0, "probability": 0.98,
         "ledger": [{"evidence": lead.id, "log_odds": 4.0, "why": "its line", "term": "primary.vibration"}]}
    )  # fmt: skip
    other = Suspect(component="", fault="unknown", score=3.0, probability=0.02)
    return Weighed(verdict="cause", probability=0.98, component=FAN, fault=fault, suspects=(made, other))


def test_instruments_of_one_direction_that_no_longer_agree_are_a_rival_with_a_measurement() -> None:
    facts = shop.numbered(
        [
            line(FAN),
            rose("V-301-BS", "Schwinggeschw_V_mm_s", 0.53, 2.2),
            blocks("V-301-BS", "V-301-BS-V", 0.53, 1.3),
        ]
    )
    held = held_back(named(facts), facts, PLANT)
    assert held.probability == AT_ODDS
    rival = next(s for s in held.suspects if s.fault.startswith("sensor"))
    assert (rival.component, rival.probability) == ("V-301-BS", 0.14)
    assert any(
        c.text.startswith("Compare the instruments") for c in next_checks(held, facts, PLANT, bundled())
    )


@pytest.mark.parametrize(
    ("metric", "highest"),
    [("Schwinggeschw_H_mm_s", 1.3), ("Schwinggeschw_V_mm_s", 2.0), ("Schwinggeschw_V_mm_s", 0.0)],
)
def test_another_direction_or_the_same_reading_is_no_rival(metric: str, highest: float) -> None:
    facts = shop.numbered(
        [line(FAN), rose("V-301-BS", metric, 0.53, 2.2), blocks("V-301-BS", "V-301-BS-V", 0.53, highest)]
    )
    assert at_odds(facts) is None
    assert held_back(named(facts), facts, PLANT).probability == 0.98


def test_the_direction_is_a_letter_that_stands_alone() -> None:
    assert [axis_of(n) for n in ("V-301-BS-H", "Schwinggeschw_V_mm_s", "V-301-AS", "flow")] == [
        "H",
        "V",
        "V",
        "",
    ]


def test_a_formula_across_speeds_alone_proves_little_and_a_rise_at_one_speed_more() -> None:
    by_formula = shop.numbered([line(FAN, baseline_rpm="1478 to 1481")])
    assert held_back(named(by_formula), by_formula, PLANT).probability == BY_FORMULA
    beside = shop.numbered([line(FAN, baseline_rpm="1478 to 1481"), rose("V-301-BS", "v_rms", 1.0, 3.0)])
    assert held_back(named(beside), beside, PLANT).probability == 0.98


OPEN = Weighed.model_validate(
    {
        "verdict": "unknown", "probability": 0.9,
        "suspects": [{"component": "", "fault": name, "score": 1.0, "probability": p} for name, p in (("unknown", 0.9), ("healthy", 0.1))],
    }
)  # fmt: skip


def entry(text: str, at: float = 0.0) -> Evidence:
    made = shop.fact(FAN, "condition.alarms", f'{FAN}: the journal says: "{text}".', kind="journal.entry", direction="changed",
                     strength=0.3, at=at)  # fmt: skip
    return made.model_copy(update={"values": {"text": text, "acted": "no"}})


def slower(**change: str | float) -> list[Evidence]:
    moved = [
        entry("V-301 Sollwert Drehzahl 1330 1/min durch Blockregelung"),
        rose(FAN, "Drehzahl_1_min", 1480.0, 1330.0, direction="down", aspect="speed"),
        rose("V-301-BS", "v_rms", 1.0, 0.6, direction="down"),
        rose("V-301-M", "Strom_A", 216.0, 185.0, direction="down", aspect="current"),
    ]
    if change:
        moved.append(rose(FAN, "p", 40.0, 50.0, **{"direction": "down", "aspect": "pressure", **change}))  # type: ignore[arg-type]
    return shop.numbered(moved)


def with_set_point(
    after: float = 1330.0, at: float = 0.0, name: str = "Solldrehzahl_1_min"
) -> list[Evidence]:
    facts = slower(direction="down")
    command = rose(FAN, name, 1480.0, after, direction="down", aspect="speed", at=at)
    return shop.numbered([*facts, command])


def test_a_set_point_that_explains_all_that_moved_and_is_measured_is_told_and_nobody_is_sent() -> None:
    told = told_to(OPEN, with_set_point(), PLANT)
    assert told.verdict == "healthy"
    assert "follows its set-point" in explained_by(told)
    assert "by Blockregelung" in explained_by(told)
    assert "as Solldrehzahl_1_min shows" in explained_by(told)
    assert first_look(told, with_set_point(), PLANT) is None


@pytest.mark.parametrize(
    "name", ["speed_SP", "SpeedSetpoint", "n_set_point", "consigne_vitesse", "Drehzahl_Soll"]
)
def test_a_set_point_is_known_by_its_name(name: str) -> None:
    assert told_to(OPEN, with_set_point(name=name), PLANT).verdict == "healthy"


@pytest.mark.parametrize(
    "name",
    [
        "Valve_Cmd",
        "Power_demand",
        "Sollicitation",
        "speed_target",
        "speed_sp_out",
        "valve_position_setpoint",
        "speed_command",
    ],
)
def test_what_a_controller_puts_out_or_is_measured_bears_no_entry_out(name: str) -> None:
    facts = with_set_point(name=name)
    told = told_to(OPEN, facts, PLANT)
    assert told.verdict == "unknown"
    assert "nothing measured bears the entry out" in may_be_all(told)


@pytest.mark.parametrize(
    "facts",
    [slower(direction="down"), with_set_point(after=1450.0), with_set_point(at=300.0)],
    ids=["none", "elsewhere", "after the signal"],
)
def test_a_set_point_that_the_journal_alone_tells_of_clears_nobody(facts: list[Evidence]) -> None:
    told = told_to(OPEN, facts, PLANT)
    assert (told.verdict, told.probability) == (OPEN.verdict, OPEN.probability)
    assert not explained_by(told)
    assert "nothing measured bears the entry out" in may_be_all(told)
    assert first_look(told, facts, PLANT) is not None


def test_a_load_that_the_journal_alone_announces_clears_nobody() -> None:
    well = Weighed.model_validate(
        {
            "verdict": "healthy", "probability": 0.9,
            "suspects": [
                {"component": "", "fault": n, "score": s, "probability": p}
                for n, s, p in (("healthy", 3.0, 0.9), ("unknown", 1.0, 0.1))
            ],
        }
    )  # fmt: skip
    load = rose(FAN, "balance", 1.0, 3.0, aspect="flow")
    load = load.model_copy(update={"values": {**load.values, "by": BALANCE}})
    facts = shop.numbered([load, entry("customer announces start of kiln")])
    told = by_word_alone(well, facts)
    assert (told.verdict, round(sum(s.probability for s in told.suspects), 3)) == ("unknown", 1.0)
    assert "the journal alone" in may_be_all(told)
    assert by_word_alone(well, facts[:1]) is well


@pytest.mark.parametrize("change", [{"direction": "up"}, {"at": -1800.0}, {"at": 9000.0}])
def test_what_goes_another_way_or_at_another_time_is_not_explained(change: dict[str, str | float]) -> None:
    assert told_to(OPEN, slower(**change), PLANT) is OPEN


def test_a_set_point_to_which_nothing_came_explains_nothing() -> None:
    facts = [e for e in slower() if e.values.get("metric") != "Drehzahl_1_min"]
    assert told_to(OPEN, facts, PLANT) is OPEN


def test_the_spread_of_parts_is_looked_for_at_the_parts_and_ordered_at_once() -> None:
    spread = rose(RACK, "cell_voltage_spread_mv", 7.0, 18.0, aspect="voltage")
    parts = [
        rose(m, "voltage_v", 51.0, 51.0, aspect="voltage").model_copy(update={"direction": "steady"})
        for m in MODULES
    ]
    look = first_look(OPEN, shop.numbered([spread, *parts]), PLANT)
    assert look is not None
    assert look.order.startswith("Inspect rack1: find which of module01 to module04")
    assert "display of its relay" not in look.how
    without = first_look(OPEN, shop.numbered([spread]), PLANT)
    assert without is not None
    assert not without.order


def test_the_job_of_a_close_call_is_the_look_first() -> None:
    weighed = worn(work(PUMP, "source strainer rinsed", at=-3600.0))
    facts = shop.numbered([quantity(PUMP, "flow", "flow", now=9.8, usual=14.0)])
    close = weighed.model_copy(update={"fault": "machine.pump.wear", "probability": 0.55})
    order = work_order(close, facts, PLANT, bundled(), run="r", incident=INCIDENT, mitigations=())
    assert order is not None
    assert order.job.startswith("First look, then order: measure shut-off head of P-101")
    assert "If it is blockage" in order.job
    plain = work_order(
        worn(),
        facts,
        PLANT,
        bundled(),
        run="r",
        incident=INCIDENT,
        mitigations=(),
    )
    assert plain is not None
    assert plain.job.startswith("Overhaul P-101")


def test_a_family_of_kinds_lends_its_sureness_to_none_of_them() -> None:
    facts = shop.numbered([quantity(PUMP, "flow", "flow", now=9.8, usual=14.0)])
    named = [
        Suspect(component=PUMP, fault=f"machine.pump.{k}", probability=p, score=1.0)
        for k, p in (("air", 0.48), ("wear", 0.45))
    ]
    family = Weighed(
        verdict="cause", component=PUMP, fault="machine.pump", probability=0.93, suspects=tuple(named)
    )
    order = work_order(family, facts, PLANT, bundled(), run="r", incident=INCIDENT, mitigations=())
    assert order is not None
    assert order.job.count("48 %") == order.job.count("45 %") == 1
    assert "93 %" not in order.job


@pytest.mark.parametrize(("now", "soon"), [(5.0, "now"), (9.8, "soon"), (13.0, "plan")])
def test_how_soon_is_told_by_how_much_less_it_gives(now: float, soon: str) -> None:
    told = shop.numbered([quantity(PUMP, "flow", "flow", off_by=14.0 - now, usual=14.0)])
    urgency, why = priority(
        told, told, (), Remaining(why_none="no trend"), bundled().get("machine.pump.wear")
    )
    assert urgency == soon
    assert "lower than it should be" in why


def test_a_step_for_while_a_limit_is_passed_is_left_out_where_none_is() -> None:
    book = {
        "id": "guide", "title": "Guide", "faults": ["machine.imbalance"], "origin": "bundled",
        "steps": [{"text": "Lower the speed while it is above the alarm limit.", "effect": "changing"}],
    }  # fmt: skip
    results = [Result(task=1, tool="runbooks_search", status="ok", data={"runbooks": [book]})]
    facts = shop.numbered([line(FAN)])
    steps = mitigations(named(facts), results, bundled(), inventory=PLANT, evidence=facts)
    assert not any("above the alarm limit" in m.text for m in steps)
    beyond = shop.fact(FAN, "condition.alarms", "beyond.", kind="alarm.signal", direction="none")
    facts.append(beyond.model_copy(update={"id": "E9", "values": {"now": 5.0, "usual": 1.0, "limit": 4.5}}))
    steps = mitigations(named(facts), results, bundled(), inventory=PLANT, evidence=facts)
    assert any("above the alarm limit" in m.text for m in steps)
    changing = [m.text for m in steps if m.effect == "changing"]
    assert changing[0] == "Clean and balance the rotor of V-301"


def shaken(*more: Evidence) -> list[Evidence]:
    return shop.numbered(
        [rose(f"V-301-{side}", f"v_{axis}", 1.0, 3.5) for side in ("AS", "BS") for axis in "HV"]
        + [
            rose("V-301-BS", "T", 50.0, 58.0, aspect="temperature").model_copy(update={"strength": 0.95}),
            *more,
        ]
    )


def test_what_several_instruments_tell_alike_is_inspected_and_not_one_of_them_checked() -> None:
    look = first_look(OPEN, shaken(), PLANT)
    assert look is not None
    assert look.component == FAN
    assert look.order == "Inspect V-301: vibration rose at 4 signals alike (V-301-AS, V-301-BS)"


def test_what_rises_with_the_load_is_no_reason_for_an_inspection() -> None:
    look = first_look(OPEN, shaken(rose(FAN, "rpm", 1330.0, 1480.0, aspect="speed")), PLANT)
    assert look is not None
    assert not look.order
