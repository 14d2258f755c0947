"""What the traces of the window show that those of the baselines do not."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Result
from aitia.tools.registry import ToolContext, tool
from aitia.tools.text.asked import speaks_of_time
from aitia.tools.traces.alone import where_time_goes
from aitia.tools.traces.analysis import Analysis, analyse
from aitia.tools.traces.gather import Compared
from aitia.tools.traces.quiet_traces import quiet_facts, rate_facts
from aitia.tools.traces.trace_facts import failure_facts, flow_facts, latency_facts

LEAST = 0.1  # weaker facts are not worth a line
PER_COMPONENT = 6


@tool(needs=("traces",), produces=("paths",))
def traces_diff(ctx: ToolContext) -> Result:
    """Where requests lose time, fail or leave out steps in the incident window, per component and call, and where not."""
    found = analyse(ctx)
    redactor = Redactor(load_key(aitia_home()))
    if not found.compared.comparable:
        alone = where_time_goes(found.compared, redactor) if speaks_of_time(ctx.incident) else []
        missing = nothing(found.compared, found.notes)
        return missing.model_copy(update={"status": "ok", "evidence": tuple(alone)}) if alone else missing
    facts = [
        *latency_facts(found),
        *failure_facts(found, redactor),
        *flow_facts(found, redactor),
        *rate_facts(found),
    ]
    facts = [e for e in facts if e.strength >= LEAST] + quiet_facts(found)
    facts.sort(key=lambda e: (e.kind == "trace.quiet", -e.strength, e.component, e.peer, e.kind, e.statement))
    seen: dict[str, int] = {}
    kept = []
    for fact in facts:
        seen[fact.component] = seen.get(fact.component, 0) + 1
        if seen[fact.component] <= PER_COMPONENT:
            kept.append(fact)
    return Result(
        status="ok" if kept else "no_data",
        message=message(found)
        if kept
        else f"nothing changed, but there is too little data to call it quiet; {message(found)}",
        query=found.compared.source.query,
        evidence=tuple(kept[: ctx.limits.evidence]),
        data={"paths": [{"component": c, "share": round(s, 4)} for c, s in found.latency.share_of.items()]},
    )


def message(found: Analysis) -> str:
    """How many visits were compared with which baselines, and what was left out."""
    c = found.compared
    joined = sum(len(lines) for lines in found.lines.values())
    parts = [f"{len(c.now)} visits compared with {len(c.before)} of {', '.join(c.baselines)}"]
    parts += [f"{joined} log lines joined by trace id"] if joined else []
    return "; ".join([*parts, *found.notes])


def nothing(c: Compared, notes: Sequence[str]) -> Result:
    """Neither side, or one of them, holds spans."""
    which = "the window" if not c.now else f"the baselines ({', '.join(c.baselines)})"
    hint = f"No span starts in {which}. Fix the window or the baselines, or the trace sampling."
    return Result(status="no_data", message="; ".join([hint, *notes]), query=c.source.query)
