"""The lines of a block with those that were held back from the one before, and where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.tools.logs.count import Seen
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.reading.blocks import Place as Line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]
    Texts = NDArray[np.bytes_]

MAX_WIDTH: Final = 64  # of a column of bytes


class Lines:
    """The raw lines of a block after those that were held back, and where each lies."""

    def __init__(self, held: Sequence[tuple[bytes, Line]], block: Block | None) -> None:
        self._held, self._block = held, block
        own = block.data if block else b""
        if own and not own.endswith(b"\n"):
            own += b"\n"
        self.data = b"".join((*(raw + b"\n" for raw, _ in held), own))
        self._shift = len(self.data) - len(own)
        self.ends: Rows = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 10)
        self.starts: Rows = np.concatenate((np.zeros(1, dtype=np.intp), self.ends[:-1] + 1))[: len(self.ends)]

    def __len__(self) -> int:
        return len(self.ends)

    def raw(self, i: int) -> bytes:
        """The bytes of a line, without its newline."""
        return self.data[self.starts[i] : self.ends[i]]

    @cached_property
    def text(self) -> str:
        """All of it with a character for each byte (ISO 8859-1), so that places are the same; what is ASCII is text."""
        return self.data.decode("latin-1")

    def after_blanks(self, rows: Rows, blanks: Rows) -> Rows:
        """Where in the text so many blanks of each line have passed; 0 where it has fewer, or none are asked for."""
        every = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 0x20)
        last = np.searchsorted(every, self.starts[rows]) + blanks - 1
        known = (blanks > 0) & (last < len(every))
        out: Rows = (
            np.where(known, every[np.minimum(last, len(every) - 1)] + 1, 0) if len(every) else blanks * 0
        )
        return np.where(out <= self.ends[rows], out, 0)

    def spans(self, rows: Rows, more: NDArray[np.int32]) -> tuple[Rows, Rows, Rows, Rows]:
        """Of records that begin in some lines and go on for `more`: offset, bytes, number of the first line, and lines."""
        offsets, ends, first, after = self._places
        last = rows + more
        return offsets[rows], ends[last] - offsets[rows], first[rows], after[last] - first[rows]

    @cached_property
    def _places(self) -> tuple[Rows, Rows, Rows, Rows]:
        """Of each line: where it begins and ends in the original, its number, and that of the line after it."""
        block, own = self._block, len(self) - len(self._held)
        places = np.array([place for _, place in self._held], dtype=np.intp).reshape(-1, 4)
        if block is not None and block.places:
            places = np.concatenate((places, np.array(block.places, dtype=np.intp)))
        elif block is not None and own:
            offsets = self.starts[-own:] - self._shift + block.offset
            ends = np.append(offsets[1:], block.end)
            numbers = np.arange(block.line, block.line + own)
            plain = np.column_stack((offsets, ends - offsets, numbers, np.ones_like(numbers)))
            places = np.concatenate((places, plain))
        offset, size, line, lines = places.T
        return offset, offset + size, line, line + lines

    def column(self, rows: Rows, start: int, end: int) -> Texts:
        """The bytes of some lines from one place to another, at most 64."""
        width = end - start
        padded = self.data + b"\n" * (end + MAX_WIDTH)
        every = np.ndarray((len(padded) - width + 1,), dtype=f"S{width}", buffer=padded, strides=(1,))
        return every[self.starts[rows] + start]

    def place(self, i: int) -> Line:
        """Where a line lies in the original: offset, bytes, number, lines."""
        if i < len(self._held):
            return self._held[i][1]
        assert self._block is not None
        own = i - len(self._held)
        if self._block.places:
            return self._block.places[own]
        offset = int(self.starts[i]) - self._shift + self._block.offset
        last = i == len(self) - 1
        end = self._block.end if last else int(self.ends[i]) + 1 - self._shift + self._block.offset
        return Line(offset, end - offset, self._block.line + own)

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
