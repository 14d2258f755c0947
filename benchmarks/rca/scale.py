"""Cost of a diagnosis against the number of series: time to first findings, whole time, peak memory, calls.

python benchmarks/rca/scale.py --series 100,1000,10000,100000 [--stores table,victoria] [--json OUT]

The series are synthetic: components of twenty metrics each, in a ring of calls, one of them at fault. `table` is a
Parquet file (up to --table-most series); `victoria` a VictoriaMetrics on loopback with imported history, skipped with
a reason where it is not installed. Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx
import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.words import Component, Incident, Link, Window, from_epoch
from benchmarks.contract import finish
from benchmarks.rca.metric_cases import Floats
from benchmarks.rca.product import components as ranked
from benchmarks.rca.product import diagnosed

STEP_S, WINDOW_S, BASE_S = 60.0, 1800.0, 10800.0
START = 1_767_225_600.0
PER_COMPONENT = 20
CPU, LATENCY, ERRORS = "process_cpu_usage", "http_request_duration_seconds_mean", "http_request_error_ratio"
NAMES = (CPU, LATENCY, ERRORS, "process_memory_bytes", "db_pool_in_use",
         *(f"app_gauge_{i:02d}" for i in range(PER_COMPONENT - 5)))  # fmt: skip
BATCH = 2000  # series per import


def names_of(series: int) -> list[str]:
    """The components of a size."""
    return [f"svc-{i:05d}" for i in range(max(2, series // PER_COMPONENT))]


def topology(names: list[str]) -> tuple[Component, ...]:
    """Each calls the next one."""
    return tuple(
        Component(id=name, type="service", links=(Link(relation="calls", to=names[(i + 1) % len(names)]),))
        for i, name in enumerate(names)
    )


def values(component: int, metric: int, culprit: int) -> Floats:
    """One series, (samples,): noise round a level, and in the culprit's and its caller's window the fault."""
    chance = np.random.default_rng(component * PER_COMPONENT + metric)
    n = int((BASE_S + WINDOW_S) / STEP_S)
    level = {CPU: 0.2, LATENCY: 0.05, ERRORS: 0.001, "process_memory_bytes": 2e8}.get(NAMES[metric], 10.0)
    v = level * (1.0 + 0.05 * chance.standard_normal(n))
    late = slice(n - 15, n)
    if component == culprit and NAMES[metric] in (CPU, LATENCY):
        v[late] *= 5.0
    if component == culprit - 1 and NAMES[metric] == LATENCY:
        v[late] += 0.2
    return np.asarray(v)


def times() -> Floats:
    """All sample times."""
    return START + STEP_S * np.arange(int((BASE_S + WINDOW_S) / STEP_S))


def write_table(folder: Path, names: list[str], culprit: int) -> SourceConfig:
    """The series as one Parquet table, long."""
    import duckdb

    t = times()
    with duckdb.connect(":memory:") as db:
        db.execute("CREATE TABLE m (time DOUBLE, component VARCHAR, metric VARCHAR, value DOUBLE)")
        for i, name in enumerate(names):
            columns = [
                {"time": t, "value": values(i, j, culprit), "metric": np.full(t.size, metric)}
                for j, metric in enumerate(NAMES)
            ]
            part = {k: np.concatenate([c[k] for c in columns]) for k in ("time", "value", "metric")}  # noqa: F841
            db.execute(f"INSERT INTO m SELECT time, '{name}', metric, value FROM part")
        db.execute(f"COPY m TO '{folder / 'm.parquet'}' (FORMAT parquet)")
    return SourceConfig(name="metrics", kind="metrics", type="table", path=str(folder / "m.parquet"))


def import_history(url: str, names: list[str], culprit: int) -> None:
    """The series into a VictoriaMetrics, in batches of JSON lines."""
    stamps = [int(at * 1000) for at in times()]
    lines: list[str] = []
    for i, name in enumerate(names):
        for j, metric in enumerate(NAMES):
            v = [round(float(x), 6) for x in values(i, j, culprit)]
            lines.append(
                json.dumps(
                    {"metric": {"__name__": metric, "service": name}, "values": v, "timestamps": stamps}
                )
            )
        if len(lines) >= BATCH or i == len(names) - 1:
            httpx.post(f"{url}/api/v1/import", content="\n".join(lines), timeout=120).raise_for_status()
            lines = []
    httpx.get(f"{url}/internal/force_flush", timeout=120)


@contextmanager
def victoria(folder: Path) -> Iterator[str]:
    """A VictoriaMetrics on loopback; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["victoria-metrics", f"-storageDataPath={folder / 'vm'}", f"-httpListenAddr=127.0.0.1:{port}",
               "-retentionPeriod=100y", "-search.latencyOffset=0s"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{url}/health", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def calls(url: str) -> dict[str, int]:
    """How often each API path was asked for, by the server's own count."""
    found: dict[str, int] = {}
    pattern = re.compile(r'^vm_http_requests_total\{path="(/api/v1/[^"]+)"\} (\d+)', re.MULTILINE)
    for path, count in pattern.findall(httpx.get(f"{url}/metrics", timeout=30).text):
        found[path] = found.get(path, 0) + int(count)
    return found


def measured(config: SourceConfig, names: list[str], culprit: int) -> dict[str, Any]:
    """One diagnosis in this process."""
    start = START + BASE_S
    incident = Incident(
        id="scale",
        title=f"High latency of {names[culprit - 1]}",
        started_at=from_epoch(start + 1000.0),
        window=Window(start=from_epoch(start), end=from_epoch(start + WINDOW_S)),
        hints=(names[culprit - 1],),
    )
    began = time.monotonic()
    report = diagnosed(incident, [config], Path("/"), components=topology(names))
    order = ranked(report)
    return {
        "seconds": round(time.monotonic() - began, 2),
        "first_findings_s": report.cost.first_findings_s,
        "peak_mib": peak_mib(),
        "verdict": report.verdict,
        "right": bool(order) and order[0] == names[culprit],
        "ranked": order[:3],
        "looked": next((c.message for c in report.calls if "looked at" in c.message), ""),
        "notes": [h.note for h in report.inventory.holdings if h.note],
    }


def peak_mib() -> int:
    """The most memory that this process held, without what it inherited before it started (Linux)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return (
        int(found.group(1)) // 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )


def run(store: str, series: int) -> dict[str, Any]:
    """One size on one store, the diagnosis in a process of its own."""
    names = names_of(series)
    culprit = len(names) // 2
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        if store == "table":
            return _child(write_table(folder, names, culprit), series)
        with victoria(folder) as url:
            import_history(url, names, culprit)
            before = calls(url)
            config = SourceConfig(
                name="metrics",
                kind="metrics",
                type="prometheus",
                url=url,
                component_label="service",
                step_s=STEP_S,
            )
            found = _child(config, series)
            after = calls(url)
        return found | {
            "calls": {p: after[p] - before.get(p, 0) for p in after if after[p] > before.get(p, 0)}
        }


def _child(config: SourceConfig, series: int) -> dict[str, Any]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        __file__,
        "--child",
        config.model_dump_json(),
        "--series",
        str(series),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given"}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", default="100,1000,10000", help="sizes, comma-separated")
    parser.add_argument("--stores", default="table,victoria")
    parser.add_argument("--table-most", type=int, default=10_000, help="no table beyond this many series")
    parser.add_argument("--json", default="")
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        names = names_of(int(args.series))
        found = measured(SourceConfig.model_validate_json(args.child), names, len(names) // 2)
        print(json.dumps(found))
        return
    began, made, cases = time.monotonic(), [], []
    for store in args.stores.split(","):
        for series in map(int, args.series.split(",")):
            if store == "victoria" and shutil.which("victoria-metrics") is None:
                print("victoria skipped: install Debian's victoria-metrics")
                break
            if store == "table" and series > args.table_most:
                continue
            found = run(store, series)
            cases.append({"case": f"{store}-{series}", **found})
            print(json.dumps(cases[-1]), flush=True)
            for metric in ("first_findings_s", "seconds", "peak_mib", "right"):
                if metric in found:
                    value = float(found[metric])
                    made.append({"system": "ours", "metric": f"{store} {series}: {metric}", "value": value,
                                 "n": 1, "ci95": [value, value]})  # fmt: skip
    finish("rca/scale", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
