"""The recorder: keeps the last days of live sources on disk, and goes on where it was after a stop, a kill or a lost server."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aitia.core.errors import AitiaError, SourceError, StoreError
from aitia.core.words import from_epoch
from aitia.tools.sources.plant.chunks import Chunks
from aitia.tools.sources.plant.readings import Box, Feed, now

FLUSH_S: Final = 10.0  # what a kill may cost
TIDY_S: Final = 300.0
TICK_S: Final = 0.2
RETRY_S: Final = (2.0, 60.0)  # the shortest and the longest wait before a feed starts again
JOIN_S: Final = 15.0  # for a feed to end


@dataclass(kw_only=True)
class Told:
    """How the recording of one source stands."""

    source: str
    values: int = 0
    signals: int = 0
    bytes: int = 0
    connected: bool = False
    error: str = ""
    problems: dict[str, int] = field(default_factory=dict)


class _Recording:
    """One source: its feed in a thread of its own, its box, its folder."""

    def __init__(self, name: str, feed: Feed, chunks: Chunks, stop: threading.Event) -> None:
        self.told = Told(source=name)
        self.box, self.chunks, self._feed, self._stop = Box(), chunks, feed, stop
        self.failed: AitiaError | None = None

    def run(self) -> None:
        """Feed the box until the end; a lost server is tried again."""
        pause = RETRY_S[0]
        while not self._stop.is_set():
            try:
                self._feed.run(self.box, self._stop)
            except SourceError as error:
                self.failed = error
                self._stop.wait(pause)
                pause = min(RETRY_S[1], 2.0 * pause)
            except AitiaError as error:  # what a person has to change does not change by itself
                self.failed = error
                return

    def flush(self, at: datetime) -> None:
        """Write what waits; where that fails it is kept for the next time."""
        waiting, told, box = self.box.drain(), self.told, self.box
        unwritten = ""
        try:
            self.chunks.write(waiting, at)
            told.values += len(waiting)
        except StoreError as error:
            box.back(waiting)
            unwritten = str(error)
        told.signals, told.problems, told.connected = box.signals, box.problems, box.connected
        told.error = unwritten or ("" if box.connected else str(self.failed or ""))
        told.bytes = self.chunks.size

    def tidy(self, at: datetime) -> None:
        """Merge and delete; where that fails it is tried again later."""
        try:
            self.chunks.tidy(at)
        except StoreError as error:
            self.told.error = str(error)


def record(
    feeds: Mapping[str, tuple[Feed, Chunks]],
    *,
    stop: threading.Event,
    seconds: float | None = None,
    flush_s: float = FLUSH_S,
    on_flush: Callable[[list[Told]], None] = lambda _: None,
) -> list[Told]:
    """Record until `stop` is set or `seconds` are over; what was read is written before it returns.

    Raises the error of the feeds where none of them could even begin; of one that fails later or alone it is told, and it is
    tried again.
    """
    with ExitStack() as stack:
        found = [
            _Recording(name, feed, stack.enter_context(chunks.open()), stop)
            for name, (feed, chunks) in feeds.items()
        ]
        threads = stack.enter_context(ThreadPoolExecutor(len(found), thread_name_prefix="record"))
        running = [threads.submit(each.run) for each in found]
        try:
            _loop(found, running, stop, seconds, flush_s, on_flush)
        finally:
            stop.set()
            wait(running, JOIN_S)
            for each in found:
                each.flush(from_epoch(now()))
                each.tidy(from_epoch(now()))
        return [each.told for each in found]


def _loop(
    found: list[_Recording],
    running: list[Future[None]],
    stop: threading.Event,
    seconds: float | None,
    flush_s: float,
    on_flush: Callable[[list[Told]], None],
) -> None:
    began = flushed = time.monotonic()
    tidied = -math.inf
    end = math.inf if seconds is None else began + seconds
    while not stop.wait(TICK_S) and (at := time.monotonic()) < end:
        _check(found)
        for future in running:
            if future.done():
                future.result()  # a defect of a feed ends the recording with its traceback
        if at - flushed >= flush_s:
            flushed = at
            for each in found:
                each.flush(from_epoch(now()))
            on_flush([each.told for each in found])
        if at - tidied >= TIDY_S:
            tidied = at
            for each in found:
                each.tidy(from_epoch(now()))


def _check(found: list[_Recording]) -> None:
    """Raises the first error where no feed ever brought anything and all have failed."""
    errors = [each.failed for each in found if each.failed is not None and not each.box.signals]
    if errors and len(errors) == len(found):
        raise errors[0]
