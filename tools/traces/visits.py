"""From spans to visits: one visit is what one component did for one request, whatever its spans within are called.

Instrumentation differs (filters, controllers, repositories, one span per call or three), services do not. So a trace
is folded: the connected spans of one component are a visit, and between visits there are calls. A visit's own time is
its duration less the union of its calls' intervals, all taken on the caller's clock; what a call lost on the way is the
client's duration less the server's. Neither depends on clocks being in step (cf. Sigelman et al., Dapper, 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from aitia.tools.sources.base import Span

_CALLING = ("client", "producer")


@dataclass(eq=False, slots=True, kw_only=True)
class Call:
    """A call that a visit made. `visit` is what it met, None where the callee sent no span; messages are not waited for.

    name     what the caller calls it
    through  whom it is addressed to, where another one answered: a proxy that sends no spans
    """

    callee: str
    operation: str
    start: float
    duration: float
    failed: bool
    visit: Visit | None = None
    waits: bool = True
    client: bool = True  # a span of the caller's own timed it
    name: str = ""
    through: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class Visit:
    """One component's part in one request. Times in seconds; `own` is the time without its calls."""

    root: Span
    component: str
    caller: Visit | None = None
    spans: list[Span] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    own: float = 0.0
    gap: float | None = None  # client's duration less the server's; None where no client span timed it
    failed: bool = False

    @property
    def operation(self) -> str:
        """What was asked of it."""
        return self.root.operation

    @property
    def began_failure(self) -> bool:
        """Whether it failed though nothing that it called did."""
        return self.failed and not any(call.failed for call in self.calls)


def fold(spans: Iterable[Span], name: Callable[[str], str]) -> list[Visit]:
    """The visits of all traces, by start, trace and id. `name` gives a raw service name's canonical one.

    Repeated spans count once, a span whose parent is missing begins a visit, and a ring of parents is cut.
    """
    traces: dict[str, dict[str, Span]] = {}
    for span in spans:
        traces.setdefault(span.trace, {}).setdefault(span.id, span)
    visits: list[Visit] = []
    for held in traces.values():
        visits += _fold_one(held, name)
    visits.sort(key=lambda v: (v.root.start, v.root.trace, v.root.id))
    return visits


def _fold_one(held: dict[str, Span], name: Callable[[str], str]) -> list[Visit]:
    heads = _heads(held, name)
    visits: dict[str, Visit] = {}
    for span in held.values():
        head = held[heads[span.id]]
        visit = visits.get(head.id)
        if visit is None:
            visit = visits[head.id] = Visit(root=head, component=name(head.component))
        visit.spans.append(span)
    children: dict[str, list[Span]] = {}
    for span in held.values():
        if span.parent in held:
            children.setdefault(span.parent, []).append(span)
    for visit in visits.values():
        visit.spans.sort(key=lambda s: (s.start, s.id))
        _find_calls(visit, children, visits, name)
    for visit in visits.values():
        visit.failed = any(s.error and s.kind not in _CALLING for s in visit.spans)
        visit.own = max(0.0, visit.root.duration - _covered(visit))
    for visit in visits.values():
        for call in visit.calls:
            call.failed = call.failed or (call.visit is not None and call.visit.failed)
    return list(visits.values())


def _heads(held: dict[str, Span], name: Callable[[str], str]) -> dict[str, str]:
    """Of each span, the first span of its visit."""
    heads: dict[str, str] = {}
    for start in held:
        way: dict[str, None] = {}
        here = start
        while here not in heads:
            way[here] = None
            above = held.get(held[here].parent)
            if above is None or not _same(held[here], above, name):
                heads[here] = here
                break
            if above.id in way:  # a ring
                heads[above.id] = above.id
            here = above.id
        for each in way:
            heads.setdefault(each, heads[here])
    return heads


def _same(span: Span, above: Span, name: Callable[[str], str]) -> bool:
    """Whether two spans are of one visit; a replica that calls another one of its own service is not."""
    if name(span.component) != name(above.component):
        return False
    elsewhere = span.instance and above.instance and span.instance != above.instance
    return not elsewhere and not (span.kind == "server" and above.kind == "client")


def _find_calls(
    visit: Visit, children: dict[str, list[Span]], visits: dict[str, Visit], name: Callable[[str], str]
) -> None:
    for span in visit.spans:
        below = children.get(span.id, [])
        away = [visits[s.id] for s in below if s.id in visits and visits[s.id] is not visit]
        timed = span is not visit.root and (span.kind in _CALLING or (not span.kind and len(below) == 1))
        for met in away:
            if met.caller is not None:
                continue
            met.caller = visit
            waits = span.kind != "producer" and met.root.kind != "consumer"
            whole = timed and len(away) == 1
            start, duration = (span.start, span.duration) if whole else _placed(met.root, span)
            addressed = name(span.peer) if whole and span.peer else ""
            if whole and waits:
                met.gap = max(0.0, span.duration - met.root.duration)
            visit.calls.append(
                Call(
                    callee=met.component, operation=met.operation, start=start, duration=duration,
                    failed=span.error and whole, visit=met, waits=waits, client=whole, name=span.operation,
                    through=addressed if addressed not in (met.component, visit.component) else "",
                )
            )  # fmt: skip
        if not away and span.kind in _CALLING and span.peer:
            callee = name(span.peer)
            if callee != visit.component:
                visit.calls.append(
                    Call(
                        callee=callee, operation=span.operation, start=span.start, duration=span.duration,
                        failed=span.error, waits=span.kind == "client", name=span.operation,
                    )
                )  # fmt: skip
    visit.calls.sort(key=lambda c: (c.start, c.callee, c.operation))


def _placed(child: Span, parent: Span) -> tuple[float, float]:
    """A child's interval on its parent's clock: where it does not fit, the parent's middle (as Jaeger adjusts skew)."""
    duration = min(child.duration, parent.duration)
    fits = parent.start <= child.start and child.start + duration <= parent.start + parent.duration
    return (child.start if fits else parent.start + (parent.duration - duration) / 2), duration


def _covered(visit: Visit) -> float:
    """Seconds of a visit in which it waited for at least one call."""
    start, end = visit.root.start, visit.root.start + visit.root.duration
    spans = sorted((max(start, c.start), min(end, c.start + c.duration)) for c in visit.calls if c.waits)
    total, reached = 0.0, start
    for a, b in spans:
        if b > reached:
            total += b - max(a, reached)
            reached = b
    return total


def critical(visits: Sequence[Visit]) -> set[Visit]:
    """The visits on the critical path of their request: walking back from its end, whatever was waited for last.

    (Tracing the critical path of a fork-join call tree: Zhang et al., CRISP, USENIX ATC 2022.)
    """
    found: set[Visit] = set()
    stack = roots(visits)
    while stack:
        visit = stack.pop()
        if visit in found:
            continue
        found.add(visit)
        now = visit.root.start + visit.root.duration
        for call in sorted(visit.calls, key=lambda c: (-(c.start + c.duration), c.callee, c.operation)):
            if call.waits and call.start + call.duration <= now + 1e-6:
                now = call.start
                if call.visit is not None:
                    stack.append(call.visit)
    return found


def roots(visits: Sequence[Visit]) -> list[Visit]:
    """The visits that nobody called: whole requests."""
    return [v for v in visits if v.caller is None]
