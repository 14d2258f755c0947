"""Work with a time limit, on the monotonic clock: a wall clock that jumps neither ends it early nor holds it up."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """The limit was passed; a time-out of the work's own is another thing."""


def within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """What the work returns or raises, or TookTooLong after `seconds`; see `started`."""
    future = started(work, name=name)
    concurrent.futures.wait([future], timeout=seconds)
    return result_of(future)


def all_within(
    seconds: float, works: Mapping[str, Callable[[], T]]
) -> dict[str, concurrent.futures.Future[T]]:
    """All the works at the same time, `seconds` for the lot; those not done by then are not waited for."""
    futures = {name: started(work, name=name) for name, work in works.items()}
    concurrent.futures.wait(futures.values(), timeout=seconds)
    return futures


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
