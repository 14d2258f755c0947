"""Run the product on telemetry of a benchmark case, and read its ranking as the scorer needs it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from aitia.core.clock import RecordedClock
from aitia.core.config import SourceConfig
from aitia.core.llm import Llm
from aitia.core.resolve import Resolver
from aitia.core.store import RunStore
from aitia.core.words import Component, Evidence, Incident, Report, Suspect
from aitia.graphs.diagnose import diagnose
from aitia.graphs.state import Options
from aitia.tools import Registry
from aitia.tools.sources import TopologySource, open_sources
from benchmarks.rca.hidden import hidden

RULES = Options(planner="rules", narrator="template")
VOTES = Options(
    planner="model", narrator="template"
)  # the model's part in the verdict, without its sentences


def model(name: str) -> Llm | None:
    """The model of `--model`, fetched and checked where it is not there yet; None for `none`."""
    if name == "none":
        return None
    from aitia.models.load import load_llm

    return load_llm(name, fetch_missing=True)


def diagnosed(
    incident: Incident,
    sources: Sequence[SourceConfig],
    root: Path,
    *,
    components: Sequence[Component] = (),
    llm: Llm | None = None,
    hide: Sequence[str] = (),
    options: Options | None = None,
    registry: Registry | None = None,
) -> Report:
    """The report on a case as `aitia diagnose` makes it, with the rules alone where there is no model.

    `hide` names components whose telemetry is taken away. `options` stand in for `RULES` or `VOTES`,
    `registry` for the tools that are installed.
    """
    opened = open_sources(sources, root)
    if hide:
        resolver = Resolver(components)
        for source in opened:
            for component in source.components() if isinstance(source, TopologySource) else ():
                resolver.add(component)
        opened = [hidden(source, hide, resolver) for source in opened]
    with tempfile.TemporaryDirectory() as home:
        return diagnose(
            incident,
            opened,
            store=RunStore.create(Path(home), meta={"sources": [], "root": str(root)}),
            llm=llm,
            options=options or (VOTES if llm else RULES),
            clock=RecordedClock(incident.window.end),
            components=components,
            registry=registry,
        )


def pairs(report: Report) -> list[tuple[str, str]]:
    """(component, fault) suspects, likeliest first."""
    return [(s.component, s.fault) for s in report.suspects if s.component]


def components(report: Report) -> list[str]:
    """The components of a report, likeliest first."""
    return ordered(report.suspects, report.evidence)


def ordered(suspects: Sequence[Suspect], evidence: Sequence[Evidence]) -> list[str]:
    """Components by the probability of all their suspects together; then those that a ranking tool names, in its order."""
    total: dict[str, float] = {}
    for suspect in suspects:
        if suspect.component:
            total[suspect.component] = total.get(suspect.component, 0.0) + suspect.probability
    best = sorted(total, key=lambda c: (-total[c], c))
    ranked = [e for e in evidence if e.kind == "rank.suspect"]
    ranked.sort(key=lambda e: (-e.strength, e.component))
    return list(dict.fromkeys([*best, *(e.component for e in ranked)]))
