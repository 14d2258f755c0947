"""Who may come in: a bearer token, or for pages a cookie that stands for it; and no request made by another site."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from aitia.core.tokens import Token
from aitia.web.problems import Problem

COOKIE: Final = "aitia_session"
SESSION_S: Final = 12 * 3600
SESSIONS: Final = 1_000  # at a time; only who knows the token begins one
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


class Guard:
    """The token of the service ("" where it is open to this machine alone), and the sessions that stand for it.

    A session's id is random and kept as its hash, in this process only: it ends with its logout, after half a day, and with
    the process, so that a new token ends every session.
    """

    def __init__(self, *, token: str) -> None:
        self.token = Token(token)
        self._until: OrderedDict[str, float] = OrderedDict()  # when each session ends, by the hash of its id
        self._mutex = threading.Lock()

    def session(self) -> str:
        """Begin a session; its id, for a cookie."""
        made = secrets.token_urlsafe(32)
        with self._mutex:
            self._until[_digest(made)] = time.time() + SESSION_S
            if len(self._until) > SESSIONS:
                self._until.popitem(last=False)
        return made

    def holds(self, cookie: str) -> bool:
        """Whether the cookie is that of a session that has not ended."""
        with self._mutex:
            return self._until.get(_digest(cookie), 0.0) > time.time()

    def end(self, cookie: str) -> None:
        """End a session, where it is one."""
        with self._mutex:
            self._until.pop(_digest(cookie), None)

    def lets_in(self, request: HTTPConnection) -> bool:
        """Whether the request bears the token or a session: whoever does is not held up by those who do not."""
        known = self.token.bears(request.headers.get("authorization", ""))
        return bool(self.token) and (known or self.holds(request.cookies.get(COOKIE, "")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def require_token(request: Request) -> None:
    """The dependency of everything that is not public, API and pages alike. Raises Problem 401 or 403.

    A bearer token counts alone. With a cookie, or where there is no token, a request that changes something must
    come from a page of this service: see `same_origin`.
    """
    guard: Guard = request.app.state.guard
    given = request.headers.get("authorization", "")
    if guard.token and given.partition(" ")[0].lower() == "bearer":
        if guard.token.bears(given):
            return
        _count(request)
        raise _refused("The token in `Authorization: Bearer TOKEN` is wrong. Send the right one.")
    same_origin(request)
    if guard.token and not guard.holds(request.cookies.get(COOKIE, "")):
        raise _refused("The token is missing. Send it as `Authorization: Bearer TOKEN`, or log in at /login.")


def _count(request: Request) -> None:
    """Count a wrong token of this address. Raises Problem (429) where there were too many."""
    guard: Guard = request.app.state.guard
    if (wait := guard.token.wrong(request.client.host if request.client else "")) > 0:
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
        if not guard.token or not guard.token.knows(token):
            _count(request)
            return RedirectResponse(f"/login?wrong=1&next={quote(_local(next))}", status_code=303)
        guard.end(request.cookies.get(COOKIE, ""))  # each login is a session of its own
        answer = RedirectResponse(_local(next), status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, guard.session(), max_age=SESSION_S, httponly=True, samesite="strict", secure=secure
        )
        return answer

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        same_origin(request)
        guard: Guard = request.app.state.guard
        guard.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router


def _local(path: str) -> str:
    """A path of this service, else its first page: never another site."""
    plain = path.startswith("/") and path.isascii() and path.isprintable()
    return path if plain and not path.startswith("//") and "\\" not in path else "/"
