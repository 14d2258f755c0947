"""A provider of which there is no telemetry, and who waits for whom behind a broker."""

from __future__ import annotations

from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Component, Evidence, Inventory, Link

from . import evidence as shop

CALLS = {
    "gate": ["intake-1", "intake-2"],
    "intake-1": ["message-bus", "store"],
    "intake-2": ["message-bus", "store"],
    "sender-1": ["message-bus", "carrier"],
    "sender-2": ["message-bus", "carrier"],
}


def components() -> tuple[Component, ...]:
    names = {*CALLS, *(c for called in CALLS.values() for c in called)}
    return tuple(
        Component(id=n, type="service", links=tuple(Link(relation="calls", to=c) for c in CALLS.get(n, ())))
        for n in sorted(names)
    )


def refusals(*who: str) -> list[Evidence]:
    return [
        shop.fact(
            c,
            "log.certificate",
            f"{c}: certificate has expired.",
            kind="log.new",
            direction="new",
            reported_by=c,
            at=5,
        )
        for c in who
    ]


def judged(*facts: Evidence) -> Weighed:
    return weigh(shop.numbered(list(facts)), Inventory(components=components()), bundled(), alarmed=["gate"])


def failing() -> list[Evidence]:
    return [
        shop.fact("gate", "errors", "gate: error ratio rose from 0 to 60 %.", at=6),
        *(
            shop.fact(c, "errors", f"{c}: error ratio rose from 0 to 60 %.", at=6)
            for c in ("intake-1", "intake-2")
        ),
        *(
            q
            for c in ("message-bus", "store", "sender-1", "sender-2")
            for q in shop.quiet(c, "cpu", "memory")
        ),
    ]


def test_two_clients_in_trouble_convict_a_provider_without_telemetry() -> None:
    found = judged(*refusals("sender-1", "sender-2"), *failing())
    assert (found.verdict, found.component, found.fault) == ("cause", "carrier", "software.certificate")


def test_one_of_two_clients_alone_does_not() -> None:
    assert judged(*refusals("sender-1"), *failing()).component != "carrier"


def test_nor_do_clients_whom_nobody_sees_in_trouble() -> None:
    calm = [e for e in failing() if e.aspect != "errors"]
    assert judged(*refusals("sender-1", "sender-2"), *calm).component != "carrier"


def test_who_sends_through_a_broker_waits_for_who_takes_from_it() -> None:
    topology = Topology(components())
    assert topology.partners("sender-1") == ["intake-1", "intake-2", "sender-2"]
    assert {"gate", "intake-1"} <= topology.reached("carrier", ())
    assert topology.path("carrier", "gate", ()) == ["carrier", "sender-1", "intake-1", "gate"]
    assert not Topology(c for c in components() if c.id != "message-bus").partners("sender-1")


def test_replicas_call_the_same_and_are_called_by_the_same() -> None:
    topology = Topology(components())
    assert topology.twins("intake-1") == ["intake-2"]
    assert topology.twins("sender-1") == []  # nobody calls it
    assert topology.twins("store") == []
