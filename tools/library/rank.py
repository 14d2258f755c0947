"""The tool: whom the library of past incidents points at, by the events of the present one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.core.words import Evidence, Result, Scalar, SourceRef
from aitia.tools.library.events import AlertEvent, Case
from aitia.tools.library.model import LibraryModel, Ranked, Ranking
from aitia.tools.library.nearest import fingerprint
from aitia.tools.library.raised import raised
from aitia.tools.library.sources import AlertEvents, EventLibrary
from aitia.tools.registry import ToolContext, tool

MOST: Final = 3
LEAST: Final = 0.1  # probability below which a candidate is not worth a line
_RAISED: Final = ("up", "down", "new", "gone", "changed")


@tool(needs=("events",), consumes=("shifts",), produces=("library_ranking",))
def library_rank(ctx: ToolContext) -> Result:
    """Which component and fault past incidents point at, by the events of this one."""
    libraries = [s for s in ctx.sources.of("events") if isinstance(s, EventLibrary)]
    case, origin = present_case(ctx)
    if not case.events:
        message = (
            "There are no events to compare. Configure a source of type alert_events, or metrics that "
            "changed."
        )
        return Result(status="no_data", message=message)
    facts: list[Evidence] = []
    rows: list[dict[str, Any]] = []
    notes = [] if libraries else ["There are no past events. Configure a source of type event_library."]
    for source in libraries:
        try:
            model = source.model()
            ranking = model.rank(case)
        except SourceError as error:
            notes.append(str(error))
            continue
        facts += _facts(ctx, source, model, ranking, case)
        rows += [_row(c) for c in ranking.candidates[:MOST]]
    for alerts in ctx.sources.of("events"):
        if isinstance(alerts, AlertEvents):
            ref = SourceRef(source=alerts.name, query="alert events", path=str(alerts.path()))
            facts += raised(ctx, alerts.case(), ref)
    if not facts:
        return Result(status="no_data", message="; ".join(notes) or "No past incident is like this one.")
    message = "; ".join([f"{len(case.events)} events from {origin}", *notes])
    return Result(
        status="ok", message=message, query=origin, evidence=tuple(facts), data={"library_ranking": rows}
    )


def present_case(ctx: ToolContext) -> tuple[Case, str]:
    """The present incident as events: recorded alert events where there are any, else what the scan found."""
    alerts = [s for s in ctx.sources.of("events") if isinstance(s, AlertEvents)]
    cases = [s.case() for s in alerts]
    if any(c.events for c in cases):
        joined = Case(
            id="present",
            nodes=tuple(n for c in cases for n in c.nodes),
            edges=tuple(e for c in cases for e in c.edges),
            events=tuple(e for c in cases for e in c.events),
        )
        return joined, ", ".join(s.name for s in alerts)
    shifts = ctx.found.get("shifts", ())
    edges = [
        (c.id, link.to) for c in ctx.inventory.components for link in c.links if link.relation == "calls"
    ]
    events = events_of(shifts if isinstance(shifts, list) else ())
    nodes = {c.id for c in ctx.inventory.components} | {e.component for e in events}
    return Case(id="present", nodes=tuple(sorted(nodes)), edges=tuple(edges), events=events), "metric shifts"


def events_of(shifts: Sequence[Mapping[str, Any]]) -> tuple[AlertEvent, ...]:
    """Shifts of the metric scan as events, by onset: those without one come last."""
    raised = [s for s in shifts if s.get("component") and s.get("direction") in _RAISED]
    raised.sort(key=lambda s: (s.get("onset") or "~", str(s["component"]), str(s.get("metric", ""))))
    return tuple(
        AlertEvent(
            component=str(s["component"])[:300],
            signal=str(s.get("metric") or s.get("aspect") or "other")[:1000],
            direction=str(s["direction"]),
            source="metric",
        )
        for s in raised
    )


def _facts(
    ctx: ToolContext, source: EventLibrary, model: LibraryModel, ranking: Ranking, case: Case
) -> list[Evidence]:
    known = _known_share(model, case)
    path = source.path()
    near = ranking.nearest
    made: list[Evidence] = []
    for rank, one in enumerate(ranking.candidates[:MOST], 1):
        strength = round(one.probability * known, 4)
        if one.probability < LEAST or strength <= 0:
            continue
        alike = next((n for n in near if n.component == one.component), None)
        values: dict[str, Scalar] = {
            "rank": rank, "of": len(ranking.candidates), "probability": round(one.probability, 4),
            "incidents": model.cases, "known_percent": round(100 * known, 1), "label": one.fault,
        }  # fmt: skip
        if "." in one.fault:  # a path of the taxonomy; a site's own word for a fault is only told
            values["fault"] = one.fault
        told = ""
        if alike is not None:
            values |= {"incident": alike.id, "similarity": round(alike.similarity, 3)}
            told = f", most similar to incident {alike.id} (similarity {alike.similarity:.2f})"
        component = ctx.resolver.resolve(one.component) or one.component
        made.append(
            Evidence(
                component=component,
                kind="rank.suspect",
                aspect="rank.library",
                statement=f"{model.cases} past incidents point at {component} ({one.fault}) with probability"
                f" {one.probability:.2f}, rank {rank} of {len(ranking.candidates)}{told}.",
                values=values,
                window=ctx.incident.window,
                strength=strength,
                taint=True,  # names of components, faults and incidents come from outside
                source=SourceRef(
                    source=source.name, query="ranking by events", path=str(path), sha256=model.sha256
                ),
            )
        )
    return made


def _known_share(model: LibraryModel, case: Case) -> float:
    """Which share of what was raised the library has ever seen: by events that it does not know it can only guess."""
    tokens = {t for t in fingerprint(case) if not any(t.startswith(f"{c}: ") for c in case.candidates)}
    seen: set[str] = set().union(*model.memory.prints)
    return len(tokens & seen) / len(tokens) if tokens else 0.0


def _row(one: Ranked) -> dict[str, object]:
    return {
        "component": one.component,
        "fault": one.fault,
        "probability": round(one.probability, 4),
    }
