"""The one stream of events that every door consumes: terminal, Slack, web, notebook."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from aitia.core.words import Moment, Status, Suspect, Task, Unit01, Word

Node = Literal[
    "open", "recall", "plan", "run_task", "gather", "weigh", "explain", "verify", "mitigate", "approve",
    "publish", "remember",
]  # fmt: skip


class RunStarted(Word):
    """A run began; its id can be resumed, shown and replayed."""

    type: Literal["run_started"] = "run_started"
    run: str
    title: str
    at: Moment


class NodeDone(Word):
    """A node of the state machine finished, so many seconds after the one before it."""

    type: Literal["node_done"] = "node_done"
    node: Node
    seconds: float = 0.0


class Findings(Word):
    """The deterministic scan's first findings, before any plan."""

    type: Literal["findings"] = "findings"
    statements: tuple[str, ...]
    seconds: float


class PlanMade(Word):
    """The tasks of a round were chosen."""

    type: Literal["plan_made"] = "plan_made"
    round: int
    tasks: tuple[Task, ...]
    by: str


class Decided(Word):
    """A choice: its options, best first, the score of each from rules, memory and model, and what was taken.

    `weights` says how much each of the three counted, `why` gives a reason per option, `note` why the model was not asked.
    """

    type: Literal["decided"] = "decided"
    question: str
    options: tuple[str, ...]
    rules: tuple[float, ...]
    model: tuple[float, ...] = ()
    model_weight: float = 0.0
    chosen: tuple[int, ...] = ()
    memory: tuple[float, ...] = ()
    weights: dict[str, float] = {}
    why: tuple[str, ...] = ()
    note: str = ""


class Glimpse(Word):
    """A fact as it arrives, before it has a number: its component, its sentence cut short, its strength."""

    component: str = ""
    statement: str = Field(max_length=300)
    strength: Unit01


class TaskDone(Word):
    """A tool call returned so many facts; `strongest` shows at most three of them, strongest first."""

    type: Literal["task_done"] = "task_done"
    task: int
    tool: str
    status: Status
    message: str = ""
    facts: int = 0
    seconds: float = 0.0
    strongest: tuple[Glimpse, ...] = Field(default=(), max_length=5)


class Ranked(Word):
    """The suspects were weighed, best first: by what is known so far (then without ledgers), or for good."""

    type: Literal["ranked"] = "ranked"
    suspects: tuple[Suspect, ...]
    settled: bool = True


class SentenceDone(Word):
    """A sentence passed the verifier, or was replaced by the code's own."""

    type: Literal["sentence_done"] = "sentence_done"
    text: str
    by: Literal["model", "template"]
    refused: tuple[str, ...] = ()


class Progress(Word):
    """Long work: fetching a model, mining a large log."""

    type: Literal["progress"] = "progress"
    what: str
    done: float
    total: float = 0.0
    unit: str = ""


class RunFinished(Word):
    """The report is in the store."""

    type: Literal["run_finished"] = "run_finished"
    run: str
    verdict: str
    probability: float


class Corrected(Word):
    """A person said meanwhile how the incident is; the run begins anew with that, on what was read where that still holds."""

    type: Literal["corrected"] = "corrected"
    text: str
    by: str = ""


class RunFailed(Word):
    """The run stopped; it can be resumed."""

    type: Literal["run_failed"] = "run_failed"
    run: str
    message: str


Event = Annotated[
    RunStarted
    | NodeDone
    | Findings
    | PlanMade
    | Decided
    | TaskDone
    | Ranked
    | SentenceDone
    | Progress
    | Corrected
    | RunFinished
    | RunFailed,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
