"""Many runs on a few processes: appended to a file as they come, gone on with where they were stopped, with the time left."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import contract


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is to be run; the three tell it from all others."""

    id: str
    base: str  # the incident
    seed: int


R = TypeVar("R", bound=Run)


def kept_file(out: str) -> Path | None:
    """Where predictions are kept as they come."""
    return Path(f"{out}l") if out.endswith(".json") else Path(f"{out}.jsonl") if out else None


def predictions(
    wanted: Sequence[R], work: Callable[[str, R], str], data: str, kept: Path | None, processes: int
) -> list[dict[str, Any]]:
    """A prediction of each run: those that this commit's code made before, and the others now. Ctrl-C gives what there is.

    With no process only what was made before is given. `work` makes one from the data folder and the run, as a line of
    JSON with the run's `id`, `base` and `seed`. SIGTERM is taken as Ctrl-C.
    """
    code = contract.commit()
    done = _kept(kept, code)
    left = [c for c in wanted if _key(c) not in done]
    if done:
        print(f"{len(wanted) - len(left)} of {len(wanted)} runs were made before ({kept})", file=sys.stderr)
    if not processes:
        return [done[_key(c)] for c in wanted if _key(c) in done]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the workers would live on
    spawning, fast = multiprocessing.get_context("spawn"), Path("/dev/shm")
    with (
        # In memory, where there is such a folder: a diagnosis writes many small files.
        tempfile.TemporaryDirectory(prefix="attack-", dir=fast if fast.is_dir() else None) as home,
        ProcessPoolExecutor(processes, spawning, _quietly, (home,)) as pool,
    ):
        try:
            for line in _made(pool, left, work, data):
                told = json.loads(line) | {"commit": code}
                done[told["id"], told["base"], told["seed"]] = told
                if kept:
                    with kept.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print("\nstopped: the same command goes on from here", file=sys.stderr)
    return [done[_key(c)] for c in wanted if _key(c) in done]


def _made(
    pool: ProcessPoolExecutor, left: Sequence[R], work: Callable[[str, R], str], data: str
) -> Iterator[str]:
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


def _quietly(home: str) -> None:
    """A worker leaves Ctrl-C to its parent, computes on one thread, and keeps its files below the parent's folder."""
    tempfile.tempdir = home
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _key(case: Run) -> tuple[str, str, int]:
    return case.id, case.base, case.seed


def _kept(file: Path | None, code: str) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Predictions of an earlier run of the same code."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {(t["id"], t["base"], t["seed"]): t for t in lines if t["commit"] == code}
