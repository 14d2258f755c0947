"""A loopback server that misbehaves in one way, whatever it is asked."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

DRIP_S: Final = 2.0
GIB: Final = 1 << 30
_PIECE: Final = b"[" + b"0," * 32_767 + b"0],"
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Serve = Callable[[socket.socket], None]


def _drip(peer: socket.socket, data: bytes) -> None:
    for n in range(len(data)):
        peer.sendall(data[n : n + 1])
        time.sleep(DRIP_S)


def _told(body: bytes, status: bytes = b"200 OK", length: int | None = None, more: bytes = b"") -> Serve:
    size = str(len(body) if length is None else length).encode()
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + more

    def serve(peer: socket.socket) -> None:
        peer.sendall(head + b"Content-Length: " + size + b"\r\n\r\n" + body)

    return serve


def _drips(peer: socket.socket) -> None:
    peer.sendall(_OK + b"Content-Length: 5000\r\n\r\n")
    _drip(peer, b'{"status": "success", "data": [' + b" " * 5000)


def _drips_head(peer: socket.socket) -> None:
    _drip(peer, _OK * 100)


def _silent(peer: socket.socket) -> None:
    while peer.recv(4096):
        pass


def _resets(peer: socket.socket) -> None:
    peer.sendall(_OK + b'Content-Length: 5000\r\n\r\n{"status": "succ')
    time.sleep(0.2)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _endless(peer: socket.socket) -> None:
    peer.sendall(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = f"{len(_PIECE):x}\r\n".encode() + _PIECE + b"\r\n"
    while True:
        peer.sendall(chunk)


def _huge(peer: socket.socket) -> None:
    peer.sendall(_OK + f"Content-Length: {GIB}\r\n\r\n".encode())
    for _ in range(GIB // len(_PIECE)):
        peer.sendall(_PIECE)


def _bomb(peer: socket.socket) -> None:
    packed = gzip.compress(b"[" + b" " * (64 << 20), 9)  # members one after the other unpack as one text
    body = packed * 16
    peer.sendall(_OK + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def _headers(peer: socket.socket) -> None:
    peer.sendall(_OK)
    while True:
        peer.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


WAYS: Final[dict[str, Serve]] = {
    "drips": _drips,
    "drips its head": _drips_head,
    "never answers": _silent,
    "resets": _resets,
    "never ends": _endless,
    "500": _told(b'{"error": "out of order"}', b"500 Internal Server Error"),
    "503": _told(b'{"error": "busy"}', b"503 Service Unavailable", more=b"Retry-After: 3600\r\n"),
    "1 GiB": _huge,
    "1 GiB in gzip": _bomb,
    "redirects": _told(b"", b"302 Found", more=b"Location: /again\r\n"),
    "endless head": _headers,
    "too short": _told(b'{"status"', length=1000),
    "too long": _told(b'{"status": "success", "data": []}' * 30, length=10),
    "deep JSON": _told(b"[" * 200_000),
    "bad UTF-8": _told(b'{"status": "success", "data": ["\xff\xfe\xc3\x28"]}'),
    "30 million values": _told(b"[" + b"{}," * 30_000_000 + b"{}]"),
}
SOME: Final = ("drips", "drips its head", "resets", "never ends", "503", "1 GiB in gzip", "deep JSON")


@contextmanager
def hostile(way: str) -> Iterator[int]:
    """The port of a server that misbehaves so."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):  # closed at the end
                while True:
                    peer, _ = listener.accept()
                    threading.Thread(target=_one, args=(peer, WAYS[way]), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def _one(peer: socket.socket, serve: Serve) -> None:
    with peer, contextlib.suppress(OSError):  # the client hangs up: as it should
        head = b""
        while b"\r\n\r\n" not in head and (more := peer.recv(65_536)):
            head += more
        serve(peer)
        if serve is not _resets:
            peer.shutdown(socket.SHUT_WR)
            peer.settimeout(1.0)
            while peer.recv(65_536):
                pass
