"""What there is to tell of a diagnosis: the briefs of its suspects' chains, the summaries, and those that it rules out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aitia.agent.chain import build_chain
from aitia.agent.facts import Facts
from aitia.agent.narrator import Brief
from aitia.agent.taxonomy import bundled
from aitia.agent.template import edge_briefs, exclusion_briefs, summary_brief
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import Options, names_of

RULES = Options(planner="rules", narrator="template")
SUSPECTS = 2  # of a diagnosis whose chains are told


@dataclass(frozen=True, kw_only=True)
class EvidenceSet:
    """The briefs that belong to one suspect of one diagnosis."""

    id: str
    briefs: Sequence[Brief]


def of_scenarios(folders: Sequence[Path]) -> Iterator[EvidenceSet]:
    """The evidence sets of scenario folders, diagnosed without a model. Answers are not looked at."""
    for folder in folders:
        with tempfile.TemporaryDirectory() as home:
            report = replay(folder, home=Path(home), llm=None, options=RULES).report
        yield from of_report(folder.name, report)


def of_report(name: str, report: Report) -> Iterator[EvidenceSet]:
    """A set per suspect whose chain has an edge, as if it were the cause; one more for those that are ruled out."""
    taxonomy, names = bundled(), names_of(report.inventory)
    facts = Facts(report.evidence, Topology(report.inventory.components))
    suspects = {s.component: s for s in reversed(report.suspects) if s.component}
    likeliest = sorted(suspects.values(), key=lambda s: -s.probability)[:SUSPECTS]
    for suspect in likeliest:
        fault = taxonomy.get(suspect.fault)
        edges = build_chain(suspect, fault, facts, report.incident)
        summary = summary_brief(edges, facts, names, fault, suspect.probability)
        briefs = [
            *edge_briefs(edges, facts, names, suspect.probability),
            *([summary] if summary else []),
        ]
        if briefs:
            yield EvidenceSet(id=f"{name}/{suspect.component}", briefs=briefs)
    weighed = Weighed(
        verdict=report.verdict,
        probability=report.probability,
        component=report.component,
        fault=report.fault,
        suspects=report.suspects,
    )
    against = [brief for _, brief in exclusion_briefs(weighed, taxonomy, facts, names)]
    if against:
        yield EvidenceSet(id=f"{name}/ruled-out", briefs=against)
