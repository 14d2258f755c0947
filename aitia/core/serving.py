"""A bounded HTTP server: so many connections at a time, so long for a body; and which hosts are this machine."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from aitia.core.errors import BadInput

CONNECTIONS: Final = 64
_PIECE: Final = 65_536
_MOST_DIGITS: Final = 12


class BoundedServer(ThreadingHTTPServer):
    """Serves on threads, a bounded number of connections at a time; one beyond the bound is closed."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self, place: tuple[str, int], handler: type[BaseHTTPRequestHandler], *, connections: int = CONNECTIONS
    ) -> None:
        self._open = threading.BoundedSemaphore(connections)
        super().__init__(place, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Refuse a connection beyond the bound."""
        if not self._open.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, then make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.release()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises BadInput where the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise BadInput(
            f"Choose another --host or --port: {host}:{port} cannot be had ({error.strerror})."
        ) from None


def is_local(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def length_of(header: str) -> int | None:
    """The number of bytes in a Content-Length, None where it is no number; a number too long to be true is huge."""
    if not (header.isascii() and header.isdigit()):
        return None
    return int(header) if len(header) <= _MOST_DIGITS else 10**_MOST_DIGITS


def read_body(handler: BaseHTTPRequestHandler, length: int, *, seconds: float) -> bytes:
    """The body, shorter where the client ends early. Raises TimeoutError where the whole takes longer than `seconds`."""
    until = time.monotonic() + seconds
    body = bytearray()
    try:
        while len(body) < length:
            if (left := until - time.monotonic()) <= 0:
                raise TimeoutError("the body comes too slowly")
            handler.connection.settimeout(left)
            piece = handler.rfile.read1(min(length - len(body), _PIECE))
            if not piece:
                break
            body += piece
    finally:
        handler.connection.settimeout(handler.timeout)
    return bytes(body)
