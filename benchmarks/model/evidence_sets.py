"""What there is to tell of a diagnosis: the briefs of its suspects' chains, the summaries, and those that it rules out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aitia.agent.facts import Facts
from aitia.agent.sentences.chain import build_chain
from aitia.agent.sentences.narrator import Brief
from aitia.agent.sentences.template import edge_briefs, exclusion_briefs, summary_brief
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import Options, names_of
from benchmarks.rca import k8s_snapshots, metric_runs, nezha_sources, petshop
from benchmarks.rca.product import diagnosed

RULES = Options(planner="rules", narrator="template")
T = TypeVar("T")
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


def of_public(rca: Path, each: int) -> Iterator[EvidenceSet]:
    """Sets of `each` cases of PetShop, Nezha and the Kubernetes snapshots, evenly taken of those that RCA holds."""
    for name, report in _public_reports(rca, each):
        yield from of_report(name, report)


def _public_reports(rca: Path, each: int) -> Iterator[tuple[str, Report]]:
    shops = list(petshop.folders(rca / "petshop"))
    for folder in _evenly(shops, each):
        case = petshop.case_of(folder, rca / "petshop")
        yield f"petshop-{case.name.replace('/', '-')}", metric_runs.report_of(case)
    for fault in _evenly(nezha_sources.cases(rca / "nezha"), each):
        yield f"nezha-{fault.name.replace('/', '-')}", nezha_sources.ours(rca / "nezha", fault)
    for folder in _evenly(sorted(p.parent for p in (rca / "k8s_snapshots").glob("*/metadata.json")), each):
        with tempfile.TemporaryDirectory() as made:
            incident, sources = k8s_snapshots.asked_of(folder, Path(made))
            yield folder.name, diagnosed(incident, sources, folder)


def _evenly(items: Sequence[T], count: int) -> Sequence[T]:
    return [items[i * len(items) // count] for i in range(count)] if len(items) > count else items


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
