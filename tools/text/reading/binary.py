"""What is left of a block without binary stretches and the ends of long lines; bytes that are no UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.tools.text.reading.cut import is_object, shortened
from aitia.tools.text.reading.places import Block, lines_of
from aitia.tools.text.reading.skipped import Skipped

LINE_MAX: Final = 1 << 16
CONTROL: Final = bytes(c for c in range(32) if c not in b"\t\n\v\f\r\b\x1b")
_STRETCH: Final = 1 << 13
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")


def sound(block: Block, skipped: Skipped) -> Iterator[Block]:
    """The block, or what is left of it without its binary stretches and the ends of its long lines."""
    data = block.data
    skipped.undecodable += undecodable(data)
    half = LINE_MAX // 2  # a longer line covers a whole stretch of half its length
    long = len(data) > LINE_MAX and any(
        data.find(b"\n", i, i + half) < 0 for i in range(0, len(data) - half, half)
    )
    if not long and b"\0" not in data:
        yield block
        return
    kept: list[bytes] = []
    begin, number = block.offset, block.line
    for place, raw in lines_of(block):
        text = _text_in(raw) if b"\0" in raw else raw
        skipped.binary += len(raw) - len(text)
        if text is raw and len(raw) <= LINE_MAX:
            kept.append(raw)
            continue
        if kept:
            yield Block(b"\n".join(kept) + b"\n", begin, number, place.offset)
            kept = []
        after = place.offset + place.size
        if len(text) > LINE_MAX:
            skipped.cut += 1
        if text:
            lead = len(raw) - len(raw.lstrip(b"\0"))
            cut = shortened(text) if len(text) > LINE_MAX and is_object(text) else text
            yield Block(cut[:LINE_MAX] + b"\n", place.offset + lead, place.line, after)
        begin, number = after, place.line + 1
    if kept:
        yield Block(b"\n".join(kept) + (b"\n" if data.endswith(b"\n") else b""), begin, number, block.end)


def _text_in(raw: bytes) -> bytes:
    """A line that holds NULs without those around it; nothing where the rest is binary too."""
    core = raw.strip(b"\0")
    if len(core.translate(None, CONTROL)) < 0.9 * len(core):
        return b""
    return core if len(core) < 0.9 * len(raw) else raw


def undecodable(data: bytes) -> int:
    """How many bytes are no UTF-8. Only the stretches that are not plain ASCII are decoded."""
    if data.isascii():
        return 0
    count = at = 0
    while at < len(data):
        end = data.find(b"\n", at + _STRETCH) + 1 or len(data)
        stretch, at = data[at:end], end
        if not stretch.isascii():
            count += len(_NOT_UTF8.findall(stretch.decode("utf-8", "surrogateescape")))
    return count
