"""What each page shows, as plain values for its template."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args
from urllib.parse import urlencode

from markupsafe import Markup

from aitia import outcomes as said
from aitia.agent.asking.answer import NOT_KNOWN, Answer
from aitia.agent.likely import likely_faults
from aitia.agent.taxonomy import Fault, Taxonomy
from aitia.core.errors import BadInput, StoreError
from aitia.core.percent import chance
from aitia.core.store import RunStore
from aitia.corrected import change_told
from aitia.jobs import Job, Jobs
from aitia.jobs.words import JobState
from aitia.render.answer_plot import answer_plot
from aitia.render.text import clean, count, duration
from aitia.tools.memory.words import Outcome
from aitia.web.approvals import asked
from aitia.web.diagnoses import rendered
from aitia.web.embed import embedded
from aitia.web.page_templates import namer
from aitia.web.progress import Progress, progress

MOST_ROWS: Final = 30
AT_ONCE_S: Final = 5.0
VERDICTS: Final = {"cause": "CAUSE", "healthy": "NOTHING WRONG", "unknown": "UNKNOWN"}
STATES: Final[dict[JobState, str]] = {
    "queued": "waits for a worker",
    "running": "running",
    "waiting": "waits for your answer",
    "done": "done",
    "failed": "failed",
}
_ORIGINS: Final = {"api": "asked here or over HTTP", "cli": "asked on a terminal", "slack": "asked in Slack"}
_GOING: Final[tuple[JobState, ...]] = ("queued", "running")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A diagnosis in a list."""

    job: Job
    state: str
    verdict: str
    cause: str
    origin: str
    began: datetime | None  # when the incident began, where that is not when it was asked about


class Views:
    """The pages' contents. Reads jobs, runs and what persons said; changes nothing."""

    def __init__(self, jobs: Jobs, taxonomy: Taxonomy) -> None:
        self.jobs, self.taxonomy = jobs, taxonomy
        self.named: Callable[[str, str], str] = namer(taxonomy)

    def index(self, state: str = "", before: str = "", **typed: str) -> dict[str, Any]:
        """Running and past diagnoses, newest first; `typed` is what a person wrote into the form."""
        states = [s for s in get_args(JobState) if s == state]
        found = self.jobs.list(states=states, limit=MOST_ROWS + 1, before=before)
        counts = self.jobs.counts()
        going = sum(counts[s] for s in _GOING)
        kept = {"state": states[0]} if states else {}
        return {
            "rows": [self._row(job) for job in found[:MOST_ROWS]],
            "filters": [_filter("all", "", sum(counts.values()), not states)]
            + [_filter(s, s, counts[s], s in states) for s in get_args(JobState)],
            "said": _summary(counts),
            "going": bool(going),
            "empty": f"No diagnosis is {state} now."
            if states
            else "No diagnoses yet: describe above what is wrong.",
            "older": _href(kept | {"before": found[MOST_ROWS - 1].id}) if len(found) > MOST_ROWS else "",
            "before": before,
            "first": _href(kept),
            "key": secrets.token_urlsafe(12),
            "refused": "",
            "text": "",
            "since": "",
            **typed,
        }

    def _row(self, job: Job) -> Row:
        return Row(
            job=job,
            state=STATES[job.state],
            verdict=VERDICTS.get(job.verdict, ""),
            cause=self.named(job.component, job.fault) if job.verdict == "cause" else "",
            origin=_ORIGINS.get(job.origin, f"from {job.origin}"),
            began=self._began(job),
        )

    def _began(self, job: Job) -> datetime | None:
        started = self.jobs.incident(job.id).started_at
        return started if abs((job.created_at - started).total_seconds()) >= AT_ONCE_S else None

    def diagnosis(self, job: Job, *, still: bool = False, **more: Any) -> dict[str, Any]:
        """One diagnosis: its steps while it runs, its report once there is one."""
        store, gone = self._store(job)
        meta = store.meta() if store is not None else {}
        over = store is not None and job.state == "done"
        report = embedded(rendered(self.jobs, job.id, "html").decode()) if over else None
        seen = progress(store.events(), named=self.named) if store is not None and not over else None
        row = self._row(job)
        live = {"queued": "events", "running": "events", "waiting": "poll"}.get(job.state, "")
        if more.get("answer") or more.get("asked_refused"):
            live = ""  # the page of a form's answer is not loaded again: its question would be put once more
        answer: Answer | None = more.get("answer")
        where = f"/v1/diagnoses/{job.id}/events" if live == "events" else "3"
        return {
            "job": job,
            "title": _title(row),
            "state": row.state.upper(),
            "said": _now(row, seen),
            "mark": f"{job.state}-{job.revision}-{job.run}-{job.attempts}-{len(job.asked)}",
            "live": live,
            "where": where,
            "still": still,
            "origin": row.origin,
            "began": row.began,
            "waited": _waited(job, meta),
            "gone": gone,
            "report": report,
            "changed": change_told(store) if over and store is not None else None,
            "seen": seen,
            "revisions": _revisions(store),
            "asked": asked(job, meta),
            "named": self.named,
            "outcome": self._outcome(job.run) if over else None,
            "components": _components(store) if store is not None and over else [],
            "likely": self._likely(store) if over and store is not None else [],
            "faults": sorted(self.taxonomy, key=lambda f: f.title),
            "answer": None,
            "plots": _plots(answer) if answer else [],
            "not_known": NOT_KNOWN,
            "question": "",
            "asked_refused": "",
            "refused": "",
            **more,
        }

    def _store(self, job: Job) -> tuple[RunStore | None, str]:
        """The run of a job, and why there is none."""
        try:
            return self.jobs.run_store(job.id), ""
        except StoreError as error:
            return None, str(error)
        except BadInput:  # not begun, or deleted
            return None, "Its run was deleted: nothing else about it is available."

    def _likely(self, store: RunStore) -> list[Fault]:
        return [self.taxonomy[f] for f in likely_faults(store.report(), self.taxonomy)]

    def _outcome(self, run: str) -> Outcome | None:
        return next((o for o in said.outcomes(home=self.jobs.home) if o.run == run), None)


def _plots(answer: Answer) -> list[Markup]:
    """The curves of an answer, drawn."""
    drawn = (answer_plot(found, f"answer-{n}") for n, found in enumerate(answer.found, 1))
    return [d for d in drawn if d is not None]


def _title(row: Row) -> str:
    if row.job.state == "done" and row.verdict:
        return f"{row.verdict} {chance(row.job.probability)} {row.cause}".strip()
    return f"{row.state}: {clean(row.job.title)[:80]}"


def _now(row: Row, seen: Progress | None) -> str:
    """The line that a screen reader hears when it changes."""
    if row.job.state == "done":
        return f"Finished: {_title(row)}"
    if row.job.state == "running" and seen is not None:
        return seen.now
    return f"This diagnosis {row.state}." if row.job.state != "running" else "Opening the sources"


def _waited(job: Job, meta: Mapping[str, Any]) -> str:
    """How long a diagnosis takes or took; of a run that is looked at again, its present revision alone."""
    if job.state == "done":
        return f"took {duration(meta['seconds'])}" if "seconds" in meta else ""
    if job.state == "failed":
        return ""
    again, began = meta.get("revised_at"), job.started_at or job.created_at
    since = datetime.fromisoformat(again) if again and job.state == "running" else began
    return f"for {duration((datetime.now(tz=UTC) - since).total_seconds())}"


def _components(store: RunStore) -> list[str]:
    return sorted({c.id for c in store.report().inventory.components})


def _revisions(store: RunStore | None) -> list[int]:
    """The earlier revisions that came to a report."""
    if store is None:
        return []
    return sorted(int(p.parent.name) for p in store.path.glob("revisions/*/report.json"))


def _summary(counts: dict[str, int]) -> str:
    told = [f"{counts[s]} {word}" for s, word in (("running", "running"), ("queued", "waiting for a worker"),
                                                  ("waiting", "waiting for your answer")) if counts[s]]  # fmt: skip
    return ", ".join(told) or (count(counts["done"], "finished diagnosis", "finished diagnoses"))


def _filter(label: str, state: str, number: int, current: bool) -> dict[str, Any]:
    return {
        "label": label,
        "href": _href({"state": state} if state else {}),
        "count": number,
        "current": current,
    }


def _href(query: dict[str, str]) -> str:
    return "/?" + urlencode(query) if query else "/"
