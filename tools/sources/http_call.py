"""A call with an end: httpx bounds each read, so that a server that sends a byte now and then is waited for without end."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from ssl import SSLContext
from typing import Any, Final

import httpcore
import httpx

from aitia.core.deadline import Deadline

_GZIP: Final = 31  # zlib's wbits for a gzip stream
_PIECE: Final = 1 << 20  # bytes that are unpacked at a time


class Unreadable(Exception):
    """A body that is packed in a way that was not asked for, or damaged."""


class TimedTransport(httpx.HTTPTransport):
    """HTTP whose every connect, read and write ends at `deadline`, which may be set anew for each request."""

    def __init__(self, deadline: Deadline, *, verify: SSLContext, proxy: str | None = None) -> None:
        super().__init__(verify=verify, trust_env=False, proxy=proxy)
        self.deadline = deadline
        # httpx takes no network backend; the pool that it makes does (tests hold httpx to it).
        self._pool._network_backend = _Network(self)


class _Network(httpcore.SyncBackend):
    def __init__(self, owner: TimedTransport) -> None:
        self._owner = owner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _left(self._owner, timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, seconds, local_address, socket_options)
        return _Stream(stream, self._owner)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, owner: TimedTransport) -> None:
        self._stream, self._owner = stream, owner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._owner, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._owner, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _left(self._owner, timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._owner)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(owner: TimedTransport, timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
    left = owner.deadline.left
    if left <= 0:
        raise over("the call ran out of time")
    return left if timeout is None else min(left, timeout)


def unpacked(answer: httpx.Response) -> Iterator[bytes]:
    """The body in pieces of at most 1 MiB as they come, gunzipped. Raises Unreadable for any other encoding.

    Not httpx's own decoding: it unpacks what one read brought as a whole, of brotli or zstd gigabytes.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        yield from answer.iter_raw()
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Unreadable(f"it is encoded as {encoding[:40]!r}, but gzip was requested")
    unpack = zlib.decompressobj(wbits=_GZIP)
    try:
        for raw in answer.iter_raw():
            while raw:
                if unpack.eof:  # another member follows
                    unpack = zlib.decompressobj(wbits=_GZIP)
                if piece := unpack.decompress(raw, _PIECE):
                    yield piece
                raw = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    except zlib.error as error:
        raise Unreadable(f"its gzip stream is damaged ({error})") from None
    if not unpack.eof:
        raise Unreadable("its gzip stream ends early")
