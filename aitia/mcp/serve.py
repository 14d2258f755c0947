"""Over what an MCP client reaches the server: stdin and stdout, or streamable HTTP with a bearer token."""

from __future__ import annotations

import math
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import TextIOWrapper
from typing import Any, Final

import anyio
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aitia.core.connection_slots import Places
from aitia.core.tokens import Token
from aitia.http_protocol import patient

PATH: Final = "/mcp"
GRACE_S: Final = 3
HEAD_BYTES: Final = 32_768  # of a request's head


def serve_stdio(server: Server[Any, Any], given: TextIOWrapper, told: TextIOWrapper) -> None:
    """Serve the client that started this process, until it closes its end. The two are from `aitia.mcp.stdio.claim`."""

    async def run() -> None:
        async with stdio_server(anyio.wrap_file(given), anyio.wrap_file(told)) as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    anyio.run(run)


def serve_http(
    server: Server[Any, Any],
    *,
    host: str,
    listener: socket.socket,
    token: str,
    names: tuple[str, ...] = (),
    most: int,
    ready: Callable[[int], None],
) -> None:
    """Serve at http://HOST:PORT/mcp until told to stop. `ready` is called with the port once requests are answered.

    token  what a client must bear; "" only where nobody else can reach the port
    names  further Host names under which the server is reached, as behind a proxy
    most   bytes of a request
    """
    config = uvicorn.Config(
        http_app(server, host=host, token=token, names=names, most=most),
        http=patient(Places()),
        h11_max_incomplete_event_size=HEAD_BYTES,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    runner = _Announced(config, ready)
    runner.run(sockets=[listener])


def http_app(
    server: Server[Any, Any], *, host: str, token: str, names: tuple[str, ...], most: int
) -> Starlette:
    """The ASGI application: one session per client, Host and Origin checked, bodies bounded."""
    known = [n for name in (host, "127.0.0.1", "localhost", "[::1]", *names) for n in (name, f"{name}:*")]
    sessions = StreamableHTTPSessionManager(
        server,
        security_settings=TransportSecuritySettings(
            allowed_hosts=known,
            allowed_origins=[f"{scheme}://{name}" for name in known for scheme in ("http", "https")],
        ),
        max_request_body_size=most,
        max_sessions=200,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with sessions.run():
            yield

    guarded = _Guarded(sessions.handle_request, token)
    return Starlette(routes=[Route(PATH, endpoint=guarded)], lifespan=lifespan)


class _Guarded:
    """Requests that do not bear the token get 401, or 429 where it was wrong too often, and nothing else."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, Token(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "")
        if not self._token or self._token.bears(given):
            return await self._app(scope, receive, send)
        client = scope["client"][0] if scope.get("client") else ""
        status, headers = 401, {"WWW-Authenticate": "Bearer"}
        if given and (wait := self._token.wrong(client)) > 0:
            status, headers = 429, {"Retry-After": str(math.ceil(wait))}
        told = {"error": "The token is missing or wrong. Send it as Authorization: Bearer TOKEN."}
        await JSONResponse(told, status, headers)(scope, receive, send)


class _Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self.servers[0].sockets[0].getsockname()[1])
