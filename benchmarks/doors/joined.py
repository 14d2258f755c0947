"""What an alert costs that joins a diagnosis, by how many have joined it before: processor time of one submission.

    python benchmarks/doors/joined.py --data FOLDER --alerts 2000 --json OUT

One trouble: alerts of five services on their instances, each of a group of its own, all of one diagnosis that waits. One in five
says again what is known. No door and no worker: what is measured is what `aitia.jobs` does with an alert.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.alerts import as_webhook
from aitia.jobs import Jobs
from benchmarks.contract import finish, parser, rows
from tests.shop import shop_settings

SERVICES: Final = 5
REPEATED: Final = 5  # one of so many says again what is known
BLOCK: Final = 100


def message(n: int, chance: random.Random, began: str) -> dict[str, Any]:
    """An alert of a group of its own."""
    service = n % SERVICES
    labels = {
        "alertname": "LatencyHigh",
        "service": f"svc-{service}",
        "instance": f"10.0.{service}.{chance.randrange(250)}:9100",
        "severity": "warning",
        "pod": f"svc-{service}-{n}",
    }
    alert = {"status": "firing", "labels": labels, "annotations": {"summary": "slow"}, "startsAt": began}
    return {"version": "4", "groupKey": f"group {n}", "status": "firing", "alerts": [alert]}


def costs(home: Path, alerts: int, seed: int = 0) -> tuple[list[float], int]:
    """Milliseconds of processor time of each submission in order, and how many diagnoses there are."""
    settings = shop_settings(join_minutes=15)
    assert settings.service.at is not None
    began = (settings.service.at - timedelta(minutes=2)).isoformat()
    jobs, took = Jobs(home, settings), list[float]()
    with jobs.table.held_open():
        _submit(jobs, alerts, began, random.Random(seed), took)
    return took, len(jobs.list(limit=200))


def _submit(jobs: Jobs, alerts: int, began: str, chance: random.Random, took: list[float]) -> None:
    sent: list[dict[str, Any]] = []
    for n in range(alerts):
        again = sent and n % REPEATED == REPEATED - 1
        notice = chance.choice(sent) if again else message(0 if not sent else n, chance, began)
        sent.append(notice)
        # One service calls nobody: the first alert names all five, so that all belong together.
        if n == 0:
            extra = [message(k, chance, began)["alerts"][0] for k in range(1, SERVICES)]
            notice["alerts"].extend(extra)
        start = time.process_time()
        read = as_webhook(notice)
        jobs.submit(read.message, origin=read.origin, key=read.key, group=read.whose)
        took.append(1000 * (time.process_time() - start))


def main() -> None:
    """Measure and print the contract's table."""
    asked = parser(__doc__)
    asked.add_argument("--alerts", type=int, default=2000)
    args = asked.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=args.data) as folder:
        took, diagnoses = costs(Path(folder), args.alerts)
    blocks = [took[at : at + BLOCK] for at in range(0, len(took), BLOCK)]
    measured: dict[str, list[float]] = {
        "ms of processor time, first hundred": blocks[0],
        "ms of processor time, last hundred": blocks[-1],
        "ms of processor time, all": took,
        "diagnoses": [float(diagnoses)],
    }
    cases = [{"id": f"{BLOCK * n}", "ms": round(sum(b) / len(b), 3)} for n, b in enumerate(blocks)]
    for case in cases:
        print(f"{case['id']:>6} joined before: {case['ms']} ms")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    finish("joined", rows("ours", measured), cases, n=args.alerts, began=began, out=args.json)


if __name__ == "__main__":
    main()
