"""One followed log and its watcher: from lines to alarms, with the time that passes while nothing comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import chain
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput
from aitia.tools.logs.watching.alarm import Alarm
from aitia.tools.logs.watching.following import whole
from aitia.tools.logs.watching.records import Records, Said
from aitia.tools.logs.watching.watcher import Watcher
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.reading.skipped import Skipped

_PAUSE_S: Final = 1.0  # after which the last record is taken to be whole
_FIRST_S: Final = 10.0  # after which the layout of very few lines is guessed
_END: Final = object()


class Stream:
    """Follows one source of blocks (None: nothing now). `step` takes one of them; `ended` when there are no more.

    Without `stay` it ends where nothing comes.
    """

    def __init__(
        self,
        source: Iterator[Block | None],
        watcher: Watcher,
        *,
        skipped: Skipped,
        zone: tzinfo,
        near: datetime,
        stay: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.watcher, self.skipped = watcher, skipped
        self._source, self._now, self._stay = source, now, stay
        self.records = Records(zone=zone, near=near, now=now, component=watcher.component)
        self.ended = False
        self._since: float | None = None  # when nothing came first
        self._behind = 0.0  # by how much the log's clock is behind, or what was read

    @property
    def idle(self) -> bool:
        """Whether nothing came at the last step."""
        return self._since is not None

    def step(self) -> list[Alarm]:
        """Take the next block, or let time pass; the alarms."""
        block = next(self._source, _END)
        if block is _END or (block is None and not self._stay):
            self.ended = True
            return self._taken(self.records.rest())
        if isinstance(block, Block):
            self._since = None
            return self._taken(self.records.feed(block))
        now = self._now()
        if self._since is None:
            self._since = now
        alarms = []
        if now - self._since >= (_PAUSE_S if self.records.lines_are_enough else _FIRST_S):
            alarms = self._taken(self.records.rest())
        return alarms + (self.watcher.advance(now - self._behind) if self.watcher.records else [])

    def notes(self) -> list[str]:
        """What was odd about its times."""
        clock = self.watcher.clock
        told = {
            "lines have no timestamps: they are counted when they arrive": self.records.undated,
            (
                f"{clock.wrong:,} records had timestamps far from the others and were counted when they "
                "arrived"
            ): clock.wrong,
            f"the clock was set {clock.steps:,} times": clock.steps,
        }
        return [text for text, is_so in told.items() if is_so]

    def _taken(self, said: Iterable[Said]) -> list[Alarm]:
        alarms = []
        for record in said:
            alarms += self.watcher.take(*record)
            self._behind = self._now() - self.watcher.clock.now
        return alarms


def learn(watcher: Watcher, paths: Sequence[Path], skipped: Skipped, *, zone: tzinfo, near: datetime) -> None:
    """Let a watcher learn whole files of normal operation, each a log of its own."""
    for path in paths:
        records = Records(zone=zone, near=near, now=time.time, component=watcher.component)
        parts = (records.feed(block) for block in whole(path, skipped))
        for record in chain(chain.from_iterable(parts), _later(records.rest)):
            if records.undated:
                raise BadInput(
                    f"No timestamps were recognised in {str(path)!r}. Give --reference a log with timestamps."
                )
            watcher.learn(*record)
        watcher.learned_all()


def _later(give: Callable[[], Iterator[Said]]) -> Iterator[Said]:
    yield from give()
