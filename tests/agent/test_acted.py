"""Who did what a journal tells, what fits an asset, and works that explain nothing through what is calm."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.acted import is_protection, what_acted, who
from aitia.agent.fitting import fits, fitting
from aitia.agent.same_hours import same_hours
from aitia.agent.taxonomy import bundled
from aitia.agent.urgency import priority
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Holding, Inventory, Link
from aitia.core.work_order import Remaining

from . import evidence as shop
from .incident import INCIDENT


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("F1 evt XCBR1 open command executed, user=dispatch1", "user dispatch1"),
        ("L08-09 evt PTOC1.Op operated phsB, line off", "the protection PTOC1"),
        ("NORMAL HP-1: AV-162 Supply Setpoint offset +3.0 written by facilities", "facilities"),
        ("V-301 Sollwert Drehzahl 1190 1/min durch Blockregelung", "Blockregelung"),
        ("filter backwash at the lake works, pump off for 45 min", ""),
        ("ring closed at N08 for two hours", ""),
    ],
)
def test_a_journal_says_who_did_it(text: str, name: str) -> None:
    assert who(text) == name
    assert is_protection(name) is name.startswith("the protection")


def entry(component: str, text: str, *, minutes: float, acted: str = "yes") -> Evidence:
    made = shop.fact(component, "condition.alarms", f'{component}: the journal says: "{text}".', kind="journal.entry",
                     direction="changed", strength=0.3)  # fmt: skip
    onset = INCIDENT.started_at - timedelta(minutes=minutes)
    return made.model_copy(update={"values": {"acted": acted, "text": text}, "onset": onset})


def test_only_what_acted_about_then_and_there_did_it() -> None:
    out = shop.fact(
        "F1", "pattern.idle", "F1: nothing flows.", kind="signal.idle", direction="down", strength=0.9
    )
    out = out.model_copy(update={"onset": INCIDENT.started_at - timedelta(minutes=30)})
    right = entry("F1", "open command executed, user=a", minutes=31)
    facts = [
        entry("F1", "closed, user=b", minutes=300), right, entry("F2", "opened, user=c", minutes=30),
        entry("F1", "customer announces a kiln", minutes=30, acted="no"),
    ]  # fmt: skip
    assert what_acted(facts, {"F1"}, out) == right
    assert what_acted(facts, {"F3"}, out) is None
    assert what_acted(facts, {"F1"}, None) is None


@pytest.mark.parametrize(
    ("text", "kinds", "fit"),
    [
        ("Switch over to the second filter or the bypass", ("pipe", "xv-229", "main 229"), False),
        ("Switch over to the second filter or the bypass", ("filter", "f-1"), True),
        ("actuator diaphragm", ("valve", "exv-1", "expansion valve 1"), False),
        ("actuator diaphragm", ("valve", "fv-12"), True),
        ("lock the rotor of PV08 before anybody enters it", ("generator", "pv08", "solar field"), False),
        ("replace wear rings or impeller", ("fan", "v-301"), False),
        ("clamp meter", ("line", "l01-02"), False),
        ("clamp meter", ("motor", "m-1"), True),
        ("Read the differential pressure", ("pipe",), True),
        ("Switch over to the second filter", (), True),
    ],
)
def test_words_of_the_catalogue_fit_the_asset(text: str, kinds: tuple[str, ...], fit: bool) -> None:
    assert fits(text, kinds) is fit
    assert fitting([text, "gauge"], kinds) == ((text, "gauge") if fit else ("gauge",))


LINE = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=("A", "B", "C", "P", "Q"), count=30),),
    components=(
        Component(id="P", type="machine", links=(Link(relation="feeds", to="A"),)),
        Component(id="Q", type="machine", links=(Link(relation="feeds", to="A"),)),
        Component(id="A", type="machine", links=(Link(relation="feeds", to="B"),)),
        Component(id="B", type="machine", links=(Link(relation="feeds", to="C"),)),
        Component(id="C", type="machine"),
    ),
)


def works_at(place: str, departs: str, *, calm: tuple[str, ...] = ()) -> str:
    began = INCIDENT.started_at - timedelta(minutes=60)
    off = shop.fact(
        departs, "flow", f"{departs}: flow is lower.", kind="signal.quantity", direction="down", strength=0.9
    )
    off = off.model_copy(update={"values": {"channel": "FLOW"}, "onset": began})
    work = entry(place, "filter backwash", minutes=70, acted="no")
    quiet = [
        shop.fact(c, "flow", f"{c}: flow unchanged.", kind="metric.quiet", direction="steady", strength=0.6)
        for c in calm
    ]
    told = same_hours(shop.numbered([off, work, *quiet]), LINE, INCIDENT, departs)
    assert len(told) == 1
    return told[0].text


def test_a_work_explains_what_it_feeds_and_not_another_works() -> None:
    assert "may explain FLOW of B" in works_at("P", "B")
    assert "explains nothing" in works_at("P", "Q")  # both feed A
    assert "explains nothing" in works_at("P", "B", calm=("A",))  # nothing went through A


def test_a_question_never_stands_above_the_order() -> None:
    text = works_at("A", "B")
    assert "as the first step of the order ask who did it" in text
    assert "before anything is ordered" not in text


def test_urgency_is_of_the_alarm_that_stands_and_of_the_worst_bearing() -> None:
    def of(component: str, kind: str, **values: str | float) -> Evidence:
        made = shop.fact(
            component, "vibration", f"{component}: told.", kind=kind, direction="steady", strength=0.5
        )
        return made.model_copy(update={"values": values})

    good = of("V-BS", "vibration.zone", zone="A", highest=1.0, baseline_velocity=0.9)
    worse = of("V-AS", "vibration.zone", zone="B", highest=2.2, baseline_velocity=2.1)
    alarm = of(
        "V-AS",
        "alarm.signal",
        channel="vib",
        now=9.5,
        usual=0.5,
        limit=4.5,
        since="11:49:00 UTC",
        moves="still growing",
    )
    none = Remaining(why_none="no trend")
    facts = shop.numbered([good, worse])
    urgency, why = priority([], facts, [], none, None)
    assert (urgency, "zone B at V-AS" in why) == ("plan", True)
    urgency, why = priority([], facts, [], none, None, [alarm.model_copy(update={"id": "E9"})])
    assert urgency == "now"  # more than twice the way to the limit
    assert "5 beyond the alarm's limit 4.5 (usually 0.5) since 11:49:00 UTC, still growing" in why


def test_small_vibration_within_a_new_machines_zone_is_no_proof_of_wear() -> None:
    place = Inventory(
        holdings=(Holding(source="historian", kind="metrics", components=("V-301",), count=30),),
        components=(Component(id="V-301", type="machine", aliases=("fan 1",)),),
    )
    apart = shop.fact(
        "V-301",
        "pattern.apart",
        "V-301: vibration is higher.",
        kind="signal.apart",
        direction="up",
        strength=0.74,
    )
    shakes = shop.fact(
        "V-301",
        "vibration",
        "V-301: vibration is higher.",
        kind="signal.quantity",
        direction="up",
        strength=0.97,
    )
    zone = shop.fact(
        "V-301", "vibration", "V-301: zone A.", kind="vibration.zone", direction="steady", strength=0.5
    )
    lines = shop.fact(
        "V-301",
        "vibration.none",
        "V-301: no line rose.",
        kind="vibration.quiet",
        direction="steady",
        strength=0.6,
    )

    def wear(*facts: Evidence) -> float:
        weighed = weigh(shop.numbered([*facts]), place, bundled())
        return next(s.probability for s in weighed.suspects if s.fault == "machine.bearing.wear")

    assert wear(apart, shakes) > 0.6
    assert wear(apart, shakes, zone, lines) < 0.5
