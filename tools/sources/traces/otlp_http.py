"""OTLP over HTTP, the server's side: requests read within bounds, answered as the specification says (OTLP 1.x)."""

from __future__ import annotations

import json
import math
import threading
import zlib
from typing import Any, ClassVar, Final, Protocol

from aitia.core.bounds import load_json
from aitia.core.errors import SourceError
from aitia.core.serving import BoundedHandler, BoundedServer, length_of, read_body
from aitia.core.tokens import Token
from aitia.tools.sources.base import Span
from aitia.tools.sources.traces.otlp import spans_of_json, spans_of_protobuf

PATH: Final = "/v1/traces"
PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
IDLE_S: Final = 10.0
_INVALID, _EXHAUSTED, _UNAVAILABLE = 3, 8, 14  # google.rpc.Code


class Keeper(Protocol):
    """What takes the spans, and the bounds that it sets."""

    token: str
    max_body: int
    body_s: float
    slots: threading.BoundedSemaphore

    def keep(self, spans: list[Span]) -> None:
        """Take spans in."""
        ...


class TraceServer(BoundedServer):
    """Serves one keeper on threads, a bounded number of connections at a time."""

    def __init__(self, place: tuple[str, int], receiver: Keeper) -> None:
        self.receiver, self.token = receiver, Token(receiver.token)
        super().__init__(place, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Refused(Exception):
    """An answer other than 200: HTTP status, google.rpc code, message, further headers."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


class _Handler(BoundedHandler):
    protocol_version = "HTTP/1.1"
    server_version = "aitia"
    sys_version = ""
    timeout = IDLE_S
    server: TraceServer
    _TYPES: ClassVar = (PROTOBUF, JSON)

    def do_POST(self) -> None:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            rejected = self._take(kind)
        except _Refused as refused:
            self.close_connection = True  # its body may not have been read
            told = kind if kind in self._TYPES else JSON
            self._answer(refused.status, told, _status(refused.code, str(refused), told), refused.headers)
        else:
            self._answer(200, kind, _partial(rejected, kind), {})

    def _take(self, kind: str) -> int:
        """Read, decode and keep; how many spans were rejected."""
        receiver = self.server.receiver
        if self.path.partition("?")[0] != PATH:
            raise _Refused(404, 5, f"Send traces to {PATH}.")
        given, token = self.headers.get("Authorization", ""), self.server.token
        if token and not token.bears(given):
            if given and (wait := token.wrong(self.client_address[0])) > 0:
                told = "Too many wrong tokens. Send the right one."
                raise _Refused(429, _EXHAUSTED, told, Retry_After=str(math.ceil(wait)))
            raise _Refused(
                401,
                16,
                "The token is missing or wrong. Send the receiver's token.",
                WWW_Authenticate="Bearer",
            )
        if kind not in self._TYPES:
            raise _Refused(415, _INVALID, f"Send {PROTOBUF} or {JSON}.")
        if not receiver.slots.acquire(blocking=False):
            raise _Refused(429, _EXHAUSTED, "The receiver is busy. Send again later.", Retry_After="1")
        try:
            decode = spans_of_protobuf if kind == PROTOBUF else _spans_of_text
            found = list(decode(self._body(receiver.max_body)))
        except (ValueError, RecursionError) as error:
            raise _Refused(400, _INVALID, f"Not an ExportTraceServiceRequest: {str(error)[:200]}") from None
        except SourceError as error:
            raise _Refused(415, _INVALID, str(error)) from None
        finally:
            receiver.slots.release()
        receiver.keep([span for span in found if span is not None])
        return sum(span is None for span in found)

    def _body(self, most: int) -> bytes:
        length = length_of(self.headers.get("Content-Length", ""))
        if length is None:
            raise _Refused(411, _INVALID, "Send a Content-Length.")
        if length > most:
            raise _Refused(
                413, _INVALID, f"The body is too large. Send smaller batches of at most {most} bytes."
            )
        try:
            raw = read_body(self, length, seconds=self.server.receiver.body_s)
        except OSError:
            raise _Refused(408, _UNAVAILABLE, "The body arrives too slowly. Send it faster.") from None
        if len(raw) < length:
            raise ValueError("the body ends early")
        encoding = self.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding == "identity":
            return raw
        if encoding != "gzip":
            raise _Refused(415, _INVALID, "Send gzip or identity.", Accept_Encoding="gzip, identity")
        return _unpacked(raw, most)

    def do_GET(self) -> None:
        self.close_connection = True
        told = _status(12, f"POST traces to {PATH}.", JSON)
        self._answer(405, JSON, told, {"Allow": "POST"})

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = do_GET

    def _answer(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def _spans_of_text(body: bytes) -> list[Span | None]:
    return list(spans_of_json(load_json(body)))


def _unpacked(raw: bytes, most: int) -> bytes:
    """Gunzip, never to more than `most` bytes."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        body = unpack.decompress(raw, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(body) > most:
        raise _Refused(
            413,
            _INVALID,
            f"The body is too large. Send smaller batches of at most {most} bytes uncompressed.",
        )
    if not unpack.eof:
        raise ValueError("the gzip stream ends early")
    return body


def _status(code: int, message: str, kind: str) -> bytes:
    """google.rpc.Status."""
    if kind == JSON:
        return json.dumps({"code": code, "message": message}).encode()
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _partial(rejected: int, kind: str) -> bytes:
    """ExportTraceServiceResponse: empty where all was taken, else how many spans were not."""
    message = "spans without ids, times or a service name"
    if kind == JSON:
        told = {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}}
        return json.dumps(told if rejected else {}).encode()
    if not rejected:
        return b""
    inner = b"\x08" + _varint(rejected) + b"\x12" + _varint(len(message)) + message.encode()
    return b"\x0a" + _varint(len(inner)) + inner


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
