"""The words of the HTTP API: a diagnosis as it is shown, what is said of it, what is found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from aitia.agent.asking.answer import Answer
from aitia.core.words import Moment, Origin, Unit01, Verdict, Word
from aitia.jobs import Approval, Job, JobState
from aitia.tools.memory.words import Match, Outcome


class Links(Word):
    """Where the rest of a diagnosis is."""

    self: str
    events: str
    report: str
    answers: str
    page: str


class Diagnosis(Word):
    """A diagnosis: what was asked for, how far it is, and what came of it."""

    id: str = Field(examples=["20261125-101500-1a2b3c4d"])
    origin: Origin
    title: str
    state: JobState
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    run: str = Field(description="The run in the run store; empty until it starts.")
    revision: int
    verdict: Verdict | Literal[""] = Field(description="Empty until there is a report.")
    probability: Unit01 | None
    component: str
    fault: str
    message: str = Field(description="Why it failed.")
    asked: tuple[Approval, ...] = Field(description="Calls that a person must approve or deny, by hash.")
    alert: Literal["", "firing", "resolved"]
    links: Links

    @classmethod
    def of(cls, job: Job) -> Diagnosis:
        """A job as it is shown."""
        shown = {n: getattr(job, n) for n in cls.model_fields if n not in ("links", "probability")}
        here = f"/v1/diagnoses/{job.id}"
        links = Links(
            self=here,
            events=f"{here}/events",
            report=f"{here}/report",
            answers=f"{here}/answers",
            page=f"/diagnoses/{job.id}",
        )
        return cls(**shown, probability=job.probability if job.verdict else None, links=links)


class Diagnoses(Word):
    """A page of diagnoses, newest first."""

    diagnoses: tuple[Diagnosis, ...]
    next: str = Field(description="The cursor of the next page; empty if there is none.")


class ApprovalGiven(Word):
    """Approve (true) or deny (false) calls that wait, each by its hash."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "approval", "calls": {"9f2c": True}}]})
    kind: Literal["approval"]
    calls: dict[str, bool] = Field(min_length=1, max_length=100)
    by: str = Field(default="", max_length=200)


class OutcomeGiven(Word):
    """Say that the cause was right, or which component and fault it really was."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "outcome", "right": True}]})
    kind: Literal["outcome"]
    right: bool
    component: str = Field(default="", max_length=200)
    fault: str = Field(default="", max_length=200)
    cause: str = Field(default="", max_length=2000)
    mitigation: tuple[Annotated[str, Field(max_length=2000)], ...] = Field(default=(), max_length=20)
    note: str = Field(default="", max_length=2000)
    by: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _corrected(self) -> OutcomeGiven:
        if not self.right and not self.component.strip():
            raise ValueError("name the component (and the fault) that was the real cause")
        return self


class QuestionAsked(Word):
    """Ask about the report; go on with the conversation of an answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "question", "question": "Why not the cache?"}]}
    )
    kind: Literal["question"]
    question: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    conversation: str = Field(default="", pattern=r"^(\d{8}-\d{6}-\d{6}-[0-9a-f]{4})?$")


class CorrectionGiven(Word):
    """Say when it began or what it is not; the diagnosis goes on from there: at once while it runs, else as its next revision."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "correction", "text": "Not the database, we checked."}]}
    )
    kind: Literal["correction"]
    text: str = Field(min_length=1, max_length=500, pattern=r"\S")
    by: str = Field(default="", max_length=200)


Given = Annotated[ApprovalGiven | OutcomeGiven | QuestionAsked | CorrectionGiven, Field(discriminator="kind")]


class Taken(Word):
    """What came of it: the diagnosis, and for a question its answer, for an outcome what was kept."""

    diagnosis: Diagnosis
    answer: Answer | None = None
    outcome: Outcome | None = None
    notes: tuple[str, ...] = ()


class RunFound(Word):
    """A recorded run whose title holds all words that were looked for."""

    run: str
    title: str
    created_at: str
    verdict: str
    probability: float | None
    component: str
    fault: str
    diagnosis: str = Field(
        description="The diagnosis that it belongs to; empty for a run from the command line."
    )


class Found(Word):
    """What a search found: similar past incidents, best first, and runs by their title, newest first."""

    incidents: tuple[Match, ...]
    runs: tuple[RunFound, ...]
    note: str = Field(description="Why similar incidents could not be compared by meaning.")
