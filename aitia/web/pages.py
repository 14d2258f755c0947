"""The web pages: running and past diagnoses, one diagnosis, search, login. They work without a script."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from aitia.agent.taxonomy import extended
from aitia.jobs import Jobs
from aitia.render.text import clean, clip, count
from aitia.settings import Settings
from aitia.web import forms
from aitia.web.auth import Guard
from aitia.web.diagnoses import REPORT_CSP, Id, rendered
from aitia.web.guarded_route import GuardedRoute
from aitia.web.page_templates import asset, page
from aitia.web.problems import Problem
from aitia.web.views import VERDICTS, Views
from aitia.web.words import Found

MOST_FOUND: Final = 20
# Where a form was answered on the spot: an address that a browser keeps, and comes back to.
Form = Literal["questions", "outcome", "approvals", "again"]


def router(jobs: Jobs, settings: Settings) -> APIRouter:
    """All pages, to be mounted at `/`."""
    views = Views(jobs, extended(Path(file) for file in settings.taxonomy))
    made = APIRouter(include_in_schema=False)
    for part in (open_router(), _pages(jobs, views), forms.router(jobs, settings, views)):
        made.include_router(part)
    return made


def problem_page(request: Request, problem: Problem, template: str = "message.html") -> Response:
    """An error as a page."""
    heading = HTTPStatus(problem.status_code).phrase
    answer = page(request, template, status=problem.status_code, heading=heading, message=problem.detail)
    answer.headers.update(problem.headers or {})
    return answer


def open_router() -> APIRouter:
    """What everybody may see: the login page, and the files that pages load."""
    made = APIRouter()
    made.add_api_route("/static/{name}", asset, methods=["GET"])

    @made.get("/login")
    async def login(
        request: Request, next: Annotated[str, Query(max_length=1000)] = "/", wrong: bool = False
    ) -> Response:
        guard: Guard = request.app.state.guard
        if not guard.keeper:
            return RedirectResponse("/", status_code=303)
        told = "Wrong token. Enter the right one." if wrong else ""
        other = getattr(request.app.state, "sign_in", "")  # a front has none: each team's service has its own
        shown = {"next": next, "refused": told, "other": f"{other}?next={quote(next)}" if other else ""}
        return page(request, "login.html", status=401 if wrong else 200, **shown)

    return made


def _pages(jobs: Jobs, views: Views) -> APIRouter:
    """What the pages show."""
    made = APIRouter(route_class=GuardedRoute)

    @made.get("/")
    async def index(
        request: Request,
        state: Annotated[str, Query(max_length=20)] = "",
        before: Annotated[str, Query(max_length=80)] = "",
    ) -> Response:
        shown = await request.app.state.quick(views.index, state, before)
        return page(request, "index.html", **shown)

    @made.get("/diagnoses/{id}")
    async def diagnosis(request: Request, id: Id, still: bool = False) -> Response:
        quick = request.app.state.quick
        job = await quick(jobs.get, id)
        return page(request, "diagnosis.html", **await quick(views.diagnosis, job, still=still))

    @made.get("/diagnoses")
    async def listed(request: Request) -> Response:
        return RedirectResponse("/", status_code=303)

    @made.get("/diagnoses/{id}/report.html")
    async def report(
        request: Request, id: Id, revision: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
    ) -> Response:
        body = await request.app.state.quick(rendered, jobs, id, "html", revision)
        return Response(body, media_type="text/html", headers={"Content-Security-Policy": REPORT_CSP})

    @made.get("/diagnoses/{id}/{form}")
    async def answered(request: Request, id: Id, form: Form) -> Response:
        return RedirectResponse(f"/diagnoses/{id}", status_code=303)

    @made.get("/search")
    async def search(request: Request, q: Annotated[str, Query(max_length=1000)] = "") -> Response:
        state, words = request.app.state, q.strip()
        found = Found(incidents=(), runs=(), note="")
        if words:
            found = await state.heavy(state.finder.find, jobs, words, MOST_FOUND)
        return page(request, "search.html", **_found(words, found), verdicts=VERDICTS, named=views.named)

    return made


def _found(words: str, found: Found) -> dict[str, Any]:
    told = (
        f"{count(len(found.incidents), 'past incident')}, {count(len(found.runs), 'diagnosis', 'diagnoses')}"
    )
    return {
        "q": clip(clean(words), 200),
        "matches": found.incidents,
        "runs": found.runs,
        "note": found.note,
        "said": f"Found: {told}" if words else "",
    }
