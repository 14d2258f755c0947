"""Progress of `aitia memory`: a bar with records a second on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aitia.core.percent import percent

if TYPE_CHECKING:
    from aitia.core.events import Progress
    from aitia.tools.memory.importing.run import Imported

EVERY_S = 5.0
Put = Callable[[str, float, float, str], None]
"""What is done, how far, of how much, and what is said of it."""


class Counting:
    """Turns what an import and the indexes tell into one line each."""

    def __init__(self, put: Put, clock: Callable[[], float] = time.monotonic) -> None:
        self._put, self._clock = put, clock
        self._began = clock()
        self._what, self._since = "", self._began

    def read(self, done: Imported, file: str, at: int, size: int) -> None:
        """While files are read."""
        rate = done.read / max(1e-3, self._clock() - self._began)
        self._put(f"reading {file}", at, max(size, 1), f"{done.read} records, {rate:.0f} records/s")

    def work(self, event: Progress) -> None:
        """While an index is built."""
        if event.what != self._what:
            self._what, self._since = event.what, self._clock()
        rate = event.done / max(1e-3, self._clock() - self._since)
        self._put(
            event.what,
            event.done,
            max(event.total, 1.0),
            f"{event.done:.0f} of {event.total:.0f}, {rate:.0f}/s",
        )


@contextmanager
def counting() -> Iterator[Counting]:
    """Shown on stderr as long as the block runs."""
    with putting() as put:
        yield Counting(put)


@contextmanager
def putting() -> Iterator[Put]:
    """A bar on a terminal, a line every few seconds elsewhere."""
    if sys.stderr.isatty():
        with _bar() as put:
            yield put
    else:
        yield _lines()


def _lines() -> Put:
    from aitia.cli.console import note

    due = time.monotonic() + EVERY_S

    def put(what: str, done: float, total: float, said: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + EVERY_S
            note(f"{what}: {percent(done / total)}, {said}")

    return put


@contextmanager
def _bar() -> Iterator[Put]:
    from rich.markup import escape
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from aitia.cli.console import stderr_console
    from aitia.render.text import clean

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=stderr_console(), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def put(what: str, done: float, total: float, said: str) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bar.remove_task(task)
                tasks.clear()
                tasks[what] = bar.add_task(escape(clean(what)), said=said)
            bar.update(tasks[what], completed=done, total=total, said=said)

        yield put
