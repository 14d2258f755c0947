"""Who may come in: a bearer token, or for pages a cookie that stands for it; and no request made by another site."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import OrderedDict
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from aitia.access import EVERYTHING, Doorkeeper, Identity, Role
from aitia.access.identity import MEANS
from aitia.access.issued import digest
from aitia.access.tickets import OwnTickets, Tickets
from aitia.web.problems import Problem

COOKIE: Final = "aitia_session"
SESSION_S: Final = 12 * 3600
SESSIONS: Final = 1_000  # at a time; only who knows the token begins one
FRESH_S: Final = 1.0  # so long after it ended elsewhere a session may still let in
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_ASKS: Final = (
    "/answers",
    "/questions",
    "/approvals",
)  # what else they do needs a role of its own, which they ask for


class Guard:
    """Who stands at the door, and the sessions that stand for them.

    A session's id is random and kept as its hash: it ends with its logout, after half a day, and with the token that it was
    begun with. Where sessions are shared, every process knows those of the others, `FRESH_S` later at most.
    """

    def __init__(self, keeper: Doorkeeper, tickets: Tickets | None = None) -> None:
        self.keeper = keeper
        self._tickets = tickets or OwnTickets()
        self._known: OrderedDict[str, tuple[float, Identity]] = OrderedDict()  # when it was read, by its hash
        self._mutex = threading.Lock()

    def session(self, identity: Identity, seconds: float = SESSION_S) -> str:
        """Begin a session; its id, for a cookie. It names the team, by which a front finds the service. Raises StoreError."""
        made = f"{self.keeper.team}.{secrets.token_urlsafe(32)}"
        self._tickets.put("session", made, identity.model_dump_json(), seconds=seconds, most=SESSIONS)
        self._remember(made, identity)
        return made

    def holds(self, cookie: str) -> Identity | None:
        """Whose session the cookie is of, where it has not ended. Raises StoreError."""
        if (identity := self.remembered(cookie, FRESH_S)) is not None:
            return identity
        if not cookie or (told := self._tickets.get("session", cookie)) is None:
            self._forget(cookie)
            return None
        identity = Identity.model_validate_json(told)
        self._remember(cookie, identity)
        return identity if self.keeper.still(identity) else None

    def remembered(self, cookie: str, seconds: float) -> Identity | None:
        """The same without a look at the store, where it was asked within so many seconds."""
        with self._mutex:
            read, identity = self._known.get(digest(cookie), (0.0, None))
        if identity is None or time.time() - read > seconds or not self.keeper.still(identity):
            return None
        return identity

    def end(self, cookie: str) -> None:
        """End a session, where it is one. Raises StoreError."""
        self._forget(cookie)
        if cookie:
            self._tickets.take("session", cookie)

    def known(self, request: HTTPConnection) -> Identity | None:
        """Whose request it is by its token or a session that was met here; whoever is known is not held up by those who are not.

        This reads no store and lets nobody in.
        """
        if not self.keeper:
            return None
        given = request.headers.get("authorization", "")
        return self.keeper.bears(given) or self.remembered(request.cookies.get(COOKIE, ""), SESSION_S)

    def _remember(self, cookie: str, identity: Identity) -> None:
        key = digest(cookie)
        with self._mutex:
            self._known[key] = (time.time(), identity)
            self._known.move_to_end(key)
            if len(self._known) > SESSIONS:
                self._known.popitem(last=False)

    def _forget(self, cookie: str) -> None:
        with self._mutex:
            self._known.pop(digest(cookie), None)


async def require_token(request: Request) -> None:
    """The dependency of everything that is not public, API and pages alike; see `who`. Raises Problem 401 or 403.

    A bearer token counts alone. With a cookie, or where there is no token, a request that changes something must
    come from a page of this service: see `same_origin`.
    """
    request.state.who = await _known(request)
    allow(request, "see" if request.method in _SAFE or _asks(request.url.path) else "diagnose")


def _asks(path: str) -> bool:
    return path.endswith(_ASKS) or path.startswith("/v1/tokens")


async def _known(request: Request) -> Identity:
    guard: Guard = request.app.state.guard
    keeper = guard.keeper
    given = request.headers.get("authorization", "")
    if keeper and given.partition(" ")[0].lower() == "bearer":
        if (known := keeper.bears(given)) is not None:
            return known
        _count(request)
        raise _refused("The token in `Authorization: Bearer TOKEN` is wrong. Send the right one.")
    same_origin(request)
    if not keeper:
        return EVERYTHING
    cookie = request.cookies.get(COOKIE, "")
    known = guard.remembered(cookie, FRESH_S) or await asyncio.to_thread(guard.holds, cookie)
    if known is None:
        raise _refused("The token is missing. Send it as `Authorization: Bearer TOKEN`, or log in at /login.")
    return known


def who(request: Request) -> Identity:
    """Whose request it is, once `require_token` let it in."""
    found: Identity = request.state.who
    return found


def by(request: Request, said: str, else_: str) -> str:
    """Under which name something is kept: the token's where it is somebody's own, else the one that was said."""
    return who(request).name or said.strip() or else_


def allow(request: Request, role: Role) -> None:
    """Refuse who has not the role. Raises Problem (403)."""
    if not who(request).may(role):
        raise Problem(403, f"This token may not {MEANS[role]}. Use one with the role {role!r}.")


def _count(request: Request) -> None:
    """Count a wrong token of this address. Raises Problem (429) where there were too many."""
    keeper = request.app.state.guard.keeper
    if (wait := keeper.wrong(request.client.host if request.client else "")) > 0:
        raise Problem(429, "Too many wrong tokens. Send the right one.", retry_s=wait)


def _refused(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def same_origin(request: Request) -> None:
    """Refuse what a page of another site makes a browser send. Programs send neither header. Raises Problem (403)."""
    if request.method in _SAFE:
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
    own = origin is None or (origin != "null" and urlsplit(origin).netloc == request.headers.get("host"))
    if not own or site not in ("none", "same-origin"):
        raise Problem(403, "The request comes from another site. Send it from a page of this service.")


def login_router() -> APIRouter:
    """POST /login with `token` (and `next`, a path) begins a session; POST /logout ends it, wherever its cookie was copied to."""
    router = APIRouter(include_in_schema=False)

    @router.post("/login")
    async def login(
        request: Request,
        token: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form(max_length=1000)] = "/",
    ) -> Response:
        same_origin(request)
        guard: Guard = request.app.state.guard
        if (known := guard.keeper.knows(token)) is None:
            _count(request)
            return RedirectResponse(f"/login?wrong=1&next={quote(local_path(next))}", status_code=303)
        await asyncio.to_thread(
            guard.end, request.cookies.get(COOKIE, "")
        )  # each login is a session of its own
        made = await asyncio.to_thread(guard.session, known)
        answer = RedirectResponse(local_path(next), status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, made, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure)
        return answer

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        same_origin(request)
        guard: Guard = request.app.state.guard
        await asyncio.to_thread(guard.end, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router


def local_path(path: str) -> str:
    """A path of this service, else its first page: never another site."""
    plain = path.startswith("/") and path.isascii() and path.isprintable()
    return path if plain and not path.startswith("//") and "\\" not in path else "/"
