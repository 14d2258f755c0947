"""Errors as RFC 9457 problem details: `detail` says what is wrong and what the caller can change."""

from __future__ import annotations

import sqlite3
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from aitia.core.errors import AitiaError, RunNotFound, StoreDamaged, StoreError
from aitia.core.words import Word
from aitia.jobs import Full, JobNotFound

MEDIA = "application/problem+json"
BUSY_S = 15  # after so many seconds a client that was turned away may come again


class Wrong(Word):
    """One thing that is wrong with a request, and where."""

    at: str
    says: str


class ProblemDetails(Word):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no diagnosis 'x'. Give the id of one that was requested."])
    errors: tuple[Wrong, ...] = ()


class Problem(HTTPException):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        retry_s: float = 0.0,
        errors: tuple[Wrong, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        told = dict(headers or {})
        if retry_s:
            told["Retry-After"] = str(max(1, round(retry_s)))
        super().__init__(status, detail, told)
        self.errors = errors

    def response(self) -> JSONResponse:
        """The answer."""
        return _answer(self.status_code, self.detail, errors=self.errors, headers=dict(self.headers or {}))


def _answer(
    status: int, detail: str, *, errors: tuple[Wrong, ...] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    told = ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(told.model_dump(mode="json"), status, headers, MEDIA)


def of_error(error: AitiaError) -> Problem:
    """What an error of aitia is over HTTP."""
    if isinstance(error, Full):
        return Problem(503, str(error), retry_s=BUSY_S)
    if isinstance(error, JobNotFound | RunNotFound):
        return Problem(404, str(error))
    if isinstance(error, StoreError):
        return Problem(500 if isinstance(error, StoreDamaged) else 503, str(error), retry_s=BUSY_S)
    return Problem(422, str(error))


def of_validation(error: RequestValidationError) -> Problem:
    """The first thing wrong in words, and a list of all (20 at most)."""
    told = [Wrong(at=_place(e["loc"]), says=str(e["msg"])[:300]) for e in error.errors()[:20]]
    first = told[0]
    return Problem(422, f"Fix {first.at}: {first.says}.", errors=tuple(told))


def _place(loc: tuple[int | str, ...]) -> str:
    """Where it is wrong, without the names of our own models."""
    return ".".join(str(part)[:80] for part in loc) or "body"


def install(app: FastAPI) -> None:
    """Answer every error as a problem; a browser that is not logged in is led to the login page."""

    async def problem(request: Request, error: Exception) -> Response:
        return _shown(request, _problem_of(error))

    for kind in (HTTPException, RequestValidationError, AitiaError, sqlite3.OperationalError):
        app.add_exception_handler(kind, problem)


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return of_validation(error)
    if isinstance(error, AitiaError):
        return of_error(error)
    if isinstance(error, sqlite3.OperationalError):
        return Problem(503, f"The job table cannot be used now ({error}). Try again later.", retry_s=BUSY_S)
    assert isinstance(error, HTTPException)
    told = {
        404: "There is no such path. Use one that is in /openapi.json.",
        405: "This method is not allowed. Use one from the Allow header.",
        400: "The body cannot be read. Send a valid one.",
    }.get(error.status_code, str(error.detail))
    return Problem(error.status_code, told, headers=dict(error.headers or {}))


def _shown(request: Request, problem: Problem) -> Response:
    if not wants_page(request):
        return problem.response()
    if problem.status_code == 401:
        where = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/login?next={quote(where)}", status_code=303)
    answer: Response = request.app.state.problem_page(request, problem)
    return answer


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, not a program for data."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
