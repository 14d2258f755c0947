"""A fact of the machine that a component runs on bears out what its own log says."""

from __future__ import annotations

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import ledgers_alone
from aitia.core.words import Component, Evidence, Inventory, Link, Suspect
from tests.agent import evidence as shop

FULL = "log.disk_full"


def inventory() -> Inventory:
    runs = Link(to="host-1", relation="runs_on")
    return Inventory(components=(Component(id="db", links=(runs,)), Component(id="host-1")))


def facts(*more: Evidence) -> list[Evidence]:
    says = shop.fact("db", FULL, "db: No space left on device", kind="log.new", direction="new")
    return shop.numbered([says, *more])


def at_its_bound(host: str) -> Evidence:
    return shop.fact(
        host, "disk", f"{host}: free disk space stands at 0 B.", kind="metric.limit", direction="down"
    )


def disk_of_db(weighed: Weighed) -> Suspect:
    return next(s for s in weighed.suspects if (s.component, s.fault) == ("db", "resource.disk"))


def by(evidence: list[Evidence]) -> Weighed:
    return weigh(evidence, inventory(), bundled(), ledgers_alone())


def test_a_full_disk_of_its_host_bears_out_its_log() -> None:
    alone, borne_out = disk_of_db(by(facts())), disk_of_db(by(facts(at_its_bound("host-1"))))
    line = [c for c in borne_out.ledger if "machine that it runs on" in c.why]
    assert len(line) == 1
    assert line[0].log_odds > 1
    assert not [c for c in alone.ledger if "machine that it runs on" in c.why]


def test_a_full_disk_elsewhere_does_not() -> None:
    elsewhere = disk_of_db(by(facts(at_its_bound("host-2"))))
    assert not [c for c in elsewhere.ledger if "machine that it runs on" in c.why]


def test_a_full_disk_of_its_host_alone_makes_no_suspect_of_it() -> None:
    quiet_log = shop.numbered([at_its_bound("host-1")])
    assert not [s for s in by(quiet_log).suspects if s.component == "db"]
