"""Over what an MCP client reaches the server: stdin and stdout, or streamable HTTP with a bearer token."""

from __future__ import annotations

import asyncio
import math
import socket
import sqlite3
from collections import OrderedDict
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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aitia.access import EVERYTHING, Doorkeeper
from aitia.access.identity import WHO
from aitia.access.keeper import REFRESH_S
from aitia.core.connection_slots import CONNECTIONS, PER_CLIENT, Places
from aitia.core.disk import tell_once
from aitia.core.errors import StoreError
from aitia.http_protocol import patient

PATH: Final = "/mcp"
GRACE_S: Final = 3
HEAD_BYTES: Final = 32_768  # of a request's head
SESSION: Final = "mcp-session-id"
_SESSIONS: Final = 10_000  # whose owner is remembered
_WRONG: Final = "The token is missing or wrong. Send it as Authorization: Bearer TOKEN."


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
    keeper: Doorkeeper,
    names: tuple[str, ...] = (),
    most: int,
    behind: bool = False,
    ready: Callable[[int], None],
) -> None:
    """Serve at http://HOST:PORT/mcp until told to stop. `ready` is called with the port once requests are answered.

    keeper  who knows what clients must bear; open only where nobody else can reach the port
    names   further Host names under which the server is reached, as behind a proxy
    most    bytes of a request
    behind  the listener is the socket of a front, which alone reaches it: clients are those that it names
    """
    config = uvicorn.Config(
        http_app(server, host=host, keeper=keeper, names=names, most=most, behind=behind),
        http=patient(Places(per_client=CONNECTIONS if behind else PER_CLIENT)),
        forwarded_allow_ips="*" if behind else None,
        h11_max_incomplete_event_size=HEAD_BYTES,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    runner = _Announced(config, ready)
    runner.run(sockets=[listener])


def http_app(
    server: Server[Any, Any],
    *,
    host: str,
    keeper: Doorkeeper,
    names: tuple[str, ...],
    most: int,
    behind: bool = False,
) -> Starlette:
    """The ASGI application: one session per client, Host and Origin checked (not `behind` a front), bodies bounded."""
    known = [n for name in (host, "127.0.0.1", "localhost", "[::1]", *names) for n in (name, f"{name}:*")]
    sessions = StreamableHTTPSessionManager(
        server,
        security_settings=TransportSecuritySettings(
            enable_dns_rebinding_protection=not behind,
            allowed_hosts=known,
            allowed_origins=[f"{scheme}://{name}" for name in known for scheme in ("http", "https")],
        ),
        max_request_body_size=most,
        max_sessions=200,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        refreshing = asyncio.create_task(_refreshed(keeper))
        async with sessions.run():
            yield
        refreshing.cancel()

    guarded = _Guarded(sessions.handle_request, keeper)
    return Starlette(routes=[Route(PATH, endpoint=guarded)], lifespan=lifespan)


async def _refreshed(keeper: Doorkeeper) -> None:
    """Read the issued tokens again and again; while they cannot be read those that are known hold for a while."""
    while True:
        await asyncio.sleep(REFRESH_S)
        try:
            await asyncio.to_thread(keeper.refresh)
        except (StoreError, sqlite3.OperationalError) as error:
            tell_once(f"the issued tokens cannot be read now ({error})")


class _Guarded:
    """Requests that do not bear a token get 401, or 429 where it was wrong too often, and nothing else.

    A session belongs to the token that began it. Who asks stands in the scope as `aitia.who`.
    """

    def __init__(self, app: ASGIApp, keeper: Doorkeeper) -> None:
        self._app, self._keeper = app, keeper
        self._owners: OrderedDict[str, str] = OrderedDict()  # whose a session is, by its id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        given = headers.get("authorization", "")
        who = self._keeper.bears(given) if self._keeper else EVERYTHING
        if who is None:
            return await self._refusal(scope, counted=bool(given))(scope, receive, send)
        session = headers.get(SESSION, "")
        if session and self._owners.get(session, who.key) != who.key:
            return await JSONResponse({"error": "There is no such session."}, 404)(scope, receive, send)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and (
                begun := Headers(raw=message["headers"]).get(SESSION)
            ):
                self._owners.setdefault(begun, who.key)
                while len(self._owners) > _SESSIONS:
                    self._owners.popitem(last=False)
            await send(message)

        await self._app({**scope, WHO: who}, receive, noting)

    def _refusal(self, scope: Scope, *, counted: bool) -> JSONResponse:
        client = scope["client"][0] if scope.get("client") else ""
        if counted and (wait := self._keeper.wrong(client)) > 0:
            return JSONResponse({"error": _WRONG}, 429, {"Retry-After": str(math.ceil(wait))})
        return JSONResponse({"error": _WRONG}, 401, {"WWW-Authenticate": "Bearer"})


class _Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self.servers[0].sockets[0].getsockname()[1])
