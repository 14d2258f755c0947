"""Work with a time limit, on the monotonic clock: a wall clock that jumps neither ends it early nor holds it up.

On a busy machine the limit stretches: time in which this process stood ready to run and was given no processor counts only
by the share that it was given, so that a verdict does not depend on what else runs there. Waiting for an answer counts whole.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

STRETCH: Final = 20.0  # times the limit after which it ends on any machine
_LOOK_S: Final = 0.5  # how often it is seen how much of the processor this process was given
_SELDOM: Final = 0.05  # of a processor: who asks for less is not held up by who else runs


class TookTooLong(Exception):
    """The limit was passed; a time-out of the work's own is another thing."""


def within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """What the work returns or raises, or TookTooLong after `seconds`; see `started`."""
    future = started(work, name=name)
    _wait([future], seconds)
    return result_of(future)


def all_within(
    seconds: float, works: Mapping[str, Callable[[], T]]
) -> dict[str, concurrent.futures.Future[T]]:
    """All the works at the same time, `seconds` for the lot; those not done by then are not waited for."""
    futures = {name: started(work, name=name) for name, work in works.items()}
    _wait(futures.values(), seconds)
    return futures


def _wait(futures: Collection[concurrent.futures.Future[Any]], seconds: float) -> None:
    """Until all are done, or `seconds` of what this process was given are over."""
    began, left, before = time.monotonic(), seconds, _scheduled()
    last = began
    while left > 0 and last - began < STRETCH * seconds:
        if not concurrent.futures.wait(futures, timeout=min(left, _LOOK_S)).not_done:
            return
        now, after = time.monotonic(), _scheduled()
        left -= (now - last) * _share(before, after, now - last)
        last, before = now, after


Scheduled = dict[str, tuple[int, int]]


def _scheduled() -> Scheduled:
    """Nanoseconds that each thread at work ran, and that it stood ready and did not run; none but on Linux.

    At work are those that were started here and those of libraries, not those that wait for them.
    """
    waiting = {str(thread.native_id) for thread in threading.enumerate() if not isinstance(thread, _Work)}
    found: Scheduled = {}
    for file in Path("/proc/self/task").glob("*/schedstat"):
        try:
            ran, waited, *_ = file.read_text(encoding="ascii").split()
        except (OSError, ValueError):  # the thread has ended
            continue
        if file.parent.name not in waiting:
            found[file.parent.name] = (int(ran), int(waited))
    return found


def _share(before: Scheduled, after: Scheduled, passed: float) -> float:
    """The share of the processor time asked for that the threads were given in `passed` seconds; 1 where they asked for none."""
    ran, waited = (sum(now[k] - before.get(t, (0, 0))[k] for t, now in after.items()) for k in (0, 1))
    if ran + waited < _SELDOM * passed * 1e9:
        return 1.0
    return max(ran, 1) / (ran + waited)


def started(work: Callable[[], T], *, name: str) -> concurrent.futures.Future[T]:
    """The work on a daemon thread, so that work which never returns holds up neither the run nor the process's end."""
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed to the caller, who decides
            future.set_exception(error)

    _Work(target=run, name=f"aitia-{name}", daemon=True).start()
    return future


class _Work(threading.Thread):
    """A thread that may be given up."""


def given_up() -> bool:
    """Whether some work still goes on: an interpreter that ends while it is in foreign code may abort."""
    return any(isinstance(thread, _Work) for thread in threading.enumerate())


def result_of(future: concurrent.futures.Future[T]) -> T:
    """The result of work that is done, or what it raised; TookTooLong where it is not done. It cannot end the process."""
    if not future.done():
        raise TookTooLong
    if isinstance(error := future.exception(), SystemExit | KeyboardInterrupt):
        raise RuntimeError("it tried to end the process") from error
    return future.result()


class Deadline:
    """The end of one call, however many reads it takes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; 0 or less when it is over."""
        return self._until - time.monotonic()
