"""Tiny synthetic folders in the layouts of the metrics benchmarks, with answers that can be replaced by noise."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np

NODES = ("front", "mid", "back", "side")
GRAPH = {"front": ["mid"], "mid": ["back"], "back": [], "side": []}
KINDS = (("latency", "Average"), ("requests", "Sum"), ("availability", "Average"))


def petshop(root: Path) -> Path:
    """One scenario with two issues: `back` is slow in one, fails in the other."""
    rng = np.random.default_rng(1)
    scenario = root / "some_traffic"
    (scenario / "noissue").mkdir(parents=True)
    rows = [["microservice", *NODES]] + [[n, *(int(m in GRAPH[n]) for m in NODES)] for n in NODES]
    write(scenario / "graph.csv", rows)
    frame(scenario / "noissue" / "metrics.csv", normal(rng, 60), start=9_000_000)
    for number, metric in enumerate(("latency", "availability")):
        folder = scenario / "train" / f"issue_{number}"
        folder.mkdir(parents=True)
        values = normal(rng, 5)
        for node in ("front", "mid", "back"):
            values[node, metric, "Average"][1:4] += 0.3 if metric == "latency" else -9.0
        frame(folder / "metrics.csv", values, start=1_000_000)
        told = {
            "target": {"node": "front", "metric": metric, "agg": "Average", "timestamp": 1_000_600},
            "root_cause": {"node": "back", "metric": None},
            "metadata": {"command": "break back"},
        }
        (folder / "target.json").write_text(json.dumps(told))
    return root


def normal(rng: np.random.Generator, n: int) -> dict[tuple[str, str, str], np.ndarray]:
    level = {"latency": 0.1, "requests": 200.0, "availability": 99.9}
    return {
        (node, metric, stat): level[metric] * (1 + (0.0002 if metric == "availability" else 0.03) * rng.standard_normal(n))
        for node in NODES
        for metric, stat in KINDS
    }  # fmt: skip


def frame(path: Path, values: dict[tuple[str, str, str], np.ndarray], *, start: int) -> None:
    keys = sorted(values, key=lambda k: (k[1], k[0]))
    rows: list[list[object]] = [[name, *(k[i] for k in keys)]
                                for i, name in enumerate(("microservice", "metric", "statistic"))]  # fmt: skip
    rows.append(["unix_timestamp", *("" for _ in keys)])
    n = len(values[keys[0]])
    rows += [[float(start + 300 * i), *(values[k][i] for k in keys)] for i in range(n)]
    write(path, rows)


def sockshop(root: Path) -> Path:
    """Two faults of one repetition each; the folder's name is the answer."""
    rng = np.random.default_rng(2)
    for service, fault in (("api", "cpu"), ("web", "mem")):
        folder = root / "data" / f"{service}-{fault}" / "1"
        folder.mkdir(parents=True)
        for name, start in (("normal", 1000), ("anomalous", 5000)):
            columns = {f"{s}_{m}": 1.0 + 0.05 * rng.standard_normal(80) for s in ("api", "api-db", "web")
                       for m in ("cpu", "mem", "lat_90")}  # fmt: skip
            if name == "anomalous":
                columns[f"{service}_{fault}"][20:] += 4.0
            rows = [["time", *columns]] + [[start + i, *(v[i] for v in columns.values())] for i in range(80)]
            write(folder / f"{name}.csv", rows)
    return root


def nezha(root: Path) -> Path:
    """A day of each part: one with calls and without traces, one with traces."""
    rng = np.random.default_rng(3)
    for day, traced in (("2030-01-01", False), ("2030-01-02", True)):
        folder = root / "rca_data" / day
        (folder / "metric").mkdir(parents=True)
        if traced:
            (folder / "trace").mkdir()
        pods = ["web-5f6585d649-fnmft", "api-579f59597d-wc2lz", "store-578fcf4766-9csqn"]
        n, at = 150, 100
        for pod in pods:
            cpu = 5.0 + 0.3 * rng.standard_normal(n)
            if pod.startswith("api"):
                cpu[at + 1 : at + 4] = 95.0
            write_gz(folder / "metric" / f"{pod}_metric.csv.gz", [
                ["Time", "TimeStamp", "PodName", "CpuUsageRate(%)", "PodServerLatencyP90(s)"],
                *([stamp(day, i), i, pod, cpu[i], 0.05 + 0.002 * rng.standard_normal()] for i in range(n)),
            ])  # fmt: skip
        if not traced:
            write_gz(folder / "metric" / "dependency.csv.gz",
                     [["Source", "Target", "Weight"], ["web", "api", 1], ["api", "store", 1], ["web", "10.0.0.1", 1]])  # fmt: skip
        faults = {"01": [{"inject_time": f"{day} 01:40:20", "inject_pod": pods[1], "inject_type": "cpu"}]}
        (folder / f"{day}-fault_list.json").write_text(json.dumps(faults))
    return root


def stamp(day: str, minute: int) -> str:
    return f"{day} {minute // 60:02d}:{minute % 60:02d}:19.5 +0000 UTC"


def write(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_gz(path: Path, rows: list[list[object]]) -> None:
    with gzip.open(path, "wt", newline="") as file:
        csv.writer(file).writerows(rows)
