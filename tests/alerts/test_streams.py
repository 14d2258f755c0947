"""What a stream of alerts points at: whose each is, what explains it, what is usual, and when to say nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.resolve import Resolver
from aitia.core.words import Alert, Component, Incident, Link, Report, Window
from aitia.tools.alerts.kinds import kind_of
from aitia.tools.alerts.owners import Owners
from aitia.tools.alerts.ranking import pointed
from aitia.tools.alerts.stream import firings
from benchmarks.rca.product import diagnosed

T0 = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def alert(
    name: str,
    at: float = 0.0,
    end: float | None = None,
    text: str = "",
    severity: str = "warning",
    **labels: str,
) -> Alert:
    return Alert(
        name=name, start=T0 + timedelta(seconds=at), text=text, labels=labels, severity=severity,
        end=None if end is None else T0 + timedelta(seconds=end),
    )  # fmt: skip


def order(*alerts: Alert, components: tuple[Component, ...] = ()) -> list[str]:
    resolver = Resolver(components)
    return [p.component for p in pointed(firings(alerts, resolver), resolver.components)]


def calls(name: str, *callees: str) -> Component:
    return Component(id=name, type="service", links=tuple(Link(relation="calls", to=c) for c in callees))


@pytest.mark.parametrize(
    ("labels", "whose"),
    [
        ({"pod": "cart-7f9c4d5b8-x2k4q", "namespace": "shop"}, "cart"),
        ({"pod": "redis-0", "namespace": "shop"}, "redis"),
        ({"pod": "sync-29027610-4bkst", "namespace": "shop"}, "sync"),
        ({"service": "kube-state-metrics", "pod": "cart-7f9c4d5b8-x2k4q"}, "cart"),
        ({"instance": "db-1:9100", "job": "node"}, "db-1"),
        ({"namespace": "shop", "service": "booking"}, "booking"),
        ({"host": "cart-7f9c4d5b8-x2k4q"}, "cart"),
        ({"instance": "127.0.0.1:9100"}, ""),
        ({"severity": "none"}, ""),
    ],
)
def test_an_alert_is_rolled_up_to_what_owns_the_thing(labels: dict[str, str], whose: str) -> None:
    assert Owners(Resolver(), ()).of(alert("X", **labels)) == whose


def test_the_sites_own_map_says_what_is_meant() -> None:
    site = Component(id="orders", type="service", aliases=("10.0.0.7",), links=())
    assert (
        Owners(Resolver([site]), ()).of(alert("X", service="unknown", instance="10.0.0.7:8080")) == "orders"
    )


def test_what_is_down_leads_and_how_often_others_are_told_counts_nothing() -> None:
    noisy = [
        alert("HighErrorRate", n, n + 5, service=s) for n in range(0, 60, 20) for s in ("gateway", "checkout")
    ]
    assert order(*noisy, alert("RedisDown", 2, instance="redis-a"))[0] == "redis-a"


def test_symptoms_alone_point_further_in() -> None:
    chain = (calls("gateway", "checkout"), calls("checkout", "payment"), calls("payment"))
    told = [alert("HighErrorRate", service=s) for s in ("gateway", "checkout", "payment")]
    assert order(*told, components=chain)[0] == "payment"
    assert order(*[alert("HighLatency", service=s) for s in ("gateway", "orders-db")])[0] == "orders-db"


def test_what_several_failing_callers_share_is_suspected_though_it_tells_nothing() -> None:
    site = (calls("cart", "db"), calls("stock", "db"), calls("db"))
    assert (
        order(
            alert("HighErrorRate", service="cart"), alert("HighErrorRate", service="stock"), components=site
        )[0]
        == "db"
    )


def test_a_call_to_itself_is_no_call() -> None:
    assert order(alert("HighLatency", service="cart", destination_service="cart")) == ["cart"]
    site = (calls("cart", "cart", "stock"), calls("stock"))
    assert (
        order(alert("HighLatency", service="cart"), alert("HighErrorRate", service="stock"), components=site)[
            0
        ]
        == "stock"
    )


def test_an_alert_about_another_one_points_there() -> None:
    told = alert("HaproxyServerDown", instance="edge-lb", server="www-b")
    assert order(told, alert("HighErrorRate", service="visitors"))[0] == "www-b"
    flat = alert("HaproxyServerDown", host="edge-lb", text="server www-b is down")
    assert order(flat)[0] == "www-b"


def test_a_lost_node_explains_what_ran_on_it() -> None:
    pods = [
        alert("KubePodNotReady", 5, pod=f"{n}-7f9c4d5b8-x2k4q", namespace="shop")
        for n in ("cart", "stock", "mail")
    ]
    loops = [alert("KubePodCrashLooping", 9, pod="cart-7f9c4d5b8-x2k4q", namespace="shop")]
    assert order(*pods, *loops, alert("KubeNodeNotReady", node="worker-2"))[0] == "worker-2"


@pytest.mark.parametrize(
    "calm",
    [
        (alert("KubePodRestarting", 0, 60, pod="cart-7f9c4d5b8-x2k4q"), alert("Watchdog", -9e5, severity="none")),
        (alert("KubeNodeUnschedulable", node="worker-2", severity="info"), alert("BackupTooOld", -9e5, instance="db")),
    ],
)  # fmt: skip
def test_what_happens_every_day_points_at_nobody(calm: tuple[Alert, ...]) -> None:
    assert order(*calm) == []


def test_flapping_that_began_before_the_rest_is_usual() -> None:
    flaps = [alert("TargetDown", n, n + 20, instance="old-box") for n in (-3000, -2000, -1000, 10)]
    found = firings(
        [*flaps, alert("HighErrorRate", service="cart"), alert("PgDown", 3, instance="pg")], Resolver()
    )
    assert {f.component: f.usual for f in found}["old-box"] == "it came and went 4 times"
    assert next(p.component for p in pointed(found, ())) == "pg"


@pytest.mark.parametrize(
    ("name", "text", "role", "aspect"),
    [
        ("KubePersistentVolumeFillingUp", "", "resource", "disk"),
        ("PostgresqlTooManyConnections", "", "resource", "connections"),
        ("NodeClockSkewDetected", "", "upkeep", "other"),
        ("InstanceDown", "", "gone", "availability"),
        ("R17", "less than 10 % of the memory is available", "resource", "memory"),
        ("R18", "the request rate fell to 0/s", "symptom", "traffic"),
        ("R19", "", "symptom", "other"),
        ("KubeQuotaAlmostFull", "quota of pods is used to 0.97", "state", "k8s.quota_pods"),
    ],
)  # fmt: skip
def test_the_name_says_what_it_is_about_else_the_text(name: str, text: str, role: str, aspect: str) -> None:
    kind = kind_of(name, text)
    assert (kind.role, kind.aspect) == (role, aspect)


def said(*alerts: Alert, components: tuple[Component, ...] = ()) -> Report:
    end = T0 + timedelta(minutes=10)
    incident = Incident(
        id="i",
        title="alerts",
        started_at=T0,
        window=Window(start=T0 - timedelta(minutes=30), end=end),
        alerts=alerts,
    )
    return diagnosed(incident, (), Path(), components=components)


def test_alerts_alone_name_a_cause_and_its_kind() -> None:
    report = said(
        alert("NodeFilesystemAlmostOutOfSpace", instance="db-1"),
        alert("HighErrorRate", 20, service="checkout"),
    )
    assert (report.verdict, report.component, report.fault) == ("cause", "db-1", "resource.disk")
    assert any(e.kind == "alert.firing" and e.taint for e in report.evidence)


def test_what_is_used_up_names_the_kind_where_its_component_is_not_ready_either() -> None:
    pod = {"pod": "cart-7f9c4d5b8-x2k4q", "namespace": "shop"}
    report = said(
        alert("KubePodNotReady", **pod),
        alert("ContainerMemoryUsage", 5, **pod),
        alert("KubePodRestarting", 20, **pod),
    )
    assert (report.component, report.fault) == ("cart", "resource.memory")


def test_alerts_alone_never_say_that_nothing_is_wrong() -> None:
    report = said(
        alert("KubePodRestarting", 0, 60, pod="cart-7f9c4d5b8-x2k4q"),
        alert("Watchdog", -9e5, severity="none"),
    )
    assert report.verdict == "unknown"


def test_a_single_alert_is_the_question_and_no_evidence() -> None:
    report = said(alert("RedisDown", instance="redis-a"))
    assert report.verdict == "unknown"
    assert not [e for e in report.evidence if e.kind == "alert.firing"]
