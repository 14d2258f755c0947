"""Logs in another form than they lie in their files: blocks of lines made from lines, with the original's places."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO, Protocol

from aitia.tools.text.reading.blocks import BLOCK, LINE_MAX, Block, Line, Place, blocks, lines_of
from aitia.tools.text.reading.skipped import Skipped


class Convert(Protocol):
    """Blocks of a handle in another form, their places those of the original."""

    def __call__(
        self, handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
    ) -> Iterator[Block]:
        """Lines that begin in [start, end) of the original."""


class Conversion(io.RawIOBase):
    """A log in another form than it lies in its file; `blocks` gives its lines with their places in the original.

    Read as a file it gives the converted bytes, from the beginning to the end.
    """

    def __init__(self, inner: BinaryIO, convert: Convert) -> None:
        super().__init__()
        self.inner, self.skipped = inner, Skipped()
        self.converted = partial(convert, inner)
        self._blocks = self.converted(0, None, size=BLOCK, line=0, skipped=self.skipped)
        self._rest = b""

    @property
    def name(self) -> str:
        """The original's path."""
        return str(getattr(self.inner, "name", "?"))

    @property
    def damage(self) -> str:
        """Why the original ended early, if it did."""
        return str(getattr(self.inner, "damage", ""))

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` converted bytes; fewer only at the end."""
        parts, have = [self._rest], len(self._rest)
        while (size < 0 or have < size) and (block := next(self._blocks, None)):
            parts.append(block.data)
            have += len(block.data)
        data = b"".join(parts)
        size = len(data) if size < 0 else size
        self._rest = data[size:]
        return data[:size]

    def readinto(self, buffer: Any) -> int:
        """As files do."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the original."""
        self.inner.close()
        super().close()


def by_line(change: Callable[[Iterable[Line], Skipped], Iterator[Line]]) -> Convert:
    """A converter of blocks from a generator over lines, each with its place."""

    def convert(
        handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
    ) -> Iterator[Block]:
        original = blocks(handle, start, end, size=size, line=line, skipped=skipped)
        yield from gathered(change((pair for block in original for pair in lines_of(block)), skipped), size)

    return convert


def gathered(lines: Iterable[Line], size: int = BLOCK) -> Iterator[Block]:
    """Converted lines as blocks of about `size` bytes."""
    places: list[Place] = []
    raws: list[bytes] = []
    have = 0
    for place, raw in lines:
        places.append(place)
        raws.append(raw)
        have += len(raw) + 1
        if have >= size:
            yield _block(places, raws)
            places, raws, have = [], [], 0
    if raws:
        yield _block(places, raws)


def spread(place: Place, text: bytes, skipped: Skipped) -> list[Line]:
    """A text that may hold newlines: its first line has the place, the others go on from it, set off by a tab.

    Set off, none of them can pass for a record of its own.
    """
    if len(text) > LINE_MAX:
        text = text[:LINE_MAX]
        skipped.cut += 1
    text = text.rstrip(b"\r\n")
    if b"\n" not in text:
        return [(place, text)]
    first, *more = text.split(b"\n")
    after = Place(place.offset + place.size, 0, place.line + place.lines - 1, 0)
    return [(place, first), *((after, b"\t" + line) for line in more)]


def _block(places: list[Place], raws: list[bytes]) -> Block:
    first, last = places[0], places[-1]
    data = b"\n".join(raws) + b"\n"
    return Block(data, first.offset, first.line, last.offset + last.size, tuple(places))
