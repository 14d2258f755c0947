"""A request's JSON, read strictly and only after the caller is known."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from aitia.core import strict_json
from aitia.core.errors import BadInput
from aitia.web.auth import require_token
from aitia.web.problems import Problem

_LARGE: Final = 65_536  # bytes
SNS: Final = "x-amz-sns-message-type"
"""Amazon SNS sends JSON as text/plain. No page of another site can make a browser send this header without consent."""


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises Problem (400)."""
    try:
        return strict_json.parse_json(raw)
    except BadInput as error:
        raise Problem(400, str(error)) from None


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """The body's value."""
        if not hasattr(self, "_strict"):
            raw = await self.body()
            aside = len(raw) > _LARGE  # so long that others would notice
            self._strict = await self.app.state.quick(parse_json, raw) if aside else parse_json(raw)
        return self._strict


class ApiRoute(APIRoute):
    """A route of the API: the token is looked at before the body is read, and a body must be JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind both checks."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            await require_token(request)
            scope = request.scope
            if self.body_field is not None and not _is_json(request.headers.get("content-type", "")):
                if SNS not in request.headers:
                    raise Problem(415, "Send Content-Type: application/json.")
                others = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
                scope = {**scope, "headers": [*others, (b"content-type", b"application/json")]}
            return await handler(StrictRequest(scope, request.receive))

        return checked


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
