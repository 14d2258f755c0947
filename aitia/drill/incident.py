"""The incident of a drill: its telemetry behind the tools, in a copy that holds no answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, load_key
from aitia.core.resolve import Resolver
from aitia.core.scenario import Scenario
from aitia.core.trust import confined
from aitia.core.words import Window
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.sources import build_inventory, open_sources


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What a person may look at: the context that tools get, and the tools that this telemetry can answer."""

    context: ToolContext
    tools: Registry
    redactor: Redactor
    span: Window  # from the earliest baseline to the window's end
    labels: dict[str, str]

    @property
    def components(self) -> tuple[str, ...]:
        """Ids of all components, sorted."""
        return tuple(sorted(c.id for c in self.context.inventory.components))

    def component(self, name: str) -> str:
        """The canonical id of a name. Raises BadInput with the nearest names."""
        if not name:
            raise BadInput(f"Name a component: {', '.join(self.components)}.")
        found = self.context.resolver.resolve(name)
        if found in self.components:
            return found
        raise BadInput(f"No component is called {name!r}.{meant(name, self.components)}")


def meant(word: str, known: Iterable[str]) -> str:
    """“ Did you mean …?” with up to three near names, or how to see them all."""
    names = list(known)
    close = difflib.get_close_matches(word.casefold(), [n.casefold() for n in names], n=3, cutoff=0.5)
    near = [n for n in names if n.casefold() in close or (len(word) > 2 and word.casefold() in n.casefold())]
    return f" Did you mean {', '.join(near[:5])}?" if near else f" Known: {', '.join(names[:40])}."


def open_incident(scenario: Scenario, root: Path, home: Path) -> Incident:
    """The incident of a scenario whose telemetry lies at `root`, as a diagnosis would see it. Raises Untrusted, BadInput."""
    sources = open_sources(confined(scenario.sources, root), root)
    incident = scenario.as_incident()
    start = min([incident.window.start, *(b.window.start for b in incident.baselines)])
    span = Window(start=start, end=incident.window.end)
    resolver = Resolver(scenario.components)
    inventory = build_inventory(sources, span, resolver)
    held = {s.kind for s in sources}
    return Incident(
        context=ToolContext(
            incident=incident,
            sources=SourceSet(_readable(sources, {h.source for h in inventory.holdings if h.unread})),
            inventory=inventory,
            resolver=resolver,
            clock=RecordedClock(scenario.now),
        ),
        tools=Registry(s for s in Registry.load() if s.effect == "read" and held.issuperset(s.needs)),
        redactor=Redactor(load_key(home)),
        span=span,
        labels=dict(scenario.incident.labels),
    )


def _readable(sources: Iterable[Source], unread: set[str]) -> list[Source]:
    return [s for s in sources if s.name not in unread]
