"""uvicorn as this service needs it: one process, a bounded head of a request, an address that is had before it starts."""

from __future__ import annotations

import os
import socket
from typing import Any, Final, cast

import uvicorn
from fastapi import FastAPI

from aitia.core.connection_slots import CONNECTIONS, PER_CLIENT, Places
from aitia.http_protocol import patient

HEAD_BYTES: Final = 32_768
_SPARE: Final = 64  # connections that are closing
DRAIN_S: Final = 5


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server(
    app: FastAPI, *, connections: int = CONNECTIONS, per_client: int = PER_CLIENT, behind: bool = False
) -> uvicorn.Server:
    """The server for the app: so many `connections` at a time, so many of them of one address.

    Headers of a proxy are believed where FORWARDED_ALLOW_IPS names it, and `behind` a front that alone reaches the socket.
    """
    options: dict[str, Any] = {
        "http": patient(Places(most=connections, per_client=connections if behind else per_client)),
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "critical",  # errors of the app are told by the Door
        "access_log": False,
        "server_header": False,
        "proxy_headers": behind or "FORWARDED_ALLOW_IPS" in os.environ,
        **({"forwarded_allow_ips": "*"} if behind else {}),
        "h11_max_incomplete_event_size": HEAD_BYTES,
        "limit_concurrency": connections + _SPARE,
        "timeout_graceful_shutdown": DRAIN_S,
    }
    return uvicorn.Server(uvicorn.Config(cast("Any", app), **options))
