"""OTLP files: JSON (a request per line, as the Collector's file exporter writes it, or one per file) and protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from aitia.core.bounds import load_json
from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.otlp import spans_of_json, spans_of_protobuf
from aitia.tools.sources.traces.span_files import LINE_BYTES, LINE_COST, WHOLE_BYTES, SpanFiles, Tally

_VARINT = 5  # bytes of a length
_SPACE: Final = b" \t\r\n\xef\xbb\xbf"


class OtlpFiles(SpanFiles):
    """Source of type `otlp`. The encoding is read from the content, not from the name.

    JSON: lines of `{"resourceSpans": [...]}`, or one such object (or a list of them) in a file. Protobuf: one
    ExportTraceServiceRequest, or several with a length before each (four bytes, big endian, as the Collector's file
    exporter writes them, or a varint).
    """

    def parse(self, handle: BinaryIO, tally: Tally, *, limit: int) -> Iterator[Span | None]:
        """The spans of one file."""
        head = handle.read(256)
        handle.seek(0)
        text = head.lstrip(_SPACE)[:1]
        if not head:
            return
        if text in (b"{", b"["):
            yield from _json(handle, tally, limit)
        else:
            yield from _protobuf(handle, tally)


def _json(handle: BinaryIO, tally: Tally, limit: int) -> Iterator[Span | None]:
    """A request per line; a file whose first line is none by itself is one request."""
    good = bad = 0
    while raw := handle.readline(LINE_BYTES):
        if tally.bytes >= limit:
            tally.cut = True
            return
        tally.bytes += max(len(raw), LINE_COST)  # a packed file may hold nothing but blank lines
        line = raw.strip(_SPACE)
        if not line:
            continue
        try:
            request = load_json(line)
        except ValueError:
            if not good and not bad and (whole := _whole(handle, raw)) is not None:
                tally.bytes += len(whole) - len(raw)
                yield from _requests(load_json(whole))
                return
            bad += 1
            continue
        good += 1
        try:
            yield from _requests(request)
        except ValueError:
            bad += 1
    if bad:
        raise ValueError(f"{bad} lines are not OTLP requests")


def _whole(handle: BinaryIO, first: bytes) -> bytes | None:
    """The rest of a file as one JSON text, or None where it is none (its first line is damaged, or it is too large)."""
    place = handle.tell()
    text = first + handle.read(WHOLE_BYTES)
    try:
        load_json(text)
    except ValueError:
        handle.seek(place)
        return None
    return text


def _requests(parsed: object) -> Iterator[Span | None]:
    for request in parsed if isinstance(parsed, list) else [parsed]:
        yield from spans_of_json(request)


def _protobuf(handle: BinaryIO, tally: Tally) -> Iterator[Span | None]:
    data = handle.read(WHOLE_BYTES)
    if handle.read(1):
        raise ValueError(f"a protobuf file may have at most {WHOLE_BYTES >> 20} MiB: split it")
    tally.bytes += len(data)
    for framed in (_by_four_bytes(data), _by_varint(data), [data]):
        if framed is not None and (found := _decoded(framed)) is not None:
            yield from found
            return
    raise ValueError("neither JSON nor an OTLP protobuf message")


def _decoded(messages: list[bytes]) -> list[Span | None] | None:
    found: list[Span | None] = []
    try:
        for message in messages:
            found += spans_of_protobuf(message)
    except ValueError:
        return None
    return found or None


def _by_four_bytes(data: bytes) -> list[bytes] | None:
    """Messages with a big-endian length before each, if the lengths fit the file exactly."""
    out, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + size > len(data) or not size:
            return None
        out.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return out or None


def _by_varint(data: bytes) -> list[bytes] | None:
    """Messages with a varint length before each, if the lengths fit the file exactly."""
    out, at = [], 0
    while at < len(data):
        size = shift = 0
        for n in range(_VARINT + 1):
            if n == _VARINT or at >= len(data):
                return None
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if not size or at + size > len(data):
            return None
        out.append(data[at : at + size])
        at += size
    return out or None
