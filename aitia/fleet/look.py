"""All units through a pool of processes: bounded, resumable, and ended by Ctrl-C without losing what is done."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Final

from aitia.core.disk import write_whole
from aitia.core.errors import StoreError
from aitia.fleet.assets import About
from aitia.fleet.judge import judge, prepare
from aitia.fleet.risk import ranked
from aitia.fleet.threads import one_thread_a_child
from aitia.fleet.words import Fleet, Judged, Unit

VERSION: Final = 3  # of what is kept; raised with what a judgement means
TASKS_A_CHILD: Final = (
    50  # units after which a process is replaced, so that what libraries hold on to is given back
)
WAITING: Final = 2  # units a process that are handed out ahead
Work = Callable[[Unit], list[Judged]]


def look(
    units: Sequence[Unit],
    about: Mapping[str, About],
    *,
    keep: Path,
    jobs: int = 0,
    healthy: tuple[float, float] | None = None,
    now: float | None = None,
    days: float = 0.0,
    fresh: bool = False,
    errors: Mapping[str, str] = {},
    on_done: Callable[[int, int, int], None] = lambda done, reused, total: None,
) -> Fleet:
    """Judge all units and rank their assets; what an earlier look judged of the same data is taken from `keep`.

    KeyboardInterrupt ends it: the ranking is of what is done, and the next call goes on.
    """
    began = time.monotonic()
    kinds = {name: said.kind for name, said in about.items() if said.kind}
    work = partial(judge, kinds=kinds, healthy=healthy, now=now, days=days)
    asked = repr((VERSION, healthy, now, days, sorted(kinds.items())))
    files = {n: _file(keep, unit, asked) for n, unit in enumerate(units) if unit.seen}
    known: dict[int, list[Judged]] = {}
    for n, file in files.items():
        if not fresh and (held := _held(file)) is not None:
            known[n] = held
    reused = sum(map(len, known.values()))
    todo = [n for n in range(len(units)) if n not in known]
    on_done(len(known), reused, len(units))
    stopped = False
    try:
        for n, told in _all(units, todo, work, jobs or _cores()):
            known[n] = told
            if n in files and all(j.status != "error" for j in told):
                _keep(files[n], told)
            on_done(len(known), reused, len(units))
    except KeyboardInterrupt:
        stopped = True
    return Fleet(
        assets=tuple(ranked((j for n in sorted(known) for j in known[n]), about)),
        errors=dict(errors),
        reused=reused,
        unfinished=len(units) - len(known) if stopped else 0,
        seconds=round(time.monotonic() - began, 1),
    )


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)))


def _all(
    units: Sequence[Unit], todo: Sequence[int], work: Work, jobs: int
) -> Iterator[tuple[int, list[Judged]]]:
    """Each unit's result as it is done; in this process where one job is asked for."""
    if jobs == 1 or len(todo) <= 1:
        yield from ((n, work(units[n])) for n in todo)
        return
    with (
        one_thread_a_child(),
        ProcessPoolExecutor(
            min(jobs, len(todo)),
            multiprocessing.get_context("spawn"),
            prepare,
            max_tasks_per_child=TASKS_A_CHILD,
        ) as pool,
    ):
        waiting = iter(todo)
        running: dict[Future[list[Judged]], int] = {}
        try:
            while True:
                for n in _take(waiting, WAITING * jobs - len(running)):
                    running[pool.submit(work, units[n])] = n
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _take(waiting: Iterator[int], count: int) -> Iterator[int]:
    for _, n in zip(range(count), waiting, strict=False):
        yield n


def _file(keep: Path, unit: Unit, asked: str) -> Path:
    """Where the judgement of a unit is kept: by the state of its files, how they are read, and what is asked."""
    told = json.dumps([unit.model_dump(mode="json"), asked], sort_keys=True, default=str)
    return keep / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"


def _held(file: Path) -> list[Judged] | None:
    """What is kept; None where nothing is, or where it is damaged."""
    try:
        return [Judged.model_validate(each) for each in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return None


def _keep(file: Path, told: Iterable[Judged]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(file, json.dumps([j.model_dump(mode="json") for j in told]).encode())
    except OSError as error:
        raise StoreError(
            f"Cannot write to {str(file.parent)!r} ({error.strerror}). Free some room or set AITIA_HOME."
        ) from None
