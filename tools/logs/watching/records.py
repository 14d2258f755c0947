"""Records from lines that come bit by bit: the layout is found by the first of them, what has no header is joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from aitia.tools.text.headers import Header, Level, detect, worst
from aitia.tools.text.reading.blocks import Block, lines_of
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.reading.joining import exception_in, frame

_SAMPLE: Final = 300  # lines that the layout is found by
_FEW: Final = 20  # fewer are a guess


class Said(NamedTuple):
    """One record; `at` is epoch s."""

    at: float
    level: Level
    message: str


class Records:
    """Feed blocks; a record is given when the next one begins, or at `rest`. Lines without any time count when they come."""

    def __init__(
        self, *, zone: tzinfo, near: datetime, now: Callable[[], float], component: str = ""
    ) -> None:
        self._zone, self._near, self._now, self._component = zone, near, now, component
        self._sample: list[str] | None = []
        self._held: Said | None = None
        self.header: Header | None = None

    @property
    def undated(self) -> bool:
        """Whether the lines have no timestamps."""
        return self._sample is None and self.header is None

    @property
    def lines_are_enough(self) -> bool:
        """Whether the layout is known, or could be found by the lines that are there."""
        return self._sample is None or len(self._sample) >= _FEW

    def feed(self, block: Block) -> Iterator[Said]:
        """The records that are whole by now."""
        for _, raw in lines_of(block):
            text = text_of(raw)
            if self._sample is None:
                yield from self._line(text)
            else:
                self._sample.append(text)
                if len(self._sample) >= _SAMPLE:
                    yield from self._found()

    def rest(self) -> Iterator[Said]:
        """What is held back, where nothing comes for a while or ever."""
        if self._sample:
            yield from self._found()
        held, self._held = self._held, None
        if held is not None:
            yield held

    def _found(self) -> Iterator[Said]:
        lines, self._sample = self._sample or [], None
        self.header = detect(lines, zone=self._zone, near=self._near, component=self._component)
        for text in lines:
            yield from self._line(text)

    def _line(self, text: str) -> Iterator[Said]:
        if self.header is None:
            yield Said(self._now(), "", text)
            return
        parsed = self.header(text)
        if parsed is None or (self._held and frame(parsed[2])):
            if self._held and (found := exception_in(parsed[2] if parsed else text)):
                held = self._held
                told = held.message.partition(" | ")[0]
                self._held = Said(held.at, worst(held.level, "error"), f"{told} | {found}")
            return
        before, self._held = self._held, Said(*parsed)
        if before is not None:
            yield before
