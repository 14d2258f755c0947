"""Who calls whom by what logs tell on calm days, and names as others write them in a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.topology import Topology
from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Component, Evidence, Holding, Incident, Inventory, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_diff, logs_stated
from aitia.tools.sources.logs.log_files import LogFiles
from aitia.tools.text.classes import is_full, meaning
from aitia.tools.text.names import Names, attribute

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LINES = {
    "web": "INFO reserve POST https://stock/reserve answered 200 in 12 ms",
    "stock": "INFO pool target=pg-main:5432 open=6 idle=4",
    "pg-main": "LOG connection authorized: user=stock database=stock",
    "mail": 'INFO note from a user: "please call upstream=pg-main at once"',
}


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("AITIA_HOME", str(tmp_path_factory.mktemp("home")))


def context(folder: Path, inventory: Inventory = Inventory()) -> ToolContext:  # noqa: B008
    names = tuple(Component(id=p.stem, type="service") for p in sorted(folder.iterdir()))
    window = Window(start=AT - timedelta(minutes=10), end=AT)
    before = Baseline(name="preceding", window=Window(start=AT - timedelta(minutes=40), end=window.start))
    return ToolContext(
        incident=Incident(id="i", title="t", started_at=AT, window=window, baselines=(before,)),
        sources=SourceSet([LogFiles(SourceConfig(name="logs", kind="logs", type="log_files", path=str(folder)), folder)]),
        resolver=Resolver(names),
        inventory=inventory,
    )  # fmt: skip


def written(folder: Path, lines: dict[str, str]) -> Path:
    for name, line in lines.items():
        times = (AT - timedelta(seconds=20 * i) for i in range(100, 0, -1))
        (folder / f"{name}.log").write_text("".join(f"{at:%Y-%m-%d %H:%M:%S} {line}\n" for at in times))
    return folder


def calls(evidence: tuple[Evidence, ...]) -> dict[str, str]:
    return {e.component: str(e.values["calls"]) for e in evidence if e.kind == "log.calls"}


def test_calm_lines_tell_who_calls_whom_and_what_a_client_wrote_does_not(tmp_path: Path) -> None:
    found = logs_diff(context(written(tmp_path, LINES)))
    assert calls(found.evidence) == {"web": "stock", "stock": "pg-main"}
    topology = Topology([]).told_by(found.evidence)
    assert topology.ancestors("pg-main") == ["stock", "web"]


def test_where_measurements_tell_who_calls_whom_logs_are_not_asked(tmp_path: Path) -> None:
    measured = Inventory(holdings=(Holding(source="prom", kind="metrics", components=("web",), count=3),))
    assert not calls(logs_diff(context(written(tmp_path, LINES), measured)).evidence)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fleet call failed error=deadline exceeded", ["fleet-svc"]),
        ("CircuitBreaker 'fleet' changed state from CLOSED to OPEN", ["fleet-svc"]),
        ("Connection to node 2 (kafka-2/10.40.3.12:9092) could not be established", ["kafka-2"]),
        ("the fleet grew by 12 ships", []),
        ("read kafka-2/topics/a", []),
    ],
)
def test_names_as_others_write_them(text: str, found: list[str]) -> None:
    names = Names([Component(id="fleet-svc"), Component(id="kafka-2")])
    assert names.of(text) == found


def test_a_server_of_a_pool_is_whom_a_proxy_tells_of() -> None:
    names = Names([Component(id="lb"), Component(id="api-2")])
    assert attribute("lb", "Server be_api/api-2 is DOWN, reason: Layer4 timeout", names) == ("lb", "api-2")


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("HikariPool-1 - Pool stats (total=30, active=30, idle=0, waiting=12)", True),
        ("acquire waited waited=3.0s acquired_conns=24 idle_conns=0 max_conns=24", True),
        ("HikariPool-1 - Pool stats (total=30, active=12, idle=18, waiting=0)", False),
        ("disk used=30 total=30 idle=0", False),
    ],
)
def test_counts_say_that_a_pool_is_full(text: str, full: bool) -> None:
    assert is_full(text) is full
    assert (meaning(text, "info").aspect == "log.connection_limit") is full


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "sudo: ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/sbin/rabbitmqctl set_policy -p a b",
            True,
        ),
        ("sudo: ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/tcpdump -i ens3", False),
        (
            "sudo: ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/systemctl status nginx",
            False,
        ),
    ],
)
def test_a_command_that_does_more_than_look_is_a_change(tmp_path: Path, line: str, told: bool) -> None:
    folder = written(tmp_path, {"mq1": "systemd[1]: session-1.scope: Deactivated successfully."})
    with (folder / "mq1.log").open("a") as log:
        log.write(f"{AT - timedelta(seconds=5):%Y-%m-%d %H:%M:%S} {line}\n")
    changed = [e for e in logs_stated(context(folder)).evidence if e.kind == "log.change"]
    assert [e.component for e in changed] == (["mq1"] if told else [])


def named(*ids: str) -> Names:
    return Names([Component(id=i, type="service") for i in ids])


@pytest.mark.parametrize(
    ("ids", "text", "peer"),
    [
        (("seat-api-1", "seat-api-2"), "refused upstream=seat-api status=409", "seat-api-1"),
        (("seat-api-1",), "refused upstream=seat-api status=409", ""),  # nobody knows of another replica
        (("10.0.0.12", "10.0.0.13"), "connect to 10.0.0.99:5432 failed: timeout", ""),
        (("client-1", "client-2"), "client closed connection", ""),
        (("worker-1", "worker-2"), "worker process exited", ""),
        (("disk-1", "disk-2"), "I/O error on disk sda", ""),
    ],
)
def test_a_service_stands_for_its_replicas_only_where_a_call_names_it(
    ids: tuple[str, ...], text: str, peer: str
) -> None:
    assert attribute("desk", text, named("desk", *ids)) == ("desk", peer)


def test_a_replica_that_names_its_service_means_itself_and_another_one_by_its_number() -> None:
    names = named("kafka-1", "kafka-2", "kafka-10")
    assert attribute("kafka-2", "peer kafka is slow", names)[1] == ""
    assert attribute("kafka-2", "kafka: connection to kafka-10 lost", names)[1] == "kafka-10"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("profile call failed err=refused", ["profile-1"]),
        ("web client 10.0.0.3 closed connection", []),
        ("external API call to the bank timed out", []),
        ("in-memory cache lookup failed for key", []),
        ("profile client version 3", []),
    ],
)
def test_a_service_of_replicas_is_named_where_a_call_of_it_fails(text: str, named: list[str]) -> None:
    replicas = [f"{n}-{i}" for n in ("profile", "web", "api", "cache") for i in (1, 2)]
    assert Names([Component(id=n, type="service") for n in replicas]).of(text) == named
