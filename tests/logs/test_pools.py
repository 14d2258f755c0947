"""Pools that were full from some moment on; heaps, sockets and drivers in messages; names of clients and members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.words import Baseline, Component, Incident, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_diff
from aitia.tools.sources import open_source
from aitia.tools.text.classes import full_of, is_heap_full, meaning
from aitia.tools.text.names import Names, attribute

NAMES = Names(
    [Component(id=n, type="service") for n in ("fare", "atlas", "matcher", "web-1", "kafka-1", "kafka-2")]
)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("db open=39 inuse=39 idle=0", 39),
        ("db open=39 inuse=38 idle=1", 0),
        ("Pool stats (total=6, active=6, idle=0, waiting=9)", 6),
    ],
)
def test_how_many_a_full_pool_holds(text: str, held: int) -> None:
    assert full_of(text) == held


def test_a_collection_that_frees_nothing_is_memory_and_one_that_frees_is_not() -> None:
    full, freed = "Pause Full (G1) 4095M->3997M(4096M) 7505.4ms", "Pause Full (G1) 4095M->997M(4096M) 75.4ms"
    assert is_heap_full(full)
    assert not is_heap_full(freed)
    assert meaning("Pause Full (G1) <num>-><num>(<num>) <num>", "info", full).aspect == "log.oom"


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("I/O error on POST request for 'http://stock/x': Read timed out", "log.timeout"),
        ("I/O error, dev sda, sector 12", "log.io"),
        ("Pool - Thread starvation or clock leap detected (housekeeper delta=46s)", "log.overload"),
        (
            "connect() to unix:/run/app.sock failed (11: Resource temporarily unavailable)",
            "log.connection_limit",
        ),
        ("load rows error=context deadline exceeded", "log.timeout"),
        ("charge deferred peer=pay code=429", "log.quota"),
    ],
)
def test_messages_that_were_another_kind(text: str, aspect: str) -> None:
    assert meaning(text, "error").aspect == aspect


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("GenServer.call(Hail.FareClient, 4000) time out", ["fare"]),
        ("{gen_server,call,[atlas_client,{route}]}", ["atlas"]),
        ("MatchClient: timeout", ["matcher"]),
        ("first byte timeout, backend web1", ["web-1"]),
        ("the matchless client", []),
    ],
)
def test_whom_a_client_asks(text: str, named: list[str]) -> None:
    assert NAMES.of(text) == named


def test_a_member_is_named_by_its_number_in_its_own_cluster_alone() -> None:
    assert attribute("kafka-1", "Connection to 2 was disconnected, leaderId=2", NAMES) == (
        "kafka-1",
        "kafka-2",
    )
    assert attribute("kafka-2", "leaderId=2 is me", NAMES) == ("kafka-2", "")
    assert attribute("fare", "fetch from node 2 timed out", NAMES) == ("fare", "")


@pytest.mark.parametrize(("held", "told"), [(40, 1), (4, 0)])
def test_a_pool_that_grew_and_stays_full_is_a_fact_and_one_that_is_as_full_as_before_is_none(
    tmp_path: Path, held: int, told: int
) -> None:
    began = datetime(2026, 3, 11, tzinfo=UTC)
    counts = [(held if i >= 80 else 3, 0 if i >= 80 else i % 2) for i in range(90)]
    (tmp_path / "settle.log").write_text(
        "".join(
            f"{(began + timedelta(minutes=i)).isoformat()} INFO db open={n} inuse={n - idle} idle={idle}\n"
            for i, (n, idle) in enumerate(counts)
        ),
        encoding="utf-8",
    )
    window = Window(start=began + timedelta(minutes=60), end=began + timedelta(minutes=90))
    incident = Incident(
        id="i", title="a", started_at=window.start, window=window,
        baselines=(Baseline(name="preceding", window=Window(start=began, end=window.start)),),
    )  # fmt: skip
    opened = open_source(SourceConfig(name="l", kind="logs", type="log_files", path=str(tmp_path)), Path("/"))
    result = logs_diff(ToolContext(incident=incident, sources=SourceSet([opened])))
    full = [e for e in result.evidence if e.aspect == "log.connection_limit"]
    assert len(full) == told
    assert all(e.onset == began + timedelta(minutes=80) and "open=40" in e.statement for e in full)
