"""Predictions on metric cases by the product, and the rows of their scores."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aitia.core.llm import Llm
from aitia.core.words import Evidence, Report
from benchmarks.contract import Case, hits, rows
from benchmarks.rca.metric_cases import MetricCase, first_seen
from benchmarks.rca.product import components, diagnosed

RULES, ALONE, VOTED = (
    "no_model",
    "no_model (ranking alone)",
    "ours",
)  # ALONE: the order of the tool metrics_rank
SURE = 0.8
Name = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The order of suspects by each system, and what else the product said. No answer is in here."""

    name: str
    orders: Mapping[str, list[str]]
    verdict: str = ""
    component: str = ""  # that the verdict names
    probability: float = 0.0
    seconds: float = 0.0
    onset: float | None = None  # of the first suspect, epoch seconds
    alone_onset: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


def report_of(case: MetricCase, llm: Llm | None = None) -> Report:
    """The product's report on a case, by the rules alone or with a model."""
    with tempfile.TemporaryDirectory() as folder:
        sources = case.write(Path(folder))
        return diagnosed(case.incident(), sources, Path(folder), components=case.components, llm=llm)


def predicted(
    case: MetricCase, peers: Mapping[str, list[str]], *, name: Name = str, llm: Llm | None = None
) -> Prediction:
    """Run the product on a case; `name` maps a component to the name that answers use."""
    report = report_of(case)
    voted = {VOTED: first_seen([name(c) for c in components(report_of(case, llm))])} if llm else {}
    ranked = sorted(
        (e for e in report.evidence if e.kind == "rank.suspect" and e.aspect == "rank.metrics"),
        key=lambda e: (int(e.values.get("rank", 99)), e.component),
    )
    ours = components(report)
    return Prediction(
        name=case.name,
        orders={
            **voted,
            RULES: first_seen([name(c) for c in ours]),
            ALONE: first_seen([name(e.component) for e in ranked]),
            **{system: first_seen([name(c) for c in order]) for system, order in peers.items()},
        },
        verdict=report.verdict,
        component=name(report.component) if report.component else "",
        probability=report.probability,
        seconds=report.cost.seconds,
        onset=_onset(report, ours[0], ranked) if ours else None,
        alone_onset=ranked[0].onset.timestamp() if ranked and ranked[0].onset else None,
        extra=case.extra,
    )


def _onset(report: Report, component: str, ranked: Sequence[Evidence]) -> float | None:
    """When the first suspect's trouble began: the ranking's onset of it, else its earliest fact's."""
    timed = [e.onset for e in ranked if e.component == component and e.onset]
    timed = timed or [e.onset for e in report.evidence if component in (e.component, e.peer) and e.onset]
    return min(timed).timestamp() if timed else None


def accuracy(
    predictions: Sequence[Prediction], truths: Sequence[str], systems: Sequence[str], ks: Sequence[int]
) -> list[dict[str, Any]]:
    """A@k of each system over all cases."""
    made = []
    for system in systems:
        measured = {
            f"A@{k}": [
                float(hits(p.orders[system], [t], k)) for p, t in zip(predictions, truths, strict=True)
            ]
            for k in ks
        }
        made += rows(system, measured)
    return made


def by_group(
    predictions: Sequence[Prediction],
    truths: Sequence[str],
    groups: Sequence[str],
    systems: Sequence[str],
    ks: Sequence[int],
    *,
    label: str,
) -> list[dict[str, Any]]:
    """A@k within each group, and their unweighted mean (a group counts once however many cases it has)."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    made = []
    for system in systems:
        shares: dict[int, list[float]] = defaultdict(list)
        for group in sorted(members):
            for k in ks:
                values = [float(hits(predictions[i].orders[system], [truths[i]], k)) for i in members[group]]
                made += rows(system, {f"A@{k} {label}={group[:18]}": values})
                shares[k].append(sum(values) / len(values))
        made += rows(system, {f"A@{k} mean over {label}s": shares[k] for k in ks})
    return made


def trivial(predictions: Sequence[Prediction], truths: Sequence[str]) -> list[Prediction]:
    """The predictions with a constant order beside them: answers by how often they occur (read by the scorer)."""
    order = sorted(set(truths), key=lambda t: (-list(truths).count(t), t))
    return [
        Prediction(**{**vars(p), "orders": {**p.orders, "trivial": order}})
        for p in predictions
    ]  # fmt: skip


def told(predictions: Sequence[Prediction], truths: Sequence[str]) -> list[Case]:
    """What each case predicted, and its answer."""
    return [
        {
            "case": p.name,
            "truth": truth,
            "verdict": p.verdict,
            "probability": p.probability,
            "seconds": p.seconds,
            "onset": p.onset,
            "predicted": {system: order[:5] for system, order in p.orders.items() if system != "trivial"},
        }
        for p, truth in zip(predictions, truths, strict=True)
    ]


def verdicts(predictions: Sequence[Prediction], truths: Sequence[str]) -> list[Case]:
    """What the scorer says of each verdict by the rules, for the calibration."""
    return [
        {"id": p.name, "verdict": p.verdict, "probability": p.probability, "right": p.component == truth}
        for p, truth in zip(predictions, truths, strict=True)
    ]


def verdict_rows(judged: Sequence[Case]) -> list[dict[str, Any]]:
    """How often a cause was named, a wrong one, and how often it was right where the report was sure."""
    named = [c["verdict"] == "cause" for c in judged]
    sure = [c for c in judged if c["verdict"] == "cause" and c["probability"] >= SURE]
    measured = {
        "verdict: cause named": [float(n) for n in named],
        "verdict: wrong cause": [float(n and not c["right"]) for n, c in zip(named, judged, strict=True)],
        "right where >= 80 % sure": [float(c["right"]) for c in sure],
    }
    return rows(RULES, measured)
