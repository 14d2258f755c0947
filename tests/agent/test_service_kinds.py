"""Kinds of faults of services that public lists name: told by their own evidence, and not where something plainer explains it."""

from __future__ import annotations

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import ledgers_alone
from aitia.core.words import Evidence
from tests.agent.evidence import fact, inventory, numbered, quiet


def log(component: str, aspect: str, *, peer: str = "", at: float = 0.0, text: str = "failed") -> Evidence:
    told = f'{component} logged 40 times and not once before: "{text}".'
    return fact(component, aspect, told, kind="log.new", direction="new", at=at, peer=peer)


def errors(component: str, *, at: float = 10.0) -> Evidence:
    return fact(component, "errors", f"{component}: error ratio rose from 0 % to 30 %.", at=at)


def of(*evidence: Evidence) -> Weighed:
    """A verdict by the ledgers, where the rest of the shop is watched and well."""
    named = {e.component for e in evidence}
    rest = [
        q
        for name in ("payment", "postgres", "redis", "catalog")
        if name not in named
        for q in quiet(name, "latency", "errors")
    ]
    return weigh(numbered([*evidence, *rest]), inventory(), bundled(), ledgers_alone(), alarmed=["gateway"])


@pytest.mark.parametrize(
    ("aspect", "kind"),
    [
        ("log.io", "resource.io"),
        ("log.quota", "software.quota"),
        ("log.replication", "software.replication"),
        ("log.data", "software.data"),
        ("log.error", "software.failure"),
    ],
)
def test_what_its_own_log_says_names_the_kind(aspect: str, kind: str) -> None:
    weighed = of(log("payment", aspect), errors("payment"), errors("orders", at=20), errors("gateway", at=25))
    assert (weighed.verdict, weighed.component, weighed.fault) == ("cause", "payment", kind)


def test_a_lag_alone_is_the_copys() -> None:
    lag = fact("postgres", "lag", "postgres: lag rose from 0.1 to 40 s.", ratio=400.0)
    weighed = of(lag, errors("payment"), errors("orders", at=20), errors("gateway", at=25))
    assert (weighed.component, weighed.fault) == ("postgres", "software.replication")


def test_more_requests_than_it_can_serve() -> None:
    more = fact("gateway", "traffic", "gateway: requests rose from 10 to 90 /s (9×).", ratio=9.0)
    slow = fact("gateway", "latency", "gateway: latency rose from 20 to 900 ms (45×).", at=3, ratio=45.0)
    busy = fact("gateway", "cpu", "gateway: CPU rose from 0.3 to 1.9 cores (6.3×).", at=2, ratio=6.3)
    weighed = of(more, busy, slow, log("gateway", "log.overload", at=3), errors("gateway", at=4))
    assert (weighed.component, weighed.fault) == ("gateway", "resource.overload")


def test_without_more_requests_nothing_is_overloaded() -> None:
    weighed = of(log("gateway", "log.overload"), errors("gateway", at=4))
    assert all(s.fault != "resource.overload" for s in weighed.suspects)


def test_errors_that_those_it_calls_explain_are_not_its_own() -> None:
    own = of(log("orders", "log.error"), errors("orders"), errors("gateway", at=20))
    down = fact(
        "payment", "availability", "payment: availability fell from 1 to 0.", direction="gone", at=-5.0
    )
    called = fact("orders", "errors", "orders: errors of calls to payment rose.", peer="payment", at=-2.0)
    explained = of(log("orders", "log.error"), errors("orders"), errors("gateway", at=20), down, called)
    assert (own.component, own.fault) == ("orders", "software.failure")
    assert explained.component == "payment"


def test_each_of_them_names_its_source() -> None:
    told = {fault.id: fault.source for fault in bundled() if fault.source}
    assert {
        "resource.io",
        "resource.overload",
        "software.quota",
        "software.replication",
        "software.data",
    } <= told.keys()


FULL = fact("postgres", "connections", "postgres: connections rose from 5 to 57 (11.4×).", ratio=11.4)
REFUSED = log("postgres", "log.connection_limit", at=3, text="remaining connection slots are reserved")
SERVES = [*quiet("postgres", "latency", "errors"), *quiet("payment", "availability")]


def test_who_refuses_some_may_serve_the_others_as_before() -> None:
    told = of(FULL, REFUSED, *SERVES, errors("orders", at=20), errors("gateway", at=25))
    assert (told.verdict, told.component, told.fault) == ("cause", "postgres", "resource.connections")


def test_a_series_alone_is_held_against_how_it_serves() -> None:
    told = of(FULL, *SERVES, errors("orders", at=20), errors("gateway", at=25))
    assert told.component != "postgres"


def test_a_caller_that_is_up_may_fail_all_its_calls() -> None:
    terms = {c.term for s in of(FULL, REFUSED, *quiet("payment", "availability")).suspects for c in s.ledger}
    assert "quiet.unfelt" not in terms
    terms = {
        c.term for s in of(FULL, REFUSED, *quiet("payment", "latency", "errors")).suspects for c in s.ledger
    }
    assert "quiet.unfelt" in terms
