"""The tool: which component's metrics point at it as the culprit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.core.words import Component, Evidence, Result, Scalar, SourceRef, Window, from_epoch
from aitia.tools.metrics.gather import Gathered, gather
from aitia.tools.metrics.numbers import sig3, text
from aitia.tools.metrics.rates import step_of
from aitia.tools.metrics.say import subject
from aitia.tools.metrics.scan import nothing, queries
from aitia.tools.rank.blame import Sign, blames
from aitia.tools.rank.burden import Moved
from aitia.tools.rank.combine import LEAST, Ranked, combined, graph_of, shares_of
from aitia.tools.rank.others import by_correlation, by_robust, by_sigma, by_traversal
from aitia.tools.rank.rows import rows_of
from aitia.tools.rank.scores import moved
from aitia.tools.rank.target import Target, target_of
from aitia.tools.registry import ToolContext, tool

MOST = 10
Method = Literal["combined", "nsigma", "robust", "correlation", "traversal"]
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@tool(needs=("metrics",), produces=("ranking",))
def metrics_rank(ctx: ToolContext, *, method: Method = "combined") -> Result:
    """Which component the metrics point at: by what moved, what explains it, and who adds to the alarm's symptom."""
    gathered = gather(ctx)
    if not gathered.derived:
        return Result(status="no_data", message=nothing(gathered, ""), query=queries(gathered))
    rows = [(row, moved(row)) for row in rows_of(gathered)]
    measured = sorted({row.component for row, _ in rows if row.component})
    target = target_of(ctx.incident, ctx.resolver, measured)
    components = ctx.resolver.components
    ranked = (
        combined(rows, components, target)
        if method == "combined"
        else _plain(method, rows, target, components)
    )
    query, note = queries(gathered), " ".join(gathered.problems)
    if not ranked:
        message = (
            f"None of {len(rows)} series of {len(measured)} components left its baseline by more than it does by"
            f" itself. {note}"
        )
        return Result(status="no_data", message=message.strip(), query=query)
    found = _found(rows, components, target, gathered, query, len(measured))
    facts = [_fact(one, rank, found, target, method) for rank, one in enumerate(ranked[:MOST], 1)]
    about = f" for the {target.aspect or 'symptom'} of {target.component}" if target else ""
    return Result(
        status="ok",
        message=f"{len(measured)} components ranked by {len(rows)} series{about}. {note}".strip(),
        query=query,
        evidence=tuple(facts),
        data={"ranking": [_row(one) for one in ranked[:MOST]]},
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the sentences need beside a suspect: how many were ranked, who calls whom, which of them moved."""

    measured: int
    graph: Mapping[str, Sequence[str]]
    moved: frozenset[str]
    aspect: str
    window: Window
    source: str
    query: str


def _found(
    rows: Moved, components: Sequence[Component], target: Target | None, gathered: Gathered, query: str,
    measured: int,
) -> Found:  # fmt: skip
    graph = graph_of(components)
    weighty = frozenset(c for c, b in blames(rows, graph).items() if b.score >= LEAST)
    return Found(
        measured=measured,
        graph=graph,
        moved=weighty,
        aspect=target.aspect if target and target.aspect else "symptom",
        window=gathered.window,
        source=gathered.derived[0].source,
        query=query,
    )


def _row(one: Ranked) -> dict[str, object]:
    onset = onset_of(one.blame.signs[0] if one.blame and one.blame.signs else None)
    return {
        "component": one.component,
        "score": sig3(one.score),
        "share": sig3(one.share),
        "onset": from_epoch(onset[0]).isoformat() if onset else "",
    }


def _plain(
    method: Method, rows: Moved, target: Target | None, components: Sequence[Component]
) -> list[Ranked]:
    """A single method's order; none where our own ranking finds nothing: no method may rank mere noise."""
    if not combined(rows, components, target):
        return []
    graph = graph_of(components)
    if method == "nsigma":
        scores = by_sigma(rows)
    elif method == "robust":
        scores = by_robust(rows)
    elif method == "traversal":
        scores = by_traversal(rows, target, graph)
    else:
        scores = by_correlation(rows, target, graph) if target else {}
    blame = blames(rows, graph)
    order = sorted(scores, key=lambda c: (-scores[c], c))
    shares = shares_of([float(np.log1p(scores[c])) for c in order]) if order else []
    return [
        Ranked(component=c, score=scores[c], share=p, account=None, blame=blame.get(c))
        for c, p in zip(order, shares, strict=True)
    ]


def _fact(one: Ranked, rank: int, found: Found, target: Target | None, method: Method) -> Evidence:
    """One suspect as a `rank.suspect` fact. It is a ranking's word: neither symptom nor cause by itself."""
    sign = one.blame.signs[0] if one.blame and one.blame.signs else None
    values: dict[str, Scalar] = {
        "rank": rank, "of": found.measured, "score": sig3(one.score), "method": method,
        "target": target.component if target else "",
    }  # fmt: skip
    reasons = []
    if one.account is not None and target is not None:
        values["share_percent"] = sig3(100.0 * one.account.share)
        symptom = {"errors": "failures"}.get(found.aspect, found.aspect)
        whose = (
            "its own" if one.component == target.component else f"the extra {symptom} of {target.component}"
        )
        whose = f"the extra {symptom}" if whose == "its own" else whose
        reasons.append(f"it adds {text(values['share_percent'])} % of {whose} by itself")
    if sign is not None:
        values |= {"metric": sign.row.of.metric, "deviations": sig3(sign.move.z)}
        seen = f", as {sign.row.component} times it," if sign.row.component != one.component else ""
        reasons.append(
            f"its {subject(sign.row.of)}{seen} went {text(sig3(sign.move.z))} robust deviations off"
        )
    below = [c for c in found.graph.get(one.component, ()) if c in found.moved]
    if not below and found.graph.get(one.component):
        reasons.append("nothing that it calls moved")
    onset = onset_of(sign)
    return Evidence(
        component=one.component,
        kind="rank.suspect",
        aspect="rank.metrics",
        statement=f"{one.component} ranks {_ORDINALS[rank - 1]} of {found.measured} components by their metrics:"
        f" {'; '.join(reasons) or 'by its score alone'}.",
        values=values,
        window=found.window,
        onset=from_epoch(onset[0]) if onset else None,
        onset_error_s=sig3(onset[1]) if onset else 0.0,
        direction="none",
        strength=round(min(1.0, one.share), 3),
        source=SourceRef(
            source=sign.row.of.source if sign else found.source,
            query=sign.row.of.query if sign else found.query,
        ),
    )


def onset_of(sign: Sign | None) -> tuple[float, float] | None:
    """When the weightiest sign began (epoch seconds) and how uncertain that is, in seconds."""
    if sign is None:
        return None
    t = sign.row.t_now
    return float(t[min(sign.move.first, t.size - 1)]), step_of(t) * max(1, sign.row.of.smooth)
