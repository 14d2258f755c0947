"""A page's route: the token is looked at before anything of the request's body is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from aitia.web.auth import require_token


class GuardedRoute(APIRoute):
    """A route that only those who bear the token reach."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            await require_token(request)
            return await handler(request)

        return checked
