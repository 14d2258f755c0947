"""What may be asked in a drill, by command: each look gives lines to read and tells what they showed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from aitia.agent.facts import is_anomaly
from aitia.core.errors import BadInput
from aitia.core.words import Evidence, Result, Task
from aitia.drill import raw
from aitia.drill.incident import Incident, meant
from aitia.drill.raw import Shown
from aitia.drill.words import Seen
from aitia.graphs.live import safe_result
from aitia.render.text import clean, clip
from aitia.tools import ToolSpec
from aitia.tools.registry import EVIDENCE

_MOST_DATA: Final = 40  # lines of what a tool returned beside facts


class Looks:
    """The telemetry of one incident. Tools build on what earlier ones found, as in a diagnosis."""

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self._results: list[Result] = []
        self._hinted: Evidence | None = None

    def look(self, words: str) -> Shown:
        """Call a tool: `look TOOL [ARGUMENT…]`, arguments in order or as name=value."""
        name, *given = words.split()
        spec = self.spec(name)
        return self._told(self._call(spec, self._arguments(spec, given)))

    def spec(self, name: str) -> ToolSpec:
        """A tool by its name. Raises BadInput with the nearest names."""
        if name not in self.incident.tools.names():
            raise BadInput(f"No tool here is called {name!r}.{meant(name, self.incident.tools.names())}")
        return self.incident.tools[name]

    def cluster(self, words: str) -> Shown:
        """`cluster`: what is not well; `cluster RESOURCE`: its objects; `cluster RESOURCE NAME`: one object."""
        if "cluster_state" not in self.incident.tools.names():
            raise BadInput("This incident has no cluster. Type sources for what there is.")
        tool = ("cluster_state", "cluster_get", "cluster_describe")[min(len(words.split()), 2)]
        return self.look(f"{tool} {words}")

    def tools(self) -> list[str]:
        """A line a tool: how it is called and what it answers."""
        return [f"{_usage(s):<32} {s.doc}" for s in self.incident.tools]

    def hint(self, seen: Callable[[Evidence], bool]) -> Shown:
        """Where something changed that was not looked at; asked again, what that is. It comes from tools, not from the answer."""
        if self._hinted is not None and not seen(self._hinted):
            fact = self._hinted
            return [clean(fact.statement)], (_seen(fact),)
        general = [
            s
            for s in self.incident.tools
            if not any(f.is_required() for f in s.arguments.model_fields.values())
        ]
        facts = [e for s in general if not s.consumes for e in self._call(s, {}).evidence]
        new = [e for e in facts if e.component and is_anomaly(e) and not seen(e)]
        self._hinted = max(new, key=lambda e: (e.strength, e.component, e.kind), default=None)
        if self._hinted is None:
            return ["The tools find nothing more that changed."], ()
        family = _FAMILIES.get(self._hinted.kind.split(".")[0], self._hinted.kind)
        return [f"You have not looked at the {family} of {self._hinted.component}. (hint: what it is)"], ()

    def _arguments(self, spec: ToolSpec, given: list[str]) -> dict[str, Any]:
        names = iter(spec.arguments.model_fields)
        args: dict[str, Any] = {}
        for word in given:
            key, equals, value = word.partition("=")
            if not equals or key not in spec.arguments.model_fields:
                key, value = next((n for n in names if n not in args), ""), word
            if not key:
                raise BadInput(f"{spec.name} takes no {word!r}: {_usage(spec)}")
            args[key] = self.incident.component(value) if key == "component" else value
        return args

    def _call(self, spec: ToolSpec, args: dict[str, Any]) -> Result:
        done = next((r for r in self._results if (r.tool, r.args) == (spec.name, args)), None)
        if done is not None:
            return done
        task = Task(id=len(self._results) + 1, tool=spec.name, args=args)
        self.incident.tools.validate(task)
        found = {k: v for r in self._results for k, v in r.data.items() if k in spec.consumes}
        if EVIDENCE in spec.consumes:
            found[EVIDENCE] = [e.model_dump(mode="json") for r in self._results for e in r.evidence]
        context = replace(self.incident.context, found=found)
        result = safe_result(self.incident.tools.call(task, context), self.incident.redactor)
        self._results.append(result)
        return result

    def _told(self, result: Result) -> Shown:
        told = [f"{e.strength:.2f}  {clean(e.statement)}" for e in result.evidence]
        if not result.evidence:
            told += [line for value in result.data.values() for line in _data(value)][:_MOST_DATA]
        told += [clean(result.message)] if result.message else []
        return told or [f"{result.tool} found nothing to report."], tuple(map(_seen, result.evidence))


_FAMILIES: Final = {
    "metric": "metrics", "signal": "signals", "log": "logs", "change": "changes", "maintenance": "work orders",
    "trace": "traces", "cluster": "cluster state", "vibration": "vibration", "k8s": "cluster state",
}  # fmt: skip


def _usage(spec: ToolSpec) -> str:
    fields = spec.arguments.model_fields.items()
    return " ".join([spec.name, *(n.upper() if f.is_required() else f"[{n.upper()}]" for n, f in fields)])


def _seen(fact: Evidence) -> Seen:
    return Seen(component=fact.component, kind=fact.kind, aspect=fact.aspect)


def _data(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [clip(clean(_row(row)), 300) for row in rows]


def _row(row: Any) -> str:
    return "  ".join(f"{k} {v}" for k, v in row.items()) if isinstance(row, dict) else str(row)


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a command takes, what it is for, and what it does with the words behind its name."""

    takes: str = ""
    help: str
    do: Callable[[Looks, str], Shown]


def _two(words: str) -> tuple[str, str]:
    first, _, rest = words.partition(" ")
    return first, rest.strip()


COMMANDS: Final[dict[str, Command]] = {
    "sources": Command(help="what telemetry there is", do=lambda looks, _: (raw.sources(looks.incident), ())),
    "tools": Command(help="the tools that can be called here", do=lambda looks, _: (looks.tools(), ())),
    "look": Command(
        takes="TOOL [COMPONENT]", help="call a tool, as a diagnosis would", do=lambda looks, words: looks.look(words)
    ),
    "lines": Command(
        takes="COMPONENT [TEXT]",
        help="its newest log lines in the window, all or those with a text",
        do=lambda looks, words: raw.lines(looks.incident, *_two(words)),
    ),
    "series": Command(
        takes="COMPONENT [METRIC]",
        help="its series before and in the window",
        do=lambda looks, words: raw.series(looks.incident, *_two(words)),
    ),
    "changes": Command(
        help="deploys, configuration changes, work orders", do=lambda looks, _: raw.changes(looks.incident)
    ),
    "cluster": Command(
        takes="[RESOURCE [NAME]]",
        help="what is not well in the cluster, objects, one object",
        do=lambda looks, words: looks.cluster(words),
    ),
}  # fmt: skip
