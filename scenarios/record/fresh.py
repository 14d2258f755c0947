"""Record twelve fresh scenarios for scoring: other victims, loads and faults than the bundled ones.

python -m scenarios.record.fresh --out DIR --seed 5      # about half an hour; what is there already is kept
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scenarios.record.faults import FAULTS, VICTIMS

BUNDLED = {("connection_leak", "orders"), ("slow_dependency", "payment"), ("memory_leak", "catalog"),
           ("none", "catalog")}  # fmt: skip
RETRIES = 1


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recording: a module of this package and its arguments without `--out`, `--seed` and `--port-base`."""

    module: str
    arguments: tuple[str, ...]


def plan(seed: int) -> list[Job]:
    """3 healthy (2 services, 1 machine), 2 undecidable, 5 service faults and 2 machine faults, in mixed order."""
    rng = random.Random(seed)
    faults = [fault for fault in FAULTS if fault not in ("none", "blackout")]
    pairs: list[tuple[str, str]] = [("none", "gateway"), ("none", rng.choice(["orders", "payment", "users"]))]
    pairs += [("blackout", victim) for victim in VICTIMS["blackout"]]
    for fault in rng.sample(faults, 5):
        pairs.append((fault, rng.choice([v for v in VICTIMS[fault] if (fault, v) not in BUNDLED])))
    jobs = [_service(rng, fault, victim) for fault, victim in pairs]
    jobs += [_machine(rng, fault) for fault in ("none", *rng.sample(["inner_race", "ball", "imbalance"], 2))]
    rng.shuffle(jobs)
    return jobs


def _service(rng: random.Random, fault: str, victim: str) -> Job:
    load = f"{rng.uniform(10, 18):.1f}"
    return Job(
        module="services",
        arguments=(
            "--fault",
            fault,
            "--victim",
            victim,
            "--load",
            load,
            "--baseline-s",
            str(rng.randrange(200, 261, 10)),
        ),
    )


def _machine(rng: random.Random, fault: str) -> Job:
    start = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(60 * 24 * 40))
    machine = rng.choice(["P-101A", "P-101B", "P-204A", "P-204B"])
    rpm, snr = rng.choice(["980", "1470", "1485", "2950"]), f"{rng.uniform(4.5, 7):.1f}"
    arguments = (
        "--fault",
        fault,
        "--machine",
        machine,
        "--rpm",
        rpm,
        "--snr",
        snr,
        "--start",
        start.isoformat(),
    )
    return Job(module="bearing", arguments=arguments)


def run(job: Job, out: Path, *, seed: int, port_base: int) -> str:
    """Record one, again with another seed where the recording failed; a line that says how it went."""
    if (out / "scenario.yaml").exists():
        return f"{out.name}: kept"
    ports = ("--port-base", str(port_base)) if job.module == "services" else ()
    said = ""
    for attempt in range(RETRIES + 1):
        argv = [sys.executable, "-m", f"scenarios.record.{job.module}", *job.arguments, *ports,
                "--seed", str(seed + 1_000 * attempt), "--out", str(out)]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]
        if done.returncode == 0:
            return said
    return f"{out.name}: {said}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fresh", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the plan, from 1; all without it")
    parser.add_argument(
        "--list", action="store_true", help="print the plan (and with it the answers) and stop"
    )
    a = parser.parse_args(argv)
    jobs = list(enumerate(plan(a.seed), start=1))
    if a.list:
        print("\n".join(f"{k:02d} {job.module} {' '.join(job.arguments)}" for k, job in jobs))
        return 0
    a.out.mkdir(parents=True, exist_ok=True)
    chosen = [(k, job) for k, job in jobs if not a.only or k in a.only]
    with ThreadPoolExecutor(max_workers=2) as pool:
        lines = pool.map(
            lambda item: run(
                item[1],
                a.out / f"f{a.seed}-{item[0]:02d}",
                seed=a.seed * 100 + item[0],
                port_base=30_000 + 100 * item[0],
            ),
            chosen,
        )
        for line in lines:
            print(line, flush=True)
    missing = [k for k, _ in chosen if not (a.out / f"f{a.seed}-{k:02d}" / "scenario.yaml").exists()]
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
