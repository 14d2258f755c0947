"""The tool: which component's metrics point at it as the culprit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from aitia.core.words import Component, Result, from_epoch
from aitia.tools.rank.blame import blames
from aitia.tools.rank.burden import Moved
from aitia.tools.rank.combine import LEAST, Ranked, combined, graph_of, settled, shares_of
from aitia.tools.rank.other_rankings import by_correlation, by_robust, by_sigma, by_traversal
from aitia.tools.rank.rank_facts import Found, first_sign, onset_of, suspect_fact
from aitia.tools.rank.rows import rows_of
from aitia.tools.rank.scores import moved
from aitia.tools.rank.target import Target, target_of
from aitia.tools.registry import ToolContext, tool
from aitia.tools.series.gather import gather
from aitia.tools.series.numbers import sig3
from aitia.tools.series.remarks import nothing, queries, too_short

MOST = 10
Method = Literal["combined", "nsigma", "robust", "correlation", "traversal"]


_NAMED = 4  # series that a message names


@tool(needs=("metrics",), produces=("ranking",))
def metrics_rank(ctx: ToolContext, *, method: Method = "combined") -> Result:
    """Which component the metrics point at: by what moved, what explains it, and who adds to the alarm's symptom."""
    gathered = gather(ctx)
    if not gathered.derived:
        return Result(status="no_data", message=nothing(gathered, ""), query=queries(gathered))
    known = rows_of(gathered)
    if not known:
        return Result(status="no_data", message=too_short(gathered), query=queries(gathered))
    rows = [(row, moved(row)) for row in known if row.component]
    if not rows:
        message = (
            f"None of the {len(known)} series names a component. Set `component` or `component_label` of "
            "the metric sources."
        )
        return Result(status="no_data", message=message, query=queries(gathered))
    measured = sorted({row.component for row, _ in rows})
    components = ctx.resolver.components
    target = settled(target_of(ctx.incident, ctx.resolver, measured), rows)
    if target and not target.hinted and _first(combined(rows, components, target)) == target.component:
        target = None  # its own trouble is what the text tells: that accounts for nothing
    ranked = (
        combined(rows, components, target)
        if method == "combined"
        else _plain(method, rows, target, components)
    )
    query, note = queries(gathered), " ".join(gathered.problems)
    if not ranked:
        return Result(status="no_data", message=f"{_none(rows, len(measured))} {note}".strip(), query=query)
    graph = graph_of(components)
    found = Found(
        measured=len(measured),
        named=frozenset({*measured, *(d.component for d in gathered.derived)}),
        graph=graph,
        moved=frozenset(c for c, b in blames(rows, graph).items() if b.score >= LEAST),
        target=target,
        method=method,
        window=gathered.window,
        source=gathered.derived[0].source,
        query=query,
    )
    facts = [suspect_fact(one, rank, found) for rank, one in enumerate(ranked[:MOST], 1)]
    about = f" for the {target.aspect or 'symptom'} of {target.component}" if target else ""
    return Result(
        status="ok",
        message=f"{len(measured)} components ranked by {len(rows)} series{about}. {note}".strip(),
        query=query,
        evidence=tuple(facts),
        data={"ranking": [_row(one) for one in ranked[:MOST]]},
    )


def _first(ranked: Sequence[Ranked]) -> str:
    return ranked[0].component if ranked else ""


def _none(rows: Moved, components: int) -> str:
    """Why nothing is ranked: nothing moved, or nothing that says plainly enough where the fault is."""
    left = sum(move.score > 0.0 for _, move in rows)
    of = f"of {len(rows)} series of {components} components left"
    if not left:
        return f"None {of} its baseline by more than its usual variation."
    own = (
        "its baseline by more than its usual variation"
        if left == 1
        else "their baseline by more than their usual variation"
    )
    most = sorted((pair for pair in rows if pair[1].score > 0.0), key=lambda pair: -pair[1].score)[:_NAMED]
    which = ", ".join(f"{row.of.component} {row.of.metric}" for row, _ in most) + (
        ", …" if left > _NAMED else ""
    )
    return f"{left} {of} {own}, but too little, or with too unclear a meaning, to rank components: {which}."


def _row(one: Ranked) -> dict[str, object]:
    onset = onset_of(first_sign(one))
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
