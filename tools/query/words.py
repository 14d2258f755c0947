"""The query language: a verb and its fields. A query only reads."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import Field, TypeAdapter, model_validator

from aitia.core.words import Moment, Word

Level = Literal["", "debug", "info", "warning", "error", "fatal"]
Function = Literal[
    "last", "max", "min", "mean", "p50", "p75", "p90", "p95", "p98", "p99", "sum", "rate", "first", "range"
]
State = Literal[
    "",
    "ready",
    "not_ready",
    "running",
    "pending",
    "failed",
    "restarted",
    "never_restarted",
    "completed",
    "evicted",
    "memory_pressure",
    "disk_pressure",
    "cordoned",
]
Part = Literal[
    "", "image", "node", "ip", "labels", "limits", "requests", "restarts", "replicas", "state", "ports", "schedule",
    "age", "why", "namespace", "owner", "claims", "environment", "type", "taints", "version", "role", "duration",
    "since", "exit_code", "runtime",
]  # fmt: skip
Relation = Literal[
    "calls", "called_by", "holds", "logs", "runs_on", "hosts", "part_of", "parts", "feeds", "fed_by"
]
By = Literal["", "component", "level", "code", "path", "minute", "node", "state", "namespace"]
What = Literal["", "deploy", "config", "flag", "scale", "maintenance"]
Listed = Literal[
    "components", "measurements", "sources", "machines",
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "services", "endpoints", "ingresses",
    "networkpolicies", "configmaps", "secrets", "serviceaccounts", "rolebindings", "resourcequotas", "limitranges",
    "persistentvolumeclaims", "poddisruptionbudgets", "horizontalpodautoscalers", "nodes", "namespaces", "persistentvolumes",
    "storageclasses", "containers",
]  # fmt: skip
MOST: Final = 200  # rows that a query returns at most
USUAL: Final = 10  # lines and changes where nobody says how many


class _Spanned(Word):
    """What has a component and a span of time; a side that is not given is open, up to now."""

    component: str = ""
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> _Spanned:
        if self.since and self.until and self.until <= self.since:
            raise ValueError(
                f"until ({self.until.isoformat()}) must be after since ({self.since.isoformat()})"
            )
        return self


class Lines(_Spanned):
    """Log lines, the newest (or first) `limit` of those that fit, in the order of time; or those that tell the largest figure."""

    verb: Literal["lines"] = "lines"
    level: Level = ""  # and worse
    only: bool = False  # of that level alone
    text: str = ""  # a phrase, as it stands
    words: str = ""  # words, or beginnings of words, each with alternatives `a|b`, that all stand in a line
    code: str = ""  # an answer's status: 503 or 5xx
    limit: int = Field(default=USUAL, ge=1, le=MOST)
    order: Literal["newest", "oldest", "largest"] = "newest"


class Count(_Spanned):
    """How many lines, changes, events, objects or components there are."""

    verb: Literal["count"] = "count"
    of: Literal["lines", "changes", "events", "restarts", Listed] = "lines"
    level: Level = ""  # and worse
    only: bool = False  # of that level alone
    text: str = ""
    words: str = ""
    code: str = ""
    state: State = ""
    labels: str = ""  # `tier=front`, a key alone, or a value alone
    namespace: str = ""
    node: str = ""  # of pods: those that run there
    what: What = ""
    by: By = ""  # also how many of each


class List(Word):
    """Which objects or components there are."""

    verb: Literal["list"] = "list"
    of: Listed = "components"
    component: str = ""
    state: State = ""
    labels: str = ""
    namespace: str = ""
    node: str = ""  # of pods: those that run there
    part: Part = ""
    limit: int = Field(default=MOST, ge=1, le=MOST)


class Get(_Spanned):
    """One thing of one object: its image, node, limits, state …; how long a job's runs took that began in a span."""

    verb: Literal["get"] = "get"
    component: str
    part: Part = "state"
    of: Listed = "components"

    @model_validator(mode="after")
    def _timed(self) -> Get:
        if (self.since or self.until) and self.part != "duration":
            raise ValueError(f"{self.part} is known as it is now: leave out since and until")
        return self


class Stat(_Spanned):
    """One number of a measurement, with its time where it has one. A counter counts by its rate, `sum` by its increase."""

    verb: Literal["stat"] = "stat"
    function: Function = "last"
    metric: str
    labels: str = ""
    wanted: Literal["value", "time"] = "value"
    end: Literal["first", "last"] = "first"  # of a counter's increases, where their time is wanted
    unit: str = ""  # in which it is told: MB, ms, °F; as measured where it is ""


class Share(_Spanned):
    """How much one measurement is of another, in percent: failed of all requests, hits of look-ups, free of all memory."""

    verb: Literal["share"] = "share"
    metric: str
    labels: str = ""
    whole: str  # the measurement that is all of it; several, which add up, with + between them
    whole_labels: str = ""
    rest: bool = False  # what is left: how full from how much is free


class Beyond(_Spanned):
    """Whether, when first and last, since when, how often and how long a measurement was above or below a value in its own unit.

    function  of a histogram: its mean at each step, or a percentile
    """

    verb: Literal["beyond"] = "beyond"
    function: Function = "mean"
    metric: str
    labels: str = ""
    above: float | None = None
    below: float | None = None
    wanted: Literal["whether", "first", "last", "since", "times", "duration"] = "whether"

    @model_validator(mode="after")
    def _bounded(self) -> Beyond:
        if (self.above is None) == (self.below is None):
            raise ValueError("give above=NUMBER or below=NUMBER")
        return self


class Curve(_Spanned):
    """A measurement over time; `way`: whether it rises or falls up to its end, and since when."""

    verb: Literal["series"] = "series"
    metric: str
    labels: str = ""
    way: Literal["", "rise", "fall"] = ""


class Compare(_Spanned):
    """A measurement's statistic, or a number of lines, in one span beside another: `component` beside `other`, or two spans."""

    verb: Literal["compare"] = "compare"
    metric: str = ""  # of lines, where it is ""
    function: Function = "mean"
    labels: str = ""
    level: Level = ""
    code: str = ""
    other: str = ""
    other_metric: str = ""  # another measurement on the other side
    against_since: Moment | None = None
    against_until: Moment | None = None


class Events(_Spanned):
    """What the cluster's events say, the newest last."""

    verb: Literal["events"] = "events"
    text: str = ""
    limit: int = Field(default=USUAL, ge=1, le=MOST)
    order: Literal["newest", "oldest"] = "newest"


class Changes(_Spanned):
    """Deploys, settings, scalings, maintenance and work orders, the newest last."""

    verb: Literal["changes"] = "changes"
    what: What = ""
    text: str = ""
    words: str = ""  # words, each with alternatives `a|b`, that all stand in it
    limit: int = Field(default=USUAL, ge=1, le=MOST)
    order: Literal["newest", "oldest"] = "newest"
    wanted: Literal["all", "time", "component"] = "all"


class Who(_Spanned):
    """Which components call, run on, feed, hold or log something."""

    verb: Literal["who"] = "who"
    does: Relation
    text: str = ""
    level: Level = ""
    metric: str = ""
    labels: str = ""
    function: Function = "max"
    least: bool = False  # of `holds`: the least first
    by: str = ""  # of `holds`: a label whose values are ranked, in place of the components
    limit: int = Field(default=MOST, ge=1, le=MOST)


class Documents(Word):
    """What runbooks and documents say; `text` is the question."""

    verb: Literal["documents"] = "documents"
    text: str


class Incidents(Word):
    """Past incidents that are like a text, or of a component."""

    verb: Literal["incidents"] = "incidents"
    text: str = ""
    component: str = ""
    limit: int = Field(default=5, ge=1, le=MOST)


class Run(Word):
    """A question about a recorded run: its evidence, why, why not, its time line."""

    verb: Literal["run"] = "run"
    text: str
    run: str = "last"


class Diagnose(Word):
    """A diagnosis of a reported trouble; `ask` names it and does not start it."""

    verb: Literal["diagnose"] = "diagnose"
    text: str


Query = Annotated[
    Lines
    | Count
    | List
    | Get
    | Stat
    | Share
    | Beyond
    | Curve
    | Compare
    | Events
    | Changes
    | Who
    | Documents
    | Incidents
    | Run
    | Diagnose,
    Field(discriminator="verb"),
]
QUERY: Final[TypeAdapter[Query]] = TypeAdapter(Query)
VERBS: Final = {kind.model_fields["verb"].default: kind for kind in get_args(get_args(Query)[0])}
Live = Lines | Count | List | Get | Stat | Share | Beyond | Curve | Compare | Events | Changes | Who
LIVE: Final = (Lines, Count, List, Get, Stat, Share, Beyond, Curve, Compare, Events, Changes, Who)
