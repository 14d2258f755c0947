"""Clients of which nothing but their own requests is measured, and what is taken to stand behind those who pass failures on."""

from __future__ import annotations

import pytest

from aitia.agent.facts import Facts
from aitia.agent.only_asking import askers
from aitia.agent.strays import stray_calls
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Inventory, Link

from . import evidence as shop

CALLS = {"buyers": ("door",), "sellers": ("door",), "door": ("web-1", "web-2"), "desk": ("door", "store")}


def components(calls: dict[str, tuple[str, ...]] = CALLS) -> tuple[Component, ...]:
    names = {*calls, *(c for called in calls.values() for c in called), "app"}
    return tuple(
        Component(id=n, type="service", links=tuple(Link(relation="calls", to=c) for c in calls.get(n, ())))
        for n in sorted(names)
    )


def slow(who: str, *, at: float = 5.0, strength: float = 0.95) -> Evidence:
    return shop.fact(who, "latency", f"{who}: mean latency rose from 10 to 900 ms.", at=at, strength=strength)


def ranked(who: str, share: float) -> Evidence:
    return shop.fact(
        who, "rank.metrics", f"{who} ranks first.", kind="rank.suspect", direction="none", strength=share
    )


def test_what_clients_measure_of_their_requests_is_of_whom_they_call() -> None:
    facts = [slow("buyers"), *shop.quiet("sellers", "latency", "availability"), slow("desk")]
    held = Facts(facts, Topology(components()))
    assert held.asking == {"buyers": "door", "sellers": "door"}
    assert [(e.component, e.aspect, e.peer) for e in held.all] == [
        ("buyers", "latency", "door"),
        ("sellers", "latency", "door"),
        ("sellers", "availability", ""),
        ("desk", "latency", ""),
    ]


@pytest.mark.parametrize(
    "own",
    [
        shop.fact("buyers", "cpu", "buyers: CPU use rose."),
        shop.fact("buyers", "log.error", "buyers logged errors.", kind="log.new", direction="new"),
        shop.fact("buyers", "change.deploy", "buyers: deployed.", kind="change.deploy", direction="changed"),
    ],
    ids=["its process is measured", "it writes a log", "it was changed"],
)
def test_one_of_whom_more_is_known_speaks_for_itself(own: Evidence) -> None:
    assert askers([slow("buyers"), own], Topology(components())) == {}


def test_a_client_that_ranks_first_convicts_whom_it_calls() -> None:
    facts = [
        slow("buyers"),
        slow("sellers"),
        ranked("buyers", 0.98),
        shop.fact("door", "threads", "door: threads rose from 20 to 60.", at=6.0, strength=0.6),
        *shop.quiet("door", "cpu", "memory"),
    ]
    found = weigh(shop.numbered(facts), Inventory(components=components()), bundled(), alarmed=["buyers"])
    assert (found.verdict, found.component) == ("cause", "door")
    assert all(s.component not in ("buyers", "sellers") for s in found.suspects if s.probability > 0.05)


def failing(who: str, *, at: float, log: str = "log.error") -> list[Evidence]:
    return [
        shop.fact(who, "errors", f"{who}: error ratio rose from 0 to 20 %.", at=at),
        shop.fact(who, log, f"{who} logged errors.", kind="log.new", direction="new", at=at),
    ]


def test_who_fails_by_itself_is_called_by_those_who_pass_it_on() -> None:
    facts = [*failing("app", at=4.0, log="log.exception"), *failing("web-1", at=5.0)]
    assert stray_calls(Topology(components()), facts) == [("web-1", "app")]


def test_nobody_is_taken_to_call_one_that_failed_later_or_one_of_two() -> None:
    topology = Topology(components())
    assert stray_calls(topology, [*failing("app", at=60.0), *failing("web-1", at=5.0)]) == []
    two = Topology([*components(), Component(id="other", type="service")])
    both = [*failing("app", at=4.0), *failing("other", at=4.0), *failing("web-1", at=5.0)]
    assert stray_calls(two, both) == []
    assert stray_calls(topology, [failing("app", at=4.0)[1], *failing("web-1", at=5.0)]) == [], "texts alone"
