"""Where to look first in a plant, and which works of those hours explain what departs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.checks import next_checks
from aitia.agent.first_look import first_look
from aitia.agent.same_hours import same_hours
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed
from aitia.core.words import Component, Evidence, Holding, Inventory, Link

from . import evidence as shop
from .incident import INCIDENT

UNKNOWN = Weighed(verdict="unknown", probability=0.9)
PLANT = Inventory(
    holdings=(
        Holding(source="historian", kind="metrics", components=("P-1", "M-1", "M-2", "E-2"), count=9),
        Holding(source="journal", kind="logs", note="The files of source 'journal' are empty.", unread=True),
    ),
    components=(
        Component(id="P-1", type="machine", links=(Link(relation="feeds", to="E-2"),)),
        Component(id="E-2", type="machine"),
        Component(id="T-9", type="machine"),
        *(Component(id=m, type="part", links=(Link(relation="part_of", to="P-1"),)) for m in ("M-1", "M-2")),
    ),
)


def departs(
    component: str, channel: str, *, minutes: float = 0.0, strength: float = 0.7, **values: float
) -> Evidence:
    made = shop.fact(
        component, "pattern.unlike", f"{component}: {channel} left the others.", kind="signal.apart", direction="up",
        strength=strength, at=60.0 * minutes,
    )  # fmt: skip
    return made.model_copy(update={"values": {"channel": channel, **values}, "onset_error_s": 60.0})


def work(component: str, minutes: float, text: str, kind: str = "change.maintenance") -> Evidence:
    made = shop.fact(component, "change.maintenance", f'{component}: "{text}".', kind=kind, direction="changed", strength=0.1,
                     at=60.0 * minutes)  # fmt: skip
    return made.model_copy(update={"values": {"text": text}})


def test_an_open_verdict_says_what_to_read_with_what_and_what_would_raise_an_order() -> None:
    facts = shop.numbered(
        [
            departs("E-2", "T_out", strength=0.5),
            departs("P-1", "discharge_pressure_bar", reads=6.1, expected=4.0, now=6.0, due=4.1),
            *(departs(m, "pressure_bar", strength=0.1) for m in ("M-1", "M-2")),
        ]
    )
    look = first_look(UNKNOWN, facts, PLANT)
    assert look is not None
    assert (look.component, look.fact) == ("P-1", "E2")
    assert "with a test gauge at the same tapping" in look.how
    assert "M-1, M-2" in look.how
    assert "about 6 as the signal does" in look.order_if
    assert "about 4.1" in look.order_if
    assert look.query == facts[1].source.query
    assert look.then == ("T_out of E-2 [E1]",)


def test_what_falls_back_is_read_again_before_anything_is_ordered() -> None:
    facts = shop.numbered([departs("P-1", "T_bearing", reads=51.2, expected=44.6, now=45.0, due=43.7)])
    look = first_look(UNKNOWN, facts, PLANT)
    assert look is not None
    assert look.order_if.startswith("it stops falling back by the next round")


@pytest.mark.parametrize(
    ("verdict", "strength", "looks"),
    [("healthy", 0.85, True), ("healthy", 0.7, False), ("unknown", 0.3, True), ("cause", 0.9, False)],
)
def test_who_is_sent_depends_on_the_verdict(verdict: str, strength: float, looks: bool) -> None:
    weighed = Weighed.model_validate({"verdict": verdict, "probability": 0.9})
    found = first_look(weighed, shop.numbered([departs("P-1", "flow", strength=strength)]), PLANT)
    assert (found is not None) is looks


def test_nobody_is_sent_to_the_weather() -> None:
    assert first_look(UNKNOWN, shop.numbered([departs("T-9", "MMET1.EnvTmp", strength=0.9)]), PLANT) is None


def test_a_plant_is_looked_at_before_its_sources_are_mended() -> None:
    checks = next_checks(
        UNKNOWN, shop.numbered([departs("P-1", "flow")]), PLANT, bundled(), window=INCIDENT.window
    )
    assert checks[0].text.startswith("Read flow of P-1 with a clamp-on flow meter")
    assert checks[0].query
    assert checks[-1].command == "aitia doctor"


def told(*facts: Evidence) -> list[str]:
    return [s.text for s in same_hours(shop.numbered(list(facts)), PLANT, INCIDENT)]


def test_a_work_explains_what_began_with_it_beside_it_and_nothing_else() -> None:
    (said,) = told(
        work("P-1", 0, "greased"), departs("P-1", "T_bearing", minutes=4), departs("E-2", "flow", minutes=-40)
    )
    assert "may explain T_bearing of P-1, which began 4 min after it" in said
    assert "it does not explain flow of E-2, which began 40 min before it" in said


def test_a_work_elsewhere_explains_nothing_and_its_words_may_name_the_place() -> None:
    (elsewhere,) = told(work("T-9", 0, "oil sample"), departs("P-1", "flow"))
    assert "explains nothing that was found" in elsewhere
    (named,) = told(work("T-9", 0, "valve at E-2 opened"), departs("P-1", "flow"))
    assert "may explain flow of P-1, which began at about the same time" in named


def test_works_of_other_days_and_of_computers_are_left_out() -> None:
    old = work("P-1", 0, "greased").model_copy(update={"onset": INCIDENT.started_at - timedelta(hours=30)})
    other = work("orders", 0, "deployed")
    assert told(old, other, departs("P-1", "flow")) == []
