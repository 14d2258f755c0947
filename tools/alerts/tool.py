"""The tool: which component the alerts that were reported together point at, and what they tell as facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from aitia.core.words import Evidence, Result, SourceRef
from aitia.tools.alerts.ranking import PLAIN, Pointed, pointed
from aitia.tools.alerts.stream import Firing, firings
from aitia.tools.registry import ToolContext, tool

MOST = 10  # suspects
MOST_FACTS = 40
_QUOTED = 120  # characters of an alert's text
_BY_RESOURCE = (
    0.5  # of what is not ready, where the same component is out of something: that names the kind of fault
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@tool(needs=("alerts",), produces=("ranking",))
def alerts_rank(ctx: ToolContext) -> Result:
    """Which component the alerts point at: what is down or used up, what only feels it, and what began first."""
    alerts = ctx.incident.alerts
    query = f"{len(alerts)} alerts of the incident"
    found = firings(alerts, ctx.resolver)
    if not found:
        message = (
            "No alert names a component. Give the alerts a label such as service, pod, host or instance."
        )
        return Result(status="no_data", message=message, query=query)
    ranked = pointed(found, ctx.resolver.components)
    usual = sorted({f"{f.name} of {f.component} ({f.usual})" for f in found if f.usual})
    note = f"Not counted: {'; '.join(usual[:5])}." if usual else ""
    facts = [*_suspects(ranked, query), *_fired(found, query)]
    if not facts:
        message = f"None of the alerts points at a component. {note}".strip()
        return Result(status="no_data", message=message, query=query)
    return Result(
        status="ok",
        message=f"{len(alerts)} alerts of {len({f.component for f in found})} components. {note}".strip(),
        query=query,
        evidence=tuple(facts),
        data={
            "ranking": [
                {"component": p.component, "score": round(p.score, 3), "share": round(p.share, 3)}
                for p in ranked
            ]
        },
    )


def _suspects(ranked: Sequence[Pointed], query: str) -> list[Evidence]:
    return [
        Evidence(
            component=one.component,
            kind="rank.suspect",
            aspect="rank.alerts",
            statement=f"{one.component} ranks {_ORDINALS[rank - 1]} of {len(ranked)} components by their alerts:"
            f" {_names(one.firings)}.",
            values={"rank": rank, "of": len(ranked), "score": round(one.score, 3)},
            onset=min(f.first for f in one.firings),
            strength=round(min(1.0, one.share), 3),
            source=SourceRef(source="alerts", query=query),
        )
        for rank, one in enumerate(ranked[:MOST], 1)
    ]


def _names(found: Iterable[Firing]) -> str:
    names = list(dict.fromkeys(f.name for f in found))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _fired(found: Sequence[Firing], query: str) -> list[Evidence]:
    """One fact for each thing that the alerts say of a component, the weightiest alert's; what is usual is none."""
    best: dict[tuple[str, str, str], Firing] = {}
    for firing in sorted(found, key=lambda f: (-f.weight, f.first, f.name)):
        if not firing.usual and firing.weight > 0:
            best.setdefault((firing.component, firing.peer, firing.kind.aspect), firing)
    used_up = {
        f.component for f in best.values() if f.kind.role == "resource" and not f.peer and f.weight >= PLAIN
    }
    return [
        _fact(f, query, _BY_RESOURCE if f.kind.role == "down" and f.component in used_up else 1.0)
        for f in list(best.values())[:MOST_FACTS]
    ]


def _fact(firing: Firing, query: str, share: float) -> Evidence:
    alert = firing.alerts[-1]
    times = len(firing.alerts)
    ends = [a.end for a in firing.alerts]
    over = max((e for e in ends if e is not None), default=None) if all(ends) else None
    until = f"until {_at(over)}" if over else "and is still firing"
    about = f" about {firing.peer}" if firing.peer else ""
    often = f" ({times} times)" if times > 1 else ""
    said = " ".join(alert.text.split())[:_QUOTED]
    return Evidence(
        component=firing.component,
        peer=firing.peer,
        kind="alert.firing",
        aspect=firing.kind.aspect,
        statement=f"Alert {firing.name} of {firing.component}{about} fired{often} from {_at(firing.first)} {until}"
        + (f': "{said}".' if said and said != firing.name else "."),
        values={"alert": firing.name, "severity": alert.severity, "times": times},
        onset=firing.first,
        direction=firing.kind.direction,
        strength=round(min(1.0, firing.weight * share), 3),
        source=SourceRef(source="alerts", query=query),
        taint=True,
        provenance="infrastructure",
    )


def _at(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
