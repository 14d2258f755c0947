"""Progress of long work on stderr: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aitia.core.percent import percent

if TYPE_CHECKING:
    from aitia.core.events import Progress

EVERY_S = 5.0
OnProgress = Callable[["Progress"], None]


@contextmanager
def progress_on_stderr() -> Iterator[OnProgress]:
    """A callback for `Progress` events that shows them as long as the block runs."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield Lines()


class Lines:
    """A plain line when the work changes, then at most one every few seconds, and one when it is done."""

    def __init__(
        self, write: Callable[[str], object] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write or _to_stderr
        self._clock = clock
        self._what, self._next = "", 0.0

    def __call__(self, event: Progress) -> None:
        """Show the event if it is due."""
        finished = event.total > 0 and event.done >= event.total
        if event.what == self._what and not finished and self._clock() < self._next:
            return
        self._what, self._next = event.what, self._clock() + EVERY_S
        self._write(describe(event))


def describe(event: Progress) -> str:
    """The event in one line: `fetching x: 40 % of 1117 MB`."""
    if event.total <= 0 or event.unit != "bytes":
        return event.what
    return f"{event.what}: {percent(event.done / event.total)} of {size(event.total)}"


def size(count: float) -> str:
    """Bytes in MB."""
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def _to_stderr(line: str) -> None:
    from aitia.cli.console import note

    note(line)


@contextmanager
def _bar() -> Iterator[OnProgress]:
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    from aitia.cli.console import stderr_console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=stderr_console(), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(event: Progress) -> None:
            if event.unit != "bytes":
                bar.console.print(escape(event.what))
                return
            if event.what not in tasks:
                tasks[event.what] = bar.add_task(escape(event.what))
            bar.update(tasks[event.what], completed=event.done, total=event.total or None)

        yield show
