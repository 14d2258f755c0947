"""The OpenAPI document: what FastAPI derives, with every error as a problem and the token as the way in."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aitia import __version__
from aitia.web.problems import MEDIA, ProblemDetails

_ABOUT: Final = """Ask aitia for a root-cause diagnosis and follow it.

Errors are problem details (RFC 9457) whose `detail` says what is wrong and what to change.
"""
_ALWAYS: Final = {
    "400": "The request cannot be read.",
    "401": "The token is missing or wrong.",
    "403": "The token has not the role, or the request comes from a page of another site or names another host.",
    "408": "The body arrived too slowly.",
    "413": "The body is too large.",
    "422": "The request can be read, but something in it must be changed.",
    "429": "Too many requests from this client; see Retry-After.",
    "500": "A bug.",
    "503": "Too busy now; see Retry-After.",
}
_WITH_BODY: Final = {"415": "The body is not JSON."}
_OF_ONE: Final = {"404": "There is no such diagnosis.", "409": "The diagnosis has not got that far yet."}
_OF_REPORT: Final = {"501": "Chromium is not installed here, so no PDF can be made."}


def install(app: FastAPI) -> None:
    """Have `/openapi.json` be complete."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> dict[str, Any]:
    made: dict[str, Any] = get_openapi(
        title="aitia", version=__version__, description=_ABOUT, routes=app.routes
    )
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"ProblemDetails": problem}
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in made["paths"].items():
        for operation in methods.values():
            _complete(path, operation)
    return made


def _complete(path: str, operation: dict[str, Any]) -> None:
    public = path in ("/healthz", "/readyz")
    told = dict(_ALWAYS)
    told |= _WITH_BODY if "requestBody" in operation else {}
    told |= _OF_ONE if "{id}" in path else {}
    told |= _OF_REPORT if path.endswith("/report") else {}
    if public:
        told.pop("401")
    else:
        operation["security"] = [{"token": []}]
    for status, description in told.items():
        operation["responses"][status] = {
            "description": description,
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
