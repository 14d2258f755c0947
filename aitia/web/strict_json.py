"""JSON as it is meant: UTF-8, no key twice, finite numbers, bounded depth; read only after the caller is known."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from aitia.web.auth import require_token
from aitia.web.problems import Problem

DEEPEST: Final = 40
_LARGE: Final = 65_536  # bytes


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises Problem (400)."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8. Send JSON in UTF-8.") from None
    except RecursionError:
        raise Problem(400, f"Send JSON that is at most {DEEPEST} levels deep.") from None
    except ValueError as error:
        raise Problem(400, f"Send valid JSON: {error}"[:200].rstrip(".") + ".") from None
    _check(value)
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:60]!r} occurs twice")
            seen.add(key)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _check(value: Any) -> None:
    """Depth, numbers and characters, without recursion."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise Problem(400, f"Send JSON that is at most {DEEPEST} levels deep.")
        if isinstance(item, dict):
            waiting += [(key, depth) for key in item]
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
        elif isinstance(item, float) and not math.isfinite(item):
            raise Problem(400, "A number is too large. Send finite numbers.")
        elif isinstance(item, str) and not item.isascii() and any("\ud800" <= c <= "\udfff" for c in item):
            raise Problem(400, "A string contains an unpaired surrogate. Send valid Unicode.")


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
            require_token(request)
            if self.body_field is not None and not _is_json(request.headers.get("content-type", "")):
                raise Problem(415, "Send Content-Type: application/json.")
            return await handler(StrictRequest(request.scope, request.receive))

        return checked


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
