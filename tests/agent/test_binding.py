"""Clauses bound to facts: numbers without their quantity, calls without whose, parts of a whole, mixed-up facts."""

from __future__ import annotations

import pytest

from aitia.agent.sentences.binding import quantity
from aitia.agent.sentences.verifier import Grounds, by_check, check, cited
from aitia.core.words import Evidence

from . import evidence as shop

NAMES = frozenset({*shop.CALLS, "shop-host", "P-101A", "P-101A-DE"})
DEPLOY = shop.fact(
    "orders",
    "change.deploy",
    'orders: deploy at 10:00:00 UTC, 57 s before the alarm: "orders 2.14.0: seen list".',
    kind="change.deploy",
    direction="changed",
)
MEMORY = shop.fact(
    "orders",
    "memory",
    "orders: memory in use (process_resident_memory_bytes) grew steadily from 38.2 to 134 MiB since 10:00:02 UTC, "
    "132 MiB per minute.",
    kind="metric.trend",
    at=2,
)
CALLS_PAYMENT = shop.fact(
    "orders",
    "latency",
    "orders: mean latency of calls to payment rose from 10.3 to 986 ms (95.7×) at 10:00:04 UTC.",
    peer="payment",
    at=4,
)
LATENCY = shop.fact(
    "orders", "latency", "orders: mean latency rose from 7.84 to 605 ms (77.2×) at 10:00:05 UTC.", at=5
)
NEAR = shop.fact(
    "orders",
    "latency",
    "orders: mean latency of calls to payment rose from 9.4 to 586 ms (62.3×) at 10:00:04 UTC.",
    peer="payment",
    at=4,
)
GATEWAY = shop.fact(
    "gateway",
    "latency",
    "gateway: mean latency of calls to orders rose from 9.43 to 616 ms (65.3×) at 10:00:06 UTC.",
    peer="orders",
    at=6,
)
KILLED = shop.fact(
    "shop-host",
    "log.oom",
    'shop-host logged about orders once at 10:00:09 UTC and not once in the 2 min baseline: "orders (pid <num>) killed".',
    kind="log.new",
    direction="new",
    at=9,
)
SHARE = shop.fact(
    "orders",
    "errors",
    "orders: 18.2 % of 653 answers in the window failed with a 5xx status, before that 0.0 % of 990.",
    kind="log.surge",
)
PUMP = shop.fact(
    "P-101A", "vibration", "P-101A: vibration rose from 0.0981 to 0.175 g (1.78×) at 10:00:00 UTC."
)
LINE = shop.fact(
    "P-101A-DE",
    "vibration.bpfo",
    "P-101A-DE: the envelope spectrum has a line at the outer-race ball-pass frequency (BPFO, order 3.04), 27.5 dB above the "
    "noise floor, 4 harmonics; the baseline blocks have 2.47 dB (since 10:02:40 UTC).",
    kind="vibration.line",
    direction="new",
    at=160,
)


def grounds(*facts: Evidence, certain: bool = True, excludes: str = "", order: bool = True) -> Grounds:
    return Grounds(
        facts=shop.numbered(list(facts)),
        names=NAMES,
        vocabulary=frozenset({"memory", "leak"} if excludes else ()),
        order=order and not excludes,
        certain=certain,
        excludes=excludes,
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            (DEPLOY, MEMORY),
            "After the deploy of orders at 10:00:00 UTC, memory in use of orders grew from 38.2 to 134 MiB.",
        ),
        (
            (MEMORY, KILLED),
            "As memory in use of orders grew steadily from 38.2 to 134 MiB since 10:00:02 UTC, shop-host logged about orders "
            "once at 10:00:09 UTC and not once in the 2 min baseline.",
        ),
        (
            (KILLED, GATEWAY),
            "As shop-host logged about orders once, the mean latency of calls from gateway to orders rose to 616 ms.",
        ),
        (
            (SHARE, GATEWAY),
            "As 18.2 % of 653 answers of orders failed with a 5xx status, the mean latency of calls from gateway to orders rose "
            "to 616 ms.",
        ),
        (
            (PUMP, LINE),
            "After the vibration rose from 0.0981 to 0.175 g at 10:00:00 UTC, the envelope spectrum of P-101A-DE had a line at "
            "the outer-race ball-pass frequency, 27.5 dB above the noise floor.",
        ),
        (
            (DEPLOY, MEMORY),
            "After orders 2.14.0 was deployed at 10:00:00 UTC, memory in use of orders grew from 38.2 to 134 MiB.",
        ),
    ],
)
def test_true_sentences_pass(facts: tuple[Evidence, ...], sentence: str) -> None:
    assert check(sentence, grounds(*facts)) == []


@pytest.mark.parametrize(
    ("name", "facts", "sentence"),
    [
        ("quantity", (CALLS_PAYMENT, LATENCY), "As calls to payment rose from 10.3 to 986 ms, orders mean latency rose to 605 ms."),
        ("quantity", (DEPLOY, GATEWAY), "After the orders at 10:00:00 UTC, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("peer", (CALLS_PAYMENT, GATEWAY), "As orders mean latency rose from 10.3 to 986 ms, gateway mean latency of calls to orders rose to 616 ms."),
        ("peer", (LATENCY, GATEWAY), "As the mean latency of orders rose to 605 ms, gateway mean latency rose from 9.43 to 616 ms."),
        ("mechanism", (DEPLOY, MEMORY), "After the failed deploy of orders at 10:00:00 UTC, memory in use of orders grew from 38.2 to 134 MiB."),
        ("mechanism", (MEMORY, KILLED), "As memory in use of orders grew from 38.2 to 134 MiB, shop-host timed out and logged about orders."),
        ("end", (MEMORY, KILLED), "As memory in use of orders grew until 10:00:02 UTC from 38.2 to 134 MiB, shop-host logged about orders."),
        ("rate", (SHARE, GATEWAY), "As 18.2 % of 653 answers per minute of orders failed, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("whole", (SHARE, GATEWAY), "As 653 answers of orders failed, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("limit", (MEMORY, KILLED), "As memory in use of orders grew from 38.2 to the limit of 134 MiB, shop-host logged about orders."),
        ("unit", (DEPLOY, MEMORY), "After orders was deployed 57 h before the alarm, memory in use of orders grew from 38.2 to 134 MiB."),
        ("zone", (DEPLOY, MEMORY), "After the deploy of orders at 10:00:00 CET, memory in use of orders grew from 38.2 to 134 MiB."),
        ("order", (DEPLOY, MEMORY), "The deploy of orders at 10:00:00 UTC was brought about by memory in use of orders growing to 134 MiB."),
        ("order", (DEPLOY, MEMORY), "The cause of the deploy of orders at 10:00:00 UTC was memory in use of orders growing to 134 MiB."),
        ("order", (DEPLOY, MEMORY), "Just before the deploy of orders at 10:00:00 UTC, memory in use of orders grew from 38.2 to 134 MiB."),
        ("way", (CALLS_PAYMENT, LATENCY), "As the mean latency of calls from payment to orders rose from 10.3 to 986 ms, orders mean latency rose to 605 ms."),
        ("order", (DEPLOY, MEMORY), "The deploy of orders at 10:00:00 UTC was an effect of memory in use of orders growing from 38.2 to 134 MiB."),
        ("order", (DEPLOY, MEMORY), "The deploy of orders at 10:00:00 UTC was a response to memory in use of orders growing from 38.2 to 134 MiB."),
        ("order", (DEPLOY, MEMORY), "The deploy of orders at 10:00:00 UTC is explained by memory in use of orders growing from 38.2 to 134 MiB."),
        ("count", (SHARE, GATEWAY), "As 18.2 % of 654 answers of orders failed, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("count", (KILLED, GATEWAY), "As shop-host logged about orders three times, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("quotation", (DEPLOY, KILLED), 'After the deploy of orders at 10:00:00 UTC, shop-host logged "orders 2.14.0: seen list" about orders once.'),
        ("way", (CALLS_PAYMENT, LATENCY), "As calls that payment made to orders rose in mean latency from 10.3 to 986 ms, orders mean latency rose to 605 ms."),
        ("way", (CALLS_PAYMENT, LATENCY), "As payment called orders with a mean latency of 986 ms, the mean latency of orders rose to 605 ms."),
        ("baseline", (SHARE, GATEWAY), "As 0.0 % of 990 answers of orders failed, the mean latency of calls from gateway to orders rose to 616 ms."),
        ("baseline", (PUMP, LINE), "As the vibration of P-101A rose to 0.175 g, the envelope spectrum of P-101A-DE has a line 2.47 dB above the noise floor."),
        ("alarm", (DEPLOY, MEMORY), "Orders was deployed at 10:00:00 UTC, 57 s after the alarm, then memory in use of orders grew from 38.2 to 134 MiB."),
        ("change", (PUMP, LINE), "As the vibration of P-101A rose by 0.175 g, the envelope spectrum of P-101A-DE had a line."),
        ("order", (NEAR, GATEWAY), "The mean latency of calls from orders to payment rose from 9.4 to 586 ms as a result of the mean latency of calls from gateway to orders rising from 9.43 to 616 ms."),
        ("thousands", (MEMORY, KILLED), "As memory in use of orders grew to 38,134 MiB, shop-host logged about orders."),
        ("part", (MEMORY, KILLED), "Memory in use of orders was 38.2 MiB of 134 MiB, then shop-host logged about orders."),
        ("other fact", (DEPLOY, MEMORY), 'Orders: memory in use grew from 38.2 to 134 MiB since 10:00:02 UTC, 57 seconds before the alarm: "orders 2.14.0".'),
        ("other fact", (MEMORY, LATENCY), "As memory in use of orders grew from 7.84 to 605 ms, the mean latency of orders rose to 134 MiB."),
        ("version", (DEPLOY, MEMORY), "After orders 2.15.1 was deployed at 10:00:00 UTC, memory in use of orders grew from 38.2 to 134 MiB."),
    ],
)  # fmt: skip
def test_what_is_told_of_the_wrong_thing_is_refused(
    name: str, facts: tuple[Evidence, ...], sentence: str
) -> None:
    assert check(sentence, grounds(*facts)), name


def test_a_cause_below_a_likely_verdict_must_be_hedged() -> None:
    sentence = (
        "The deploy of orders at 10:00:00 UTC led to memory in use of orders growing from 38.2 to 134 MiB."
    )
    assert check(sentence, grounds(DEPLOY, MEMORY)) == []
    assert check(sentence, grounds(DEPLOY, MEMORY, certain=False)) == [
        "states as certain something that is not"
    ]
    hedged = sentence.replace("led to", "probably led to")
    assert check(hedged, grounds(DEPLOY, MEMORY, certain=False)) == []


def test_an_exclusion_excludes_its_suspect_and_nothing_else_does() -> None:
    calm = shop.fact(
        "payment",
        "memory",
        "payment: memory unchanged (3 series).",
        kind="metric.quiet",
        direction="steady",
        at=None,
    )
    told = "A memory leak of payment is unlikely, as memory of payment stayed unchanged."
    assert check(told, grounds(calm, excludes="payment")) == []
    assert check("The memory of payment stayed unchanged.", grounds(calm, excludes="payment"))
    assert check(told.replace("unlikely", "likely"), grounds(calm, excludes="payment"))
    assert check(
        "A memory leak of payment is unlikely, as memory of orders grew to 134 MiB.", grounds(MEMORY, DEPLOY)
    )


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (DEPLOY, {"deploy"}),
        (MEMORY, {"memory"}),
        (CALLS_PAYMENT, {"latency"}),
        (KILLED, {"log"}),
        (SHARE, {"answer"}),
        (LINE, {"envelop", "spectrum"}),
    ],
)
def test_what_a_fact_measures(fact: Evidence, words: set[str]) -> None:
    assert quantity(fact) == words


def test_citations_must_be_given_ones() -> None:
    held = grounds(DEPLOY, MEMORY)
    assert cited(("E1", "E2"), held) == []
    assert cited((), held)
    assert cited(("E1", "E7"), held)


def test_every_check_is_named() -> None:
    found = by_check(
        "After kafka lagged, memory in use of orders fell by 99 % at 11:11:11.", grounds(DEPLOY, MEMORY)
    )
    against = {name for name, reasons in found.items() if reasons}
    assert {"words", "numbers", "times", "directions"} <= against


def test_an_exclusion_says_why() -> None:
    held = Grounds(
        facts=shop.numbered([GATEWAY]),
        names=NAMES,
        vocabulary=frozenset({"slow", "itself", "something"}),
        excludes="gateway",
        why="its calls are slow",
    )
    plain = "As the mean latency of calls from gateway to orders rose to 616 ms, gateway is unlikely."
    assert [r for r in check(plain, held) if r.startswith("does not say why")]
    told = "Gateway is unlikely to be slow by itself, as its calls are slow: the mean latency of calls to orders rose to 616 ms."
    assert not [r for r in check(told, held) if r.startswith("does not say why")]


CLOUD = shop.fact(
    "AWS::Lambda", "latency", "AWS::Lambda: latency rose from 98.6 to 372 ms (3.77×) at 10:00:02 UTC.", at=2
)
STORE = shop.fact(
    "AWS::Store", "latency", "AWS::Store: latency rose from 78.6 to 349 ms (4.44×) at 10:00:03 UTC.", at=3
)


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        (
            "As latency rose from 98.6 to 372 ms, AWS::Store: latency rose from 78.6 to 349 ms.",
            "without naming the component",
        ),
        (
            "As the latency of AWS::Lambda rose from 98.6 to 372 ms, latency rose from 78.6 to 349 ms.",
            "not in the cited facts",
        ),
        (
            "As the latency of the function rose from 98.6 to 372 ms, it rose from 78.6 to 349 ms.",
            "without naming the component",
        ),
        (
            "As latency of calls from AWS::Lambda rose to 372 ms, the latency of AWS::Store rose to 349 ms.",
            "in the cited facts no calls go from",
        ),
        (
            "As AWS::Lambda rose from 98.6 to 372 ms, the latency of AWS::Store rose to 349 ms.",
            "what they measure",
        ),
    ],
)
def test_of_two_components_each_number_has_its_owner(sentence: str, why: str) -> None:
    cloud = Grounds(facts=[CLOUD, STORE], names=frozenset({"AWS::Lambda", "AWS::Store"}), order=True)
    assert any(why in reason for reason in check(sentence, cloud))


def test_requests_to_a_component_are_what_its_own_latency_is_of() -> None:
    cloud = Grounds(facts=[CLOUD, STORE], names=frozenset({"AWS::Lambda", "AWS::Store"}), order=True)
    told = "As the latency of requests to AWS::Lambda rose to 372 ms, that of calls to AWS::Store rose from 78.6 to 349 ms."
    assert check(told.replace("that of", "the latency of"), cloud) == []
