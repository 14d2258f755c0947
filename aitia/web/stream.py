"""`GET /v1/diagnoses/ID/events`: what happens in a diagnosis, as server-sent events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from aitia.core.errors import AitiaError
from aitia.jobs import Job, Jobs
from aitia.web.diagnoses import Id
from aitia.web.problems import BUSY_S, Problem
from aitia.web.strict_json import ApiRoute
from aitia.web.words import Diagnosis

router = APIRouter(prefix="/v1/diagnoses", tags=["diagnoses"], route_class=ApiRoute)
POLL_S: Final = 0.3
BEAT_S: Final = 9.0
RETRY_MS: Final = 2000
_END: Final = ".end"
_EVENT: Final = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The cursor of a step; for the end, with `.end` appended."},
        "event": {"enum": ["state", "step", "end", "problem"]},
        "data": {"type": "string", "description": "JSON; for a problem, its text."},
        "retry": {"type": "integer"},
    },
}
_CURSOR: Final = re.compile(r"(?:(\d{1,9}-\d{1,9}(?:-[0-9a-f]{6})?)?(\.end)?)")


@dataclass
class Streams:
    """How many clients follow a diagnosis, of how many that may."""

    most: int
    open: int = 0


@router.get(
    "/{id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "`state` (a diagnosis), `step` (an event of the run), at the end `end` (a diagnosis).",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        204: {"description": "Everything has already been sent: do not reconnect."},
    },
)
async def events(
    request: Request,
    id: Id,
    last_event_id: Annotated[str, Header(max_length=40, description="The id of the last event seen.")] = "",
    after: Annotated[str, Query(max_length=40, description="The same, for clients without the header.")] = "",
) -> Any:
    """Follow a diagnosis: what happened already, then what happens, until it is done or failed.

    Each `step` has a cursor as its id: with `Last-Event-ID` nothing is told twice. A comment every 10 s shows that the
    stream lives. While the diagnosis waits for a person it stays open.
    """
    state = request.app.state
    told = _CURSOR.fullmatch(last_event_id or after)
    if told is None:
        raise Problem(422, "Send the id of an event as Last-Event-ID, such as 1-12.")
    job: Job = await state.quick(state.jobs.get, id)
    if job.over and told[2]:  # a browser comes again after the end, until it is told not to
        return Response(status_code=204)
    if state.streams.open >= state.streams.most:
        raise Problem(503, "Too many clients are following a diagnosis. Try again later.", retry_s=BUSY_S)
    return EventSourceResponse(
        _told(state.jobs, id, told[1] or "", state.streams), ping=0, send_timeout=30, sep="\n"
    )


async def _told(jobs: Jobs, id: str, after: str, streams: Streams) -> AsyncIterator[ServerSentEvent]:
    streams.open += 1
    last, shown, spoke = after, "", _now()
    try:
        yield ServerSentEvent(comment="aitia", retry=RETRY_MS)
        while True:
            job = None
            async for update in jobs.afollow(id, after=last, poll_s=POLL_S):
                job = update.job
                for cursor, event in update.events:
                    last = cursor
                    yield ServerSentEvent(event.model_dump_json(), event="step", id=cursor)
                if (state := Diagnosis.of(job).model_dump_json()) != shown:
                    shown = state
                    yield ServerSentEvent(state, event="state")
                elif not update.events:
                    if _now() - spoke < BEAT_S:
                        continue
                    yield ServerSentEvent(comment="beat")
                spoke = _now()
            if job is None or job.over:
                break
            await asyncio.sleep(1.0)  # it waits for a person
        yield ServerSentEvent(shown, event="end", id=f"{last}{_END}")
    except AitiaError as error:  # the diagnosis was deleted meanwhile
        yield ServerSentEvent(str(error), event="problem")
    finally:
        streams.open -= 1


def _now() -> float:
    return asyncio.get_running_loop().time()
