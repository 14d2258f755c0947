"""The benchmark on Nezha's files: its layout is read as documented, and answers are read in the scorer only."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ..traces.shop import OWN, Fault, Shop

sys.path.insert(0, str(Path(__file__).parents[2]))  # as the scripts themselves do

from benchmarks.rca.nezha_files import read_logs, read_spans, stamp_of
from benchmarks.rca.nezha_sources import cases, convert, main

DAY = "2026-03-04"
NOON = 1772625600.0  # of that day, UTC
FAULTS = {
    0: ("stock", Fault(own={"stock": 150.0})),
    30: ("payment", Fault(way={("orders", "payment"): 300.0})),
}


def pod(name: str, day: str = "now") -> str:
    return f"{name}-7d4b9c6f58-{'x2k4z' if day == 'now' else 'b8n5w'}"


def write_csv(path: Path, rows: Iterable[Iterable[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def minute(folder: Path, stamp: str, shop: Shop, day: str = "now") -> None:
    """One minute file of spans and one of logs."""
    spans: list[list[object]] = [
        [
            "TraceID",
            "SpanID",
            "ParentID",
            "PodName",
            "OperationName",
            "StartTimeUnixNano",
            "EndTimeUnixNano",
            "Duration",
        ]
    ]
    for request in shop.requests:
        for group in request["resourceSpans"]:
            name = group["resource"]["attributes"][0]["value"]["stringValue"]
            for s in group["scopeSpans"][0]["spans"]:
                start, end = s["startTimeUnixNano"], s["endTimeUnixNano"]
                parent = s["parentSpanId"] or "root"
                spans.append([s["traceId"], s["spanId"], parent, pod(name, day), s["name"], start, end, 1])
    write_csv(folder / "trace" / f"{stamp}_trace.csv.gz", spans)
    logs: list[str] = ["Timestamp,TimeUnixNano,Node,PodName,Container,TraceID,SpanID,Log"]
    for name, lines in sorted(shop.lines.items(), reverse=True):
        for at, line in lines:
            told = json.dumps({"log": line + "\n", "stream": "stdout", "time": "ignored"}).replace('"', '""')
            logs.append(f'x,{int(at * 1e9)},node,{pod(name, day)},c,t,s,"{told}"')
    path = folder / "log" / f"{stamp}_log.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(logs).encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two faults half an hour apart, each with its files, one fault-free minute, and metrics of the morning."""
    root = tmp_path / "nezha"
    day, quiet = root / "rca_data" / DAY, root / "construct_data" / DAY
    minute(quiet, "08_50", Shop(seed=9).run(NOON - 11460, 58), "before")
    listed = []
    for after, (name, fault) in FAULTS.items():
        at = NOON + 60 * after
        stamp = time.strftime("%H_%M", time.gmtime(at + 120))
        minute(day, stamp, Shop(seed=after).run(at + 61, 55, per_s=0.6, fault=fault))
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + 25))
        listed.append({"inject_time": when, "inject_pod": pod(name), "inject_type": "slow"})
    (day / f"{DAY}-fault_list.json").write_text(json.dumps({"12": listed}), encoding="utf-8")
    for name in OWN:
        rows: list[list[object]] = [["Time", "TimeStamp", "PodName", "CpuUsage(m)", "PodSuccessRate(%)"]]
        for i in range(-60, 40):
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(NOON + 60 * i + 9))
            rows.append([f"{when}.5 +0000 UTC m=+1", 0, pod(name), 10 + i % 3, ""])
        write_csv(day / "metric" / f"{pod(name)}_metric.csv.gz", rows)
    return root


def predictions(data: Path, out: Path) -> list[dict[str, Any]]:
    told = main(["--data", str(data), "--json", str(out)])
    assert told["n"] == len(FAULTS)
    return [{k: v for k, v in case.items() if k != "answer"} for case in told["per_case"]]


def test_noise_for_answers_changes_no_prediction_and_the_culprits_are_found(
    data: Path, tmp_path: Path
) -> None:
    before = predictions(data, tmp_path / "before.json")
    told = json.loads((tmp_path / "before.json").read_text(encoding="utf-8"))
    found = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert found["no_model", "AC@1"] == found["no_model (traces_rank alone)", "AC@1"] == 1.0
    assert {s.split()[0] for s, _ in found} == {"no_model", "peer", "trivial"}
    listed = data / "rca_data" / DAY / f"{DAY}-fault_list.json"
    noise = json.loads(listed.read_text(encoding="utf-8"))
    for entry in noise["12"]:
        entry |= {"inject_pod": pod("nobody"), "inject_type": "noise"}
    listed.write_text(json.dumps(noise), encoding="utf-8")
    assert predictions(data, tmp_path / "after.json") == before


def test_a_case_is_one_minute_file_and_the_fault_free_minute_right_before_it(
    data: Path, tmp_path: Path
) -> None:
    first, second = cases(data)
    assert (first.name, second.name) == (f"{DAY}/00", f"{DAY}/01")
    assert stamp_of(data / "rca_data" / DAY, first.minute) == first.stamp == "12_02"
    incident, sources = convert(data, first, tmp_path)
    baseline = incident.baselines[0].window
    assert baseline.end < incident.window.start
    written = [
        json.loads(line) for line in (tmp_path / "traces.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    spans = [s for r in written for g in r["resourceSpans"] for s in g["scopeSpans"][0]["spans"]]
    times = [int(s["startTimeUnixNano"]) / 1e9 for s in spans]
    inside = sum(incident.window.epoch[0] <= t < incident.window.epoch[1] for t in times)
    normal = sum(baseline.epoch[0] <= t < baseline.epoch[1] for t in times)
    assert (inside, normal) == (len(read_spans(data / "rca_data" / DAY, "12_02")), len(times) - inside)
    assert {s.kind for s in sources} == {"traces", "logs", "metrics"}
    metrics = (tmp_path / "metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert max(int(line.split(",")[0]) for line in metrics) < incident.window.epoch[1]
    assert "stock" not in incident.model_dump_json()


def test_log_lines_are_what_the_program_wrote(data: Path) -> None:
    rows = read_logs(data / "rca_data" / DAY, "12_02")
    assert len(rows) == 33 * 10
    assert all(r.text.endswith("\n") and " INFO [trace=" in r.text for r in rows)
