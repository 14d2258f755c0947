"""What a planner reads in an order: one verdict per series, kinds that the asset can have, urgency by its limits, recent work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.asset_class import as_it_can, kinds_of
from aitia.agent.checks import next_checks
from aitia.agent.mitigate import mitigations
from aitia.agent.one_verdict import reworded
from aitia.agent.recent_work import DAYS, recent_work, repeated
from aitia.agent.taxonomy import bundled
from aitia.agent.urgency import alarms_of, priority, zone_of
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.work_order import work_order
from aitia.core.words import Component, Evidence, Holding, Inventory
from aitia.core.work_order import Remaining

from . import evidence as shop
from .incident import INCIDENT

NODE, PUMP = "N08", "P-101"
GRID = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=(NODE, "L08-09"), count=30),),
    components=(
        Component(id=NODE, type="asset"),
        Component(id="L08-09", type="asset"),
        Component(id=PUMP, type="machine", aliases=("cooling water pump 1",)),
    ),
)
UNKNOWN = Remaining(why_none="no trend")


def of_signal(component: str, kind: str, aspect: str, channel: str, **values: str | float) -> Evidence:
    made = shop.fact(
        component, aspect, f"{component}: {channel} is told of.", kind=kind, direction="up", strength=0.9
    )
    return made.model_copy(update={"values": {"channel": channel, **values}})


def level(component: str, channel: str, said: str, aspect: str = "vibration") -> Evidence:
    made = shop.fact(component, aspect, said, kind="metric.quiet", direction="steady", strength=0.6)
    return made.model_copy(update={"values": {"metric": channel}})


def test_a_series_that_another_fact_says_changed_is_not_called_unchanged() -> None:
    quiet = level(
        "V-1",
        "vib_h",
        "V-1: vibration unchanged, 2 series stayed within the baseline range (0.9 before, 4.1 in the window).",
    )
    moved = of_signal("V-1", "signal.quantity", "vibration", "vib_v")
    told, same = reworded([quiet, moved])
    assert same == moved
    assert "unchanged" not in told.statement
    assert told.statement.endswith("(0.9 before, 4.1 in the window); in another way it did change.")
    assert told.model_copy(update={"statement": quiet.statement}) == quiet
    assert reworded([quiet, of_signal("V-2", "signal.quantity", "vibration", "vib_h")])[0] == quiet


def test_a_pattern_is_told_with_the_signal_that_left_it_by_another_test() -> None:
    made = shop.fact("V-1", "pattern.usual", "V-1: its 4 signals taken together stayed in their normal pattern.", kind="signal.quiet",
                     direction="steady", strength=0.7)  # fmt: skip
    told = reworded([made, of_signal("V-1", "signal.apart", "pattern.apart", "temp")])[0]
    assert (
        told.statement
        == "V-1: its 4 signals taken together stayed in their normal pattern; in another way temp did not."
    )
    assert reworded([made, of_signal("V-2", "signal.apart", "pattern.apart", "temp")])[0] == made


def stuck_voltage() -> tuple[Weighed, list[Evidence]]:
    made = shop.fact(
        NODE,
        "pattern.stuck",
        f"{NODE}: it has not changed.",
        kind="signal.stuck",
        direction="changed",
        strength=0.9,
    )
    facts = shop.numbered([made.model_copy(update={"values": {"channel": "MMXU1.PPV.phsAB"}})])
    weighed = weigh(facts, GRID, bundled())
    as_valve = weighed.model_copy(
        update={"verdict": "cause", "component": NODE, "fault": "machine.valve.stuck"}
    )
    return as_valve, facts


def test_a_voltage_that_freezes_is_ordered_as_an_instrument_and_no_valve() -> None:
    weighed, facts = stuck_voltage()
    steps = mitigations(weighed, [], bundled(), inventory=GRID, evidence=facts)
    order = work_order(weighed, facts, GRID, bundled(), run="r", incident=INCIDENT, mitigations=steps)
    assert order is not None
    assert order.title == f"{NODE}: instrument stuck"
    assert order.failure == "machine.valve.stuck"  # the verdict stays what it was
    assert "MMXU1.PPV.phsAB" in order.job
    checks = next_checks(weighed, facts, GRID, bundled())
    words = " ".join([order.job, *(s.text for s in order.steps), *(c.text for c in checks)])
    assert "stem" not in words
    assert "positioner" not in words
    assert any("valve stuck" in told for told in order.not_known)


def test_where_nothing_fits_the_order_has_generic_words() -> None:
    weighed, facts = stuck_voltage()
    alone = weighed.model_copy(
        update={"suspects": tuple(s for s in weighed.suspects if s.fault != "sensor.stuck")}
    )
    order = work_order(alone, facts, GRID, bundled(), run="r", incident=INCIDENT, mitigations=())
    assert order is not None
    assert order.job == f"Inspect {NODE} on site"


@pytest.mark.parametrize(("channel", "kinds"), [
    ("MMXU1.PPV.phsAB", ("busbar",)), ("MMXU1.A.phsA", ("line",)), ("Nobody_knows", ()),
])  # fmt: skip
def test_what_is_measured_stands_for_the_class_that_nobody_named(
    channel: str, kinds: tuple[str, ...]
) -> None:
    facts = [of_signal(NODE, "signal.stuck", "pattern.stuck", channel)]
    assert kinds_of(NODE, GRID, facts) == kinds


def test_a_known_class_is_not_overruled_by_what_is_measured() -> None:
    facts = [of_signal(PUMP, "signal.stuck", "pattern.stuck", "MMXU1.PPV.phsAB")]
    assert kinds_of(PUMP, GRID, facts)[0] == "pump"


def test_a_verdict_that_fits_stays_whole() -> None:
    weighed, _ = stuck_voltage()
    assert as_it_can(weighed, bundled(), ()) == weighed


ALARM = 'journal logged once at 17:08:00 UTC: "P-101 vibration high (vib_h 4.69, Grenzwert 4.5)"'


def test_an_alarm_limit_that_is_passed_wins_over_the_next_stop() -> None:
    logged = [shop.fact("journal", "log.other", ALARM, kind="log.new", direction="new")]
    fault = bundled()["machine.misalignment"]
    assert priority([], [], alarms_of(logged, {PUMP}), UNKNOWN, fault)[0] == "soon"
    urgency, why = priority([], [zone(highest=0.5)], alarms_of(logged, {PUMP}), UNKNOWN, fault)
    assert (urgency, why.partition(" [")[0]) == ("soon", "alarm limit passed: vib_h 4.69, limit 4.5")
    assert alarms_of(logged, {"P-10"}) == []
    assert priority([], [zone(highest=0.5)], [], UNKNOWN, fault)[0] == "plan"


@pytest.mark.parametrize(("now", "soon"), [(5.16, True), (4.2, False)], ids=["still beyond", "back below"])
def test_an_alarm_whose_signal_is_still_beyond_its_limit_wins_over_a_zone(now: float, soon: bool) -> None:
    alarm = of_signal(PUMP, "alarm.signal", "condition.alarms", "vib", now=now, usual=0.75, limit=4.5)
    zone = of_signal(PUMP, "vibration.zone", "vibration", "vib", zone="A")
    urgency, why = priority([], [zone, alarm], [], UNKNOWN, None)
    assert urgency == ("soon" if soon else "plan")
    assert ("beyond the alarm's limit 4.5" in why) is soon
    assert ("hold the two instruments against each other" in why) is soon


@pytest.mark.parametrize(
    ("said", "is_passed"),
    [
        ("P-101 speed 1480 (limit 3000)", False),
        ("P-101 speed 3010 (limit 3000)", True),
        ("P-101 suction pressure low: p_in 0,4 (limit 0,8)", True),
        ("P-101 suction pressure low: p_in 1,2 (limit 0,8)", False),
    ],
)
def test_a_limit_that_a_line_names_is_passed_only_beyond_it(said: str, is_passed: bool) -> None:
    line = f'journal logged once at 17:08:00 UTC: "{said}"'
    logged = [shop.fact("journal", "log.other", line, kind="log.new", direction="new")]
    assert bool(alarms_of(logged, {PUMP})) is is_passed


def zone(*, highest: float) -> Evidence:
    made = shop.fact(PUMP, "vibration", f"{PUMP}: zone A.", kind="vibration.zone", direction="steady")
    values = {"zone": "A", "highest": highest, "baseline_velocity": 0.4, "limits": "1.4, 2.8, 4.5"}
    return made.model_copy(update={"values": values})


@pytest.mark.parametrize(("highest", "letter"), [(0.45, ""), (0.9, "A"), (2.79, "B"), (3.0, "C")])
def test_after_a_rise_only_blocks_that_show_it_have_a_zone(highest: float, letter: str) -> None:
    block, rise = zone(highest=highest), of_signal(PUMP, "metric.shift", "vibration", "vib_h")
    assert zone_of(block, [block, rise]) == letter
    assert zone_of(block, [block]) == "A"


def work(days: float, text: str) -> Evidence:
    made = shop.fact(
        PUMP, "maintenance.work", f'{PUMP}: work order: "{text}".', kind="maintenance.work", direction="none"
    )
    return made.model_copy(
        update={"values": {"before_alarm_s": timedelta(days=days).total_seconds(), "text": text}, "id": "E9"}
    )


def test_recent_work_is_told_and_an_order_that_repeats_it_says_so() -> None:
    found = recent_work(
        [work(2.0, "45047 Lager nachgeschmiert"), work(DAYS + 1, "old"), work(-1.0, "later")],
        {PUMP},
        INCIDENT,
    )
    assert [w.told for w in found] == ["45047 Lager nachgeschmiert, 2 days before the alarm [E9]"]
    assert list(repeated("Check lubrication of P-101, regrease it", found)) == [
        "greased already: 45047 Lager nachgeschmiert, 2 days before the alarm [E9]; check that work before it is repeated"
    ]
    assert list(repeated("Align the shafts of P-101", found)) == []
    assert recent_work([work(2.0, "x")], {"P-102"}, INCIDENT) == []
