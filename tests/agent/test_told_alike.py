"""Complaints of clients that are about the one whom they call, and rankings that see only who sends spans."""

from __future__ import annotations

import pytest

from aitia.agent.facts import Facts
from aitia.agent.taxonomy import bundled
from aitia.agent.told_alike import told_alike
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Inventory, Link

from . import evidence as shop

CALLS = {
    "edge": ["desk-1", "desk-2"],
    "desk-1": ["store", "copy", "bus"],
    "desk-2": ["store", "copy", "bus"],
    "feed": ["bus"],
}


def components() -> list[Component]:
    names = {*CALLS, *(c for called in CALLS.values() for c in called)}
    return [
        Component(id=n, type="service", links=tuple(Link(relation="calls", to=c) for c in CALLS.get(n, ())))
        for n in sorted(names)
    ]


def says(who: str, aspect: str, *, peer: str = "", at: float = 5.0) -> Evidence:
    return shop.fact(
        who,
        aspect,
        f"{who} logged {aspect}.",
        kind="log.new",
        direction="new",
        strength=0.9,
        at=at,
        peer=peer,
        reported_by=who,
    )


def read(*facts: Evidence) -> list[tuple[str, str]]:
    """Whose, and of which peer, each fact is."""
    return [(e.component, e.peer) for e in told_alike(shop.numbered(list(facts)), Topology(components()))]


def test_the_only_one_that_all_who_complain_call() -> None:
    told = [says(c, "log.certificate") for c in ("desk-1", "desk-2", "feed")]
    assert read(*told) == [("bus", "")] * 3


def test_of_several_that_they_call_nobody_is_named() -> None:
    assert read(says("desk-1", "log.certificate"), says("desk-2", "log.certificate")) == [
        ("desk-1", ""),
        ("desk-2", ""),
    ]


def test_of_several_the_one_that_was_changed_just_before() -> None:
    change = shop.fact(
        "store", "change.config", "store changed.", kind="change.config", direction="changed", at=0
    )
    found = read(change, says("desk-1", "log.certificate"), says("desk-2", "log.certificate"))
    assert found[1:] == [("store", ""), ("store", "")]
    late = shop.fact(
        "store", "change.config", "store changed.", kind="change.config", direction="changed", at=60
    )
    assert read(late, says("desk-1", "log.certificate"), says("desk-2", "log.certificate"))[1:] == [
        ("desk-1", ""),
        ("desk-2", ""),
    ]


def test_of_several_the_one_that_complains_as_well() -> None:
    found = read(
        says("desk-1", "log.permission"), says("desk-2", "log.permission"), says("copy", "log.permission")
    )
    assert found == [("copy", "")] * 3


def test_whom_they_name() -> None:
    found = read(says("desk-1", "log.dns", peer="store"), says("desk-2", "log.dns", peer="store"))
    assert found == [("desk-1", "store"), ("desk-2", "store")]


def test_one_client_alone_tells_of_itself() -> None:
    assert read(says("desk-1", "log.certificate")) == [("desk-1", "")]


def test_that_a_call_failed_stays_the_clients_word_of_its_peer() -> None:
    found = read(*(says(c, "log.connection_refused") for c in ("desk-1", "desk-2", "feed")))
    assert found == [("desk-1", "bus"), ("desk-2", "bus"), ("feed", "bus")]


def test_locks_are_of_the_database_that_moved() -> None:
    slow = shop.fact("store", "other", "store: slow queries rose.", metric="mysql_global_status_slow_queries")
    copy = shop.fact(
        "copy", "other", "copy: heartbeats rose.", metric="mysql_global_status_heartbeats", strength=0.2
    )
    assert read(slow, copy, says("desk-1", "log.lock"))[2] == ("store", "")
    both = shop.fact("copy", "other", "copy: slow queries rose.", metric="mysql_global_status_slow_queries")
    assert read(slow, both, says("desk-1", "log.lock"))[2] == ("desk-1", "")


def test_clients_that_tell_alike_convict_the_server() -> None:
    facts = shop.numbered(
        [
            *(says(c, "log.certificate") for c in ("desk-1", "desk-2", "feed")),
            shop.fact("edge", "errors", "edge: error ratio rose from 0 to 30 %.", at=8),
            *shop.quiet("bus", "cpu", "errors"),
        ]
    )
    found = weigh(facts, Inventory(components=tuple(components())), bundled(), alarmed=["edge"])
    assert (found.verdict, found.component, found.fault) == ("cause", "bus", "software.certificate")
    why = {line.why for line in found.suspects[0].ledger}
    assert "desk-1, desk-2 and feed tell of it alike" in why
    assert any(w.startswith("told by ") for w in why)


@pytest.mark.parametrize(("moved", "behind"), [(0.9, {"bus"}), (0.1, set())])
def test_who_sends_no_spans_may_be_what_a_ranking_by_traces_sees(moved: float, behind: set[str]) -> None:
    facts = [
        shop.fact("desk-1", "errors", "desk-1: requests failed.", kind="trace.errors"),
        shop.fact("store", "latency", "store: time unchanged.", kind="trace.latency"),
        shop.fact(
            "bus",
            "availability",
            "bus has been down.",
            kind="metric.missing",
            direction="gone",
            strength=moved,
        ),
        shop.fact("store", "errors", "store: errors rose."),
    ]
    assert Facts(facts, Topology(components())).untraced("desk-1") == behind


def gone(who: str) -> Evidence:
    return shop.fact(
        who, "availability", f"{who} has been down (up = 0).", kind="metric.missing", direction="gone"
    )


def test_of_several_the_one_that_is_gone() -> None:
    found = read(gone("copy"), says("desk-1", "log.unavailable"), says("desk-2", "log.unavailable"))
    assert found[1:] == [("desk-1", "copy"), ("desk-2", "copy")]


def test_of_several_the_only_one_that_nobody_else_calls_and_of_which_there_is_no_telemetry() -> None:
    seen = [
        shop.fact(c, "cpu", f"{c}: cpu unchanged.", kind="metric.quiet", direction="steady")
        for c in ("store", "bus")
    ]
    found = read(*seen, says("desk-1", "log.certificate"), says("desk-2", "log.certificate"))
    assert found[2:] == [("copy", ""), ("copy", "")]


def test_the_server_whose_software_the_words_name() -> None:
    store = shop.fact("store", "memory", "store: memory rose.", metric="redis_memory_used_bytes")
    refused = [
        says(c, "log.disk_full").model_copy(
            update={
                "values": {
                    "reported_by": c,
                    "template": "MISCONF Errors writing to the AOF file: No space left on device",
                }
            }
        )
        for c in ("desk-1", "desk-2")
    ]
    assert read(store, *refused)[1:] == [("store", ""), ("store", "")]
    assert read(store, refused[0])[1:] == [("store", "")]  # a server's own words, repeated by one


def test_a_clients_pool_is_its_own() -> None:
    empty = [
        says(c, "log.connection_limit").model_copy(
            update={
                "values": {"reported_by": c, "template": "Timeout: Pool empty. Unable to fetch a connection"}
            }
        )
        for c in ("desk-1", "desk-2", "feed")
    ]
    assert read(*empty) == [("desk-1", ""), ("desk-2", ""), ("feed", "")]


def test_one_of_two_clients_convicts_no_server_that_serves_as_before() -> None:
    facts = shop.numbered(
        [
            says("desk-1", "log.certificate", peer="store"),
            shop.fact("desk-1", "errors", "desk-1: error ratio rose from 0 to 30 %.", at=6),
            shop.fact("edge", "errors", "edge: error ratio rose from 0 to 30 %.", at=8),
            *shop.quiet("store", "cpu", "errors", "latency"),
        ]
    )
    found = weigh(facts, Inventory(components=tuple(components())), bundled(), alarmed=["edge"])
    assert (found.verdict, found.component) != ("cause", "store")
