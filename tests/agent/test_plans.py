"""Past plans carry over by role, only confirmed ones are kept, and a broken line costs nothing but itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.agent.planning import planner, plans
from aitia.agent.planning.defaults import Step
from aitia.agent.planning.plans import PastPlan, PlanStore, Recalled, from_run, nearest
from aitia.core.errors import BadInput
from aitia.core.words import Component, Holding, Inventory, Link, Result, Sentence, Suspect
from aitia.core.words import Report as ReportWord
from aitia.tools import Registry

from . import evidence as shop
from .incident import INCIDENT


def past(
    name: str, text: str, *path: Step, sources: tuple = ("metrics",), confirmed: bool = True
) -> PastPlan:
    steps = path or (Step(tool="metrics_component", role="callee"),)
    return PastPlan(id=name, text=text, sources=sources, path=steps, confirmed=confirmed)


def test_a_plan_survives_on_disk_and_a_broken_line_is_told_of(tmp_path: Path) -> None:
    store = PlanStore(tmp_path)
    assert store.all() == []
    store.add(past("a", "gateway is slow"))
    with store.path.open("ab") as file:
        file.write(b'{"id": "half')  # a kill
    store.add(past("b", "disk full"))
    store.add(past("a", "gateway is very slow"))
    assert [(p.id, p.text) for p in store.all()] == [("a", "gateway is very slow"), ("b", "disk full")]
    assert len(store.notes) == 1
    assert "Line 2" in store.notes[0]
    assert oct(store.path.stat().st_mode & 0o777) == "0o600"


def test_what_nobody_confirmed_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Confirm"):
        PlanStore(tmp_path).add(past("a", "x", confirmed=False))
    assert not PlanStore(tmp_path).path.exists()


def test_nearest_by_words_and_by_sources() -> None:
    known = [
        past("same", "Gateway 5xx ratio above 5 %"),
        past("blind", "Gateway 5xx ratio above 5 %", sources=("signals",)),
        past("half", "Gateway 5xx ratio above 5 %", sources=("metrics", "logs")),
        past("other", "Bearing of pump is hot"),
        past("unconfirmed", "Gateway 5xx ratio above 5 %", confirmed=False),
    ]
    found = nearest(known, INCIDENT, shop.inventory())
    assert [r.plan.id for r in found] == ["same", "half"]
    assert found[0].similarity == pytest.approx(2 * found[1].similarity, abs=1e-3)
    assert nearest(known, INCIDENT, shop.inventory(), k=1) == found[:1]
    assert nearest([], INCIDENT, shop.inventory()) == []


def report(**more: object) -> ReportWord:
    inventory = Inventory(
        holdings=shop.inventory().holdings, components=(*shop.inventory().components, Component(id="lonely"))
    )
    given = {
        "run": "r1",
        "incident": INCIDENT.model_copy(update={"hints": ("gateway",)}),
        "verdict": "cause",
        "probability": 0.9,
        "component": "orders",
        "fault": "resource.connections",
        "inventory": inventory,
        "chain": (Sentence(text="x", cites=("E3",), by="template", role="chain"),),
        "suspects": (Suspect(component="orders", fault="resource.connections", score=1.0, probability=0.9),),
    }
    return ReportWord.model_validate(given | more)


def calls() -> list[Result]:
    facts = shop.connection_leak()
    return [
        Result(task=3, tool="logs_patterns", args={"component": "lonely"}, status="ok", evidence=facts[4:5]),
        Result(task=1, tool="metrics_scan", status="ok", evidence=facts[:2]),
        Result(
            task=2, tool="metrics_component", args={"component": "orders"}, status="ok", evidence=facts[2:4]
        ),
    ]


def test_a_runs_plan_keeps_the_calls_that_the_cause_cites_with_roles() -> None:
    plan = from_run(report(), calls())
    assert plan.path == (Step(tool="metrics_component", role="callee"),)
    assert (plan.fault, plan.symptom, plan.sources, plan.confirmed) == (
        "resource.connections", "errors", ("metrics",), False,
    )  # fmt: skip
    chain = (Sentence(text="x", cites=("E1", "E5"), by="template", role="chain"),)
    assert from_run(report(chain=chain), calls()).path == (
        Step(tool="metrics_scan"),
        Step(tool="logs_patterns", role="suspect"),
    )


def test_a_run_without_a_cause_or_without_its_evidence_makes_no_plan() -> None:
    with pytest.raises(BadInput, match="names a cause"):
        from_run(report(verdict="unknown"), calls())
    with pytest.raises(BadInput, match="with their evidence"):
        from_run(report(), [c.model_copy(update={"evidence": ()}) for c in calls()])


def test_memory_carries_a_plan_to_another_site() -> None:
    plant = Inventory(
        holdings=(Holding(source="m", kind="metrics", components=("web",), count=1),),
        components=(
            Component(id="web", type="service", links=(Link(relation="calls", to="ledger"),)),
            Component(id="ledger", type="service"),
        ),
    )
    incident = INCIDENT.model_copy(update={"title": "Odd", "hints": ("web",)})
    remembered = past("a", "Odd", Step(tool="signals_changepoints", role="callee"))
    registry = Registry.load()

    def first(guides: planner.Guides) -> tuple[str, dict]:
        task = planner.ordered(registry, plant, incident, limit=1, guides=guides).plan.tasks[0]
        return task.tool, task.args

    assert first(planner.Guides())[0] != "signals_changepoints"
    guides = planner.Guides(past=(Recalled(plan=remembered, similarity=0.9),))
    assert first(guides) == ("signals_changepoints", {"component": "ledger"})


def test_an_unreadable_store_is_told_of(tmp_path: Path) -> None:
    (tmp_path / plans.FILE).mkdir()
    store = PlanStore(tmp_path)
    assert store.all() == []
    assert "readable" in store.notes[0]
