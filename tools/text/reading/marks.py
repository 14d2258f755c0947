"""Line numbers of offsets in a large file: newlines are counted when a record is cited, not when it is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 20
_MARK: Final = 64 << 20
FAR: Final = 8 << 30


class LineMarks:
    """Counts newlines before an offset, going on from the nearest one counted before."""

    def __init__(self, open_: Callable[[], BinaryIO]) -> None:
        self._open = open_
        self._offsets, self._counts = [0], [0]

    def line(self, offset: int) -> int:
        """The number, from 1, of the line that begins at an offset; -1 where more than 8 GiB had to be counted."""
        i = bisect_right(self._offsets, offset) - 1
        at, count = self._offsets[i], self._counts[i]
        if offset - at > FAR:
            return -1
        with self._open() as handle:
            handle.seek(at)
            while at < offset and (chunk := handle.read(min(_CHUNK, offset - at))):
                at += len(chunk)
                count += chunk.count(b"\n")
                if at - self._offsets[i] >= _MARK or at == offset:
                    i += 1
                    self._offsets.insert(i, at)
                    self._counts.insert(i, count)
        return count + 1
