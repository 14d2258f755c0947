"""Work with a time limit that is the work's own: processor time that it was given, and time that it waited for others.

What else runs on the machine does not count, so that a verdict does not depend on it. Of a second that passes count
- what the work ran itself;
- what it waited while nothing else of this process ran or stood ready to: an answer of a server, a child, a disk;
- of what it waited while another part of this process ran (for the interpreter, a lock, threads of a library) a twentieth, so
  that a lock that is never let go ends it too.
It does not count that a thread stood ready and was given no processor. All on the monotonic clock: a wall clock that jumps
neither ends work early nor holds it up.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

BESIDE: Final = 0.05  # of the time in which others of this process ran and the work waited
_LOOK_S: Final = 0.5  # how often it is seen what work was given
_FRESH_S: Final = 0.02  # what was seen is not looked at again for so long
_SELDOM: Final = 0.05  # of a processor: a process that uses less than this waits for others


class TookTooLong(Exception):
    """The limit was passed; a time-out of the work's own is another thing."""


def within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """What the work returns or raises, or TookTooLong after `seconds` of its own; see `started`."""
    return result_of(all_within(seconds, {name: work})[name])


def all_within(
    seconds: float, works: Mapping[str, Callable[[], T]]
) -> dict[str, concurrent.futures.Future[T]]:
    """All the works at the same time, `seconds` of its own for each; those not done by then are not waited for."""
    futures = {name: started(work, name=name) for name, work in works.items()}
    _wait([f.work for f in futures.values()], seconds)
    return {**futures}


def _wait(works: Collection[_Work], seconds: float) -> None:
    """Until each is done or has used what it was given."""
    left = dict.fromkeys(works, seconds)
    while left := {work: s for work, s in left.items() if not work.future.done()}:
        concurrent.futures.wait([w.future for w in left], timeout=_pause(min(left.values())))
        looked = look()
        left = {work: seconds - work.meter.spent(looked) for work in left}
        for work in [w for w, s in left.items() if s <= 0]:
            work.is_given_up = not work.future.done()
            del left[work]


def _pause(left: float) -> float:
    return max(_FRESH_S, min(_LOOK_S, left))


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was seen at a moment: processor seconds of this process, and of each thread those that it ran and stood ready."""

    at: float
    cpu: float
    threads: Mapping[int, tuple[float, float]]


def look(process: int | str = "self") -> Look:
    """The threads of a process now, without those of work that was given up; none where the kernel does not tell (not Linux)."""
    over = {
        thread.native_id
        for thread in threading.enumerate()
        if isinstance(thread, _Work) and thread.is_given_up
    }
    found: dict[int, tuple[float, float]] = {}
    for file in Path(f"/proc/{process}/task").glob("*/schedstat"):
        try:
            ran, waited, *_ = file.read_text(encoding="ascii").split()
        except (OSError, ValueError):  # the thread has ended
            continue
        if (thread := int(file.parent.name)) not in over:
            found[thread] = (int(ran) / 1e9, int(waited) / 1e9)
    return Look(at=time.monotonic(), cpu=time.process_time(), threads=found)


class Meter:
    """How many seconds of its limit a thread has used since the meter was made; the caller's own, or the first of a child."""

    def __init__(self, *, thread: int = 0, process: int | str = "self") -> None:
        self._thread, self._process = thread or threading.get_native_id(), process
        self._last, self._spent = look(process), 0.0
        self._lock = threading.Lock()

    def spent(self, now: Look | None = None) -> float:
        """Seconds used so far."""
        with self._lock:
            if now is None and time.monotonic() - self._last.at < _FRESH_S:
                return self._spent
            now = now or look(self._process)
            self._spent += used(self._thread, self._last, now)
            self._last = now
            return self._spent


def used(thread: int, before: Look, after: Look) -> float:
    """The seconds that a thread used between two looks; see the module."""
    passed = max(0.0, after.at - before.at)
    if thread not in after.threads:  # nobody tells: processor time of the whole process, or that it waits
        cpu = after.cpu - before.cpu
        return min(passed, cpu) if cpu >= _SELDOM * passed else passed
    ran, ready = _more(thread, before, after)
    others = [_more(t, before, after) for t in after.threads if t != thread]
    blocked = max(0.0, passed - ran - ready)
    alone = max(0.0, blocked - sum(r + w for r, w in others))
    return ran + alone + BESIDE * min(blocked - alone, sum(r for r, _ in others))


def _more(thread: int, before: Look, after: Look) -> tuple[float, float]:
    ran, ready = after.threads[thread]
    then = before.threads.get(thread, (0.0, 0.0))
    return max(0.0, ran - then[0]), max(0.0, ready - then[1])


def started(work: Callable[[], T], *, name: str) -> Started[T]:
    """The work on a daemon thread, so that work which never returns holds up neither the run nor the process's end."""
    thread = _Work(work, name)
    thread.start()
    return thread.future


class Started(concurrent.futures.Future[T]):
    """What work will have returned."""

    work: _Work


class _Work(threading.Thread):
    """A thread that may be given up."""

    def __init__(self, work: Callable[[], object], name: str) -> None:
        super().__init__(name=f"aitia-{name}", daemon=True)
        self._work = work
        self.future: Started[Any] = Started()
        self.future.work = self
        self.is_given_up = False

    def start(self) -> None:
        super().start()
        self.meter = Meter(thread=self.native_id or 0)

    def run(self) -> None:
        try:
            self.future.set_result(self._work())
        except BaseException as error:  # handed to the caller, who decides
            self.future.set_exception(error)


def is_any_at_work() -> bool:
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
    """The end of one call of this thread, however many reads it takes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._meter = Meter()

    @property
    def left(self) -> float:
        """Seconds left; 0 or less when it is over."""
        return self.seconds - self._meter.spent()


@contextlib.contextmanager
def stopping(seconds: float, stop: Callable[[], object], *, child: int = 0) -> Iterator[threading.Event]:
    """Calls `stop` when this thread, or a `child` process, has used `seconds`; the event says whether it was called."""
    meter = Meter(thread=child, process=child or "self")
    late, done = threading.Event(), threading.Event()

    def watch() -> None:
        left = seconds
        while not done.wait(_pause(left)):
            if (left := seconds - meter.spent()) <= 0:
                late.set()
                stop()
                return

    threading.Thread(target=watch, name="aitia-limit", daemon=True).start()
    try:
        yield late
    finally:
        done.set()


_given_up: ContextVar[list[str] | None] = ContextVar("given_up", default=None)


@contextlib.contextmanager
def collecting(notes: list[str]) -> Iterator[None]:
    """What this thread gives up within is added to the notes (`given_up`)."""
    before = _given_up.set(notes)
    try:
        yield
    finally:
        _given_up.reset(before)


def given_up(what: str) -> None:
    """Note that something was not looked at because its time was over, in words, for who collects it."""
    if (notes := _given_up.get()) is not None and what not in notes:
        notes.append(what)
