"""A JSON array of records, bare or in the answer of a log server, as one line each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import BinaryIO, Final

from aitia.tools.text.reading.blocks import LINE_MAX, Block, Line, Place
from aitia.tools.text.reading.conversion import gathered
from aitia.tools.text.reading.skipped import Skipped

_READ: Final = 1 << 18
_OBJECT: Final = 4 << 20  # characters of one record; a longer one ends the reading
_LISTS: Final = (
    rb"logs|events|hits|data|records|items|entries|messages|results|rows|logEvents|LogEvents|Events"
)
_SIMPLE: Final = rb'(?:"(?:[^"\\]|\\.){0,200}"|[\w.+-]{1,40})'
_BEGIN: Final = re.compile(
    rb"\s*(?:\[|(?:\{\s*(?:" + _SIMPLE + rb"\s*:\s*(?:" + _SIMPLE + rb"|\{(?:\s*" + _SIMPLE + rb"\s*:\s*" + _SIMPLE
    + rb'\s*,?){0,8}\s*\})\s*,\s*){0,12}"(?:' + _LISTS + rb')"\s*:\s*){1,2}\[)\s*(?=\{)'
)  # fmt: skip


def array_at(head: bytes) -> int | None:
    """Where the first record of an array begins, by the file's beginning; None where it holds none.

    An answer names its list (`{"events": [`, Elasticsearch's `{"hits": {"hits": [`). A line that is an object by itself
    among others is no answer.
    """
    match = _BEGIN.match(head)
    if match is None:
        return None
    first, _, more = head.lstrip().partition(b"\n")
    if first.startswith(b"{") and more.strip() and first.rstrip().endswith(b"}"):
        return None
    return match.end()


def json_array(
    handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
) -> Iterator[Block]:
    """Blocks of an array's records, from its beginning; records that begin in [start, end)."""
    inside = takewhile(lambda pair: end is None or pair[0].offset < end, _records(handle, skipped))
    yield from gathered((pair for pair in inside if pair[0].offset >= start), size)
    if damage := getattr(handle, "damage", ""):
        skipped.files[str(handle.name)] = damage


def _records(handle: BinaryIO, skipped: Skipped) -> Iterator[Line]:
    # Latin-1 keeps a character per byte: structure is found in it, values are decoded from the bytes.
    decoder = json.JSONDecoder(strict=False)
    handle.seek(0)
    text = handle.read(_READ).decode("latin-1")
    begun = array_at(text.encode("latin-1"))
    at, number = 0, 1  # of text's beginning: bytes and lines before it
    spot = begun or 0
    while True:
        while spot < len(text) and text[spot] in " \t\r\n,":
            spot += 1
        if spot < len(text) and text[spot] != "{":
            return
        try:
            _, stop = decoder.raw_decode(text, spot) if spot < len(text) else (None, -1)
        except (ValueError, RecursionError):
            stop = -1
        if stop < 0:
            chunk = handle.read(_READ).decode("latin-1")
            if not chunk or len(text) - spot > _OBJECT:
                if text[spot:].strip():
                    skipped.files[str(handle.name)] = (
                        "the JSON array is damaged or cut short: read up to there"
                    )
                return
            number += text.count("\n", 0, spot)
            text, at, spot = text[spot:] + chunk, at + spot, 0
            continue
        raw = text[spot:stop].encode("latin-1")
        place = Place(
            at + spot, stop - spot, number + text.count("\n", 0, spot), 1 + text.count("\n", spot, stop)
        )
        number, at = number + text.count("\n", 0, stop), at + stop
        text, spot = text[stop:], 0
        yield place, _one_line(raw)[:LINE_MAX]


def _one_line(raw: bytes) -> bytes:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return raw.replace(b"\n", b" ")
