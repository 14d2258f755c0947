"""`GET /v1/search`: similar past incidents, and recorded runs by their title."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request

from aitia.core.state import has_memory
from aitia.core.store import list_runs
from aitia.jobs import Jobs
from aitia.web.strict_json import ApiRoute
from aitia.web.words import Found, RunFound

if TYPE_CHECKING:
    from aitia.tools.memory.store import MemoryStore
    from aitia.tools.memory.words import Match

router = APIRouter(prefix="/v1", tags=["search"], route_class=ApiRoute)
NEWEST: Final = 1000  # runs and diagnoses that are looked through


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=1000, description="The symptom.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Found:
    """Past incidents that are similar to the words, and runs whose title holds each of them."""
    state = request.app.state
    found: Found = await state.heavy(state.finder.find, state.jobs, q, limit)
    return found


class Finder:
    """Looks things up; the memory is opened once, and only where there is one."""

    def __init__(self, home: Path) -> None:
        self._home, self._lock = home, Lock()
        self._memory: MemoryStore | None = None

    def find(self, jobs: Jobs, words: str, limit: int) -> Found:
        """What there is on these words."""
        matches, note = self._similar(words, limit)
        return Found(incidents=matches, runs=tuple(_runs(self._home, jobs, words, limit)), note=note)

    def _similar(self, words: str, limit: int) -> tuple[tuple[Match, ...], str]:
        from aitia.tools.memory.store import MemoryStore
        from aitia.tools.memory.words import Query as Sought

        if not has_memory(self._home):
            return (), ""
        with self._lock:
            if self._memory is None:
                self._memory = MemoryStore(self._home)
        return tuple(self._memory.search(Sought(text=words), top=limit)), self._memory.note


def _runs(home: Path, jobs: Jobs, words: str, limit: int) -> list[RunFound]:
    sought = words.casefold().split()
    asked = {job.run: job.id for job in jobs.list(limit=NEWEST) if job.run}
    found = []
    for meta in list_runs(home)[:NEWEST]:
        title = _title(meta)
        if all(word in title.casefold() for word in sought):
            found.append(_run(meta, title, asked.get(str(meta["id"]), "")))
        if len(found) == limit:
            break
    return found


def _title(meta: Mapping[str, Any]) -> str:
    incident = meta.get("incident")
    return str(incident.get("title", "")) if isinstance(incident, Mapping) else ""


def _run(meta: Mapping[str, Any], title: str, diagnosis: str) -> RunFound:
    probability = meta.get("probability")
    return RunFound(
        run=str(meta["id"]),
        title=title,
        created_at=str(meta.get("created_at", "")),
        verdict=str(meta.get("verdict", "")),
        probability=float(probability) if isinstance(probability, int | float) else None,
        component=str(meta.get("component", "")),
        fault=str(meta.get("fault", "")),
        diagnosis=diagnosis,
    )
