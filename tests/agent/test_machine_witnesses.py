"""What a work brings about for a while, an exchanged instrument, a gauge at nothing, and an end beyond the past."""

from __future__ import annotations

import pytest

from aitia.agent.ends_beyond import doubted
from aitia.agent.exchanged import as_instrument
from aitia.agent.first_look import first_look
from aitia.agent.gauge_at_zero import MOST, beside_gauge, with_gauge
from aitia.agent.topology import Topology
from aitia.agent.urgency import priority
from aitia.agent.weigher import Weighed
from aitia.agent.work_passes import BY_WORK, PASSED, share
from aitia.core.words import Component, Evidence, Holding, Inventory, Link, Window
from aitia.core.work_order import Remaining

from . import evidence as shop

LINE, MAIN, FLOW, GAUGE = "L-1", "XV-1", "FT-1", "PT-1"
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=(LINE, MAIN), count=30),),
    components=(
        Component(id=LINE, type="machine"),
        Component(id=MAIN, type="machine"),
        Component(id=FLOW, type="channel", links=(Link(relation="part_of", to=MAIN),)),
        Component(id=GAUGE, type="channel"),
    ),
)
TOPOLOGY = Topology(PLANT.components)


def warmer(*, now: float, hours: float) -> Evidence:
    values = {"channel": "temperature", "reads": 50.0, "expected": 42.0, "now": now, "due": 42.0}
    made = shop.fact(
        "AS", "pattern.apart", "AS: temperature is higher.", kind="signal.apart", at=0.0, **values
    )
    end = shop.T0.timestamp() + 3600 * hours
    window = Window(start=shop.T0, end=shop.T0.fromtimestamp(end, tz=shop.T0.tzinfo))
    return made.model_copy(update={"window": window})


def work(text: str, component: str = LINE) -> Evidence:
    return shop.fact(component, "change.maintenance", f'{component}: "{text}"', kind="change.maintenance",
                     direction="changed", strength=0.2, at=-300.0, text=text)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "hours", "text", "counts"),
    [
        (42.3, 2.0, "bearing greased, 25 g", PASSED),
        (49.0, 2.0, "bearing greased, 25 g", BY_WORK),
        (49.0, 9.0, "bearing greased, 25 g", 1.0),
        (49.0, 2.0, "temperature transmitter exchanged", 1.0),
    ],
)
def test_what_a_work_brings_about_passes_and_a_fault_stays(
    now: float, hours: float, text: str, counts: float
) -> None:
    fact = warmer(now=now, hours=hours)
    assert share(fact, [work(text, "AS")], [fact]) == counts


def verdict(fault: str, component: str, facts: list[Evidence], probability: float = 0.96) -> Weighed:
    ledger = [{"evidence": e.id, "log_odds": 5.0, "why": "", "term": "primary.signal"} for e in facts]
    return Weighed.model_validate(
        {
            "verdict": "cause", "probability": probability, "component": component, "fault": fault,
            "suspects": [
                {"component": component, "fault": fault, "score": 5.0, "probability": probability, "ledger": ledger},
                {"component": "", "fault": "unknown", "score": 1.0, "probability": round(1 - probability, 4)},
            ],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "channels", "fault"),
    [
        ("current transducer exchanged", ["current"], "sensor.bias"),
        ("current transducer checked", ["current"], "machine.overload"),
        ("cable end renewed", ["current"], "machine.overload"),
        ("current transducer exchanged", ["current", "temperature"], "machine.overload"),
    ],
)
def test_an_exchanged_instrument_that_departs_alone_is_named(
    text: str, channels: list[str], fault: str
) -> None:
    moved = [
        shop.fact(LINE, "pattern.apart", f"{LINE}: {c} is higher.", kind="signal.apart", channel=c)
        for c in channels
    ]
    told = shop.numbered([*moved, work(text)])
    made = as_instrument(verdict("machine.overload", LINE, told[:-1]), told)
    assert made.fault == fault
    assert sum(s.probability for s in made.suspects) == pytest.approx(1.0, abs=1e-3)


def zero(*, flow: bool) -> list[Evidence]:
    drop = shop.fact(MAIN, "pressure_drop", f"{MAIN}: the difference is larger.", kind="signal.quantity")
    alarm = shop.fact(GAUGE, "condition.alarms", f"{GAUGE}: reads 0.", kind="alarm.signal", direction="none", at=None,
                      usual=41.4, now=0.0, limit=36.0, measures="pressure")  # fmt: skip
    less = shop.fact(FLOW, "other", f"{FLOW} left its usual pattern.", kind="signal.anomaly", direction="changed",
                     furthest=0.4, low=4.8, measures="flow")  # fmt: skip
    return shop.numbered([drop, alarm, *([less] if flow else [])])


def test_a_gauge_at_nothing_is_a_rival_unless_the_flow_fell() -> None:
    alone, both = zero(flow=False), zero(flow=True)
    held = with_gauge(verdict("machine.blockage", MAIN, alone[:1]), alone, TOPOLOGY)
    assert held.probability == MOST
    assert any(s.component == GAUGE and s.fault.startswith("sensor") for s in held.suspects)
    assert with_gauge(verdict("machine.blockage", MAIN, both[:1]), both, TOPOLOGY).probability == 0.96
    assert "itself is dead" in beside_gauge("reads nothing [E2]", alone, MAIN, TOPOLOGY)
    assert "[E3]" in beside_gauge("reads nothing [E2]", both, MAIN, TOPOLOGY)
    assert not beside_gauge("zone C [E1]", both, MAIN, TOPOLOGY)


def ends(component: str, aspect: str, metric: str) -> Evidence:
    return shop.fact(component, aspect, f"{component}: {aspect} stayed.", kind="metric.quiet", direction="steady", at=None,
                     metric=metric, end=60.9, end_over=0.05)  # fmt: skip


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([], "unknown"),
        ([ends(LINE, "current", "load_a")], "healthy"),
        ([ends(MAIN, "temperature", "outdoor_air_temp")], "healthy"),
    ],
)
def test_nothing_is_healthy_that_ends_beyond_its_past_alone(others: list[Evidence], told: str) -> None:
    facts = shop.numbered([ends(LINE, "temperature", "oil_temp"), *others])
    healthy = Weighed.model_validate(
        {
            "verdict": "healthy", "probability": 0.96,
            "suspects": [
                {"component": "", "fault": "healthy", "score": 4.0, "probability": 0.96},
                {"component": "", "fault": "unknown", "score": 1.0, "probability": 0.04},
            ],
        }
    )  # fmt: skip
    made = doubted(healthy, facts, PLANT)
    assert made.verdict == told
    look = first_look(made, facts, PLANT)
    assert (look is not None and look.component == LINE and "60.9" in look.why) is (told == "unknown")
    assert sum(s.probability for s in made.suspects) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("unit", "channel", "against"), [("g", "acc_rms", False), ("mm/s", "vib", True), ("", "vib", True)]
)
def test_only_a_velocity_is_held_against_a_velocitys_zone(unit: str, channel: str, against: bool) -> None:
    alarm = shop.fact(LINE, "condition.alarms", f"{LINE}: beyond.", kind="alarm.signal", direction="none", at=None,
                      channel=channel, unit=unit, now=5.2, usual=0.75, limit=4.5)  # fmt: skip
    zone = shop.fact(
        LINE,
        "vibration",
        f"{LINE}: zone A.",
        kind="vibration.zone",
        direction="steady",
        channel="vib",
        zone="A",
    )
    unknown = Remaining(why_none="no trend")
    _, why = priority([], shop.numbered([zone, alarm]), [], unknown, None)
    assert ("hold the two instruments against each other" in why) is against
