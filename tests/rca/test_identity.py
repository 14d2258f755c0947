"""One component under many names is one suspect; two components under like names stay two."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.resolve import Resolver
from aitia.core.words import Component, Link
from aitia.settings import load_settings

from . import site

HEX = "4f2a" * 16
SHOP = Link(relation="part_of", to="shop")
PAYMENT = Component(
    id="payment", type="app", aliases=("10.0.0.3:9100", "10.1.0.9", HEX, "41-P-101A"), links=(SHOP,)
)
ORDERS = Component(id="orders", type="service", aliases=("10.0.0.3:9187",))
PUMP = Component(id="P-101", type="machine")
FLUENT = Component(id="fluentd", type="app")
KNOWN = (PAYMENT, ORDERS, PUMP, FLUENT, Component(id="shop", type="namespace"))


@pytest.mark.parametrize(
    ("raw", "is_", "why"),
    [
        ("payment", "payment", "same name"),
        ("PAYMENT", "payment", "same name"),
        ("10.0.0.3:9100", "payment", "same name"),
        ("10.0.0.3:9187", "orders", "same name"),
        ("10.1.0.9:8080", "payment", "port stripped"),
        ("payment:8080", "payment", "port stripped"),
        ("payment-7f9c4d5b6f-x2v9k", "payment", "pod hash stripped"),
        ("payment-0", "payment", "ordinal stripped"),
        ("payment-28391020-x2v9k", "payment", "cron job's pod hash stripped"),
        ("fluentd-x2v9k", "fluentd", "pod hash stripped"),
        ("payment.shop.svc.cluster.local", "payment", "cluster DNS name"),
        ("payment.shop.svc:8080", "payment", "cluster DNS name"),
        ("payment-1.payment-headless.shop.svc.cluster.local", "payment", "ordinal stripped"),
        ("shop/payment", "payment", "namespace stripped"),
        ("shop/payment-7f9c4d5b6f-x2v9k", "payment", "pod hash stripped"),
        (f"payment-7f9c4d5b6f-x2v9k_shop_server-{'ab' * 32}", "payment", "pod hash stripped"),
        (f"containerd://{HEX}", "payment", "container id"),
        (f"/kubepods.slice/cri-containerd-{HEX}.scope", "payment", "container id"),
        (HEX[:12], "payment", "container id"),
        ("41-P-101A", "payment", "same name"),
    ],
)
def test_each_form_is_resolved_and_says_why(raw: str, is_: str, why: str) -> None:
    resolver = Resolver(KNOWN)
    assert resolver.resolve(raw) == is_
    assert why in resolver.why(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "10.0.0.3",  # two components listen there
        "10.0.0.3:5432",
        "localhost:9100", "127.0.0.1:9100",  # every host's own
        "payment.billing.svc.cluster.local",  # a service of that name in another namespace
        "billing/payment", "billing/payment-7f9c4d5b6f-x2v9k",
        "payment-db", "payment-redis", "paymentservice", "payments", "my-payment", "payment.example.org", "payment-v2",
        "payment-abcde", "orders-mysql",  # words, not hashes
        "P-101-1", "P-102", "P",  # machines are numbered, not replicated
        HEX[:11], "0123456789ab", "",
    ],
)  # fmt: skip
def test_what_could_be_another_component_is_not_merged(raw: str) -> None:
    assert Resolver(KNOWN).resolve(raw) == ""


def test_a_loopback_alias_does_not_spread_to_other_ports() -> None:
    resolver = Resolver(
        [Component(id="a", aliases=("127.0.0.1",)), Component(id="b", aliases=("127.0.0.1:9100",))]
    )
    assert resolver.resolve("127.0.0.1:9100") == "b"
    assert resolver.resolve("127.0.0.1:8080") == ""


def test_an_alias_of_two_components_is_of_neither_and_is_listed() -> None:
    resolver = Resolver([Component(id="a", aliases=("10.0.0.9",)), Component(id="b", aliases=("10.0.0.9",))])
    assert resolver.resolve("10.0.0.9:80") == ""
    assert resolver.learn("10.0.0.9") == "10.0.0.9"
    assert "an alias of a and of b, so it is not used" in resolver.why("10.0.0.9")
    resolver.add(Component(id="10.0.0.9", type="node"))
    assert resolver.resolve("10.0.0.9") == "10.0.0.9"  # an id goes before an alias


def test_one_name_in_two_namespaces_is_two_components() -> None:
    resolver = Resolver([Component(id="a/web", type="app"), Component(id="b/web", type="app")])
    assert resolver.resolve("web.a.svc.cluster.local") == "a/web"
    assert resolver.resolve("b/web") == "b/web"
    assert resolver.resolve("web") == ""


names = st.from_regex(r"[a-z]{2,6}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)


@settings(max_examples=200)
@given(known=st.lists(names, min_size=1, max_size=6, unique=True), raw=st.one_of(names, st.text(max_size=40)))
def test_a_known_name_is_itself_and_any_other_is_known_or_nothing(known: list[str], raw: str) -> None:
    resolver = Resolver([Component(id=name, type="service") for name in known])
    assert [resolver.resolve(name) for name in known] == known
    found = resolver.resolve(raw)
    assert not found or found in known
    assert not found or found.casefold() in raw.casefold()


def test_one_fault_under_four_names_is_one_suspect(tmp_path: Path) -> None:
    """A scrape target, a pod, a traced service and a plant tag: configured aliases and rules make them one."""
    pod = "payment-7f9c4d5b6f-x2v9k"
    site.table(tmp_path / "scrapes.csv", [
        ("10.0.0.3:9100", "http_requests_failed_ratio", site.failing(0.002, 0.4)), ("10.0.0.3:9100", "cpu_usage", site.calm(0.3)),
        ("orders", "http_requests_failed_ratio", site.calm(0.002)), ("orders", "cpu_usage", site.calm(0.3)),
    ])  # fmt: skip
    site.table(tmp_path / "plant.csv", [("41-P-101A", "response_time_seconds", site.failing(0.1, 1.5))])
    site.log(
        tmp_path / "logs" / f"{pod}.log",
        component_line="paid",
        error="unhandled NullPointerException in Charge.run",
    )
    site.spans(tmp_path / "spans.jsonl", "payment")
    (tmp_path / "aitia.yaml").write_text(
        "components:\n- {id: payment, type: service, aliases: ['10.0.0.3:9100', 41-P-101A]}\n- {id: orders, type: service}\n"
        "- {id: gateway, type: service, links: [{relation: calls, to: payment}, {relation: calls, to: orders}]}\n"
    )
    sources = [
        site.source("metrics", "table", "scrapes.csv"), site.source("metrics", "table", "plant.csv", name="plant"),
        site.source("logs", "log_files", "logs"), site.source("traces", "otlp", "spans.jsonl"),
    ]  # fmt: skip
    report = site.report(tmp_path, sources, load_settings(tmp_path / "aitia.yaml").components)
    told = {
        e.source.source
        for e in report.evidence
        if e.component == "payment" and e.direction not in ("steady", "none")
    }
    assert told == {"metrics", "plant", "logs", "traces"}
    assert {s.component for s in report.suspects} <= {"payment", "orders", "gateway", ""}
    assert {c.id for c in report.inventory.components} == {"payment", "orders", "gateway"}
    assert report.inventory.unresolved == ()
    assert (report.verdict, report.component) == ("cause", "payment")


def test_without_the_aliases_the_foreign_names_are_listed_as_unresolved(tmp_path: Path) -> None:
    site.table(
        tmp_path / "scrapes.csv",
        [("10.0.0.3:9100", "cpu_usage", site.calm(0.3)), ("orders-0", "cpu_usage", site.calm(0.3))],
    )
    report = site.report(
        tmp_path, [site.source("metrics", "table", "scrapes.csv")], [Component(id="orders", type="service")]
    )
    assert len(report.inventory.unresolved) == 1
    assert "10.0.0.3:9100" in report.inventory.unresolved[0]
