"""Managed databases of other providers: trouble that began before the window counts by its level, high but bounded levels do not.

Names are those of Azure's and Google's kind and of MySQL's exporter. Nobody said when it began, and there is no other day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia.core.config import SourceConfig
from aitia.core.words import Evidence, Report

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DB = "orders-db"
Values = Sequence[float]


def wave(level: float, samples: int = 20, share: float = 0.03) -> list[float]:
    """A level with a little noise of its own."""
    return [level * (1 + share * ((i * 7 % 5) - 2) / 2) for i in range(samples)]


def step(before: float, after: float, at: int, samples: int = 20) -> list[float]:
    """Two levels."""
    return [*wave(before, at), *wave(after, samples - at)]


def ramp(low: float, high: float, samples: int = 20) -> list[float]:
    """A growth along a line."""
    return [low + (high - low) * i / (samples - 1) for i in range(samples)]


CALM: Mapping[str, Values] = {
    "read_latency_ms": wave(2.1),
    "write_latency_ms": wave(1.4),
    "memory_percent": wave(61),
}


def asked(
    folder: Path, metrics: Mapping[str, Values], *, severity: str = "critical", every_s: float = 60
) -> Report:
    """A diagnosis of what a table of the last minutes holds."""
    rows = ["time,instance,metric,value"]
    for name, values in metrics.items():
        first = NOW - timedelta(seconds=every_s * len(values))
        rows += [
            f"{(first + timedelta(seconds=every_s * i)).isoformat()},{DB},{name},{value:.6g}"
            for i, value in enumerate(values)
        ]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    labels = {"alertname": "Database", "severity": severity, "instance": DB}
    alert = {"alerts": [{"labels": labels, "annotations": {"summary": f"Look at {DB}"}}]}
    source = SourceConfig(name="azure", kind="metrics", type="table", path=str(folder / "metrics.csv"))
    return aitia.diagnose(alert, sources=[source], at=NOW, model=None)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))


FAULTS: Mapping[str, tuple[Mapping[str, Values], float, str, str]] = {
    "CPU at 97 % for 16 of 20 minutes": (
        {**CALM, "cpu_percent": step(31, 97, 4)}, 60, "resource.cpu", "since 11:44"),
    "a disk that grows from 91 to 99 %": (
        {**CALM, "storage_percent": ramp(91, 99.4)}, 60, "resource.disk", "since 11:"),
    "a replica that falls behind from the first minute on": (
        {**CALM, "mysql_slave_status_seconds_behind_master": ramp(0, 1200, 80)}, 15, "replication", "stands at"),
    "connections at their maximum": (
        {**CALM, "mysql_global_status_threads_connected": [*wave(60, 6), *([150.0] * 14)],
         "mysql_global_variables_max_connections": [151.0] * 20}, 60, "resource.connections", "of its limit of 151"),
    "credits used up": (
        {**CALM, "cpu_credits_remaining": [*ramp(40, 0.2, 8), *([0.0] * 12)]}, 60, "resource.cpu", "next to nothing left"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_began_before_the_window_is_told_by_its_level(tmp_path: Path, name: str) -> None:
    metrics, every_s, fault, words = FAULTS[name]
    report = asked(tmp_path, metrics, every_s=every_s)
    assert report.verdict == "cause"
    assert (report.component, fault in report.fault) == (DB, True)
    assert any(words in e.statement for e in report.evidence)


HIGH: Mapping[str, Mapping[str, Values]] = {
    "CPU at 60 %": {**CALM, "cpu_percent": wave(60, share=0.08)},
    "a disk at 70 %": {**CALM, "cpu_percent": wave(22), "storage_percent": [70.2] * 20},
    "a nightly backup": {**CALM, "cpu_percent": wave(35), "disk_write_bytes_per_second": step(5e6, 8e7, 12)},
}


@pytest.mark.parametrize("name", HIGH)
@pytest.mark.parametrize(("severity", "verdict"), [("info", "healthy"), ("critical", "unknown")])
def test_a_high_level_within_its_bounds_is_no_cause(
    tmp_path: Path, name: str, severity: str, verdict: str
) -> None:
    """A routine check is told that all is well; an alarm that a short history does not explain stands unexplained."""
    assert asked(tmp_path, HIGH[name], severity=severity).verdict == verdict


@pytest.mark.parametrize(
    ("metric", "values", "flagged"),
    [
        ("http_error_ratio", step(0.01, 0.4, 4), True),
        ("http_error_ratio", wave(0.02), False),
        ("request_latency_seconds", step(0.2, 5.0, 4), True),
        ("request_latency_seconds", wave(0.4), False),
        ("database/disk/utilization", wave(0.97, share=0.01), True),
        ("storage_free_bytes", [*ramp(9e10, 1e9, 12), *([5e8] * 8)], True),
        ("storage_free_bytes", wave(9e10), False),
        ("memory_percent", [96.0] * 20, False),
        ("cpu_percent", [*wave(40, 8), *wave(97, 4), *wave(40, 8)], False),
    ],
)
def test_levels_by_quantity_and_unit(tmp_path: Path, metric: str, values: Values, flagged: bool) -> None:
    facts = asked(tmp_path, {"read_latency_ms": wave(2.1), metric: values}).evidence
    found = [e for e in facts if e.kind in ("metric.limit", "metric.level") and e.values["metric"] == metric]
    assert bool(found) == flagged


def loaded(folder: Path, parts: Mapping[tuple[str, str], float]) -> Evidence:
    """The `metric.share` fact of a load that is split by a statement and a wait, or by a user."""
    entries = [
        {
            "Key": {"Metric": "db.load.avg", "Dimensions": {"db.user.name": what} if wait == "user" else
                    {"db.sql.statement": what, "db.wait_event.name": wait}},
            "DataPoints": [{"Timestamp": (NOW - timedelta(minutes=n)).isoformat(), "Value": v} for n in range(1, 9)],
        }
        for (what, wait), v in parts.items()
    ]  # fmt: skip
    (folder / "pi.json").write_text(json.dumps({"Identifier": DB, "MetricList": entries}))
    source = SourceConfig(name="pi", kind="metrics", type="cloudwatch", path=str(folder / "pi.json"))
    report = aitia.diagnose(f"{DB} is slow", sources=[source], at=NOW, model=None)
    (fact,) = [e for e in report.evidence if e.kind == "metric.share"]
    return fact


def test_who_runs_the_statement_that_takes_the_time_is_told(tmp_path: Path) -> None:
    fact = loaded(tmp_path, {("insert into ledger values ($1)", "WAL:Lock"): 5.0,
                             ("insert into ledger values ($1)", "CPU"): 1.0,
                             ("select 1", "CPU"): 1.0, ("nightly_job", "user"): 6.0, ("web", "user"): 1.0})  # fmt: skip
    assert "6 of 7 busy sessions" in fact.statement
    assert 'the query "insert into ledger' in fact.statement
    assert "5 of them wait in WAL:Lock (for the write-ahead log)" in fact.statement
    assert "6 of user nightly_job" in fact.statement
    assert fact.aspect == "io"  # a wait for the log is none for a row that another transaction holds


def test_sessions_that_wait_for_their_clients_are_idle(tmp_path: Path) -> None:
    fact = loaded(tmp_path, {("begin; select balance", "Client:ClientRead"): 6.0, ("select 1", "CPU"): 1.0})
    assert "6 of 7 sessions" in fact.statement
    assert "idle client sessions" in fact.statement
    assert fact.aspect == "connections"


@pytest.mark.parametrize(
    ("wait", "aspect"),
    [
        ("Lock:transactionid", "locks"),
        ("LWLock:BufferMapping", "io"),
        ("LWLock:ProcArray", "other"),
        ("log file sync", "io"),
        ("IO:DataFileRead", "io"),
        ("CPU", "cpu"),
    ],
)
def test_what_a_wait_is_for(tmp_path: Path, wait: str, aspect: str) -> None:
    assert loaded(tmp_path, {("select 1", wait): 6.0, ("select 2", "Timeout:PgSleep"): 1.0}).aspect == aspect
