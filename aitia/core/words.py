"""The words of aitia: one meaning each, frozen, plain JSON on both ends.

Times are timezone-aware UTC datetimes (ISO 8601 in JSON), durations are seconds, strengths and
probabilities lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from aitia.core.provenance import Provenance, provenance_of
from aitia.core.word import Moment as Moment
from aitia.core.word import Unit01 as Unit01
from aitia.core.word import Word as Word
from aitia.core.word import from_epoch as from_epoch
from aitia.core.word import utc as utc
from aitia.core.work_order import FirstLook as FirstLook
from aitia.core.work_order import WorkOrder as WorkOrder

Origin = Literal[
    "cli",
    "scenario",
    "alertmanager",
    "azure",
    "cloudwatch",
    "datadog",
    "grafana",
    "opsgenie",
    "pagerduty",
    "zabbix",
    "slack",
    "api",
]
ComponentType = Literal[
    "service", "pod", "node", "namespace", "app", "asset", "machine", "part", "channel", "unknown"
]
MACHINES: frozenset[ComponentType] = frozenset({"asset", "machine", "part", "channel"})
"""Types of components whose measurements are those of a physical process, whatever they are called."""
Relation = Literal["calls", "runs_on", "part_of", "feeds"]
SourceKind = Literal[
    "metrics",
    "logs",
    "traces",
    "changes",
    "topology",
    "signals",
    "maintenance",
    "incidents",
    "runbooks",
    "cluster",
    "dictionary",
    "alerts",
    "alarms",
    "pictures",
]
Direction = Literal["up", "down", "new", "gone", "changed", "steady", "none"]
Effect = Literal["read", "write", "exec"]
Status = Literal["ok", "no_data", "error", "needs_approval"]
Verdict = Literal["cause", "healthy", "unknown"]


Scalar = float | int | str | bool
OWN_COMMANDS: frozenset[str] = frozenset({"aitia doctor", "aitia init"})
"""What a next check may propose beside commands that only read: `init` asks before it writes a file."""
NOT_SEEN = "Not seen: "
"""Begins the part of a good result's message that the report lists under what could not be seen."""


HEALTHY = "healthy"
"""The name of the baseline that a person has named as normal."""


class Window(Word):
    """A half-open span of time [start, end)."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _ordered(self) -> Window:
        if self.end <= self.start:
            raise ValueError(
                f"window ends ({self.end.isoformat()}) before it starts ({self.start.isoformat()})"
            )
        return self

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def epoch(self) -> tuple[float, float]:
        """Start and end as epoch seconds."""
        return self.start.timestamp(), self.end.timestamp()

    def shift(self, seconds: float) -> Window:
        """The same span, later by `seconds` (earlier if negative)."""
        delta = timedelta(seconds=seconds)
        return Window(start=self.start + delta, end=self.end + delta)

    def contains(self, moment: datetime) -> bool:
        """Whether the moment lies in [start, end)."""
        return self.start <= moment < self.end


class Baseline(Word):
    """A span that is taken as normal, by name: `preceding`, `yesterday`, `last_week`, `clean_reference`."""

    name: str
    window: Window


class Saying(Word):
    """A component that a person speaks of, and the words that name it ("" where none does)."""

    component: str
    words: str = ""


class Understood(Word):
    """How a person's words were read. A statement is the person's, not a fact: it removes no suspect."""

    start: Moment | None = None
    start_words: str = ""
    affected: tuple[Saying, ...] = ()
    excluded: tuple[Saying, ...] = ()
    symptom: str = ""
    symptom_words: str = ""
    tried: tuple[str, ...] = ()
    by: str = ""  # "words", or the model that read what they left open
    typed: bool = True  # by a person; what an alert's text excludes does not count


class Denied(Word):
    """A kind that a person says it is not: `change.deploy`, or a part of a fault's id (`network`, `bearing`).

    component  of whom alone it is said, "" of all; words: how the person calls it
    """

    kind: str = Field(max_length=100)
    component: str = ""
    words: str = Field(default="", max_length=200)


class Correction(Word):
    """What a person said of an incident while it was looked at: when it began, what it is not. A fact of the person.

    excluded  components that it is not; denied: kinds of change or fault that it is not
    done      what is said to be done already (`rollback`, `restart`, …): no step proposes it again
    """

    text: str = Field(max_length=2000)
    by: str = Field(default="", max_length=200)
    at: Moment
    start: Moment | None = None
    excluded: tuple[str, ...] = ()
    denied: tuple[Denied, ...] = ()
    done: tuple[str, ...] = ()


class Alert(Word):
    """One time that an alert fired, as the alerting tool tells it. Its labels say what it is about; nothing else is known."""

    name: str
    start: Moment
    end: Moment | None = None  # while it fires
    severity: str = ""
    labels: dict[str, str] = {}
    text: str = ""


class Incident(Word):
    """What was reported: the alarm, its words, when, and where to look."""

    id: str
    title: str
    text: str = ""
    started_at: Moment
    window: Window
    baselines: tuple[Baseline, ...] = ()
    hints: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    link: str = ""  # where the alert can be seen, as it says: never opened
    origin: Origin = "cli"
    alerts: tuple[Alert, ...] = ()  # that were reported, where alerts were
    understood: Understood | None = None  # of words only: an alert says itself what it means
    corrections: tuple[Correction, ...] = ()  # that persons made while it was looked at

    @property
    def cleared(self) -> frozenset[str]:
        """The components that a person says are not it: they are no alarm's subject, yet stay suspects."""
        return frozenset(s.component for s in self.understood.excluded) if self.understood else frozenset()


class Link(Word):
    """A relation from the component that holds it to another one."""

    relation: Relation
    to: str


class Component(Word):
    """Something that can fail. `id` is canonical; aliases are its names in other sources."""

    id: str
    type: ComponentType = "unknown"
    aliases: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


class Holding(Word):
    """What one source holds, bounded: never the data itself."""

    source: str
    kind: SourceKind
    components: tuple[str, ...] = ()
    machines: tuple[
        str, ...
    ] = ()  # of these, the ones whose tags say by their spelling that they are machines
    items: tuple[str, ...] = ()  # metric names, log streams, channels, document titles
    count: int = 0  # series, lines, rows or documents, where known
    note: str = ""  # why it is empty, only partly readable or doubtful
    guessed: str = ""  # how it was read where nothing said so: encoding, columns, notation of times
    doubt_s: float = 0.0  # by how many seconds its times may be wrong
    unread: bool = False  # it could not be read: unknown, never quiet


class Inventory(Word):
    """Which telemetry can be reached and which components it speaks of."""

    holdings: tuple[Holding, ...] = ()
    components: tuple[Component, ...] = ()
    unresolved: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()  # what was not seen of them because its time was over, in words

    def has(self, *kinds: SourceKind) -> bool:
        """Whether every kind is held by at least one readable source."""
        return set(kinds) <= self._held

    def has_any(self, *kinds: str) -> bool:
        """Whether one of the kinds is held by a readable source."""
        return bool(set(kinds) & self._held)

    @property
    def _held(self) -> set[str]:
        return {h.kind for h in self.holdings if h.count or h.items or h.components}


class SourceRef(Word):
    """Where a fact can be read again: the exact query or the file range."""

    source: str
    query: str
    path: str = ""
    lines: tuple[int, int] | None = None
    sha256: str = ""


class Evidence(Word):
    """A fact made by a tool. Only tools create facts; the sentence is written by code.

    kind      dotted, what sort of fact: `metric.shift`, `metric.trend`, `metric.quiet`, `log.new`, `log.surge`,
              `log.vanished`, `log.quiet`, `change.deploy`, `vibration.line`, `incident.similar`, ...
    aspect    what it is about, from the closed list in `aitia.core.aspects`.
    strength  calibrated: how unlikely the fact is by chance, 0 (nothing) to 1 (certain).
    taint     the statement or values quote text from outside (log lines, alert text, tickets).
    provenance  who can write what it says, and so could have planted it (`aitia.core.provenance`).
    """

    id: str = ""
    component: str = ""
    peer: str = ""
    kind: str
    aspect: str
    statement: str = Field(min_length=1)
    values: dict[str, Scalar] = {}
    unit: str = ""
    window: Window | None = None
    onset: Moment | None = None
    onset_error_s: float = 0.0
    direction: Direction = "none"
    strength: Unit01
    source: SourceRef
    tool: str = ""
    taint: bool = False
    provenance: Provenance = "service"
    artifact: str = ""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, given: Any) -> Any:
        """By kind and aspect, where the tool does not say."""
        if isinstance(given, dict) and "provenance" not in given and "kind" in given:
            return given | {"provenance": provenance_of(str(given["kind"]), str(given.get("aspect", "")))}
        return given


class Task(Word):
    """One call of a plan. `dep` is derived by code from what tools consume and produce."""

    id: int
    tool: str
    args: dict[str, Any] = {}
    dep: tuple[int, ...] = ()
    why: str = ""


class Plan(Word):
    """The tasks of one round, in order."""

    round: int
    tasks: tuple[Task, ...]
    by: Literal["rules", "model"] = "rules"


class Result(Word):
    """What a tool returned. A failure is a Result, never an exception that ends the run."""

    task: int = 0
    tool: str = ""
    args: dict[str, Any] = {}
    status: Status
    message: str = ""  # for no_data and error: what is missing and what to change
    query: str = ""  # the exact query, or file and range
    evidence: tuple[Evidence, ...] = ()
    data: dict[str, Any] = {}  # what the tool `produces`, by name; plain JSON values
    given_up: tuple[str, ...] = ()  # what was not looked at because its time was over, in words
    seconds: float = 0.0


class Contribution(Word):
    """One line of a suspect's ledger: how a piece of evidence (compared with `other`, if any) moved its log-odds.

    `term` names the kind of summand, whose weight was learned (docs/weigher.md).
    """

    evidence: str
    log_odds: float
    why: str
    other: str = ""
    term: str = ""


class Suspect(Word):
    """A (component, fault kind) pair with its probability and the ledger behind it."""

    component: str
    fault: str
    score: float
    probability: Unit01
    ledger: tuple[Contribution, ...] = ()

    @property
    def supporting(self) -> tuple[str, ...]:
        """Evidence that speaks for it, strongest first."""
        lines = sorted((c for c in self.ledger if c.log_odds > 0 and c.evidence), key=lambda c: -c.log_odds)
        return tuple(dict.fromkeys(c.evidence for c in lines))


class Sentence(Word):
    """A sentence of the report with its citations and who wrote it."""

    text: str
    cites: tuple[str, ...]
    by: Literal["model", "template"]
    role: Literal["summary", "chain", "ruled_out", "verdict", "change"]
    attempts: int = 0  # model attempts before this text was accepted or replaced
    refused: tuple[str, ...] = ()  # why the model's attempts were refused


class Exclusion(Word):
    """A suspect that was ruled out, and the sentence that says by which fact."""

    component: str
    fault: str
    probability: Unit01
    sentence: Sentence


class ChangeSuspect(Word):
    """A change that came before the first onset, with what speaks for it; `id` is that of the commit, deploy or flag."""

    id: str
    kind: str
    component: str
    at: Moment
    score: float
    why: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()  # that tells of it
    fits: tuple[str, ...] = ()  # of the failure, that it fits


class Blame(Word):
    """Which change brought the named cause about: one of those that came before its first onset, or none of them.

    `undecided` where several cannot be told apart: `ids` then names them all.
    """

    answer: Literal["change", "none", "undecided"]
    ids: tuple[str, ...] = ()
    suspects: tuple[ChangeSuspect, ...] = ()  # likeliest first
    later: tuple[str, ...] = ()  # evidence of changes that came after the first onset
    sentence: Sentence


class TimelineEntry(Word):
    """One onset or change, in time order."""

    at: Moment
    component: str
    text: str
    evidence: str


class Mitigation(Word):
    """A step from a runbook, an incident or the fault catalogue; never invented.

    However it is made, also from a stored report: `command` is one plain line or "", and only one that is known to
    read (`aitia.core.commands`) is `read-only`.
    """

    text: str
    when: Literal["now", "prevent"]
    effect: Literal["read-only", "changing"]
    source: str
    command: str = ""

    @model_validator(mode="before")
    @classmethod
    def _gated(cls, given: Any) -> Any:
        from aitia.core.commands import command_line, effect

        if (
            not isinstance(given, Mapping)
            or not isinstance(command := given.get("command", ""), str)
            or not command
        ):
            return given
        line = command_line(command)
        reads = given.get("effect") == "read-only" and bool(line) and effect(line) == "read-only"
        return {**given, "command": line, "effect": given.get("effect") if reads else "changing"}


class NextCheck(Word):
    """What a person should look at next: `command` is for a shell and only reads, `query` is for the fact's source."""

    text: str
    command: str = ""
    query: str = ""

    @model_validator(mode="before")
    @classmethod
    def _gated(cls, given: Any) -> Any:
        from aitia.core.commands import command_line, effect, query_line

        if not isinstance(given, Mapping) or not all(
            isinstance(given.get(k, ""), str) for k in ("command", "query")
        ):
            return given
        command, query = command_line(given.get("command", "")), given.get("query", "")
        if not (command in OWN_COMMANDS or (command and effect(command) == "read-only")):
            # A report of an earlier version holds its queries there.
            command, query = "", query or given.get("command", "")
        return {**given, "command": command, "query": query_line(query)}


class GivenUp(Word):
    """What was not looked at, because its time was over or (`stood`) the verdict stood before, and how a person looks."""

    what: str  # the tool, or "sources"
    why: str
    look: NextCheck
    stood: bool = False


class Cost(Word):
    """What the diagnosis took. Prompt tokens restored from a saved prefix are not evaluated."""

    seconds: float = 0.0
    first_findings_s: float = 0.0
    calls: int = 0
    repeated_calls: int = 0
    model_calls: int = 0
    prompt_tokens: int = 0
    restored_tokens: int = 0
    generated_tokens: int = 0
    names_read: int = 0  # names that a model was asked about; what reading took is in no other field
    messages_read: int = 0
    reading_s: float = 0.0
    processor_s: float = 0.0  # of this process, all threads; what runs beside the diagnosis in it counts too
    joules: float | None = (
        None  # of all the machine's processors meanwhile (RAPL); None where it does not tell
    )


class ModelUse(Word):
    """Which model took part in which decision, and how its sentences fared."""

    name: str = ""
    sha256: str = ""
    planner: Literal["rules", "model", "free"] = "rules"
    narrator: Literal["template", "model", "free"] = "template"
    accepted: int = 0
    accepted_after_retry: int = 0
    replaced: int = 0
    note: str = ""  # why the model was not used, where it was not


class Report(Word):
    """The root-cause and mitigation report. Its JSON Schema is the truth; all else is rendering."""

    schema_version: Literal[1] = 1
    run: str
    incident: Incident
    verdict: Verdict
    probability: Unit01
    component: str = ""
    fault: str = ""
    fault_title: str = ""
    summary: tuple[Sentence, ...] = ()
    chain: tuple[Sentence, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    further: tuple[Suspect, ...] = ()  # independent causes beside the named one
    change: Blame | None = (
        None  # which change brought the cause about; None without a cause or a known change
    )
    ruled_out: tuple[Exclusion, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()
    next_checks: tuple[NextCheck, ...] = ()
    work_order: WorkOrder | None = None  # where a machine is the cause
    look_first: FirstLook | None = None  # where no cause of a plant is named and something departs
    same_hours: tuple[Sentence, ...] = ()  # works and commands of those hours, and what each may explain
    given_up: tuple[GivenUp, ...] = ()  # none: the verdict rests on all that was to be looked at
    evidence: tuple[Evidence, ...] = ()
    calls: tuple[Result, ...] = ()  # evidence emptied: the appendix holds it once
    inventory: Inventory = Inventory()
    baselines_used: tuple[str, ...] = ()
    model: ModelUse = ModelUse()
    cost: Cost = Cost()
    versions: dict[str, str] = {}

    drawn: ClassVar[dict[str, Callable[[Report], str]]] = {}
    """How a notebook shows a report, by media type: put there by `aitia.api`, since the words draw nothing."""

    def _repr_html_(self) -> str | None:
        return self._as("text/html")

    def _repr_markdown_(self) -> str | None:
        return self._as("text/markdown")

    def _as(self, media: str) -> str | None:
        return self.drawn[media](self) if media in self.drawn else None
