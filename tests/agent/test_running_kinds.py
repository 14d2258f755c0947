"""Faults of how machines run: each told by its signs, and not by those of its look-alike; and what every kind's report asks for."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from aitia.agent.checks import next_checks
from aitia.agent.mitigate import mitigations
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import OPEN, Weighed, weigh
from aitia.core.words import Component, Contribution, Evidence, Holding, Inventory, Suspect

from . import evidence as shop
from .incident import INCIDENT
from .test_machine_faults import apart, off

NAMES = {"P-101": "pump", "XV-12": "valve", "V-301": "fan", "K-1": "compressor", "E-301": "exchanger"}
PLANT = Inventory(
    holdings=(Holding(source="historian", kind="metrics", components=tuple(NAMES), count=30),),
    components=tuple(Component(id=name, type="machine", aliases=(kind,)) for name, kind in NAMES.items()),
)


def told(*facts: Evidence) -> Weighed:
    return weigh(shop.numbered(list(facts)), PLANT, bundled())


def swinging(component: str) -> Evidence:
    return shop.fact(
        component, "pattern.unlike", f"{component}: ZT swings 2.4 times as widely.", kind="condition.swing", direction="up",
        strength=0.9,
    )  # fmt: skip


def signs(component: str, *quantities: str) -> list[Evidence]:
    """`flow-` fell, `speed+` rose."""
    ways = {"-": "down", "+": "up"}
    return [apart(component), *(off(component, q[:-1], ways[q[-1]]) for q in quantities)]


@pytest.mark.parametrize(
    ("component", "quantities", "fault"),
    [
        ("P-101", ("flow-", "pressure-", "power-"), "machine.pump.air"),
        ("P-101", ("flow-", "pressure-", "current-"), "machine.pump.air"),
        ("P-101", ("flow-", "pressure-"), "machine.pump.wear"),
        ("P-101", ("flow-", "pressure-", "power+"), "machine.pump.wear"),
        ("XV-12", ("flow+",), "machine.valve.passing"),
        ("XV-12", ("position-",), "machine.valve.stuck"),
        ("V-301", ("flow-", "speed-"), "machine.fan.belt"),
        ("V-301", ("flow-", "pressure-"), "machine.fan.loss"),
    ],
)
def test_signs_tell_a_kind_from_its_look_alike(
    component: str, quantities: tuple[str, ...], fault: str
) -> None:
    weighed = told(*signs(component, *quantities))
    assert (weighed.verdict, weighed.component, weighed.fault) == ("cause", component, fault)


@pytest.mark.parametrize(
    ("component", "fault"), [("XV-12", "machine.valve.hunting"), ("K-1", "machine.compressor.surge")]
)
def test_what_swings_is_a_valve_that_hunts_or_a_compressor_that_surges(component: str, fault: str) -> None:
    likeliest = next(s for s in told(swinging(component)).suspects if s.component)
    assert (likeliest.component, likeliest.fault) == (component, fault)


def test_a_pump_that_swings_has_neither() -> None:
    faults = {s.fault for s in told(swinging("P-101")).suspects}
    assert not faults & {"machine.valve.hunting", "machine.compressor.surge"}


MACHINERY = [f.id for f in bundled() if f.id.startswith(("machine.", "sensor."))]
IT = re.compile(
    r"(?i)\blogs?\b|\bhost\b|deploy|\bpods?\b|\bservices\b|journalctl|kubectl|systemctl|container\b|cluster"
)


@pytest.mark.parametrize("fault", MACHINERY)
def test_no_kind_of_a_machine_asks_for_what_computers_have(fault: str) -> None:
    entry = bundled().get(fault)
    assert entry is not None
    asset = Component(id="X-1", type="machine", aliases=(entry.machines[0],) if entry.machines else ())
    plant = Inventory(
        holdings=(Holding(source="historian", kind="metrics", components=("X-1",), count=9),),
        components=(asset,),
    )
    facts = shop.numbered([apart("X-1"), off("X-1", "flow", "down")])
    for named in (fault, OPEN):
        lines = tuple(Contribution(evidence=e.id, log_odds=1.0, why="it departs") for e in facts)
        lead = Suspect(component="X-1", fault=named, score=2.0, probability=0.7, ledger=lines)
        rival = Suspect(component="X-1", fault=OPEN if named != OPEN else fault, score=1.0, probability=0.3)
        for verdict in ("cause", "unknown"):
            weighed = Weighed(
                verdict=verdict, probability=0.7, suspects=(lead, rival),
                **({"component": "X-1", "fault": named} if verdict == "cause" else {}),
            )  # fmt: skip
            steps = mitigations(weighed, [], bundled(), inventory=plant, evidence=facts)
            checks = next_checks(weighed, facts, plant, bundled(), window=INCIDENT.window)
            said = [*(m.text + m.command for m in steps), *(c.text + c.command for c in checks)]
            assert not [text for text in said if IT.search(text)]


@pytest.mark.parametrize(
    "fault",
    ["machine.pump.air", "machine.valve.passing", "machine.valve.hunting", "machine.fan.belt", "machine.compressor.surge"],
)  # fmt: skip
def test_each_has_a_guide_and_all_that_an_order_needs(fault: str) -> None:
    entry = bundled().get(fault)
    assert entry is not None
    assert all((entry.job, entry.urgency, entry.effect, entry.decides, entry.safe, entry.tools, entry.now))
    folder = files("aitia.tools.incidents").joinpath("knowledge")
    guides = [p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.endswith(".md")]
    assert any(fault in text.split("---")[1] for text in guides)
