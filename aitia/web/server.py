"""uvicorn as this service needs it: one process, a bounded head of a request, an address that is had before it starts."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any, Final, cast

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 15.0  # for the head of a request to arrive
HEAD_BYTES: Final = 32_768
CONNECTIONS: Final = 512
DRAIN_S: Final = 5


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on a client whose request does not come."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; a head that is not whole yet is still waited for."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        super().connection_lost(exc)
        self._forget()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server(app: FastAPI) -> uvicorn.Server:
    """The server for the app. Headers of a proxy are believed where FORWARDED_ALLOW_IPS names it."""
    options: dict[str, Any] = {
        "http": PatientProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "critical",  # errors of the app are told by the Door
        "access_log": False,
        "server_header": False,
        "proxy_headers": "FORWARDED_ALLOW_IPS" in os.environ,
        "h11_max_incomplete_event_size": HEAD_BYTES,
        "limit_concurrency": CONNECTIONS,
        "timeout_graceful_shutdown": DRAIN_S,
    }
    return uvicorn.Server(uvicorn.Config(cast("Any", app), **options))
