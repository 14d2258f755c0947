"""Scenario in, report out: what clients, an innocent service or a forged series say convicts nobody by itself."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from aitia.core.scenario import load_scenario
from aitia.core.words import Report
from aitia.render.document import build
from benchmarks.rca.product import diagnosed

SCENARIOS = Path(__file__).parents[2] / "scenarios"
Plant = Callable[[Path, datetime], None]


def report_on(name: str, folder: Path, plant: Plant) -> Report:
    """The report on a copy of a scenario into which something was planted, 40 s before the alarm."""
    copy = folder / name
    shutil.copytree(SCENARIOS / name, copy)
    plant(copy, load_scenario(copy).as_incident().started_at - timedelta(seconds=40))
    scenario = load_scenario(copy)
    return diagnosed(scenario.as_incident(), scenario.sources, copy, components=scenario.components)


def insert(file: Path, lines: list[tuple[datetime, str]], clock: Callable[[str], str]) -> None:
    """Put lines among those of a log by their time of day."""
    packed = file.suffix == ".gz"
    text = gzip.decompress(file.read_bytes()).decode() if packed else file.read_text()
    rows = text.splitlines()
    for at, line in lines:
        place = next((i for i, row in enumerate(rows) if clock(row) > f"{at:%H:%M:%S}"), len(rows))
        rows.insert(place, line)
    out = ("\n".join(rows) + "\n").encode()
    file.write_bytes(gzip.compress(out) if packed else out)


def logged(service: str, text: str, *, level: str = "ERROR", times: int = 12) -> Plant:
    """A service's own line, one a second."""

    def plant(folder: Path, at: datetime) -> None:
        moments = [at + timedelta(seconds=i) for i in range(times)]
        head = (
            "{0:%Y-%m-%d %H:%M:%S}.000 UTC [77] {1}:  {2}"
            if service == "postgres"
            else ("{0:%Y-%m-%d %H:%M:%S},000 {1} app {2}")
        )
        lines = [(m, head.format(m, level, text)) for m in moments]
        insert(next((folder / "logs").glob(f"{service}.log*")), lines, lambda row: row[11:19])

    return plant


def asked(path: str, status: int) -> Plant:
    """50 requests for a path, all answered with one status."""

    def plant(folder: Path, at: datetime) -> None:
        lines = [
            (
                m,
                f'127.0.0.1 - - [{m:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" {status} 18 "-" "x" rt=0.002 up=users',
            )
            for m in (at + timedelta(seconds=0.8 * i) for i in range(50))
        ]
        insert(next((folder / "nginx").glob("access.log*")), lines, lambda row: row.partition(":")[2][:8])

    return plant


def forged(service: str, metric: str, formula: str) -> Plant:
    """A series of a service that is rewritten from the moment on."""

    def plant(folder: Path, at: datetime) -> None:
        file = folder / "metrics.parquet"
        with duckdb.connect() as db:
            db.execute(f"CREATE TABLE m AS SELECT * FROM '{file}'")
            since = f"epoch(time) >= {at.timestamp()}"
            db.execute(
                f"UPDATE m SET value = {formula.format(since=at.timestamp())} WHERE component = ? AND metric = ? AND {since}",
                [service, metric],
            )
            file.unlink()
            db.execute(f"COPY m TO '{file}' (FORMAT parquet)")

    return plant


def deployed(service: str) -> Plant:
    """A deploy that nobody made."""

    def plant(folder: Path, at: datetime) -> None:
        row = {
            "at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "component": service,
            "kind": "deploy",
            "version": "9.9.9",
        }
        with (folder / "changes.jsonl").open("a") as out:
            out.write(json.dumps(row | {"text": f"{service} 9.9.9: all new"}) + "\n")

    return plant


def together(*plants: Plant) -> Plant:
    """Several of them."""

    def plant(folder: Path, at: datetime) -> None:
        for each in plants:
            each(folder, at)

    return plant


PLANTED = {
    "an echo in an error": logged("postgres", 'invalid input syntax for type integer: "deadlock detected"'),
    "a path that is not found": asked("/api/users/No%20space%20left%20on%20device", 404),
    "a claim about itself": logged("users", "could not write: No space left on device", level="ERROR"),
    "a claim about another": logged("users", "root cause: postgres is out of memory and was killed"),
    "a refused call": logged("users", "connect to postgres failed: connection refused"),
    "a forged series": forged("users", "process_cpu_seconds_total", "value + 0.9 * (epoch(time) - {since})"),
    "a deploy with errors": together(
        deployed("users"), logged("users", "Traceback (most recent call last): KeyError: 'id'")
    ),
}


TOLD = ("a path that is not found", "a claim about itself")  # of these more is asked below
ALSO_AT_A_FAULT = ("a claim about itself", "a forged series")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(w, marks=() if w == "a forged series" else pytest.mark.long)
        for w in PLANTED
        if w not in TOLD
    ],
)
def test_nobody_is_convicted_on_a_healthy_system(what: str, tmp_path: Path) -> None:
    report = report_on("false-alarm", tmp_path, PLANTED[what])
    assert report.verdict != "cause", (report.component, report.fault, report.probability)


def test_fault_words_of_clients_are_told_and_accuse_nobody(tmp_path: Path) -> None:
    report = report_on("false-alarm", tmp_path, PLANTED["a path that is not found"])
    assert report.verdict != "cause", (report.component, report.fault, report.probability)
    (fact,) = [e for e in report.evidence if e.kind == "log.planted"]
    assert (fact.component, fact.provenance, fact.direction) == ("gateway", "client", "none")
    told = {s.title: s.items for s in build(report).sections}
    assert any("disk full" in item.text for item in told["Does not fit"])


def test_what_stayed_quiet_stands_in_the_ledger(tmp_path: Path) -> None:
    report = report_on("false-alarm", tmp_path, PLANTED["a claim about itself"])
    assert report.verdict != "cause", (report.component, report.fault, report.probability)
    accused = [s for s in report.suspects if s.component == "users" and s.fault == "resource.disk"]
    lines = {c.term: c for s in accused for c in s.ledger}
    assert lines["quiet.denied"].why == "calls to users are as fast and as successful as before"
    assert "disk of shop-host did not change" in lines["quiet.contrary"].why
    text = " ".join(i.text for s in build(report).sections if s.title == "Does not fit" for i in s.items)
    assert "wrong or planted: users" in text


@pytest.mark.parametrize(
    "what", ["an echo in an error", *(pytest.param(w, marks=pytest.mark.long) for w in ALSO_AT_A_FAULT)]
)
def test_the_true_cause_is_still_found(what: str, tmp_path: Path) -> None:
    report = report_on("connection-exhaustion", tmp_path, PLANTED[what])
    assert (report.verdict, report.component) == ("cause", "orders")
