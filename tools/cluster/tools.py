"""The cluster tools: the state of whole namespaces, and one component looked at closely."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from aitia.core.deadline import Deadline, given_up
from aitia.core.errors import SourceError
from aitia.core.words import Evidence, Result, SourceRef
from aitia.tools.cluster.analyse import analyse, analyse_nodes, quiet, quiet_nodes
from aitia.tools.cluster.finding import Finding, citation, logs
from aitia.tools.cluster.gather import gather
from aitia.tools.cluster.metric_shifts import moves_of
from aitia.tools.cluster.reading import reader_of
from aitia.tools.cluster.state import State
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import ClusterSource
from aitia.tools.text.asked import found_lines, phrases, shown

SHARE_OF_TIME: Final = 0.6  # of a task's seconds that may go into asking; the rest is for thinking
MOST_UNREAD_SHOWN: Final = 6


@tool(needs=("cluster",), produces=("findings",))
def cluster_state(ctx: ToolContext) -> Result:
    """What is inconsistent in the cluster's objects: pods, services, volumes, quotas, nodes, probes, images, databases."""
    looked = _looked(ctx)
    if not looked.states:
        return Result(status="no_data", message=looked.message, query=looked.query)
    evidence = [*_asked(ctx), *looked.facts, *looked.calm]
    evidence = evidence[: ctx.limits.evidence]
    return Result(
        status="ok",
        message=looked.message,
        query=looked.query,
        evidence=tuple(evidence),
        data={"findings": [_row(e) for e in evidence if e.kind == "cluster.finding"]},
    )


@tool(needs=("cluster",), produces=("findings",), target="component")
def cluster_component(ctx: ToolContext, *, component: str) -> Result:
    """What the cluster says of one app, node or namespace: what is wrong with it, and what is as it should be."""
    looked = _looked(ctx)
    wanted = ctx.resolver.resolve(component) or component
    mine = [e for e in (*looked.facts, *looked.calm) if e.component == wanted]
    if not mine:
        message = (
            f"Nothing is known about {wanted!r} in {looked.query}: check `namespaces` of the cluster source."
        )
        return Result(status="no_data", message=message, query=looked.query)
    return Result(
        status="ok",
        message=looked.message,
        query=looked.query,
        evidence=tuple(mine[: ctx.limits.evidence]),
        data={"findings": [_row(e) for e in mine if e.kind == "cluster.finding"]},
    )


def _asked(ctx: ToolContext) -> list[Evidence]:
    """The lines that the question asks for, of the apps that it names."""
    wanted, found = phrases(ctx.incident), list[Evidence]()
    clusters = [s for s in ctx.sources.of("cluster") if isinstance(s, ClusterSource)] if wanted else []
    for source in clusters:
        for namespace in source.namespaces():
            reader = reader_of(ctx, source, namespace)
            for one in reader.workloads:
                name = ctx.resolver.resolve(one.name) or one.name
                if name not in ctx.incident.hints:
                    continue
                lines = reader.lines(one, [p for p in reader.pods if p.app == one.name])
                last, total = found_lines(lines, wanted, ctx.incident)
                if lines:
                    found.append(
                        Evidence(
                            component=name,
                            kind="log.asked",
                            aspect="log.other",
                            statement=shown(name, last, total, wanted),
                            values={"count": total},
                            unit="lines",
                            window=ctx.incident.window,
                            direction="none",
                            strength=0.3,
                            source=SourceRef(source=source.name, query=citation(logs(one.name, namespace))),
                            taint=True,
                        )
                    )
    return found


class _Looked:
    """What one look at all cluster sources found."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.facts: list[Evidence] = []
        self.calm: list[Evidence] = []
        self.message = self.query = ""


def _looked(ctx: ToolContext) -> _Looked:
    looked = _Looked()
    problems: list[str] = []
    spaces: list[str] = []
    for source in ctx.sources.of("cluster"):
        if not isinstance(source, ClusterSource):
            continue
        try:
            states = _states(ctx, source)
        except SourceError as error:
            problems.append(str(error))
            continue
        looked.states += states
        spaces += [s.namespace for s in states]
        _tell(ctx, looked, source.name, states)
    if problems and not looked.states:
        raise SourceError(problems[0])
    looked.facts.sort(key=lambda e: (e.kind != "cluster.finding", -e.strength, e.component, e.aspect))
    unread = [u for s in looked.states for u in s.unread]
    if unread:
        rest = len(unread) - MOST_UNREAD_SHOWN
        told = "; ".join(unread[:MOST_UNREAD_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
        problems.append(f"Not read: {told}.")
    looked.query = f"objects of {', '.join(spaces) or 'no namespace'} ({sum(s.asked for s in looked.states)} read-only calls)"
    looked.message = " ".join(problems) or (
        "" if looked.states else "No namespace to look at: set `namespaces` of the source."
    )
    return looked


def _states(ctx: ToolContext, source: ClusterSource) -> list[State]:
    deadline = Deadline(SHARE_OF_TIME * ctx.limits.seconds)
    states = []
    for namespace in source.namespaces():
        reader = reader_of(ctx, source, namespace)
        reader.deadline = deadline
        state = gather(reader)
        for what in sorted(reader.late):  # several read at once, in no order
            given_up(f"Not read of namespace {namespace}: {what}.")
        state = replace(state, calls=_known_calls(ctx, state))
        states.append(replace(state, moves=moves_of(ctx, state)))
    return [s for s in states if s.workloads or s.pods or s.nodes]


def _known_calls(ctx: ToolContext, state: State) -> dict[str, tuple[str, ...]]:
    """Who calls whom among the apps: by their environments, and by what other sources (traces, a map of the site) know."""
    found = {app: set(callees) for app, callees in state.calls.items()}
    ids = {ctx.resolver.resolve(n) or n: a for a in state.apps for n in (a, f"{state.namespace}/{a}")}
    for component in ctx.inventory.components:
        caller = ids.get(component.id)
        for link in component.links if caller else ():
            callee = ids.get(ctx.resolver.resolve(link.to) or link.to)
            if link.relation == "calls" and caller and callee and callee != caller:
                found.setdefault(caller, set()).add(callee)
    return {app: tuple(sorted(callees)) for app, callees in found.items()}


def _tell(ctx: ToolContext, looked: _Looked, source: str, states: Sequence[State]) -> None:
    names = [a for s in states for a in s.apps]
    for place, state in enumerate(states):
        own: dict[str, str] = {
            a: f"{state.namespace}/{a}" if names.count(a) > 1 else a for a in (*state.apps, state.namespace)
        }
        found, calm = analyse(state), quiet(state)
        if place == 0:
            found, calm = [*found, *analyse_nodes(state)], [*calm, *quiet_nodes(state)]
        looked.facts += _evidence(ctx, source, found, own)
        looked.calm += _evidence(ctx, source, calm, own)


def _evidence(ctx: ToolContext, source: str, found: Iterable[Finding], own: dict[str, str]) -> list[Evidence]:
    def named(name: str) -> str:
        told = own.get(name, name)
        return ctx.resolver.resolve(told) or told

    return [
        Evidence(
            component=named(f.component),
            kind=_kind(f),
            aspect=f.aspect,
            statement=f.statement,
            values=dict(f.values),
            window=ctx.incident.window,
            direction="steady" if f.aspect == "k8s.ready" else "new",
            strength=round(min(1.0, max(0.0, f.strength)), 3),
            source=SourceRef(source=_source(f, source), query=citation(f.call)),
            taint=f.quotes,
        )
        for f in found
    ]


def _source(finding: Finding, cluster: str) -> str:
    return finding.call.resource if finding.call.verb == "metrics" else cluster


def _kind(finding: Finding) -> str:
    if finding.aspect == "k8s.ready":
        return "cluster.quiet"
    return "cluster.symptom" if finding.symptom else "cluster.finding"


def _row(evidence: Evidence) -> dict[str, object]:
    return {
        "component": evidence.component,
        "aspect": evidence.aspect,
        "statement": evidence.statement,
        "strength": evidence.strength,
        "call": evidence.source.query,
    }
