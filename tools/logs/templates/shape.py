"""The shape of raw lines, a block at a time: lines that differ in digits alone have one shape.

One translation and a few replacements over a whole block cost less than looking at a single line, and a line
whose shape is known needs no parsing: header, level and form are those of the first line of that shape.
"""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = bytes(0x30 if 0x30 <= i <= 0x39 else i for i in range(256))
_RUNS: Final = (b"0" * 8, b"0000", b"00", b"00", b"00")
# Hexadecimal runs of seven and more, with `0x` of any length, and the short groups of a UUID. A rare word of seven such
# letters (`defaced`) passes for one: lines that differ in it alone then share a shape.
_HEX = re.compile(rb"[0-9a-fA-F](?:[0-9a-fA-F]{6,}|(?<=0)[xX][0-9a-fA-F]+|(?<=-.)[0-9a-fA-F]{3}(?=-))")


def shapes(block: bytes) -> list[bytes]:
    """The shape of each line of a block, split at newlines."""
    block = block.translate(_DIGITS)
    for run in _RUNS:
        block = block.replace(run, b"0")
    return block.split(b"\n")


def plain(line: bytes) -> bytes:
    """The shape of one line whose hexadecimal ids count as digits too."""
    return shapes(_HEX.sub(b"0", line))[0]
