"""What the peer agent gets of an incident: the same sources and read tools as the product, as LangChain tools with digests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field, create_model

from aitia.agent.facts import Facts, is_anomaly
from aitia.agent.planning.planner import _families
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.core.clock import RecordedClock
from aitia.core.llm import Llm
from aitia.core.redact import Redactor, load_key
from aitia.core.resolve import Resolver
from aitia.core.scenario import Scenario
from aitia.core.words import Evidence, Incident, Inventory, Result, Task
from aitia.graphs.window import fitted
from aitia.tools import Limits, Registry, SourceSet, ToolContext, ToolSpec
from aitia.tools.sources import build_inventory, open_sources

DIGEST_TOKENS, LINE_CHARS = 350, 200


@dataclass(kw_only=True)
class World:
    """One incident with everything that can be asked about it, and what was asked so far."""

    incident: Incident
    inventory: Inventory
    context: ToolContext
    registry: Registry
    llm: Llm
    evidence: list[Evidence] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The known components."""
        return tuple(c.id for c in self.inventory.components)

    def tools(self) -> list[BaseTool]:
        """Every read tool whose needs the inventory meets: the broad ones first, in the product's order for the symptom."""
        specs = [s for s in self.registry if s.effect == "read" and self.inventory.has(*s.needs)]
        order = _families(self.incident)
        specs.sort(key=lambda s: (bool(s.target), order.index(s.family) if s.family in order else len(order)))
        return [self._tool(spec) for spec in specs]

    def _tool(self, spec: ToolSpec) -> BaseTool:
        def call(**args: Any) -> str:
            return self.call(spec.name, args)

        return StructuredTool.from_function(
            func=call, name=spec.name, description=spec.doc, args_schema=self._arguments(spec)
        )

    def _arguments(self, spec: ToolSpec) -> Any:
        """The tool's own arguments; where it takes a component, the known ones to choose from.

        Where a component is optional it is left out: the model would narrow every broad look to the alarm's component.
        """
        fields: dict[str, Any] = {}
        for name, given in spec.arguments.model_fields.items():
            if name != "component":
                fields[name] = (given.annotation, Field(default=given.default))
            elif given.is_required():
                fields[name] = (Literal[self.names], ...)
        return create_model(spec.name, **fields)

    def call(self, name: str, args: dict[str, Any]) -> str:
        """Run a tool and tell of its result in few words. A repeated call is not run again."""
        key = {"tool": name, "args": {k: v for k, v in args.items() if v != ""}}
        repeated = any(c["tool"] == name and c["args"] == key["args"] for c in self.calls)
        if repeated:
            self.calls.append({**key, "status": "repeated"})
            return "The same call was made before: its result stands above. Call another tool or answer."
        context = replace(self.context, found=dict(self.found))
        result = self.registry.call(Task(id=len(self.calls) + 1, tool=name, args=args), context)
        self.found |= result.data
        new = [
            e.model_copy(update={"id": f"E{len(self.evidence) + n}"})
            for n, e in enumerate(result.evidence, 1)
        ]
        self.evidence += new
        self.calls.append({**key, "status": result.status})
        return digest(result, self)


def opened(scenario: Scenario, folder: Path, home: Path, llm: Llm) -> World:
    """The incident as the product opens it (graphs/live.py), without the answer."""
    redactor = Redactor(load_key(home))
    given = scenario.as_incident()
    incident = given.model_copy(
        update={"title": redactor.text(given.title), "text": redactor.text(given.text)}
    )
    resolver = Resolver(scenario.components)
    sources = open_sources(scenario.sources, folder)
    incident = fitted(incident, sources)
    start = min([incident.window.start, *(b.window.start for b in incident.baselines)])
    inventory = build_inventory(sources, incident.window.model_copy(update={"start": start}), resolver)
    incident = incident.model_copy(update={"hints": tuple(resolver.resolve(h) or h for h in incident.hints)})
    context = ToolContext(
        incident=incident,
        sources=SourceSet(sources),
        inventory=inventory,
        resolver=resolver,
        limits=Limits(),
        clock=RecordedClock(scenario.now),
    )
    return World(incident=incident, inventory=inventory, context=context, registry=Registry.load(), llm=llm)


def digest(result: Result, world: World) -> str:
    """The weightiest statements of a result within a budget of tokens: what moved first, then what stayed calm."""
    if result.status != "ok":
        return f"{result.status}: {result.message}"
    facts = Facts(result.evidence, Topology(world.inventory.components))
    ordered = sorted(result.evidence, key=lambda e: (not is_anomaly(e), -facts.weight(e), -e.strength))
    lines, left = [], DIGEST_TOKENS
    for line in dict.fromkeys([*(f"- {_short(e)}" for e in ordered), *_steps(result), *_patterns(result)]):
        cost = world.llm.count(line)
        if cost > left:
            continue
        lines.append(line)
        left -= cost
    weaker = len({_short(e) for e in result.evidence}) - sum(line.startswith("- ") for line in lines)
    if weaker > 0:
        lines.append(f"({weaker} weaker facts left out)")
    return "\n".join(lines) or result.message or "Nothing was found."


def _short(fact: Evidence) -> str:
    """A statement without metric names and label sets, cut at its end where it is long."""
    text = re.sub(r" \((?:[a-z0-9]+_)+[a-z0-9]+\)| \{[^}]*\}", "", fact.statement)
    return text if len(text) <= LINE_CHARS else text[: LINE_CHARS - 1] + "…"


def _steps(result: Result) -> list[str]:
    """What the best matching runbook says to do and to check."""
    books = result.data.get("runbooks", ())
    return [f"* {s['text']}" for b in list(books)[:1] for s in (*b.get("checks", ()), *b.get("steps", ()))]


def _patterns(result: Result) -> list[str]:
    """The log templates of a result that states no facts, as counted."""
    found = () if result.evidence else result.data.get("templates", ())
    return [
        f'* {t["level"]}, {t["count"]} times (before: {t["count_baseline"]}): "{t["template"][:LINE_CHARS]}"'
        for t in found
    ]


def kinds(inventory: Inventory) -> dict[str, str]:
    """The fault kinds of the incident's world with their meaning: of machines, of clusters, or of services."""
    machine = inventory.has("signals") or any(c.type == "machine" for c in inventory.components)
    cluster = inventory.has("cluster")

    def fits(kind: str) -> bool:
        if machine:
            return kind.startswith("machine.")
        special = ".k8s" in kind or kind.endswith((".node", ".pod", ".oom_killed", ".database"))
        return not kind.startswith("machine.") and kind != "unspecified" and (cluster or not special)

    return {f.id: f.explanation or f.title for f in bundled() if fits(f.id)}


def told(world: World) -> str:
    """The incident as text: what was reported, when, and the components with their relations."""
    incident = world.incident
    window = incident.window
    lines = [
        f"Incident: {incident.title}",
        incident.text,
        f"Reported at {incident.started_at:%H:%M:%S} UTC"
        + (f", about {', '.join(incident.hints)}" if incident.hints else "")
        + ".",
        f"Window to explain: {window.start:%H:%M:%S} to {window.end:%H:%M:%S} UTC.",
        "Components:",
    ]
    for component in world.inventory.components:
        links: dict[str, list[str]] = {}
        for link in component.links:
            links.setdefault(link.relation.replace("_", " "), []).append(link.to)
        related = "; ".join(f"{relation} {', '.join(to)}" for relation, to in links.items())
        lines.append(f"- {component.id} ({component.type})" + (f": {related}" if related else ""))
    return "\n".join(line for line in lines if line)
