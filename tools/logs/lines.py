"""The lines of a block with those that were held back from the one before, and where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from aitia.tools.logs.count import Seen
from aitia.tools.logs.reading.blocks import Block
from aitia.tools.logs.reading.blocks import Place as Line


class Lines:
    """The raw lines of a block after those that were held back, and where each lies."""

    def __init__(self, held: Sequence[tuple[bytes, Line]], block: Block | None) -> None:
        self._held, self._block = held, block
        own = block.data.split(b"\n") if block else []
        if own and not own[-1]:
            own.pop()
        self.raws = [raw for raw, _ in held] + own
        self._starts: list[int] = []

    def place(self, i: int) -> Line:
        """Where a line lies in the original: offset, bytes, number, lines."""
        if i < len(self._held):
            return self._held[i][1]
        assert self._block is not None
        i -= len(self._held)
        if self._block.places:
            return self._block.places[i]
        if not self._starts:
            own = self.raws[len(self._held) :]
            self._starts = list(
                accumulate(own, lambda at, raw: at + len(raw) + 1, initial=self._block.offset)
            )
            self._starts[-1] = self._block.end
        return Line(self._starts[i], self._starts[i + 1] - self._starts[i], self._block.line + i)

    def seen(self, i: int, more: int, at: float, file: int) -> Seen:
        """The record of a line and those that it goes on for."""
        first, last = self.place(i), self.place(i + more)
        return Seen(
            at=at,
            file=file,
            offset=first.offset,
            size=last.offset + last.size - first.offset,
            line=first.line,
            lines=last.line + last.lines - first.line,
        )
