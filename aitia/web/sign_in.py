"""Sign in with the account of an OpenID Connect provider: to the provider, and back with a code."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aitia.access.oidc import PENDING_S, Provider, ProviderAway, SignInRefused
from aitia.settings import Settings
from aitia.web.auth import COOKIE, Guard, local_path
from aitia.web.page_templates import page
from aitia.web.problems import BUSY_S, Problem

STATE: Final = "aitia_sign_in"  # binds a sign-in to the browser that began it
PATH: Final = "/login/oidc"


def path_of(settings: Settings) -> str:
    """Where a sign-in begins; "" where the service has no provider."""
    team = settings.service.team
    return "" if settings.service.oidc is None else f"{PATH}/{team}" if team else PATH


def router(provider: Provider, *, team: str) -> APIRouter:
    """GET /login/oidc sends to the provider, GET /login/oidc/callback begins a session. Raises Problem 403, 503."""
    made = APIRouter(include_in_schema=False)
    secure = provider.config.url.startswith("https:")

    async def begin(request: Request, next: Annotated[str, Query(max_length=1000)] = "/") -> Response:
        try:
            url, state = await provider.begin(local_path(next))
        except ProviderAway as error:
            raise Problem(503, str(error), retry_s=BUSY_S) from None
        answer = RedirectResponse(url, status_code=303)
        # Lax: the provider's site sends the browser back.
        answer.set_cookie(
            STATE,
            _digest(state),
            max_age=int(PENDING_S),
            path=PATH,
            httponly=True,
            samesite="lax",
            secure=secure,
        )
        return answer

    made.add_api_route(f"{PATH}/{team}" if team else PATH, begin, methods=["GET"])

    @made.get(f"{PATH}/callback")
    async def callback(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
        error: Annotated[str, Query(max_length=200)] = "",
        iss: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        guard: Guard = request.app.state.guard
        try:
            begun_here = request.cookies.get(STATE, "").encode("utf-8", "replace")
            if not hmac.compare_digest(_digest(state).encode(), begun_here):
                raise SignInRefused("This browser did not begin this sign-in. Sign in again.")
            begun = await asyncio.to_thread(provider.take, state)
            if iss and iss != provider.config.issuer:  # RFC 9207
                raise SignInRefused("The answer is of another provider. Sign in again.")
            if error or not code:
                raise SignInRefused("The provider did not let you sign in. Sign in again.")
            identity = await provider.finish(begun, code)
        except SignInRefused as refused:
            raise Problem(403, str(refused)) from None
        except ProviderAway as away:
            raise Problem(503, str(away), retry_s=BUSY_S) from None
        if guard.keeper.issued is not None:
            await request.app.state.quick(guard.keeper.issued.note_sign_in, identity)
        await asyncio.to_thread(guard.end, request.cookies.get(COOKIE, ""))
        # A page of our own goes on: a redirect from the provider's site would not bring the strict cookie along.
        answer = page(request, "signed_in.html", next=begun.next)
        seconds = int(provider.config.hours * 3600)
        made_here = await asyncio.to_thread(guard.session, identity, seconds)
        answer.set_cookie(
            COOKIE,
            made_here,
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=secure,
        )
        answer.delete_cookie(STATE, path=PATH)
        return answer

    return made


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
