"""Units of work over processes here or over a Ray cluster: a few at a time, each delivered once, a dead worker's done again."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from aitia.core.children import safe_imports

RAY_ENV: Final = "AITIA_RAY"
TASKS_A_CHILD: Final = (
    50  # units after which a process is replaced, so that what libraries hold on to is given back
)
WAITING: Final = 2  # units a process that are handed out ahead
TRIES: Final = 3  # how often a unit may end its process before it is given up
MB: Final = 1 << 20
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Who does the work: `jobs` processes of this machine (0: one a core), or the Ray cluster at the address `ray`."""

    jobs: int = 0
    ray: str = ""

    @property
    def here(self) -> int:
        """How many processes of this machine."""
        return self.jobs or max(1, len(os.sched_getaffinity(0)))


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a unit needs of a node of a cluster.

    memory    bytes, which a node must have free in Ray's book; of more than the largest node has it takes that one alone
    a_node    one process a node does its units one after the other, and keeps what it loaded: for models
    """

    memory: int = 500 * MB
    a_node: bool = False


def spread(
    work: Callable[[A], B],
    units: Mapping[int, A],
    *,
    crew: Crew,
    need: Callable[[A], Need],
    lost: Callable[[A, str], B],
) -> Iterator[tuple[int, B]]:
    """Each unit's number and what `work` made of it, as they are done, each once.

    A unit whose process or node dies is done again, `TRIES` times in all; then `lost` says what it is with, and why. What
    has an effect outside of its process must come back as its result, so that a second try shows nothing twice. An error
    that `work` raises ends the whole; so does KeyboardInterrupt, and nothing is left running.
    """
    if crew.ray:
        from aitia.core.spread_ray import over_ray

        yield from over_ray(work, units, address=crew.ray, need=need, lost=lost)
    elif crew.here == 1 or len(units) <= 1:
        yield from ((n, work(unit)) for n, unit in units.items())
    else:
        yield from _in_processes(work, units, min(crew.here, len(units)), lost)


def died(times: int) -> str:
    """Why a unit is lost."""
    return f"the process that did it died {times} times (killed, or out of memory)"


def _in_processes(
    work: Callable[[A], B], units: Mapping[int, A], jobs: int, lost: Callable[[A, str], B]
) -> Iterator[tuple[int, B]]:
    """A pool that breaks is made anew. Which unit broke it nobody knows: those that were under way go on one at a time."""
    todo, suspects, deaths = deque(units), deque[int](), Counter[int]()
    while todo or suspects:
        alone = bool(suspects)
        waiting, running = (suspects if alone else todo), dict[Future[B], int]()
        with _pool(1 if alone else jobs) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < (1 if alone else WAITING * jobs):
                        given = pool.submit(work, units[waiting[0]])
                        running[given] = waiting.popleft()
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        told = future.result()
                        yield running.pop(future), told
            except BrokenProcessPool:
                yield from _finished(running)
        deaths.update(running.values() if alone else ())
        for n in running.values():
            if deaths[n] + 1 < TRIES:
                suspects.append(n)
            else:
                yield n, lost(units[n], died(TRIES))


def _finished(running: dict[Future[B], int]) -> Iterator[tuple[int, B]]:
    """What was done before the pool broke, taken out of what is under way."""
    for future in [f for f in running if f.done() and not f.cancelled() and f.exception() is None]:
        yield running.pop(future), future.result()


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    spawn = multiprocessing.get_context("spawn")
    with safe_imports(), one_thread_a_child():
        pool = ProcessPoolExecutor(jobs, spawn, prepare, max_tasks_per_child=TASKS_A_CHILD)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def prepare() -> None:
    """The initializer of a worker: Ctrl-C is for the parent, which ends its workers itself."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def one_thread() -> None:
    """For numerics in this process, before numpy is imported: the processes are the parallelism. What the user set stands."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")


@contextmanager
def one_thread_a_child() -> Iterator[None]:
    """For the processes that are started in the block."""
    before = {name: os.environ.get(name) for name in _THREADS}
    one_thread()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
