"""Who calls whom by clues: addresses, servers of a balancer, names of metrics, and clients that nobody calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.words import Window
from aitia.linking import calls
from aitia.tools.sources import open_sources

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=5))


def sources(
    folder: Path, logs: dict[str, list[str]], series: list[tuple[str, str, str]]
) -> list[SourceConfig]:
    """Logs by component, a line a second; series as (component, metric, labels in JSON)."""
    found: list[SourceConfig] = []
    for name, lines in logs.items():
        (folder / name).mkdir()
        text = "".join(f"2026-03-01T10:00:{i:02}Z INFO {line}\n" for i, line in enumerate(lines))
        (folder / name / f"{name}.log").write_text(text)
        found.append(
            SourceConfig(name=f"logs-{name}", kind="logs", type="log_files", path=name, component=name)
        )
    rows = ["time,component,metric,labels,value"]
    for component, metric, labels in series:
        quoted = labels.replace('"', '""')
        rows += [f'2026-03-01T10:0{m}:00Z,{component},{metric},"{quoted}",{m}' for m in range(5)]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    columns = {
        "time": "time",
        "component": "component",
        "metric": "metric",
        "value": "value",
        "labels": ["labels"],
    }
    metrics = {
        "name": "metrics",
        "kind": "metrics",
        "type": "table",
        "path": "metrics.csv",
        "columns": columns,
    }
    return [*found, SourceConfig.model_validate(metrics)]


def seen(
    folder: Path, logs: dict[str, list[str]], series: list[tuple[str, str, str]]
) -> set[tuple[str, str]]:
    found, problems = calls(open_sources(sources(folder, logs, series), folder), WINDOW)
    assert not problems
    return {(c.caller, c.callee) for c in found}


@pytest.mark.parametrize(
    ("says", "names"),
    [
        ("Running mode=standalone, port=23151.", "primary of sessions is 127.0.0.1:23151"),
        ("store 5.2.0 listening on 23151", 'connect() failed, upstream: "http://10.0.0.7:23151/items/1"'),
        (
            'listening on IPv4 address "0.0.0.0", port 23151',
            "+monitor master sessions 127.0.0.1 23151 quorum 1",
        ),
        (
            "Server socket created on IP: '127.0.0.1', port: '23151'.",
            "address=(host=10.0.0.7)(port=23151)(type=master)",
        ),
    ],
)
def test_who_names_the_port_on_which_another_listens_calls_it(tmp_path: Path, says: str, names: str) -> None:
    assert seen(tmp_path, {"store": [says], "api": [names]}, []) == {("api", "store")}


def test_what_is_no_address_of_another(tmp_path: Path) -> None:
    logs = {
        "store": ["listening on 23151", "accepted connection from 127.0.0.1:41234"],
        # of a client's request, a count, and a port that two listen on
        "api": [
            '127.0.0.1 - - "GET /?u=http://127.0.0.1:23151 HTTP/1.1" 200',
            "took 23151 ms",
            "peer 10.0.0.1:8080",
        ],
        "web": ["listening on 8080"],
        "shop": ["listening on 8080"],
    }
    assert seen(tmp_path, logs, []) == set()


def test_a_host_that_is_called_as_a_component_is_that_component(tmp_path: Path) -> None:
    logs = {
        "board": ["connected to wire.example.org"],
        "wire": ["ready"],
        "desk": ["pool db.lan/10.0.0.3:3306 added"],
        "db": ["up"],
    }
    assert seen(tmp_path, logs, []) == {("board", "wire"), ("desk", "db")}


def test_labels_and_names_of_metrics(tmp_path: Path) -> None:
    series = [
        ("lb", "lb_server_up", '{"server": "n1"}'), ("lb", "lb_server_up", '{"server": "n2"}'),
        ("desk-n1", "desk_ledger_query_seconds_count", "{}"), ("desk-n2", "process_cpu_seconds_total", "{}"),
        ("ledger", "ledger_reads_total", "{}"), ("ledger", "process_cpu_seconds_total", "{}"),
        ("people", "rum_requests_total", "{}"), ("people", "up", "{}"), ("lb", "http_requests_total", "{}"),
    ]  # fmt: skip
    assert seen(tmp_path, {}, series) == {
        ("lb", "desk-n1"),
        ("lb", "desk-n2"),
        ("desk-n1", "ledger"),
        ("people", "lb"),
    }


def test_a_pooler_calls_the_servers_that_hold_its_database(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {},
        [
            ("pool", "pgbouncer_databases_current_connections", '{"database": "shop"}'),
            ("pool", "pgbouncer_databases_current_connections", '{"database": "postgres"}'),
            ("db", "pg_stat_database_numbackends", '{"datname": "shop"}'),
            ("standby", "pg_stat_database_numbackends", '{"datname": "shop"}'),
            ("other", "pg_stat_database_numbackends", '{"datname": "postgres"}'),
        ],
    )
    assert found == {("pool", "db"), ("pool", "standby")}


def test_a_copy_calls_the_only_server_of_its_sort_that_is_none(tmp_path: Path) -> None:
    series = [
        ("a", "mysql_global_status_queries", "{}"),
        ("b", "mysql_slave_status_slave_io_running", "{}"),
        ("c", "redis_connected_clients", "{}"),
        ("visitors", "visits_requests_total", "{}"),
        ("door", "door_http_requests_total", "{}"),
    ]
    logs = {"door": ["connected to a", "connected to a", "connected to a"], "a": ["ready"]}
    found = seen(tmp_path, logs, series)
    assert {("b", "a"), ("visitors", "door")} <= found
    assert not {("c", "a"), ("a", "b")} & found


def test_a_package_managers_log_calls_nobody(tmp_path: Path) -> None:
    lines = [f"status installed ledger:amd64 1.0-{n}" for n in range(9)]
    both = {"dpkg": lines, "ledger": ["ready"], "desk": [f"asking ledger for page {n}" for n in range(9)]}
    assert seen(tmp_path, both, []) == {("desk", "ledger")}
