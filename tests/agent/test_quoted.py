"""Whom a driver quotes, journals of machines, members that tell of each other, and who is suspected by one log alone."""

from __future__ import annotations

import pytest

from aitia.agent.facts import Facts
from aitia.agent.of_logs import witnessed
from aitia.agent.quoted import Quoted, answered
from aitia.agent.replicas import is_journal, service, without_journal
from aitia.agent.taxonomy import bundled
from aitia.agent.told_by_logs import Told, kind_of
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Inventory
from tests.agent import evidence as shop

NAMES = ("cart", "seats", "pg-main", "pg-host", "pooler", "kafka-1", "kafka-2", "kafka-2-host", "ingest")
HERE = Inventory(components=tuple(Component(id=n, type="service") for n in NAMES))


def said(
    component: str, aspect: str, template: str, *, at: float, peer: str = "", strength: float = 0.9
) -> Evidence:
    return shop.fact(
        component, aspect, f"{component} logged {template} at {at}.", kind="log.new", direction="new", peer=peer,
        strength=strength, at=at, reported_by=component, level="error", template=template,
    )  # fmt: skip


def facts(*evidence: Evidence) -> Facts:
    numbered = shop.numbered(list(evidence))
    return Facts(numbered, Topology(HERE.components).told_by(numbered))


CLIENT = said("cart", "log.deadlock", "order not made: pq: deadlock detected", at=1)
SERVER = said("pg-main", "log.deadlock", "deadlock detected", at=0)


def test_an_answer_that_stands_in_two_logs_is_of_the_one_that_logged_it_as_its_own() -> None:
    waits = said("seats", "log.timeout", "hold failed: FATAL: query_wait_timeout (SQLSTATE <num>)", at=2)
    own = said("pooler", "log.connection_limit", "pooler error: query_wait_timeout", at=1)
    quoted = Quoted(facts(CLIENT, SERVER, waits, own))
    assert quoted.server(CLIENT) == "pg-main"
    assert quoted.server(waits) == "pooler"
    assert quoted.server(SERVER) == ""


def test_an_answer_that_nobody_logged_is_of_the_one_server_of_its_software_and_never_of_a_journal() -> None:
    assert Quoted(facts(CLIENT)).server(CLIENT) == "pg-main"


def test_what_a_driver_was_answered_is_suffered() -> None:
    assert answered(CLIENT)
    assert not answered(SERVER)
    assert (kind_of(CLIENT), kind_of(SERVER)) == ("log.unavailable", "log.deadlock")


def test_a_link_that_is_down_is_a_cause() -> None:
    assert kind_of(said("kafka-2-host", "log.error", "i40e <id>: NIC Link is Down", at=0)) == "log.io"
    assert kind_of(said("kafka-2-host", "log.error", "link budget is downgraded", at=0)) == "log.error"


@pytest.mark.parametrize(
    ("name", "of"),
    [("kafka-2-host", "kafka"), ("kafka-2", "kafka"), ("pg-journal", "pg"), ("ghost", "ghost")],
)
def test_the_journal_of_a_machine_is_told_with_its_service(name: str, of: str) -> None:
    assert service(name) == of
    assert is_journal(name) == (without_journal(name) != name)


DISK = said("kafka-2-host", "log.io", "nvme <id>: I/O timeout", at=0)
FELT = (said("ingest", "log.timeout", "produce timed out", at=20), said("cart", "log.timeout", "late", at=40))


def test_another_member_is_a_witness_and_a_member_is_none_for_itself() -> None:
    other = said("kafka-1", "log.unavailable", "Connection to 2 was lost", at=10, peer="kafka-2")
    assert witnessed(Told(facts(DISK, other)), "kafka-2-host")
    assert not witnessed(Told(facts(DISK, other)), "kafka-1")
    assert not witnessed(Told(facts(DISK)), "kafka-2-host")


def test_who_is_suspected_by_one_log_alone_is_first_and_is_not_named() -> None:
    found = weigh(shop.numbered([DISK, *FELT]), HERE, bundled(), alarmed=["cart"])
    assert found.verdict == "unknown"
    assert next(s.component for s in found.suspects if s.component) == "kafka-2-host"
