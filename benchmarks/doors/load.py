"""Load on `aitia serve`: diagnoses queued at once on real workers; how long a POST takes meanwhile, and the memory.

python benchmarks/doors/load.py [--diagnoses 50] [--workers 2] [--scenario DIR] [--json OUT]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from aitia.core.scenario import load_scenario
from aitia.settings import absolute

ROOT: Final = Path(__file__).parents[2]
EVERY_S: Final = 0.1  # a request while the workers are busy
MOST_S: Final = 1800.0


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="aitia-load-") as place:
        folder = Path(place)
        config = _config(folder, arguments.scenario)
        process, client = _served(folder, config, arguments.workers)
        try:
            measured = _loaded(client, process.pid, arguments.diagnoses, arguments.scenario)
        finally:
            client.close()
            process.terminate()
            process.wait(60)
    _print(
        measured | {"diagnoses": arguments.diagnoses, "workers": arguments.workers, "cores": os.cpu_count()}
    )
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(measured, indent=1), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("--diagnoses", type=int, default=50)
    made.add_argument("--workers", type=int, default=2)
    made.add_argument("--scenario", type=Path, default=ROOT / "scenarios/connection-exhaustion")
    made.add_argument("--json", default="", help="write the result here")
    return made.parse_args()


def _config(folder: Path, scenario_folder: Path) -> Path:
    """The scenario's telemetry as a site's settings, at the recorded moment, without a model."""
    scenario = load_scenario(scenario_folder)
    lead = (scenario.incident.started_at - scenario.window.start).total_seconds()
    sources = absolute(scenario.sources, scenario_folder.resolve())
    settings = {
        "sources": [s.model_dump(mode="json", exclude_defaults=True) for s in sources],
        "components": [c.model_dump(mode="json", exclude_defaults=True) for c in scenario.components],
        "window": {"lead_s": lead, "baselines": ["preceding"]},
        "model": {"name": "none"},
        "service": {"at": scenario.now.isoformat(), "join_minutes": 0},  # each is a diagnosis of its own
    }
    file = folder / "aitia.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def _served(folder: Path, config: Path, workers: int) -> tuple[subprocess.Popen[str], httpx.Client]:
    argv = [sys.executable, "-c", "from aitia.cli import main; main()", "serve", "--port", "0", "--json"]
    argv += ["--workers", str(workers), "--config", str(config), "--model", "none"]
    env = {**os.environ, "AITIA_HOME": str(folder / "home"), "AITIA_TOKEN": ""}
    process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    return process, httpx.Client(base_url=url, timeout=60, trust_env=False)


def _loaded(client: httpx.Client, pid: int, number: int, scenario: Path) -> dict[str, Any]:
    """All diagnoses at once, then requests at a steady pace until the last is over."""
    alert = json.loads((scenario / "alert.json").read_text(encoding="utf-8"))
    alerts = [alert | {"groupKey": f"load {n}"} for n in range(number)]
    posts: dict[str, list[float]] = {"new": [], "known": []}
    memory: list[tuple[float, int, int]] = []
    began = time.monotonic()
    ids = [_post(client, a, posts["new"]) for a in alerts]
    queued_s = time.monotonic() - began
    while time.monotonic() - began < MOST_S:
        for n in range(10):
            _post(client, alerts[n % number], posts["known"])
            time.sleep(EVERY_S)
        memory.append((time.monotonic() - began, *_memory(pid)))
        if not client.get("/v1/diagnoses?state=queued&state=running&limit=1").json()["diagnoses"]:
            break
    states = [client.get(f"/v1/diagnoses/{id}").json() for id in ids]
    seconds = time.monotonic() - began
    return {
        "distinct": len(set(ids)),
        "done": sum(s["state"] == "done" for s in states),
        "with_cause": sum(s["verdict"] == "cause" for s in states),
        "queued_s": round(queued_s, 2),
        "seconds": round(seconds, 1),
        "posts": {kind: _spread(values) for kind, values in posts.items()},
        "memory_mb": memory,
    }


def _post(client: httpx.Client, body: dict[str, Any], into: list[float]) -> str:
    began = time.monotonic()
    answer = client.post("/v1/diagnoses", json=body)
    into.append(time.monotonic() - began)
    assert answer.status_code in (200, 202), answer.text
    return str(answer.json()["id"])


def _memory(pid: int) -> tuple[int, int]:
    """MB of the server, and of all its workers together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _resident(pid), sum(_resident(int(child)) for child in children)


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((x for x in status.splitlines() if x.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) // 1024


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    shown = {"p50": statistics.median(ordered), "p95": at95, "max": ordered[-1]}
    return {"n": len(ordered)} | {name: round(1000 * v, 1) for name, v in shown.items()}


def _print(m: dict[str, Any]) -> None:
    print(f"{m['diagnoses']} diagnoses at once, {m['workers']} workers, {m['cores']} cores")
    lost = m["diagnoses"] - m["done"]
    print(f"done {m['done']}, lost {lost}, with a cause {m['with_cause']}, all over after {m['seconds']} s")
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print(f"{'POST /v1/diagnoses, ms':<24}{'n':>6}{'p50':>9}{'p95':>9}{'max':>9}")
    for kind, s in m["posts"].items():
        print(f"{kind:<24}{s['n']:>6}{s['p50']:>9}{s['p95']:>9}{s['max']:>9}")
    print(f"\n{'memory, MB':<24}{'server':>9}{'workers':>9}")
    rows = m["memory_mb"]
    for label, at in (
        ("at a tenth", len(rows) // 10),
        ("half way", len(rows) // 2),
        ("at the end", len(rows) - 1),
    ):
        print(f"{label:<24}{rows[at][1]:>9}{rows[at][2]:>9}")
    print(f"{'highest':<24}{max(r[1] for r in rows):>9}{max(r[2] for r in rows):>9}")


if __name__ == "__main__":
    main()
