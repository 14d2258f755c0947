"""A bounded HTTP server: so many connections at a time, so long for a body; and which hosts are this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from aitia.core.connection_slots import Places
from aitia.core.errors import BadInput

CONNECTIONS: Final = 64  # each has a thread
BACKLOG: Final = 1024  # connections that wait to be taken
HEAD_S: Final = 10.0  # from connecting, or from the last answer, to the end of a request's head
_PIECE: Final = 65_536
_MOST_DIGITS: Final = 12


class BoundedServer(ThreadingHTTPServer):
    """Serves on threads, a bounded number of connections at a time. Its handlers are `BoundedHandler`s.

    Where there is no room the connection that has kept its request back longest is closed for the newcomer.
    """

    daemon_threads = True
    request_queue_size = BACKLOG

    def __init__(
        self,
        place: tuple[str, int],
        handler: type[BoundedHandler],
        *,
        connections: int = CONNECTIONS,
        per_client: int = 0,
    ) -> None:
        self.places = Places(most=connections, per_client=per_client or max(1, 3 * connections // 4))
        super().__init__(place, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection on a thread, where it has a place."""
        admitted, given_up = self.places.take(request, str(client_address[0]))
        if given_up is not None:
            _hang_up(given_up)
        if not admitted:
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, then make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.leave(request)

    def service_actions(self) -> None:
        """Twice a second: hang up on those whose request does not come."""
        for late in self.places.late(HEAD_S):
            _hang_up(late)


class BoundedHandler(BaseHTTPRequestHandler):
    """A handler that tells its server whether a request is still waited for; a body is read with `read_body`."""

    server: BoundedServer

    def handle_one_request(self) -> None:
        """Wait for a request, and answer it."""
        self.server.places.waits(self.connection)
        super().handle_one_request()

    def parse_request(self) -> bool:
        """Read the head; where no body follows, the request is whole."""
        good = super().parse_request()
        if good and not length_of(self.headers.get("Content-Length", "0")):
            self.server.places.works(self.connection)
        return good


def _hang_up(connection: Any) -> None:
    """End a connection that a thread reads: the thread sees its end, and closes it."""
    with contextlib.suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises BadInput where the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BadInput(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --host or --port."
        ) from None


def listening_at(path: Path) -> socket.socket:
    """A Unix socket that listens, for this user and its group; one that a dead service left is replaced. Raises BadInput."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            taken = not made.connect_ex(str(path))
            made.close()
            if taken:
                raise BadInput(f"Choose another --socket: a service listens on {str(path)!r} already.")
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            path.unlink()
        made.bind(str(path))
        path.chmod(0o660)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise BadInput(
            f"Cannot listen on {str(path)!r} ({error.strerror or error}). Choose another --socket."
        ) from None
    return made


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


def read_body(handler: BoundedHandler, length: int, *, seconds: float) -> bytes:
    """The body, shorter where the client ends early. Raises TimeoutError where the whole takes longer than `seconds`."""
    until = time.monotonic() + seconds
    body = bytearray()
    try:
        while len(body) < length:
            if (left := until - time.monotonic()) <= 0:
                raise TimeoutError("the body arrives too slowly")
            handler.connection.settimeout(left)
            piece = handler.rfile.read1(min(length - len(body), _PIECE))
            if not piece:
                break
            body += piece
    finally:
        handler.connection.settimeout(handler.timeout)
    handler.server.places.works(handler.connection)
    return bytes(body)
