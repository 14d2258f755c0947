"""The file of a system: its programs, monitoring, load, faults and decoys. The reference is docs/lab.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from aitia.core.words import ComponentType, Word
from aitia.lab.servers.steps import Command, Step
from aitia.lab.servers.templates import choose
from aitia.lab.words import Failure, Strength

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Scalar = str | int | float | bool
Params = dict[str, Scalar]


class LogFile(Word):
    """A log that the program writes itself; the file's own format is kept."""

    path: str
    component: Id | None = None  # default: the program's


class Program(Word):
    """A program that is started and watched. Without `component` it is a component of its own name."""

    id: Id
    argv: tuple[str, ...] = Field(min_length=1)
    component: Id | None = None
    type: ComponentType = "service"
    user: str = ""
    env: dict[str, str] = {}
    before: tuple[Command, ...] = ()
    ready: Command | None = None
    after: tuple[Command, ...] = ()
    listens: str = ""
    up_s: float = Field(default=30.0, gt=0)
    restart: bool = False
    limit_mb: float = Field(default=0.0, ge=0)
    stop: Literal["SIGTERM", "SIGINT", "SIGQUIT"] = "SIGTERM"
    stdout: Literal["plain", "journal", "off"] = "plain"
    logs: tuple[LogFile, ...] = ()
    calls: tuple[Id, ...] = ()
    aliases: tuple[str, ...] = ()
    traces: bool = False  # it sends spans where the environment names an endpoint

    @property
    def of(self) -> str:
        """The component it belongs to."""
        return self.component or self.id


class Edge(Word):
    """A connection between two components that passes a TCP proxy, always."""

    name: str = ""
    caller: Id
    callee: Id
    port: str

    @property
    def id(self) -> str:
        """How templates and steps name it."""
        return self.name or f"{self.caller}>{self.callee}"


class Exporter(Word):
    """A program that monitors and is no component: it is scraped on `listens`."""

    id: Id
    argv: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = {}
    user: str = ""
    listens: str
    component: Id
    job: str = ""
    path: str = "/metrics"
    labels: dict[str, str] = {}


class Scrape(Word):
    """What Prometheus asks of a program that tells of itself."""

    component: Id
    port: str
    job: str = ""
    path: str = "/metrics"
    params: dict[str, tuple[str, ...]] = {}
    labels: dict[str, str] = {}


class Probe(Word):
    """A target of blackbox_exporter."""

    component: Id
    target: str
    module: Literal["http", "tcp"] = "http"
    job: str = "blackbox"
    timeout_s: float = 3.0


class Request(Word):
    """One kind of request of a load; `{n}` in path, body and statement is a number from 1 to `of`, small ones oftener."""

    name: str = ""  # of its span; default: the path
    method: str = "GET"
    path: str = "/"
    body: str = ""
    weight: float = Field(default=1.0, gt=0)
    of: int = Field(default=1000, ge=1)


class Statement(Word):
    """One transaction of a load on a database."""

    name: str = ""  # of its span; default: what the first statement does
    sql: tuple[str, ...] = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0)
    of: int = Field(default=1000, ge=1)


class Load(Word):
    """A client. Open loop: `rate` a second whatever the answers; closed loop: `workers` with `think_ms` between."""

    id: Id
    kind: Literal["http", "sql", "argv"]
    target: str = ""
    mode: Literal["open", "closed"] = "open"
    rate: float = Field(default=10.0, gt=0)
    workers: int = Field(default=4, ge=1, le=256)
    think_ms: float = Field(default=50.0, ge=0)
    wave: float = Field(default=0.15, ge=0, lt=1)
    period_s: float = Field(default=60.0, gt=0)
    timeout_s: float = Field(default=5.0, gt=0)
    headers: dict[str, str] = {}
    requests: tuple[Request, ...] = ()
    statements: tuple[Statement, ...] = ()
    argv: tuple[str, ...] = ()
    prefix: str = Field(default="client", pattern=r"^[a-z][a-z0-9_]*$")
    component: Id | None = None  # scraped under this name; none: the load is not monitored
    user_view: bool = True  # whether its answers are what users see
    traces: bool = False  # its client sends spans, as the service `component`

    @model_validator(mode="after")
    def _named(self) -> Load:
        if self.traces and not self.component:
            raise ValueError("a load with `traces` needs a `component`: the name of the service in its spans")
        return self


class Rule(Word):
    """An alert on a symptom at the entry point, as Prometheus has it."""

    name: str
    expr: str
    for_s: float = 6.0
    summary: str
    description: str = ""
    labels: dict[str, str] = {}


class Text(Word):
    """What a person says."""

    title: str
    text: str = ""


class Expected(Word):
    """The answer to a fault; templates are filled in for each victim."""

    component: str
    fault: str
    alternatives: tuple[dict[str, str], ...] = ()
    why: str = ""

    @field_validator("alternatives")
    @classmethod
    def _pairs(cls, value: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
        if any(set(pair) != {"component", "fault"} for pair in value):
            raise ValueError("each alternative has `component` and `fault`")
        return value


class Deed(Word):
    """Steps with parameters, filled in for a victim and a strength."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    params: Params = {}
    victims: dict[str, Params] = {}
    steps: tuple[dict[str, Any], ...] = Field(min_length=1)

    def filled(self, value: Any, victim: str, extra: Params) -> Any:
        """`value` with the parameters of this victim."""
        own = self.victims.get(victim, {})
        return choose(value, {**self.params, **extra, **own, "victim": victim})

    def concrete(self, victim: str, strength: Params) -> tuple[Step, ...]:
        """The steps as they are carried out."""
        return tuple(Step.model_validate(step) for step in self.filled(self.steps, victim, strength))


class Fault(Deed):
    """A failure: what is done, to whom, how hard, and what an expert would answer."""

    family: str
    strengths: dict[Strength, Params] = {"medium": {}}
    answer: Expected

    def failure(self) -> Failure:
        """As the lab offers it."""
        return Failure(
            id=self.id,
            title=self.title,
            family=self.family,
            victims=tuple(self.victims),
            strengths=tuple(self.strengths),
        )


class Decoy(Deed):
    """Something harmless. `when`: before the onset, around it, or either."""

    when: Literal["before", "around", "any"] = "any"


class Past(Word):
    """A change that lies back."""

    hours_ago: float = Field(gt=0)
    component: Id
    kind: Literal["deploy", "config", "maintenance", "flag", "other"] = "deploy"
    text: str
    version: str = ""


class Complaint(Word):
    """What users say where no rule fires. `{share}`, `{p95}` are filled in from the client's view."""

    errors: Text
    slow: Text


class SystemFile(Word):
    """A system of real servers."""

    schema_version: Literal[1] = Field(alias="schema", default=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    host: Id
    host_type: ComponentType = "node"
    host_metrics: bool = True
    root: str = "/srv/app"
    needs: dict[str, str]
    python: dict[str, str] = {}
    volumes: dict[Id, int] = {}  # MB of a small file system of its own
    files: dict[str, str] = {}
    edges: tuple[Edge, ...] = ()
    programs: tuple[Program, ...] = Field(min_length=1)
    exporters: tuple[Exporter, ...] = ()
    scrapes: tuple[Scrape, ...] = ()
    probes: tuple[Probe, ...] = ()
    loads: tuple[Load, ...] = Field(min_length=1)
    alerts: tuple[Rule, ...] = ()
    entry: Id
    complaint: Complaint
    reports: tuple[Text, ...] = Field(min_length=1)
    history: tuple[Past, ...] = ()
    faults: tuple[Fault, ...] = Field(min_length=1)
    decoys: tuple[Decoy, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        """Their names, each once, in the order of the programs; the host last."""
        return tuple(dict.fromkeys([*(p.of for p in self.programs), self.host]))

    @property
    def traced(self) -> bool:
        """Whether any of its services sends spans."""
        return any(p.traces for p in self.programs) or any(load.traces for load in self.loads)

    def program(self, name: str) -> Program:
        """The program of that id. Raises KeyError."""
        return {p.id: p for p in self.programs}[name]
