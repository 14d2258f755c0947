"""Who may come in: a bearer token, or for pages a cookie that stands for it; and no request made by another site."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aitia.web.limits import Buckets
from aitia.web.problems import Problem

COOKIE: Final = "aitia_session"
SESSION_S: Final = 12 * 3600
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The token of the service; "" where it is open to this machine alone."""

    token: str

    def knows(self, given: str) -> bool:
        """Whether that is the token, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(_digest(given), _digest(self.token))

    def session(self) -> str:
        """A cookie that stands for the token for half a day."""
        until = str(int(time.time()) + SESSION_S)
        return f"{until}.{self._seal(until)}"

    def holds(self, cookie: str) -> bool:
        """Whether the cookie was made by `session` and is still good."""
        until, _, seal = cookie.partition(".")
        fresh = until.isascii() and until.isdigit() and len(until) < 12 and int(until) > time.time()
        return fresh and hmac.compare_digest(_digest(seal), _digest(self._seal(until)))

    def _seal(self, until: str) -> str:
        return hmac.new(self.token.encode(), f"aitia session {until}".encode(), hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def require_token(request: Request) -> None:
    """The dependency of everything that is not public, API and pages alike. Raises Problem 401 or 403.

    A bearer token counts alone. With a cookie, or where there is no token, a request that changes something must
    come from a page of this service: see `same_origin`.
    """
    guard: Guard = request.app.state.guard
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if guard.token and kind.lower() == "bearer":
        if guard.knows(given.strip()):
            return
        raise _refused("Send the right token: `Authorization: Bearer TOKEN` holds another one.")
    same_origin(request)
    if guard.token and not guard.holds(request.cookies.get(COOKIE, "")):
        raise _refused("Send the token as `Authorization: Bearer TOKEN`, or log in at /login.")


def _refused(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def same_origin(request: Request) -> None:
    """Refuse what a page of another site makes a browser send. Programs send neither header. Raises Problem (403)."""
    if request.method in _SAFE:
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
    own = origin is None or (origin != "null" and urlsplit(origin).netloc == request.headers.get("host"))
    if not own or site not in ("none", "same-origin"):
        raise Problem(403, "Send this from a page of this service: the request comes from another site.")


def login_router() -> APIRouter:
    """POST /login with `token` (and `next`, a path) sets the cookie; POST /logout takes it back."""
    router = APIRouter(include_in_schema=False)
    wrong = Buckets(per_s=0.2, burst=10)  # a person who mistypes, not a program that guesses

    @router.post("/login")
    async def login(
        request: Request,
        token: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form(max_length=1000)] = "/",
    ) -> Response:
        same_origin(request)
        guard: Guard = request.app.state.guard
        if (wait := wrong.wait(request.client.host if request.client else "")) > 0:
            raise Problem(429, "Try again later: the token was wrong too often.", retry_s=wait)
        if not guard.token or not guard.knows(token):
            return RedirectResponse(f"/login?wrong=1&next={quote(_local(next))}", status_code=303)
        answer = RedirectResponse(_local(next), status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, guard.session(), max_age=SESSION_S, httponly=True, samesite="strict", secure=secure
        )
        return answer

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        same_origin(request)
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router


def _local(path: str) -> str:
    """A path of this service, else its first page: never another site."""
    plain = path.startswith("/") and path.isascii() and path.isprintable()
    return path if plain and not path.startswith("//") and "\\" not in path else "/"
