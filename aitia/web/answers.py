"""`POST /v1/diagnoses/ID/answers`: approve or deny what waits, say what it really was, ask, correct."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Body
from starlette.requests import Request

from aitia import asking, outcomes
from aitia.agent.asking.answer import Answer
from aitia.core.errors import BadInput
from aitia.core.store import find_run
from aitia.correction_words import meant, parts
from aitia.jobs import Job, Jobs
from aitia.web.approvals import answered
from aitia.web.auth import allow, by, who
from aitia.web.diagnoses import Id
from aitia.web.problems import Problem
from aitia.web.strict_json import ApiRoute
from aitia.web.words import (
    ApprovalGiven,
    CorrectionGiven,
    Diagnosis,
    Given,
    OutcomeGiven,
    QuestionAsked,
    Taken,
)

STRANGE: Final = "There is no such conversation about this diagnosis. Continue one that exists."
GOES_ON: Final = "From before your correction: the diagnosis goes on from that."
router = APIRouter(prefix="/v1/diagnoses", tags=["answers"], route_class=ApiRoute)


@router.post("/{id}/answers")
async def answers(request: Request, id: Id, body: Annotated[Given, Body()]) -> Taken:
    """Approve or deny calls (`approval`), say what the cause was (`outcome`), ask (`question`), or tell when it began or what
    it is not (`correction`): a diagnosis that runs goes on with that, one that is over is diagnosed again.

    A call is bound to the hash of its tool and arguments: what was shown is what is approved.
    """
    state = request.app.state
    if not isinstance(body, QuestionAsked):
        allow(request, "approve" if isinstance(body, ApprovalGiven) else "diagnose")
        body = body.model_copy(update={"by": by(request, body.by, "http")})
    taken: Taken
    if isinstance(body, ApprovalGiven):
        taken = await state.quick(approve, state.jobs, id, body, bool(who(request).name))
    elif isinstance(body, OutcomeGiven):
        taken = await state.heavy(confirm, state.jobs, id, body)
    elif isinstance(body, CorrectionGiven):
        taken = await state.heavy(correct, state.jobs, id, body)
    else:
        taken = await state.heavy(ask, state.jobs, id, body)
    return taken


def approve(jobs: Jobs, id: str, given: ApprovalGiven, vouched: bool = False) -> Taken:
    """Keep the answers; once all are there the run goes on. Raises Problem (409) where others were first."""
    job = jobs.get(id)
    if job.state != "waiting":
        told = f"This diagnosis is {job.state} and is not waiting for a person."
        raise Problem(409, f"{told} {_by_whom(jobs, id, given)}".strip())
    try:
        job = jobs.answer(id, given.calls, by=given.by or "http", vouched=vouched)
    except BadInput as error:
        if not given.calls.keys() <= {a.hash for a in job.asked}:
            raise
        raise Problem(409, f"{error} {_by_whom(jobs, id, given)}".strip()) from None
    return Taken(diagnosis=Diagnosis.of(job))


def _by_whom(jobs: Jobs, id: str, given: ApprovalGiven) -> str:
    with suppress(BadInput):  # not begun, or deleted
        meta = jobs.run_store(id).meta()
        return next((f"{answered(said)}." for h in given.calls if (said := meta.get(f"answer_{h}"))), "")
    return ""


def confirm(jobs: Jobs, id: str, given: OutcomeGiven) -> Taken:
    """Keep what a person says of the cause."""
    run = _reported(jobs, id)
    named = given.model_dump(exclude={"kind", "by"})
    said = outcomes.confirm(run, **named, by=given.by or "http", home=jobs.home)
    return Taken(diagnosis=Diagnosis.of(jobs.get(id)), outcome=said.outcome, notes=said.notes)


def ask(jobs: Jobs, id: str, given: QuestionAsked) -> Taken:
    """Answer from the run, or from the live sources of the settings; a conversation must be one about this run.

    While it runs: how far it is, and what is known so far.
    """
    job = jobs.get(id)
    if not job.run or job.state == "failed":
        raise Problem(409, f"The diagnosis is {job.state}. Wait for the report.")
    run = jobs.run_store(id).id
    folder = find_run(jobs.home, run) or jobs.home / "runs" / run
    if given.conversation and not (folder / "asks" / given.conversation).is_dir():
        raise Problem(422, STRANGE)
    answer = asking.ask(
        given.question,
        run="" if given.conversation else run,
        conversation=given.conversation,
        model=None,
        home=jobs.home,
        live=jobs.settings,
        at=jobs.settings.service.at,
    )
    return Taken(diagnosis=Diagnosis.of(jobs.get(id)), answer=answer, notes=answer.notes)


def correct(jobs: Jobs, id: str, given: CorrectionGiven) -> Taken:
    """Go on with what a person says of it. Raises BadInput where that corrects nothing."""
    return Taken(diagnosis=Diagnosis.of(jobs.correct(id, given.text, by=given.by or "http")))


def steered(jobs: Jobs, job: Job, text: str, by: str) -> tuple[bool, Answer | None]:
    """Whether a sentence in the ask box stops or corrects a diagnosis, which then goes on from there: also while it runs.

    The answer is that of what the same message asks, from what was known before it was corrected; None where it asks nothing.
    """
    if job.state not in ("done", "running") or not job.run or not text.strip():
        return False, None
    store = jobs.run_store(job.id)
    wanted, answer = meant(text, store), None
    if wanted == "correction":
        said, asked = parts(text, store)
        if asked:
            answer = ask(jobs, job.id, QuestionAsked(kind="question", question=asked)).answer
            assert answer is not None
            answer = answer.model_copy(update={"notes": (GOES_ON, *answer.notes)})
        jobs.correct(job.id, said, by=by)
    elif wanted == "stop":
        jobs.stop(job.id, by=by)
    return bool(wanted), answer


def _reported(jobs: Jobs, id: str) -> str:
    """The run of a diagnosis that has a report. Raises Problem (409)."""
    job = jobs.get(id)
    if not job.verdict or job.state != "done":
        raise Problem(409, f"The diagnosis is {job.state}. Wait for the report.")
    return job.run
