"""`/v1/diagnoses`: ask for a diagnosis, look at it, read its report, look again."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from aitia.core.errors import BadInput, NotRecorded
from aitia.core.store import RunStore, report_bytes
from aitia.core.words import Origin, Report
from aitia.jobs import Full, Job, Jobs, JobState
from aitia.settings import Settings
from aitia.web.auth import by
from aitia.web.incoming import SIGNATURE, asked, check_signature, is_signed
from aitia.web.problems import Problem
from aitia.web.strict_json import ApiRoute
from aitia.web.submissions import AlertMessage, Sent
from aitia.web.words import Diagnoses, Diagnosis

router = APIRouter(prefix="/v1/diagnoses", tags=["diagnoses"], route_class=ApiRoute)
Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,80}$", description="The id of a diagnosis.")]
Format = Literal["json", "html", "md", "pdf"]
MEDIA: Final[dict[Format, str]] = {
    "json": "application/json",
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
}
# The report is one file without script: nothing in it may run, and only our own page may frame it.
REPORT_CSP: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
_LOCATION: Final = {"Location": {"description": "The diagnosis.", "schema": {"type": "string"}}}
IdempotencyKey = Annotated[
    str, Header(max_length=255, description="Requests with the same key make only one diagnosis.")
]


@router.post(
    "",
    status_code=202,
    response_model=Diagnosis,
    responses={
        200: {"model": Diagnosis, "headers": _LOCATION, "description": "Already requested, or resolved."},
        202: {"headers": _LOCATION, "description": "It is queued."},
        204: {"description": "Accepted, but there is nothing to diagnose."},
    },
)  # fmt: skip
async def submit(
    request: Request,
    body: Annotated[Sent, Body()],
    idempotency_key: IdempotencyKey = "",
    signature: Annotated[str, Header(alias=SIGNATURE, max_length=2000)] = "",
) -> Any:
    """Ask for a diagnosis: in words, or with what a tool that sends alerts sends (docs/alerts.md lists the formats).

    Without an `Idempotency-Key` an alert that fires is one diagnosis (its own key and when it began), and words are a
    new one each time. A message that says something new of a known alert is its next revision; one that says that it is
    resolved closes the alert.
    """
    state = request.app.state
    if isinstance(body, AlertMessage) and is_signed(body.root) and state.pagerduty_secret:
        check_signature(await request.body(), signature, state.pagerduty_secret)
    name = by(request, "", "http")
    try:
        answer = await state.quick(_taken, state.jobs, state.settings, body, idempotency_key, name)
    except Full:
        state.shedding.full()
        raise
    if answer.status_code == 202:
        state.shedding.room()
    return answer


def _taken(jobs: Jobs, settings: Settings, body: Sent, idempotency_key: str, name: str) -> Response:
    wanted = asked(body, settings)
    if wanted.report is None:
        return Response(status_code=204)
    key = f"header {idempotency_key}" if idempotency_key else wanted.key
    if wanted.over:
        closed = jobs.resolve(wanted.group)
        return Response(status_code=204) if closed is None else _located(closed, new=False)
    made = jobs.submit(wanted.report, origin=wanted.origin, key=key, group=wanted.group, by=name)
    return _located(made.job, new=made.new)


def _located(job: Job, *, new: bool) -> Response:
    told = Diagnosis.of(job)
    headers = {"Location": told.links.self}
    return Response(told.model_dump_json(), 202 if new else 200, headers, "application/json")


@router.get("")
async def listing(
    request: Request,
    state: Annotated[list[JobState], Query(description="Show only these; repeatable.", max_length=5)] = [],  # noqa: B006
    origin: Annotated[Origin | Literal[""], Query()] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=80, description="`next` from the previous page.")] = "",
) -> Diagnoses:
    """Diagnoses, newest first."""
    here = request.app.state
    found = await here.quick(here.jobs.list, states=state, origin=origin, limit=limit + 1, before=cursor)
    page = [Diagnosis.of(job) for job in found[:limit]]
    return Diagnoses(diagnoses=tuple(page), next=page[-1].id if len(found) > limit else "")


@router.get("/{id}")
async def show(request: Request, id: Id) -> Diagnosis:
    """One diagnosis: its state, and what came of it."""
    state = request.app.state
    return Diagnosis.of(await state.quick(state.jobs.get, id))


@router.post(
    "/{id}/again", status_code=202, responses={202: {"headers": _LOCATION}}, response_model=Diagnosis
)
async def again(request: Request, id: Id) -> Any:
    """Look at the incident again, up to now: the next revision of its run."""
    state = request.app.state
    job = await state.quick(state.jobs.get, id)
    if not job.over:
        raise Problem(409, f"The diagnosis is {job.state}. Wait until it has ended.")
    return _located(await state.quick(state.jobs.again, id, by=by(request, "", "http")), new=True)


@router.get(
    "/{id}/report",
    response_model=Report,
    responses={
        200: {
            "description": "The report.",
            "content": {media: {"schema": {"type": "string"}} for f, media in MEDIA.items() if f != "json"},
        }
    },
)
async def report(
    request: Request,
    id: Id,
    format: Annotated[
        Format | None, Query(description="Otherwise chosen by the Accept header; JSON if it names no format.")
    ] = None,
    revision: Annotated[int | None, Query(ge=1, le=1_000_000, description="An earlier revision.")] = None,
) -> Any:
    """The report as JSON, HTML, Markdown or PDF."""
    wanted = format or accepted(request.headers.get("accept", ""))
    state = request.app.state
    job = await state.quick(state.jobs.get, id)
    if not job.run:
        raise _no_report(job)
    aside = state.heavy if wanted == "pdf" else state.quick
    data = await aside(rendered, state.jobs, id, wanted, revision)
    headers = {"Vary": "Accept", "Content-Disposition": f'inline; filename="aitia-{id}.{wanted}"'}
    if wanted == "html":
        headers["Content-Security-Policy"] = REPORT_CSP
    return Response(data, 200, headers, MEDIA[wanted])


def accepted(header: str) -> Format:
    """The format that an Accept header likes best, by order; JSON where it names none that there is."""
    for part in header.lower().split(",")[:50]:
        media = part.partition(";")[0].strip()
        for format, known in MEDIA.items():
            if media == known:
                return format
    return "json"


def rendered(jobs: Jobs, id: str, format: Format, revision: int | None = None) -> bytes:
    """The report in a format. Raises RunNotFound, BadInput; Problem (409) where there is none yet."""
    run = jobs.run_store(id)
    store = run if revision is None else run.revision(revision)
    if not (store.path / "report.json").is_file():
        raise _no_report(jobs.get(id))
    found = store.report()
    if format == "json":
        return report_bytes(found)
    if format == "md":
        from aitia.render.markdown import render_markdown

        return render_markdown(found).encode("utf-8")
    if format == "html":
        from aitia.render.html import render_html

        return render_html(found, artifacts=_artifacts(run, found)).encode("utf-8")
    from aitia.render.pdf import render_pdf

    try:
        return render_pdf(found, artifacts=_artifacts(run, found))
    except BadInput as error:  # there is no Chromium here: nothing that the client could mend
        raise Problem(501, str(error)) from None


def _no_report(job: Job) -> Problem:
    earlier = f", or ask for revision {job.revision - 1}" if job.revision > 1 else ""
    return Problem(409, f"The diagnosis is {job.state}. Wait for the report{earlier}. {job.message}".strip())


def _artifacts(store: RunStore, report: Report) -> dict[str, bytes]:
    """The plot data of a report, as far as the run still holds it."""
    found: dict[str, bytes] = {}
    for name in {e.artifact for e in report.evidence if e.artifact}:
        with contextlib.suppress(NotRecorded):
            found[name] = store.artifact(name)
    return found
