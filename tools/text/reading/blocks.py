"""Reading whole lines a block at a time: what a miner eats. No line is looked at on its own unless its block needs it."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

from aitia.tools.text.reading.binary import LINE_MAX, sound
from aitia.tools.text.reading.places import Block, Line, Place, lines_of, newlines
from aitia.tools.text.reading.skipped import Skipped

__all__ = [
    "BLOCK",
    "LINE_MAX",
    "Block",
    "Converted",
    "Line",
    "Place",
    "blocks",
    "hole",
    "lines_of",
    "newlines",
    "size_now",
]

BLOCK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


class Converted(Protocol):
    """Blocks in another form, their places those of the original: an attribute of handles that `blocks` asks."""

    def __call__(
        self, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
    ) -> Iterator[Block]:
        """Lines that begin in [start, end) of the original."""


def blocks(
    handle: BinaryIO,
    start: int = 0,
    end: int | None = None,
    *,
    size: int = BLOCK,
    line: int = 0,
    skipped: Skipped,
) -> Iterator[Block]:
    """Whole lines that begin in [start, end), about `size` bytes at a time; `line` lines lie before `start`.

    A file is read up to the size it has now. A line longer than 64 KiB is cut there and never held whole, binary
    stretches are left out; both are counted in `skipped`, as are bytes that are no UTF-8 (they stay as they are).
    """
    converted: Converted | None = getattr(handle, "converted", None)
    if converted is not None:
        yield from converted(start, end, size=size, line=line, skipped=skipped)
        return
    for block in _whole(handle, start, end, size, line, skipped):
        yield from sound(block, skipped)
    if damage := getattr(handle, "damage", ""):
        skipped.files[str(handle.name)] = damage


def _whole(
    handle: BinaryIO, start: int, end: int | None, size: int, line: int, skipped: Skipped
) -> Iterator[Block]:
    limit = size_now(handle)
    at = _align(handle, start, limit)
    head, head_at, dropping, number = b"", at, False, line + 1
    while chunk := handle.read(size if limit is None else max(0, min(size, limit - at))):
        begin, at = at, at + len(chunk)
        if begin == 0 and chunk.startswith(_BOM):
            chunk, begin, head_at = chunk[3:], 3, 3
        if dropping:
            cut = chunk.find(b"\n") + 1
            if not cut:
                continue
            yield Block(head + b"\n", head_at, number, begin + cut)
            number, dropping, head = number + 1, False, b""
            chunk, begin = chunk[cut:], begin + cut
            head_at = begin
        if not head and chunk.startswith(b"\0"):  # a hole, as a log truncated under its writer has
            text = chunk.lstrip(b"\0")
            skipped.binary += len(chunk) - len(text)
            begin += len(chunk) - len(text)
            chunk, head_at = text, begin
        if end is not None and head_at >= end:
            return
        cut = chunk.rfind(b"\n") + 1
        done = False
        if end is not None and begin + cut > end and cut:
            cut = chunk.find(b"\n", max(0, end - 1 - begin)) + 1
            done = True
        if cut:
            data = head + chunk[:cut]
            yield Block(data, head_at, number, begin + cut)
            if done:
                return
            number += newlines(data)
            head, head_at = chunk[cut:], begin + cut
        else:
            head += chunk
        if len(head) > LINE_MAX:
            head, dropping = head[:LINE_MAX], True
            skipped.cut += 1
    if head and (end is None or head_at < end):
        yield Block(head + b"\n" if dropping else head, head_at, number, at)
    if limit is not None and at < (limit if end is None else min(end, limit)):
        missing = limit - at
        skipped.unread += missing
        skipped.files[str(getattr(handle, "name", "?"))] = (
            f"truncated while it was being read ({missing:,} bytes are gone)"
        )


def size_now(handle: BinaryIO) -> int | None:
    """The size of a regular file that lies unpacked; None for streams."""
    raw = getattr(handle, "raw", handle)
    if not isinstance(raw, io.FileIO):
        return None
    status = os.fstat(raw.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def hole(handle: BinaryIO) -> int:
    """NULs before the first text: what a log begins with that was truncated under its writer."""
    at = handle.seek(0)
    while chunk := handle.read(BLOCK):
        text = chunk.lstrip(b"\0")
        at += len(chunk) - len(text)
        if text:
            break
    return at


def _align(handle: BinaryIO, start: int, limit: int | None) -> int:
    """Go to the first line that begins at or after `start`; its offset."""
    if not start:
        if limit is not None or handle.seekable():
            handle.seek(0)
        return 0
    at = handle.seek(start - 1)
    while chunk := handle.read(LINE_MAX):
        if (cut := chunk.find(b"\n")) >= 0:
            return handle.seek(at + cut + 1)
        at += len(chunk)
    return at
