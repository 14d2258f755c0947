"""One address for several teams: a request goes to the service of the team that its token or session says, unread.

That service checks the token against its own: whoever names another team comes to a door that does not know them. Nothing
but the token, the session's cookie, the token in the login form and a sign-in's team decides: no other path, parameter or header.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from aitia import __version__
from aitia.access import Doorkeeper
from aitia.access.issued import team_of
from aitia.web import pages, problems
from aitia.web.auth import COOKIE, Guard
from aitia.web.limits import Bounds
from aitia.web.middleware import Door
from aitia.web.problems import BUSY_S, Problem
from aitia.web.sign_in import PATH as SIGN_IN

MCP: Final = "/mcp"
CONNECT_S: Final = 5.0
# Of one address; the teams' own services count each token's apart.
BOUNDS: Final = Bounds(per_s=400.0, burst=4000, body=20_000_000)
# RFC 9110, 7.6.1; and what only we tell a service of where a request comes from.
_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-connection",
        "forwarded",
    }
)
_REFUSED: Final = (
    "The token is missing or wrong. Send it as `Authorization: Bearer TOKEN`, or log in at /login."
)


class Fronted:
    """The services behind a front, each with so many requests at a time."""

    def __init__(self, sockets: Mapping[str, str], most: Mapping[str, int]) -> None:
        self._most, self.inside = most, Counter[str]()
        self.shed: Counter[str] = Counter()
        self.clients = {
            name: httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=path, limits=httpx.Limits(max_connections=None)),
                timeout=httpx.Timeout(None, connect=CONNECT_S),
                trust_env=False,
            )
            for name, path in sockets.items()
        }

    async def send(self, team: str, request: Request, body: bytes | None = None) -> Response:
        """The team's answer, passed on as it comes. Raises Problem 503 where it has too much to do, or is away."""
        if self.inside[team] >= self._most[team]:
            self.shed[team] += 1
            raise Problem(
                503, "Too many requests of this team at the same time. Try again later.", retry_s=BUSY_S
            )
        self.inside[team] += 1
        try:
            answer = await self.clients[team].send(_passed(request, body), stream=True)
        except httpx.HTTPError:
            self.inside[team] -= 1
            raise Problem(503, "The service is not ready. Try again later.", retry_s=BUSY_S) from None
        except BaseException:
            self.inside[team] -= 1
            raise

        return _Passed(answer, lambda: self.inside.subtract([team]))

    async def ready(self, team: str) -> bool:
        """Whether a service takes requests."""
        try:
            return (await self.clients[team].get("http://team/readyz", timeout=CONNECT_S)).status_code == 200
        except httpx.HTTPError:
            return False


class _Passed(StreamingResponse):
    """An answer as its service gives it, closed with the client's connection."""

    def __init__(self, answer: httpx.Response, over: Callable[[], None]) -> None:
        super().__init__(answer.aiter_raw(), answer.status_code)
        self.raw_headers = [
            (n.lower(), v) for n, v in answer.headers.raw if n.lower().decode("latin-1") not in _HOP
        ]
        self._answer, self._over = answer, over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._over()
            await self._answer.aclose()


def _passed(request: Request, body: bytes | None) -> httpx.Request:
    """The same request for a service: who the client is stands in it as we know it, never as the client says."""
    scope = request.scope
    path = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    kept = [
        (n, v)
        for n, v in scope["headers"]
        if n.decode("latin-1") not in _HOP and not n.startswith(b"x-forwarded-")
    ]
    client = request.client.host if request.client else ""
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    kept += [(b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", scope["scheme"].encode())]
    return httpx.Request(
        request.method,
        httpx.URL(scheme="http", host="team", raw_path=path),
        headers=kept,
        content=body if body is not None else request.stream() if has_body else None,
    )


def team_said(request: HTTPConnection) -> str | None:
    """The team that a request's token names, else its session; None where there is neither."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind:
        return team_of(token.strip()) if kind.lower() == "bearer" else None
    team, dot, _ = request.cookies.get(COOKIE, "").partition(".")
    return team if dot else None


def create_front(services: Fronted, mcp: Fronted, *, bounds: Bounds = BOUNDS) -> FastAPI:
    """The ASGI application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for client in (*services.clients.values(), *mcp.clients.values()):
            await client.aclose()

    app = FastAPI(
        title="aitia", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan,
        redirect_slashes=False,
    )  # fmt: skip
    app.state.guard = Guard(Doorkeeper(closed=True))
    app.state.problem_page = pages.problem_page
    app.include_router(pages.open_router())
    problems.install(app)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @app.get("/readyz")
    async def readyz() -> dict[str, int]:
        """Every team's service is ready. How many there are is no secret, their names are."""
        ready = await asyncio.gather(*map(services.ready, services.clients))
        if not all(ready):
            raise Problem(
                503, f"{ready.count(False)} of {len(ready)} services are not ready.", retry_s=BUSY_S
            )
        return {"services": len(ready)}

    @app.post("/login")
    async def login(request: Request) -> Response:
        body = await request.body()
        said = parse_qs(body[:10_000].decode("utf-8", "replace"), max_num_fields=20).get("token", [""])[0]
        return await passed(request, team_of(said), services, body)

    # A sign-in is begun for a team and comes back with a state that names it: the team's own service checks both.
    @app.get(f"{SIGN_IN}/callback")
    async def signed_in(request: Request) -> Response:
        team, dot, _ = request.query_params.get("state", "").partition(".")
        return await passed(request, team if dot else None, services)

    @app.get(f"{SIGN_IN}/{{team}}")
    async def sign_in(request: Request, team: str) -> Response:
        return await passed(request, team, services)

    @app.api_route(MCP, methods=["GET", "POST", "DELETE"])
    async def to_mcp(request: Request) -> Response:
        return await passed(request, team_said(request), mcp)

    @app.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def to_team(request: Request) -> Response:
        return await passed(request, team_said(request), services)

    async def passed(request: Request, team: str | None, to: Fronted, body: bytes | None = None) -> Response:
        if team is None or team not in to.clients:  # a team that there is not is as a wrong token
            if request.headers.get("authorization") and (wait := _wrong(request)) > 0:
                raise Problem(429, "Too many wrong tokens. Send the right one.", retry_s=wait)
            raise Problem(401, _REFUSED, headers={"WWW-Authenticate": "Bearer"})
        return await to.send(team, request, body)

    def _wrong(request: Request) -> float:
        keeper: Doorkeeper = app.state.guard.keeper
        return keeper.wrong(request.client.host if request.client else "")

    app.add_middleware(
        Door,
        bounds=bounds,
        local_only=lambda: False,
        known=lambda _: None,
        on_answer=lambda *_: None,
    )
    return app
