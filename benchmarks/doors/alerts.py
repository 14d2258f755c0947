"""A storm of alerts on the HTTP door of `aitia serve`, with grouping: how long an answer takes, memory, and what was shed.

    python benchmarks/doors/alerts.py --data FOLDER --alerts 10000 --seconds 600 --json OUT

Alerts come at a steady rate whether or not those before were answered, and the time of an answer counts from when the alert
ought to have been sent. Of every ten, six are new alerts of a few troubles (an alert of one of forty services on one of its
instances), three say again what fires, one says that it is over. What is shed is told by 503 or 429 with Retry-After: the
sender sends it again then, as Alertmanager does, and it counts as shed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.contract import finish, parser, rows
from benchmarks.doors.load import _resident as resident
from tests.shop import shop_settings, small_yaml

SERVICES: Final = 40
TROUBLES: Final = 8  # minutes in which a group of services alerts together
NAMES: Final = (
    "ErrorRatioHigh",
    "LatencyHigh",
    "PodNotReady",
    "CpuThrottled",
    "QueueGrows",
    "ConnectionsExhausted",
)
SENDERS: Final = 64
TRIES: Final = 5
SAMPLE_S: Final = 2.0


@dataclass
class Seen:
    """What was measured."""

    answers: list[float] = field(default_factory=list)  # seconds from when it ought to have been sent
    service: list[float] = field(default_factory=list)  # seconds from when it was sent
    statuses: Counter[int] = field(default_factory=Counter)
    shed: int = 0  # alerts that were told to come again
    untold: int = 0  # refusals without Retry-After, or without an answer
    lost: int = 0  # alerts that were given up
    jobs: set[str] = field(default_factory=set)
    memory: list[tuple[float, int]] = field(default_factory=list)  # seconds, MB of the server


def plan(
    alerts: int, seconds: float, now: datetime, chance: random.Random
) -> list[tuple[float, dict[str, Any]]]:
    """When which message is sent."""
    firing: list[dict[str, Any]] = []
    made = []
    for n in range(alerts):
        at = n * seconds / alerts
        trouble = int(at / seconds * TROUBLES)
        kind = n % 10
        if kind < 6 or not firing:
            service = (trouble * 5 + chance.randrange(5)) % SERVICES
            labels = {
                "alertname": chance.choice(NAMES),
                "service": f"svc-{service}",
                "instance": f"10.0.{service}.{chance.randrange(250)}:9100",
                "severity": chance.choice(("warning", "critical")),
            }
            began = (now - timedelta(seconds=seconds - at)).isoformat()
            alert = {
                "status": "firing",
                "labels": labels,
                "annotations": {"summary": f"{labels['alertname']}"},
                "startsAt": began,
            }
            firing.append(alert)
        elif kind < 9:
            alert = chance.choice(firing)
        else:
            alert = firing.pop(chance.randrange(len(firing)))
            alert = {**alert, "status": "resolved", "endsAt": now.isoformat()}
        key = "/".join(sorted(alert["labels"].values()))
        made.append(
            (
                at,
                {
                    "version": "4",
                    "groupKey": key,
                    "status": alert["status"],
                    "receiver": "aitia",
                    "alerts": [alert],
                },
            )
        )
    return made


async def storm(url: str, todo: list[tuple[float, dict[str, Any]]], pid: int) -> Seen:
    """Send all at their moments."""
    seen, began = Seen(), time.monotonic()
    limits = httpx.Limits(max_connections=SENDERS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
        watching = asyncio.create_task(_watched(pid, began, seen))
        sending = []
        for at, message in todo:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            sending.append(asyncio.create_task(_sent(client, message, began + at, seen)))
        await asyncio.gather(*sending)
        watching.cancel()
    return seen


async def _sent(client: httpx.AsyncClient, message: dict[str, Any], due: float, seen: Seen) -> None:
    for attempt in range(TRIES):
        sent = time.monotonic()
        try:
            answer = await client.post("/v1/diagnoses", json=message)
        except httpx.HTTPError:
            seen.statuses[0] += 1
            seen.untold += 1
            await asyncio.sleep(1.0)
            continue
        now = time.monotonic()
        seen.statuses[answer.status_code] += 1
        seen.service.append(now - sent)
        if attempt == 0:
            seen.answers.append(now - due)
        if answer.status_code in (200, 202):
            seen.jobs.add(answer.json()["id"])
        if answer.status_code in (200, 202, 204):
            return
        seen.shed += attempt == 0
        if "retry-after" not in answer.headers:
            seen.untold += 1
        await asyncio.sleep(float(answer.headers.get("retry-after", 5)))
    seen.lost += 1


async def _watched(pid: int, began: float, seen: Seen) -> None:
    while True:
        seen.memory.append((time.monotonic() - began, resident(pid)))
        await asyncio.sleep(SAMPLE_S)


def run(
    folder: Path, *, alerts: int, seconds: float, workers: int = 1, places: int = 200, seed: int = 0
) -> tuple[Seen, dict[str, Any]]:
    """Serve, send, and ask what became of it; the counts of `/metrics` at the end."""
    settings = shop_settings()
    now = settings.service.at
    assert now is not None
    config = small_yaml(folder, workers=workers, join_minutes=15, places=places)
    argv = [
        sys.executable,
        "-c",
        "from aitia.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--json",
        "--model",
        "none",
    ]
    env = {**os.environ, "AITIA_HOME": str(folder / "home"), "AITIA_TOKEN": ""}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--config", str(config)], env=env, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        seen = asyncio.run(storm(url, plan(alerts, seconds, now, random.Random(seed)), process.pid))
        told = httpx.get(f"{url}metrics", timeout=60, trust_env=False).text
    finally:
        process.terminate()
        process.wait(60)
    counted = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in told.splitlines()
        if line.startswith(("aitia_diagnoses{", "aitia_alerts", "aitia_shed"))
    }
    return seen, counted


def at(values: list[float], share: float) -> float:
    """A quantile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measured(seen: Seen) -> dict[str, list[float]]:
    """The figures of the table."""
    level = [mb for _, mb in seen.memory]
    third = max(1, len(level) // 3)
    return {
        "ms of an answer, p50": [1000 * at(seen.answers, 0.5)],
        "ms of an answer, p99": [1000 * at(seen.answers, 0.99)],
        "ms of an answer, longest": [1000 * max(seen.answers)],
        "ms of service, p99": [1000 * at(seen.service, 0.99)],
        "alerts shed, and told when to come again": [float(seen.shed)],
        "refusals that told nothing": [float(seen.untold)],
        "alerts lost": [float(seen.lost)],
        "diagnoses of them": [float(len(seen.jobs))],
        "MB, mean of the second third": [
            sum(level[third : 2 * third]) / max(1, len(level[third : 2 * third]))
        ],
        "MB, mean of the last third": [sum(level[2 * third :]) / max(1, len(level[2 * third :]))],
    }


def main() -> None:
    """Run the storm and print the contract's table."""
    asked = parser(__doc__)
    asked.add_argument("--alerts", type=int, default=10_000)
    asked.add_argument("--seconds", type=float, default=600.0)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--places", type=int, default=200, help="diagnoses that may wait")
    args = asked.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=args.data) as folder:
        seen, counted = run(
            Path(folder), alerts=args.alerts, seconds=args.seconds, workers=args.workers, places=args.places
        )
    cases = [
        {"id": "statuses", **{str(k): v for k, v in seen.statuses.items()}},
        {"id": "metrics", **counted},
    ]
    cases += [{"id": f"{s:.0f} s", "mb": mb} for s, mb in seen.memory[:: max(1, len(seen.memory) // 40)]]
    print(f"statuses {dict(seen.statuses)}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    finish("alerts", rows("ours", measured(seen)), cases, n=args.alerts, began=began, out=args.json)


if __name__ == "__main__":
    main()
