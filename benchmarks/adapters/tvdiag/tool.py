"""What a diagnosis is given of TVDiag: a tool as any package may add one, with the alerts and the ranking as facts."""

from __future__ import annotations

from typing import Final

from aitia.core.words import Evidence, Result, Scalar, SourceRef
from aitia.tools.registry import ToolContext, ToolSpec, tool
from benchmarks.adapters.tvdiag.events import Case
from benchmarks.adapters.tvdiag.model import LibraryModel, Ranking
from benchmarks.adapters.tvdiag.nearest import fingerprint
from benchmarks.adapters.tvdiag.raised import raised

MOST: Final = 3
LEAST: Final = 0.1  # probability below which a candidate is not worth a line
RANKING: Final = SourceRef(source="library", query="ranking by events")
ALERTS: Final = SourceRef(source="alerts", query="alert events")


def library_tool(model: LibraryModel, case: Case) -> ToolSpec:
    """The tool that knows one incident's events and what the past ones teach about it."""

    @tool()
    def library_rank(ctx: ToolContext) -> Result:
        """Which component and fault past incidents point at, by the events of this one."""
        if not case.events:
            return Result(status="no_data", message="There are no events to compare.")
        facts = [*suspects(ctx, model, model.rank(case), case), *raised(ctx, case, ALERTS)]
        return Result(status="ok", message=f"{len(case.events)} events", evidence=tuple(facts))

    return library_rank


def suspects(ctx: ToolContext, model: LibraryModel, ranking: Ranking, case: Case) -> list[Evidence]:
    """One fact for each of the first candidates, as strong as it is likely and as the library has seen such events."""
    known = _known_share(model, case)
    made: list[Evidence] = []
    for rank, one in enumerate(ranking.candidates[:MOST], 1):
        strength = round(one.probability * known, 4)
        if one.probability < LEAST or strength <= 0:
            continue
        values: dict[str, Scalar] = {
            "rank": rank, "of": len(ranking.candidates), "probability": round(one.probability, 4),
            "incidents": model.cases, "known_percent": round(100 * known, 1), "label": one.fault,
        }  # fmt: skip
        component = ctx.resolver.resolve(one.component) or one.component
        made.append(
            Evidence(
                component=component,
                kind="rank.suspect",
                aspect="rank.traces",  # of the closed list, a ranking by what calls and components raised
                statement=f"{model.cases} past incidents point at {component} ({one.fault}) with probability"
                f" {one.probability:.2f}, rank {rank} of {len(ranking.candidates)}.",
                values=values,
                window=ctx.incident.window,
                strength=strength,
                taint=True,  # names of components, faults and incidents come from outside
                source=RANKING,
            )
        )
    return made


def _known_share(model: LibraryModel, case: Case) -> float:
    """Which share of what was raised the library has ever seen: by events that it does not know it can only guess."""
    tokens = {t for t in fingerprint(case) if not any(t.startswith(f"{c}: ") for c in case.candidates)}
    seen: set[str] = set().union(*model.memory.prints)
    return len(tokens & seen) / len(tokens) if tokens else 0.0
