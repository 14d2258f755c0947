"""Tools are typed functions with a one-line docstring, found through the `aitia.tools` entry point.

from aitia.core.words import Result
from aitia.tools import ToolContext, tool

@tool(needs=("metrics",), produces=("shifts",))
def metrics_scan(ctx: ToolContext, *, component: str = "") -> Result:
    '''Which series of a component changed in the incident window.'''
"""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from aitia.core.aspects import ALL, PERSON
from aitia.core.clock import Clock, WallClock
from aitia.core.deadline import TookTooLong, collecting, within
from aitia.core.errors import AitiaError, BadInput, NotWatched, OutOfTime
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Effect, Evidence, Incident, Inventory, Result, SourceKind, Task
from aitia.tools import plugins
from aitia.tools.meaning.dictionary import Entry, Message
from aitia.tools.offer import Offer

T = TypeVar("T")
# Control characters, line breaks, zero-width and direction marks: a statement is one line of plain text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

MOST_GIVEN_UP: Final = 10  # told of one call
_LONGEST_NAME = 300  # characters of a component in a fact of another package
_LONG = re.compile(r"\d{19}")
_HALF_HOUR = 1800.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one task."""

    seconds: float = 30.0
    evidence: int = 60
    statement_chars: int = 400
    message_chars: int = 2_000  # of a message and of a query
    result_bytes: int = 64 << 20  # of a result as JSON; the largest of a bundled tool is a tenth of that


class SourceSet:
    """The readable sources of a run, by kind."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self._sources = tuple(sources)
        self.memo: dict[object, Any] = {}  # what tools of one run read once and share, by what it depends on
        self._lock = threading.Lock()
        self._locks: dict[object, threading.RLock] = {}

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources)

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """What `make` returned under a key; of tools that ask at the same time the first makes it, the others wait."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.RLock())
        with lock:
            if key not in self.memo:
                self.memo[key] = make()
            return self.memo[key]

    def of(self, kind: SourceKind) -> tuple[Source, ...]:
        """The sources of one kind, in configured order."""
        return tuple(s for s in self._sources if s.kind == kind)


def _discard(data: bytes, suffix: str = "") -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool may use. `put_artifact(data, suffix)` stores plot data and returns its hash."""

    incident: Incident
    sources: SourceSet
    inventory: Inventory = Inventory()
    resolver: Resolver = field(default_factory=Resolver)
    limits: Limits = Limits()
    clock: Clock = field(default_factory=WallClock)
    put_artifact: Callable[[bytes, str], str] = _discard
    found: Mapping[str, Any] = field(default_factory=dict)
    """What earlier tasks of the run produced under the names that the tool consumes; plain JSON values."""
    names: Mapping[str, Entry] = field(default_factory=dict)
    """What a model said that metrics mean whose names neither a word nor a person explains."""
    messages: Mapping[str, Message] = field(default_factory=dict)
    """What a model said of messages, by their program's own words of the template (`aitia.tools.logs.heard`)."""


EVIDENCE: Final = "evidence"  # a tool that consumes this is told of every fact that the run has found so far


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """A registered tool. `target` names the argument that the planner fills with a component id, if any."""

    name: str
    doc: str
    function: Callable[..., Result]
    arguments: type[BaseModel]
    effect: Effect = "read"
    needs: tuple[SourceKind, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    target: str = ""
    family: str = ""
    left: bool = False  # to a choice: no rule plans it
    offer: Offer | None = None  # how a call of it may be chosen; None where it may not
    foreign: bool = (
        False  # of another package: it works on copies, and only what it `produces` is kept of its data
    )

    @property
    def by_rules(self) -> bool:
        """Whether rules may plan a call of it: it only reads, and is not left to a model's choice."""
        return self.effect == "read" and not self.left

    @property
    def asks_last(self) -> bool:
        """Whether it goes by every fact that the run has found, and so is called when the others of its round are done."""
        return EVIDENCE in self.consumes

    def __call__(self, ctx: ToolContext, **args: Any) -> Result:
        """Call the function itself, unguarded (for tests and notebooks)."""
        return self.function(ctx, **args)


def tool(
    *,
    name: str = "",
    effect: Effect = "read",
    needs: tuple[SourceKind, ...] = (),
    consumes: tuple[str, ...] = (),
    produces: tuple[str, ...] = (),
    target: str = "",
) -> Callable[[Callable[..., Result]], ToolSpec]:
    """Make a ToolSpec of a function `(ctx, *, typed keyword arguments) -> Result`."""

    def decorate(function: Callable[..., Result]) -> ToolSpec:
        doc = (inspect.getdoc(function) or "").split("\n")[0]
        tool_name = name or function.__name__
        if not doc:
            raise BadInput(f"Give the tool {tool_name!r} a one-line docstring: the planner shows it.")
        return ToolSpec(
            name=tool_name,
            doc=doc,
            function=function,
            arguments=_arguments(tool_name, function),
            effect=effect,
            needs=needs,
            consumes=consumes,
            produces=produces,
            target=target,
            family=function.__module__.removeprefix("aitia.tools.").split(".")[0],
        )

    return decorate


def _arguments(name: str, function: Callable[..., Result]) -> type[BaseModel]:
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY or parameter.name not in hints:
            raise BadInput(f"Make {parameter.name!r} of the tool {name!r} keyword-only and annotated.")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    model = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
    return cast("type[BaseModel]", model)


class Registry:
    """The tools that are installed, by name."""

    def __init__(self, specs: Iterable[ToolSpec] = ()) -> None:
        self._specs: dict[str, ToolSpec] = {}
        for spec in specs:
            if spec.name in self._specs:
                raise BadInput(f"Rename one of the two tools called {spec.name!r}.")
            self._specs[spec.name] = spec

    @classmethod
    def load(cls) -> Registry:
        """All tools of all modules behind the `aitia.tools` entry point; those of other packages as far as they are usable."""
        group = "aitia.tools"
        specs = [s for e in plugins.entries(group) if plugins.own(e) for s in specs_of(e.load())]
        names, produced = {s.name for s in specs}, {p for s in specs for p in s.produces}
        for package, found in plugins.foreign(group, specs_of):
            for spec in plugins.most_of(found):
                try:
                    specs.append(plugins.usable(spec, names, produced))
                    names.add(spec.name)
                except Exception as error:  # a spec of others may hold anything
                    plugins.told(package, plugins.described(error))
        return cls(specs)

    def __iter__(self) -> Iterator[ToolSpec]:
        return iter(self._specs.values())

    def __getitem__(self, name: str) -> ToolSpec:
        try:
            return self._specs[name]
        except KeyError:
            raise BadInput(
                f"Choose an installed tool: {name!r} is not one of {', '.join(self._specs)}."
            ) from None

    def names(self) -> tuple[str, ...]:
        """All tool names, in entry-point order."""
        return tuple(self._specs)

    def validate(self, task: Task) -> dict[str, Any]:
        """The task's arguments, checked and completed with defaults. Raises BadInput."""
        spec = self[task.tool]
        try:
            return spec.arguments.model_validate(task.args).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadInput(f"Fix argument {where!r} of {task.tool}: {first['msg']}") from None

    def call(self, task: Task, ctx: ToolContext) -> Result:
        """Run a task within its limits. Whatever happens inside the tool, this returns a Result."""
        start = ctx.clock.elapsed()
        result = self._guarded(task, ctx)
        doubted = {h.source: h.doubt_s for h in ctx.inventory.holdings if h.doubt_s}
        return result.model_copy(
            update={
                "task": task.id,
                "tool": task.tool,
                "args": dict(task.args),
                "seconds": round(ctx.clock.elapsed() - start, 4),
                "message": result.message[: ctx.limits.message_chars],
                "query": result.query[: ctx.limits.message_chars],
                "evidence": tuple(
                    _read_by(_tidy(e, task.tool, ctx.limits, doubted), ctx.names)
                    for e in result.evidence[: ctx.limits.evidence]
                ),
            }
        )

    def _guarded(self, task: Task, ctx: ToolContext) -> Result:
        try:
            spec, args = self[task.tool], self.validate(task)
        except BadInput as error:
            return Result(status="error", message=str(error))
        if spec.effect != "read":
            return Result(
                status="needs_approval",
                message=f"{spec.name} may change something: a person must approve it.",
            )
        made = attempt(spec.name, ctx.limits.seconds, lambda: _run(spec, ctx, args))
        result = made.value or Result(status="error", message=made.why)
        given_up = dict.fromkeys((*made.given_up, *result.given_up))
        shown = [told[: ctx.limits.message_chars] for told in given_up][:MOST_GIVEN_UP]
        return result.model_copy(update={"given_up": tuple(shown)})


class Attempt(NamedTuple, Generic[T]):
    """What an action returned, or None and why; and what it gave up because its time was over."""

    value: T | None
    why: str
    given_up: tuple[str, ...]


def attempt(name: str, seconds: float, action: Callable[[], T]) -> Attempt[T]:
    """What an action returns in its time: the one place where any failure of tools and sources is words."""
    given_up: list[str] = []

    def noted() -> T:
        with collecting(given_up):
            return action()

    try:
        return Attempt(within(seconds, noted, name=name), "", tuple(given_up))
    except TookTooLong:
        why = f"{name} took longer than {seconds:g} s and was stopped."
        return Attempt(None, why, (why, *given_up))
    except AitiaError as error:
        late = (
            (str(error),) if isinstance(error, OutOfTime) else ()
        )  # raised by a thread of its own, nobody noted it
        return Attempt(None, str(error), tuple(dict.fromkeys((*late, *given_up))))
    except Exception as error:
        return Attempt(None, f"{name} failed: {error}"[:400], tuple(given_up))


def _run(spec: ToolSpec, ctx: ToolContext, args: dict[str, Any]) -> Result:
    """A tool's result as it can be stored. Whatever is the tool's own (its result's serialisation, the text of its exception)
    happens here, within its limit.
    """
    try:
        given = plugins.copied(ctx) if spec.foreign else ctx
        return _plain(spec, spec.function(given, **args), ctx.limits)
    except (SystemExit, KeyboardInterrupt):
        raise _Failed("it tried to end the process") from None
    except NotWatched as nothing:
        return Result(status="no_data", message=str(nothing))
    except AitiaError as error:
        raise (BadInput(str(error)) if spec.foreign else error) from None
    except BaseException as error:  # in words, whatever it is: the caller makes a Result of it
        raise _Failed(plugins.described(error)) from None


class _Failed(Exception):
    """What a tool raised, in words."""


def _plain(spec: ToolSpec, result: object, limits: Limits) -> Result:
    """What the tool returned, if it is a Result that can be stored: plain JSON values, finite numbers, a bounded size."""
    if not isinstance(result, Result):
        return Result(
            status="error",
            message=f"{spec.name} returned {type(result).__name__}, not a Result. Fix the tool.",
        )
    text = result.model_dump_json()
    if len(text) > limits.result_bytes:
        return Result(
            status="error",
            message=(
                f"{spec.name} returned {len(text)} bytes, more than the limit of {limits.result_bytes}. Make "
                "it return less."
            ),
        )
    plain = Result.model_validate_json(text)
    if _LONG.search(text) and not _storable([plain.data, *(e.values for e in plain.evidence)]):
        return Result(
            status="error",
            message=f"{spec.name} returned an integer of more than 64 bits. Make it return smaller ones.",
        )
    if spec.foreign:
        held = {k: v for k, v in plain.data.items() if k in spec.produces}
        facts = tuple(
            e for e in plain.evidence if max(map(len, (e.component, e.peer, e.kind))) <= _LONGEST_NAME
        )
        plain = plain.model_copy(update={"data": held, "evidence": facts, "given_up": ()})
    return plain


def _storable(value: Any) -> bool:
    """Whether every whole number within fits a checkpoint: 64 bits."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return all(_storable(each) for each in inner)


def specs_of(module: ModuleType) -> list[ToolSpec]:
    """The tools that a module holds as attributes."""
    found: Mapping[str, Any] = vars(module)
    return [value for value in found.values() if isinstance(value, ToolSpec)]


def _read_by(evidence: Evidence, names: Mapping[str, Entry]) -> Evidence:
    """A fact about a metric whose name a model read counts by the probability of that reading."""
    entry = names.get(str(evidence.values.get("metric", "")))
    if entry is None or not entry.taken:
        return evidence
    told = {
        "read_by": entry.by.removeprefix("model "),
        "read_as": entry.quantity,
        "read_sure": entry.confidence,
    }
    return evidence.model_copy(
        update={
            "values": {**evidence.values, **told},
            "strength": round(evidence.strength * entry.confidence, 3),
        }
    )


def _tidy(evidence: Evidence, tool_name: str, limits: Limits, doubted: Mapping[str, float]) -> Evidence:
    statement = (
        _CONTROL.sub(" ", evidence.statement).strip()
        or f"{evidence.component or tool_name}: {evidence.kind}."
    )
    if len(statement) > limits.statement_chars:
        statement = statement[: limits.statement_chars - 1] + "…"
    aspect = evidence.aspect if evidence.aspect in ALL - PERSON else "other"
    changed: dict[str, Any] = {"statement": statement, "tool": tool_name, "aspect": aspect}
    if doubt := doubted.get(evidence.source.source, 0.0):
        # A moment that may be minutes off is uncertain; what may be of another hour counts half.
        changed["onset_error_s"] = evidence.onset_error_s + doubt
        changed["strength"] = evidence.strength * (0.5 if doubt >= _HALF_HOUR else 1.0)
    return evidence.model_copy(update=changed)
