"""Poisoned telemetry: how often an attacker who can write a part of it has a false cause named, or the true one lost.

    python benchmarks/attack/poison.py --data scenarios --per-family 200 --json OUT      (about an hour on two cores)
    python benchmarks/attack/poison.py --data scenarios --small --json OUT               (about two minutes)

DATA is a folder of scenario folders (docs/scenarios.md). Each recording gives the incident as it was, its twin before the
fault, and one without the culprit's telemetry. Each family of attackers writes into copies of them, half of them real
faults; the same diagnosis is made of the clean copy. Answers are read by the scorer only (and to hide the culprit of an
unwatched twin). Every prediction is appended to OUT with `.jsonl` at its end: a run that was stopped goes on from there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import contract
from benchmarks.attack.incidents import bases
from benchmarks.attack.moves import EVERYTHING, FAMILIES
from benchmarks.attack.runs import Case, cases, work
from benchmarks.attack.score import rows, table

SMALL = 3  # runs of each family in the small copy
SMALL_CASES = "connection-exhaustion,false-alarm,bearing-outer-race,memory-leak unwatched"


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--per-family", type=int, default=200, help="poisoned runs of each family")
    parser.add_argument("--families", default="*", help="glob over families")
    parser.add_argument("--seed", type=int, default=1, help="of the payloads")
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    parser.add_argument("--small", action="store_true", help="the copy of CI: few runs on four incidents")
    args = parser.parse_args()
    began = time.monotonic()
    every = {b.name: b for b in bases(Path(args.data))}
    if args.small:
        args.per_family, args.cases = SMALL, SMALL_CASES if args.cases == "*" else args.cases
    names = [(n, every[n].kind) for n in contract.chosen(every, args.cases)]
    if not names:
        print("error: give --data a folder of scenario folders, and --cases names of theirs", file=sys.stderr)
        return 2
    families = contract.chosen((*FAMILIES, EVERYTHING), args.families)
    wanted = cases(names, families, args.per_family, args.seed)
    told = predictions(wanted, args.data, kept_file(args.json), args.processes)
    made = rows(every, told)
    print(table(made), end="\n\n")
    contract.finish(
        "attack/poison", made, told, n=sum(bool(t["family"]) for t in told), began=began, out=args.json
    )
    return 0 if len(told) == len(wanted) else 130


def kept_file(out: str) -> Path | None:
    """Where predictions are kept as they come."""
    return Path(f"{out}l") if out.endswith(".json") else Path(f"{out}.jsonl") if out else None


def predictions(wanted: list[Case], data: str, kept: Path | None, processes: int) -> list[dict[str, Any]]:
    """A prediction of each case: those that this commit's code made before, and the others now. Ctrl-C gives what there is."""
    code = contract.commit()
    done = _kept(kept, code)
    left = [c for c in wanted if _key(c) not in done]
    if done:
        print(f"{len(wanted) - len(left)} of {len(wanted)} runs were made before ({kept})", file=sys.stderr)
    with ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_quietly
    ) as pool:
        try:
            for line in _made(pool, left, data):
                told = json.loads(line) | {"commit": code}
                done[told["id"], told["base"], told["seed"]] = told
                if kept:
                    with kept.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print("\nstopped: the same command goes on from here", file=sys.stderr)
    return [done[_key(c)] for c in wanted if _key(c) in done]


def _made(pool: ProcessPoolExecutor, left: list[Case], data: str) -> Any:
    began, todo = time.monotonic(), iter(left)
    waiting: set[Future[str]] = {pool.submit(work, data, c) for _, c in zip(range(4), todo, strict=False)}
    made = 0
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        waiting |= {pool.submit(work, data, c) for _, c in zip(finished, todo, strict=False)}
        for each in finished:
            made += 1
            yield each.result()
        if made % 20 < len(finished):
            rest = (time.monotonic() - began) / made * (len(left) - made)
            print(f"{made}/{len(left)} runs, {rest / 60:.0f} min left", file=sys.stderr, flush=True)


def _quietly() -> None:
    """A worker leaves Ctrl-C to its parent and computes on one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _key(case: Case) -> tuple[str, str, int]:
    return case.id, case.base, case.seed


def _kept(file: Path | None, code: str) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Predictions of an earlier run of the same code."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {(t["id"], t["base"], t["seed"]): t for t in lines if t["commit"] == code}


if __name__ == "__main__":
    sys.exit(main())
