"""The shape of raw lines, a block at a time: lines that differ in digits and hexadecimal ids alone have one shape.

Some operations over the bytes of a whole block cost less than looking at a single line, and a line whose shape is known
needs no parsing: header, level and form are those of the first line of that shape. A hexadecimal id is a run of seven and
more hexadecimal digits, one of any length after `0x`, or a short group of a UUID. A rare word of seven such letters
(`defaced`) passes for one: lines that differ in it alone then share a shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]

_CHUNK: Final = 1 << 17  # bytes looked at at once: the arrays stay in the cache
_LETTER, _DIGIT, _DASH, _X = 1, 2, 3, 4
_CLASS: Final = bytes(
    _DIGIT
    if i in b"0123456789"
    else _LETTER
    if i in b"abcdefABCDEF"
    else _DASH
    if i in b"-"
    else _X * (i in b"xX")
    for i in range(256)
)
_ZEROS: Final = bytes(0x30 if i in b"0123456789" else i for i in range(256))
_EDGE: Final = b"\n" * 8  # so that no run touches the ends


def shapes(block: bytes) -> list[bytes]:
    """The shape of each line of a block, split at newlines: each number and each id is one `0`."""
    out, at = [], 0
    while at < len(block):
        end = len(block) if len(block) - at <= _CHUNK else block.rfind(b"\n", at, at + _CHUNK) + 1
        end = end or block.find(b"\n", at) + 1 or len(block)  # a line longer than a chunk
        out.append(shape(block[at:end]))
        at = end
    return b"".join(out).split(b"\n")


def shape(text: bytes) -> bytes:
    """The shape of one line, or of some."""
    text = b"".join((_EDGE, text, _EDGE))
    kind = np.frombuffer(text.translate(_CLASS), dtype=np.uint8)
    ids = _ids(kind, text)
    varies = (kind == _DIGIT) | ids
    kept = ~varies
    kept[1:] |= kept[:-1]
    raw = np.frombuffer(bytearray(text), dtype=np.uint8)
    raw[np.flatnonzero(ids & kept)] = 0x30
    shown: bytes = raw[kept].tobytes().translate(_ZEROS)
    return shown[len(_EDGE) : -len(_EDGE)]


def _ids(kind: Bytes, text: bytes) -> Mask:
    """Which bytes belong to a hexadecimal id."""
    hexadecimal = kind - 1 < _DIGIT
    pairs = hexadecimal[:-1] & hexadecimal[1:]
    fours = pairs[:-2] & pairs[2:]
    ids = np.zeros_like(hexadecimal)
    np.logical_and(fours[:-3], fours[3:], out=ids[:-6])  # where seven in a row begin
    for step in (1, 2, 3):
        ids[step:] |= ids[:-step]
    dash = kind == _DASH
    groups = np.flatnonzero(dash[:-5] & dash[5:] & fours[1:-1])
    ids[groups[:, None] + np.arange(1, 5)] = True
    marks = np.flatnonzero((kind == _X)[1:-1] & hexadecimal[:-2] & hexadecimal[2:])
    _prefixed(text, marks.tolist(), hexadecimal, ids)
    return ids


def _prefixed(text: bytes, marks: list[int], hexadecimal: Mask, ids: Mask) -> None:
    """Mark `0x` and what follows, unless the zero belongs to an id before it."""
    done = 0
    for at in marks:
        if text[at] == 0x30 and at >= done and not ids[at]:
            done = at + 2
            while hexadecimal[done]:
                done += 1
            ids[at:done] = True
