"""Who it is where logs are all that there is: whom one writer convicts, who stands for replicas, what the kernel killed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from aitia.agent.facts import Facts
from aitia.agent.killed import killed
from aitia.agent.of_logs import FEATURES, bundled_of_logs, features, followed, is_asked, witnessed
from aitia.agent.provider import told_of
from aitia.agent.replicas import alarmed_of
from aitia.agent.taxonomy import bundled
from aitia.agent.told_by_logs import Told, whose
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import Weights, bundled_weights
from aitia.core.words import Component, Evidence, Inventory
from tests.agent import evidence as shop

NAMES = ("web-1", "web-2", "orders", "mail", "broker", "host-a")


def said(
    component: str, aspect: str, *, at: float, peer: str = "", strength: float = 0.9, **values: str
) -> Evidence:
    return shop.fact(
        component, aspect, f"{component} logged of {aspect} {peer} at {at}.", kind="log.new", direction="new",
        peer=peer, strength=strength, at=at, **{"reported_by": component, "level": "error", **values},
    )  # fmt: skip


def inventory() -> Inventory:
    return Inventory(components=tuple(Component(id=n, type="service") for n in NAMES))


def judged(*evidence: Evidence, alarmed: str = "web") -> Weighed:
    return weigh(shop.numbered(list(evidence)), inventory(), bundled(), alarmed=[alarmed])


def told(*evidence: Evidence) -> Told:
    numbered = shop.numbered(list(evidence))
    return Told(Facts(numbered, Topology(inventory().components).told_by(numbered)))


FULL = said("broker", "log.disk_full", at=0, strength=0.7)
SUFFER = (
    said("web-1", "log.timeout", at=30),
    said("mail", "log.timeout", at=50),
    said("orders", "log.error", at=40),
)


TELLS = said("mail", "log.unavailable", at=45, peer="broker")


def test_a_cause_of_which_another_log_tells_too_is_named_with_its_kind() -> None:
    found = judged(FULL, *SUFFER, TELLS)
    assert (found.verdict, found.component, found.fault) == ("cause", "broker", "resource.disk")


def test_a_cause_that_one_writer_tells_and_after_which_others_suffer_is_suspected_and_not_named() -> None:
    found = judged(FULL, *SUFFER)
    assert found.verdict == "unknown"
    assert next(s.component for s in found.suspects if s.component) == "broker"


@pytest.mark.parametrize("times", [1, 5])
def test_a_writer_alone_convicts_nobody_however_often_it_writes(times: int) -> None:
    planted = [said("broker", "log.disk_full", at=10.0 * i, strength=0.98, line=str(i)) for i in range(times)]
    assert judged(*planted).verdict != "cause"
    one_more = judged(*planted, said("web-1", "log.timeout", at=60))
    assert one_more.component != "broker"


def test_what_began_long_before_a_line_does_not_come_of_it() -> None:
    late = said("broker", "log.disk_full", at=600, strength=0.98)
    assert not followed(told(late, *SUFFER), "broker")
    assert followed(told(FULL, *SUFFER), "broker")


def test_what_a_client_wrote_is_no_witness() -> None:
    assert witnessed(told(TELLS), "broker")
    assert not witnessed(told(TELLS.model_copy(update={"provenance": "client"})), "broker")
    by_client = [e.model_copy(update={"provenance": "client"}) for e in SUFFER]
    assert not followed(told(FULL, *by_client), "broker")


def test_who_passes_on_what_it_suffers_is_less_likely_than_who_is_told_of() -> None:
    chain = (
        said("web-1", "log.timeout", at=10, peer="orders"),
        said("orders", "log.timeout", at=8, peer="broker"),
        said("mail", "log.unavailable", at=9, peer="broker"),
    )
    found = judged(*chain)
    shares = {c: sum(s.probability for s in found.suspects if s.component == c) for c in ("orders", "broker")}
    assert shares["broker"] > shares["orders"]


def test_replicas_are_one_service() -> None:
    evidence = told(said("web-1", "log.disk_full", at=0), said("web-2", "log.disk_full", at=1))
    assert set(features(evidence, {})[0]) == {"web"}
    assert alarmed_of(set(NAMES), ["web", "mail"]) == ["mail", "web-1", "web-2"]
    assert alarmed_of({"web", "web-1"}, ["web"]) == ["web"]


def test_who_starts_right_after_the_kernel_killed_is_who_was_killed() -> None:
    kill = said(
        "host-a", "log.oom", at=0, template="Memory cgroup out of memory: Killed process <num> (ruby)"
    )
    start = said("orders", "log.restart", at=40)
    (moved, _) = killed([kill, start])
    assert (moved.component, moved.values["reported_by"]) == ("orders", "host-a")
    assert killed([kill, start, said("mail", "log.restart", at=50)])[0].component == "host-a"
    assert killed([kill, said("orders", "log.restart", at=400)])[0].component == "host-a"


def test_it_is_asked_of_servers_logs_alone() -> None:
    logs = Facts(shop.numbered([FULL]), Topology(inventory().components))
    both = Facts(
        shop.numbered([FULL, shop.fact("web-1", "errors", "web-1: errors 1 → 9.")]),
        Topology(inventory().components),
    )
    assert is_asked(logs, ["service"])
    assert not is_asked(both, ["service"])
    assert not is_asked(logs, ["service", "machine"])


def test_the_bundled_factors_are_of_known_features_and_used() -> None:
    assert set(bundled_of_logs().factors) <= set(FEATURES)
    assert bundled_weights().of_logs == bundled_of_logs().factors != {}
    with pytest.raises(ValidationError, match="no such feature"):
        Weights(of_logs={"own.moon": 1.0})


def complains(**more: str) -> Evidence:
    return said("web-1", "log.error", at=30, whose="peer", **more).model_copy(
        update={"values": {"reported_by": "web-1", "level": "error", "whose": "peer", "whose_sure": 0.9}}
    )


def calls(component: str, *others: str) -> Evidence:
    return said(component, "log.other", at=0, calls=" ".join(others)).model_copy(
        update={"kind": "log.calls", "direction": "none", "strength": 0.1}
    )


def test_a_complaint_of_somebody_unnamed_means_the_one_callee_that_is_in_trouble_and_is_no_witness() -> None:
    found = told(FULL, complains(), calls("web-1", "broker", "mail"))
    assert set(found.others["broker"]) == {"web"}
    assert not witnessed(found, "broker")
    assert witnessed(told(FULL, complains(), calls("web-1", "broker", "mail"), TELLS), "broker")


@pytest.mark.parametrize("doubt", ["two in trouble", "its own", "a client's", "calls nobody"])
def test_otherwise_it_means_nobody(doubt: str) -> None:
    complaint, edge = complains(), calls("web-1", "broker", "mail")
    more = [said("mail", "log.disk_full", at=5)] if doubt == "two in trouble" else []
    if doubt == "its own":
        complaint = complaint.model_copy(update={"values": {**complaint.values, "whose": "own"}})
    if doubt == "a client's":
        complaint = complaint.model_copy(update={"provenance": "client"})
    facts = (FULL, complaint, *more) if doubt == "calls nobody" else (FULL, complaint, *more, edge)
    assert not told(*facts).others["broker"]


def test_how_likely_it_is_of_one_of_some_owners() -> None:
    fact = complains()
    assert whose(fact, "peer") == pytest.approx(0.9)
    assert whose(fact, "own", "host") == pytest.approx(2 * 0.1 / 3)
    assert whose(fact, "own", "peer", "client", "host") == pytest.approx(1)


def standing(component: str, aspect: str, *, peer: str = "") -> Evidence:
    return said(component, aspect, at=0, peer=peer, strength=0.45).model_copy(
        update={"kind": "log.standing", "onset": None}
    )


def test_what_was_there_before_is_told_apart_from_what_is_new() -> None:
    found = told(
        standing("broker", "log.certificate"), standing("mail", "log.timeout", peer="broker"), *SUFFER
    )
    of, _ = features(found, {})
    assert (of["broker"]["standing"], of["broker"]["own.hard"], of["broker"]["told"]) == (0.45, 0, 0)
    assert of["broker"]["standing.told"] == 0.45
    assert witnessed(found, "broker")
    assert "broker" not in found.troubled


def test_a_unit_that_its_host_says_was_killed_is_who_ran_out_of_memory() -> None:
    host = {"reported_by": "host-a"}
    kernel = said(
        "host-a", "log.oom", at=10, template="Killed process <num> (python3) total-vm:<num>", **host
    )
    unit = said(
        "host-a", "log.oom", at=11, peer="mail", template="mail: Failed with result 'oom-kill'.", **host
    )
    apart = said("host-a", "log.oom", at=500, template="Killed process <num> (java) total-vm:<num>", **host)
    assert [e.component for e in killed(shop.numbered([kernel, unit, apart]))] == ["mail", "mail", "host-a"]


def test_one_writer_that_says_a_unit_was_killed_convicts_nobody() -> None:
    unit = said(
        "web-1", "log.oom", at=11, peer="mail", strength=0.98, template="mail: Failed with result 'oom-kill'."
    )
    kernel = said(
        "web-1", "log.oom", at=10, strength=0.98, template="Killed process <num> (python3) total-vm:<num>"
    )
    suffers = said("orders", "log.error", at=40)
    assert judged(unit, kernel, suffers).verdict != "cause"
    told_too = judged(unit, kernel, suffers, said("orders", "log.timeout", at=30, peer="mail"))
    assert (told_too.verdict, told_too.component) == ("cause", "mail")


OUTSIDE = "api.paylane.example"


@pytest.mark.parametrize(
    ("more", "may_be"),
    [
        ((), False),  # the word of one writer
        ((said("mail", "log.timeout", at=32, peer=OUTSIDE),), True),  # of two
        (
            (said("web-1", "log.unavailable", at=40, peer="orders"),),
            True,
        ),  # of one of whose trouble another tells
        ((said("orders", "log.error", at=40),), False),  # which it tells itself
    ],
)
def test_who_is_outside_may_be_the_cause_by_the_word_of_two(more: tuple[Evidence, ...], may_be: bool) -> None:
    evidence = shop.numbered([said("orders", "log.timeout", at=30, peer=OUTSIDE), *more])
    topology = Topology(inventory().components).told_by(evidence)
    assert told_of(Facts(evidence, topology), OUTSIDE) is may_be
    found = weigh(evidence, inventory(), bundled(), alarmed=["web"])
    if not may_be:
        assert found.component != OUTSIDE
