"""Connections that rise because sessions wait for a lock are an effect of the lock, and not exhausted by their client."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.words import Evidence
from aitia.tools.series.aspects import bundled as aspects
from aitia.tools.text.classes import meaning
from tests.agent import evidence as shop


def waiting(peer: str) -> Evidence:
    return shop.fact(
        "postgres", "locks", f"postgres: sessions of {peer or 'all'} that wait for a lock rose from 0 to 12.",
        peer=peer, strength=0.9, at=0,
    )  # fmt: skip


def connections() -> list[Evidence]:
    return [
        shop.fact("orders", "connections", "orders: connections rose from 0 to 12.", strength=0.9, at=0),
        shop.fact(
            "postgres", "connections", "postgres: connections from orders rose from 2 to 12.",
            peer="orders", strength=0.9, at=0,
        ),
        shop.fact("orders", "errors", "orders: errors rose from 0 to 8.", strength=0.9, at=2),
        shop.fact("gateway", "errors", "gateway: errors rose from 0 to 8.", strength=0.9, at=3),
    ]  # fmt: skip


@pytest.mark.parametrize("peer", ["", "orders"])
def test_a_lock_is_the_cause_and_the_connections_its_effect(peer: str) -> None:
    without = weigh(shop.numbered(connections()), shop.inventory(), bundled())
    assert (without.component, without.fault) == ("orders", "resource.connections")
    found = weigh(shop.numbered([*connections(), waiting(peer)]), shop.inventory(), bundled())
    assert (found.verdict, found.component, found.fault) == ("cause", "postgres", "software.lock_wait")


@pytest.mark.parametrize(
    ("metric", "labels", "aspect"),
    [
        ("pg_stat_activity_count", {"state": "active", "wait_event_type": "Lock"}, "locks"),
        ("pg_stat_activity_count", {"state": "active", "wait_event_type": "IO"}, "connections"),
        ("mysql_global_status_innodb_row_lock_current_waits", {}, "locks"),
        ("clock_wait_time", {}, "latency"),
        ("pg_settings_log_autovacuum_min_duration_seconds", {}, "other"),
        ("pg_exporter_last_scrape_duration_seconds", {}, "other"),
        ("process_virtual_memory_bytes", {}, "other"),
        ("mysql_global_variables_max_connections", {}, "other"),
    ],
)
def test_names(metric: str, labels: dict[str, str], aspect: str) -> None:
    assert aspects().of(metric, labels).aspect == aspect


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("process 4211 still waiting for ShareLock on transaction 801 after 1000.1 ms", "log.lock"),
        ("ORA-00060: deadlock detected while waiting for resource", "log.deadlock"),
        ("Lock request time out period exceeded.", "log.lock"),
    ],
)
def test_messages_of_waiting_sessions(text: str, aspect: str) -> None:
    assert meaning(text, "error").aspect == aspect


def test_the_onset_is_not_needed() -> None:
    late = [
        e.model_copy(update={"onset": e.onset + timedelta(hours=1)}) if e.onset else e
        for e in [*connections(), waiting("")]
    ]
    found = weigh(shop.numbered(late), shop.inventory(), bundled())
    assert found.fault == "software.lock_wait"
