"""What the forms of the pages do. Each answers with the way to the page that shows what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from aitia import outcomes
from aitia.agent.asking.answer import Answer
from aitia.core.errors import AitiaError
from aitia.incoming import make_incident, parse_moment
from aitia.jobs import Full, Job, JobNotFound, Jobs
from aitia.settings import Settings
from aitia.web.answers import STRANGE, approve, ask, confirm, steered
from aitia.web.auth import allow, who
from aitia.web.auth import by as named
from aitia.web.diagnoses import Id
from aitia.web.guarded_route import GuardedRoute
from aitia.web.page_templates import page
from aitia.web.problems import Problem
from aitia.web.views import Views
from aitia.web.words import ApprovalGiven, OutcomeGiven, QuestionAsked

BY: Final = "web"
Name = Annotated[str, Form(max_length=200)]


def router(jobs: Jobs, settings: Settings, views: Views) -> APIRouter:
    """The forms' routes."""
    made = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @made.post("/diagnoses")
    async def submit(
        request: Request,
        text: Annotated[str, Form()] = "",
        since: Annotated[str, Form(max_length=100)] = "",
        key: Annotated[str, Form(max_length=100)] = "",
    ) -> Response:
        try:
            job = await request.app.state.quick(
                _submitted, jobs, settings, text, since, key, named(request, "", BY)
            )
        except AitiaError as error:
            status = 503 if isinstance(error, Full) else 422
            shown = await request.app.state.quick(
                views.index, refused=str(error), text=text[:20_000], since=since
            )
            return page(request, "index.html", status=status, **shown)
        return _to(job.id)

    @made.post("/diagnoses/{id}/approvals")
    async def approval(
        request: Request,
        id: Id,
        hash: Annotated[str, Form(max_length=200)],
        approved: Annotated[Literal["yes", "no"], Form()],
        by: Name = "",
    ) -> Response:
        allow(request, "approve")
        given = ApprovalGiven(kind="approval", calls={hash: approved == "yes"}, by=named(request, by, BY))
        await request.app.state.quick(approve, jobs, id, given, bool(who(request).name))
        return _to(id)

    @made.post("/diagnoses/{id}/questions")
    async def question(
        request: Request,
        id: Id,
        question: Annotated[str, Form(max_length=5000)] = "",
        conversation: Annotated[str, Form(max_length=60)] = "",
    ) -> Response:
        state, job = request.app.state, await request.app.state.quick(jobs.get, id)
        shown: dict[str, Any] = {"question": question}
        try:
            name = named(request, "", BY)
            taken, beside = False, None
            if who(request).may("diagnose"):
                taken, beside = await state.heavy(steered, jobs, job, question, name)
            if taken and beside is None:
                return _to(id)
            shown["answer"] = beside or await state.heavy(_asked, jobs, job, question, conversation)
        except (AitiaError, Problem) as error:
            shown["asked_refused"] = _said(error)
        return page(
            request,
            "diagnosis.html",
            status=422 if "asked_refused" in shown else 200,
            **await state.quick(views.diagnosis, job, **shown),
        )

    @made.post("/diagnoses/{id}/outcome")
    async def outcome(
        request: Request,
        id: Id,
        right: Annotated[Literal["yes", "no", "revert"], Form()],
        component: Annotated[str, Form(max_length=200)] = "",
        fault: Annotated[str, Form(max_length=200)] = "",
        cause: Annotated[str, Form(max_length=2000)] = "",
        by: Name = "",
    ) -> Response:
        state = request.app.state
        by = named(request, by, BY)
        try:
            if right == "revert":
                await state.heavy(_reverted, jobs, id, by)
            else:
                if right == "no" and not component.strip():
                    raise Problem(422, "Name the component (and the fault) that was the real cause.")
                told = {"component": component, "fault": fault, "cause": cause} if right == "no" else {}
                given = OutcomeGiven(kind="outcome", right=right == "yes", by=by, **told)
                await state.heavy(confirm, jobs, id, given)
        except JobNotFound:
            raise
        except (AitiaError, Problem) as error:
            job = await state.quick(jobs.get, id)
            shown = await state.quick(views.diagnosis, job, refused=_said(error))
            return page(request, "diagnosis.html", status=422, **shown)
        return _to(id, "#right")

    @made.post("/diagnoses/{id}/again")
    async def again(request: Request, id: Id) -> Response:
        await request.app.state.quick(jobs.again, id, by=named(request, "", BY))
        return _to(id)

    return made


def _submitted(jobs: Jobs, settings: Settings, text: str, since: str, key: str, name: str) -> Job:
    now = settings.service.at or datetime.now(tz=UTC)
    began = parse_moment(since, now=now) if since.strip() else None
    incident = make_incident(text, now=now, rules=settings.window, started_at=began, origin="api")
    return jobs.submit(incident, origin="api", key=f"page {key}" if key else "", by=name).job


def _asked(jobs: Jobs, job: Job, question: str, conversation: str) -> Answer:
    if not question.strip() or len(question) > 1000:
        raise Problem(422, "Ask a question of at most 1000 characters.")
    try:
        given = QuestionAsked(kind="question", question=question, conversation=conversation)
    except ValidationError:
        raise Problem(422, STRANGE) from None
    answer = ask(jobs, job.id, given).answer
    assert answer is not None
    return answer


def _reverted(jobs: Jobs, id: str, by: str) -> None:
    outcomes.revert(jobs.get(id).run, by=by, home=jobs.home)


def _said(error: AitiaError | Problem) -> str:
    return error.detail if isinstance(error, Problem) else str(error)


def _to(id: str, place: str = "") -> RedirectResponse:
    return RedirectResponse(f"/diagnoses/{id}{place}", status_code=303)
