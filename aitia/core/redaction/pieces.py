"""Pieces of text: decoded words, spans that overlap, lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ESCAPE = re.compile(r"%([2-6][0-9A-Fa-f]|7[0-9A-Ea-e])")
Span = tuple[int, int, str, str]
"""Start, end, kind, and what spellings of the value have in common."""


def decoded(word: str) -> Iterator[tuple[str, list[int]]]:
    """A word with its printable percent escapes (RFC 3986) resolved, then those that this laid bare.

    With each goes where its characters stood in the word, and the word's end.
    """
    places = list(range(len(word) + 1))
    for _ in range(2):
        out: list[str] = []
        kept: list[int] = []
        at = 0
        for escape in _ESCAPE.finditer(word):
            out += [word[at : escape.start()], chr(int(escape[1], 16))]
            kept += places[at : escape.start() + 1]
            at = escape.end()
        if not at:
            return
        word = "".join([*out, word[at:]])
        places = kept + places[at:]
        yield word, places


def all_lines(block: bytes) -> Iterator[tuple[int, int]]:
    """Every line of a block that is not empty, as [start, end)."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start)
        end = len(block) if end < 0 else end
        if end > start:
            yield start, end
        start = end + 1


def merged(spans: Iterable[Span], text: str) -> Iterator[Span]:
    """Spans that overlap become one; where one of them is a secret, all is."""
    start, end, kind, value = 0, 0, "", ""
    for span in sorted(spans, key=lambda s: (s[0], -s[1])):
        if kind and span[0] < end:
            kind = "secret" if "secret" in (kind, span[2]) else kind
            if span[1] > end:
                end = span[1]
                value = text[start:end]
            continue
        if kind:
            yield start, end, kind, value
        start, end, kind, value = span
    if kind:
        yield start, end, kind, value
