"""The words of the job table: a job, what it waits for, and what is told of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from aitia.core.errors import BadInput
from aitia.core.events import Event
from aitia.core.words import Moment, Origin, Unit01, Verdict, Word

JobState = Literal["queued", "running", "waiting", "done", "failed"]
APPROVAL: Final = timedelta(hours=24)  # a shift sees what the shift before was asked
OVER: Final[frozenset[JobState]] = frozenset({"done", "failed"})


class JobNotFound(BadInput):
    """No job of that id in the table."""


class Full(BadInput):
    """As many jobs wait as may."""


class KeyTaken(BadInput):
    """Another request of the same key came in at the same moment."""


class Approval(Word):
    """A call that a person must approve: the answer is bound to its hash (`aitia.graphs.nodes.closing.call_hash`)."""

    hash: str
    tool: str
    args: dict[str, Any] = {}
    at: Moment | None = None  # when it was asked
    persons: int = 1  # so many must approve it
    first: str = ""  # who did, while another one is waited for

    @property
    def shown(self) -> str:
        """Its arguments as a person reads them: JSON in ASCII, so that two calls which differ never look the same."""
        return json.dumps(self.args, indent=2, sort_keys=True)

    @property
    def stale(self) -> bool:
        """Whether it was asked too long ago to be approved: what it was asked for may be over."""
        return self.at is not None and datetime.now(tz=UTC) - self.at > APPROVAL


class Job(Word):
    """A diagnosis that was asked for. Its run in the store holds all that was found."""

    id: str
    origin: Origin
    title: str
    state: JobState
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    run: str = ""  # "" until the run began
    revision: int = 1  # of the run: how often it was looked at
    attempts: int = 0
    verdict: Verdict | Literal[""] = ""
    probability: Unit01 = 0.0
    component: str = ""
    fault: str = ""
    message: str = ""  # why it failed
    asked: tuple[Approval, ...] = ()  # what waits for a person
    by: str = ""  # who asked for it, as the door knows them
    place: dict[str, str] = {}  # the door's own: where it answers, and what it has shown
    alert: Literal["", "firing", "resolved"] = ""

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it unless somebody asks again."""
        return self.state in OVER


class Submitted(Word):
    """What came of a request: its job, and whether it is a new one."""

    job: Job
    new: bool


class Update(Word):
    """What is new of a job: its present state, and the events since the last update, each with its cursor."""

    job: Job
    events: tuple[tuple[str, Event], ...] = ()
