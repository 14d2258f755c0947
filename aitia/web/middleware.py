"""The outermost place of the service: who is let in to be answered, with which headers, and what is told of it."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aitia.access import Identity
from aitia.core.redaction.speech import said
from aitia.core.serving import host_name, is_local
from aitia.core.tokens import Buckets, client_of
from aitia.web.limits import Bounds, bounded_body, dropped, too_large
from aitia.web.problems import Problem
from aitia.web.shedding import Shedding

OnAnswer = Callable[[Scope, int, float], None]
Known = Callable[[HTTPConnection], Identity | None]
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # No other site learns an address; with no-referrer a form's own Origin would be null (see `same_origin`).
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """ASGI middleware. A route's own header stays where it set one."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        bounds: Bounds,
        local_only: Callable[[], bool],
        known: Known,
        on_answer: OnAnswer,
        shedding: Shedding | None = None,
    ) -> None:
        self._app, self._bounds, self._local_only, self._on_answer = app, bounds, local_only, on_answer
        self._known, self._shedding = known, shedding or Shedding(bounds.when_full, lambda: None)
        self._buckets = Buckets(per_s=bounds.per_s, burst=bounds.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            if (problem := self._refusal(scope)) is not None:
                if Headers(scope=scope).get("content-length", "0") != "0":
                    await dropped(receive)
                await problem.response()(scope, receive, answer)
            else:
                with self._shedding.inside(scope):
                    await self._app(scope, bounded_body(receive, self._bounds), answer)
        except Exception:  # the one place where a bug becomes an answer: one request must not end the service
            print(f"aitia: {said(traceback.format_exc())}", file=sys.stderr, flush=True)
            if not status:
                problem = Problem(
                    500,
                    "Internal error. Please report it as an aitia bug; the log of the service has details.",
                )
                await problem.response()(scope, receive, answer)
        finally:
            self._on_answer(scope, status, time.monotonic() - began)

    def _refusal(self, scope: Scope) -> Problem | None:
        """What is wrong before anything of the request is read."""
        headers = Headers(scope=scope)
        if self._local_only() and not is_local(host_name(headers.get("host", ""))):
            return Problem(
                403, "Without a token only requests to localhost or 127.0.0.1 are answered. Use one of these."
            )
        client = client_of(scope["client"][0] if scope.get("client") else "")
        # Others of the same address, as behind a proxy, do not hold up who is known.
        if (known := self._known(HTTPConnection(scope))) is not None:
            client = f"known {known.key or client}"
        if scope["path"] != "/healthz" and (wait := self._buckets.wait(client)) > 0:
            return Problem(429, "Too many requests from this client. Send fewer.", retry_s=wait)
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > self._bounds.body:
            return too_large(self._bounds)
        return self._shedding.refusal(scope)
