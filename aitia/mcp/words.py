"""What the server's own tools take and give; their JSON Schemas are what a client sees."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from aitia.core.words import Unit01, Verdict, Word


class DiagnoseArgs(Word):
    """What a client may say of an incident."""

    incident: str | dict[str, Any] = Field(
        description="What is wrong in words (which service, which symptom), or an alert as its tool sends it (JSON)."
    )
    since: str = Field(
        default="",
        max_length=40,
        description="When it began, if known: an ISO 8601 time, or a duration before now such as 30m.",
    )


class AskArgs(Word):
    """A question."""

    question: str = Field(
        min_length=1,
        max_length=1000,
        description="One question; of a run, E12 or next 1 alone looks at that line again.",
    )
    run: str = Field(
        default="",
        max_length=80,
        description="The run that the question is about, or last; empty: live systems, runbooks and past incidents.",
    )
    conversation: str = Field(
        default="", max_length=80, description="Continue the conversation of an earlier answer."
    )


class ListArgs(Word):
    """How many runs."""

    limit: int = Field(default=20, ge=1, le=100, description="Maximum number of runs, newest first.")


class Diagnosed(Word):
    """The outcome of a diagnosis. `reports` are resources that this server holds."""

    run: str
    verdict: Verdict
    probability: Unit01
    component: str = ""
    fault: str = ""
    fault_title: str = ""
    reports: tuple[str, ...] = ()


class Run(Word):
    """One run of the store."""

    run: str
    title: str
    state: str
    created_at: str
    verdict: str = ""
    probability: float | None = None
    component: str = ""
    fault: str = ""


class Runs(Word):
    """Runs, newest first."""

    runs: tuple[Run, ...]
