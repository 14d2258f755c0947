"""One component's requests: per operation and call, time and failures before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Result
from aitia.tools.registry import ToolContext, tool
from aitia.tools.traces.diff import nothing
from aitia.tools.traces.excess import Sample, excesses, quantile
from aitia.tools.traces.gather import Compared, compared
from aitia.tools.traces.latency import is_slow
from aitia.tools.traces.trace_facts import counted, ms, quoted, time_fact
from aitia.tools.traces.visits import Visit

MOST = 8


@tool(needs=("traces",), produces=("tree",), target="component")
def traces_tree(ctx: ToolContext, *, component: str) -> Result:
    """Time and failures of one component's operations and of the calls that they make, before and after."""
    found = compared(ctx)
    if not found.comparable:
        return nothing(found, found.notes)
    name = ctx.resolver.resolve(component) or component
    now = [v for v in found.now if v.component == name]
    before = [v for v in found.before if v.component == name]
    if not now and not before:
        known = ", ".join(sorted({v.component for v in (*found.now, *found.before)})[:40])
        hint = f"{component!r} has no spans. Name a component that has some: {known}."
        return Result(status="no_data", message=hint, query=found.source.query)
    facts = _operations(found, now, before, Redactor(load_key(aitia_home())))
    return Result(
        status="ok" if facts else "no_data",
        message=f"{len(now)} visits of {name} compared with {len(before)}"
        + ("" if facts else ": none of its operations is slower or fails more"),
        query=f"{found.source.query} of {name}",
        evidence=tuple(facts),
        data={"tree": tree(now, before)},
    )


def _operations(
    found: Compared, now: Sequence[Visit], before: Sequence[Visit], redactor: Redactor
) -> list[Evidence]:
    """Operations of the component whose own time is longer."""
    slow = [e for e in excesses(_samples(now), _samples(before)) if is_slow(e)]
    slow.sort(key=lambda e: (-e.added, e.place))
    return [
        time_fact(
            found, e, component=e.place[0], kind="trace.latency",
            statement=f"{e.place[0]}: its own time in {quoted(redactor.text(e.place[1]), 80)} rose from {ms(e.old_p50)} to "
            f"{ms(e.p50)} over {counted(e.n, 'request')}.",
            values={"operation": redactor.text(e.place[1])[:120]},
        )
        for e in slow[:MOST]
    ]  # fmt: skip


def _samples(visits: Iterable[Visit]) -> list[Sample]:
    return [
        Sample((v.component, v.operation), (v.component, v.operation), v.own, v.root.start) for v in visits
    ]


def tree(now: Sequence[Visit], before: Sequence[Visit]) -> list[dict[str, Any]]:
    """Per operation: counts, failures, whole and own time; below it, per callee and operation, time on the client's clock."""
    out: list[dict[str, Any]] = []
    for operation in sorted({v.operation for v in (*now, *before)}):
        after_v = [v for v in now if v.operation == operation]
        before_v = [v for v in before if v.operation == operation]
        out.append(
            {"operation": operation, "now": _row(after_v), "before": _row(before_v)}
            | {"calls": _calls(after_v, before_v)}
        )
    out.sort(key=lambda row: (-row["now"].get("own_ms", 0.0) * row["now"]["n"], row["operation"]))
    return out[:40]


def _row(visits: Sequence[Visit]) -> dict[str, Any]:
    if not visits:
        return {"n": 0}
    whole = [v.root.duration for v in visits]
    return {
        "n": len(visits),
        "failed": sum(v.failed for v in visits),
        "p50_ms": round(1e3 * quantile(whole, 0.5), 3),
        "p95_ms": round(1e3 * quantile(whole, 0.95), 3),
        "own_ms": round(1e3 * fmean([v.own for v in visits]), 3),
    }


def _calls(now: Sequence[Visit], before: Sequence[Visit]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for key, visits in (("now", now), ("before", before)):
        grouped: dict[tuple[str, str], list[tuple[float, bool]]] = {}
        for call in (c for v in visits for c in v.calls):
            grouped.setdefault((call.callee, call.operation), []).append((call.duration, call.failed))
        for way, made in grouped.items():
            rows.setdefault(way, {"callee": way[0], "operation": way[1]})[key] = {
                "per_request": round(len(made) / len(visits), 3),
                "failed": sum(bad for _, bad in made),
                "p50_ms": round(1e3 * quantile([s for s, _ in made], 0.5), 3),
                "p95_ms": round(1e3 * quantile([s for s, _ in made], 0.95), 3),
            }
    return [rows[way] for way in sorted(rows)][:40]
