"""What is read of a log server and in which order, so that wherever reading stops, what was read is spread evenly.

A component's lines of a span are cut into blocks of about equally many lines (from a histogram of its counts). Blocks are
read in the order of van der Corput's sequence (0, 1/2, 1/4, 3/4, ...): any beginning of that order covers the span evenly.
Components with few lines share a request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

BLOCK_LINES: Final = 5000
MOST_BLOCKS: Final = 2048  # of one component in one span
CELLS: Final = 120
LINE_BYTES: Final = 200  # a line of the spool, as planned with before one was seen
TOGETHER_CHARS: Final = 4000  # of component names in one query

Cells = Sequence[tuple[int, int]]  # begin (ns) and number of lines
Histogram = Callable[
    [str, int, int, int], tuple[int, Cells]
]  # of a component in [start, end): cell width (ns), cells


@dataclass(frozen=True, kw_only=True)
class Block:
    """A request: the lines of some components in [start, end), nanoseconds. `most` lines of it are enough (0: all)."""

    names: tuple[str, ...]
    piece: int
    start: int
    end: int
    turn: int = 0
    most: int = 0


def pieces_of(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without their overlaps, in order; spans that touch stay apart."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start = max(start, out[-1][1]) if out else start
        if end > start:
            out.append((start, end))
    return out


def blocks(
    counts: Mapping[str, int], piece: int, span: tuple[int, int], *, quota: int, histogram: Histogram
) -> list[Block]:
    """The blocks of one piece. `counts` are lines by component, `quota` the bytes that one component may have."""
    start, end = span
    size = max(200, min(BLOCK_LINES, quota // LINE_BYTES // 16))
    out: list[Block] = []
    together: list[str] = []
    lines = chars = 0
    for name, count in sorted(counts.items(), key=lambda pair: (pair[1], pair[0])):
        if not count:
            continue
        if count > size:
            out += _cut(name, count, piece, span, size=size, quota=quota, histogram=histogram)
            continue
        if together and (lines + count > BLOCK_LINES or chars + len(name) > TOGETHER_CHARS):
            out.append(Block(names=tuple(together), piece=piece, start=start, end=end))
            together, lines, chars = [], 0, 0
        together.append(name)
        lines, chars = lines + count, chars + len(name)
    if together:
        out.append(Block(names=tuple(together), piece=piece, start=start, end=end))
    return out


def _cut(
    name: str, count: int, piece: int, span: tuple[int, int], *, size: int, quota: int, histogram: Histogram
) -> list[Block]:
    start, end = span
    n = min(MOST_BLOCKS, math.ceil(count / size))
    width, cells = histogram(name, start, end, max(1, -(-(end - start) // CELLS)))
    edges = cuts(cells, width, start, end, n)
    most = 2 * size if count * LINE_BYTES > quota else 0
    order = sorted(range(n), key=reversed_bits)
    return [
        Block(names=(name,), piece=piece, start=edges[i], end=edges[i + 1], turn=rank, most=most)
        for rank, i in enumerate(order)
        if edges[i + 1] > edges[i]
    ]


def cuts(cells: Cells, width: int, start: int, end: int, n: int) -> list[int]:
    """The n + 1 moments that cut [start, end) into parts of about equally many lines; of equal length where none were counted."""
    inside = [
        (max(0, a - start), min(end, a + width) - start, c)
        for a, c in sorted(cells)
        if a < end and a + width > start
    ]
    if not sum(c for _, _, c in inside):
        inside = [(0, end - start, 1)]
    x = np.array([0.0, *(float(e) for a, b, _ in inside for e in (a, b)), float(end - start)])
    y = np.array([0.0, *(float(s) for _, _, c in inside for s in (0, c)), 0.0]).cumsum()
    y += np.arange(len(y)) * 1e-9  # strictly rising, as interpolation needs it
    at = np.interp(np.linspace(y[0], y[-1], n + 1), y, x)
    inner = [start + round(float(t)) for t in at[1:-1]]
    return [start, *inner, end]


def reversed_bits(i: int) -> float:
    """The i-th member of van der Corput's sequence to the base 2. Sorted by it, 0, 1, 2, ... cover their range evenly."""
    value, weight = 0.0, 0.5
    while i:
        value += weight * (i & 1)
        i, weight = i >> 1, weight / 2
    return value
