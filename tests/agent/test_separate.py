"""Which check would tell two suspects apart."""

from __future__ import annotations

import pytest

from aitia.agent.planning import planner
from aitia.agent.planning.defaults import bundled_defaults
from aitia.agent.planning.separate import missing, two_best, value
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Holding, Inventory, Suspect, Task
from aitia.tools import Registry

from . import evidence as shop
from .incident import INCIDENT

TOPOLOGY = Topology(shop.inventory().components)
REGISTRY = Registry.load()


def suspect(component: str, fault: str, probability: float = 0.4) -> Suspect:
    return Suspect(component=component, fault=fault, score=1.0, probability=probability)


def test_shared_patterns_part_nobody_and_observed_ones_are_not_missing() -> None:
    pair = (suspect("orders", "resource.memory"), suspect("orders", "resource.cpu"))
    open_ = {m.aspect: m.weight for m in missing(pair, bundled(), [], TOPOLOGY)}
    assert "change.deploy" not in open_  # both have it, with one weight
    assert open_["log.oom"] == 3.0
    seen = [shop.fact("orders", "log.oom", "orders: killed.", kind="log.new")]
    assert "log.oom" not in {m.aspect for m in missing(pair, bundled(), seen, TOPOLOGY)}
    assert missing(pair[:1], bundled(), [], TOPOLOGY) == []
    assert missing((pair[0], pair[0]), bundled(), [], TOPOLOGY) == []


def test_value_counts_what_a_tool_can_show_about_its_target() -> None:
    pair = (suspect("orders", "resource.memory"), suspect("redis", "software.crash"))
    wanted = missing(pair, bundled(), [], TOPOLOGY)
    logs = bundled_defaults().shows(REGISTRY["logs_patterns"])
    here, aspects = value(logs, "orders", wanted, TOPOLOGY)
    assert here > 0
    assert "log.oom" in aspects
    assert value(logs, "gateway", wanted, TOPOLOGY) == (0.0, ())
    assert value(frozenset(), "orders", wanted, TOPOLOGY) == (0.0, ())
    everywhere, _ = value(logs, "", wanted, TOPOLOGY)
    assert everywhere >= here


@pytest.mark.parametrize(
    ("faults", "best"),
    [
        (
            ("software.exception", "software.credentials"),
            "logs_patterns",
        ),  # what it says of itself parts them
        (("k8s", "resource.cpu"), "metrics_component"),
    ],
)
def test_the_next_round_begins_with_what_separates_most(faults: tuple[str, str], best: str) -> None:
    pair = tuple(suspect("orders", f) for f in faults)
    weighed = Weighed(verdict="unknown", probability=0.4, suspects=pair)
    site = Inventory(
        holdings=tuple(
            Holding(source=k, kind=k, components=("orders",), count=1) for k in ("metrics", "logs")
        ),
        components=shop.inventory().components,
    )
    done = planner.first_round(REGISTRY, site, INCIDENT, []).tasks
    made = planner.closer_round(
        REGISTRY, site, INCIDENT, weighed, done, number=2, taxonomy=bundled(), evidence=[],
        guides=planner.Guides(), limit=9, llm=None,
    )  # fmt: skip
    first = made.plan.tasks[0]
    assert (first.tool, first.args) == (best, {"component": "orders"})
    assert first.why.startswith("could show ")
    assert made.decided is not None
    assert list(made.decided.rules) == sorted(made.decided.rules, reverse=True)
    assert made.decided.chosen == tuple(range(len(made.plan.tasks)))


def test_two_best_are_pairs_of_component_and_fault() -> None:
    unknown = Suspect(component="", fault="unknown", score=9.0, probability=0.5)
    pairs = [
        unknown,
        suspect("orders", "resource.cpu"),
        suspect("orders", "resource.memory"),
        suspect("redis", "x"),
    ]
    assert [s.fault for s in two_best(pairs)] == ["resource.cpu", "resource.memory"]


def test_repeats_stay_at_nought() -> None:
    assert planner.repeated([Task(id=1, tool="a"), Task(id=2, tool="a", args={"x": 1})]) == 0
    assert planner.repeated([Task(id=1, tool="a"), Task(id=2, tool="a")]) == 1
