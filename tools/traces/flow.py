"""Requests that take another way through the code: what a visit always did before and does no longer.

For each operation of each component, invariants are mined from the baseline's visits: an event (a log statement, a call,
a span) that occurs a fixed number of times, or a fixed number of times per occurrence of another event (Lou et al.,
Mining invariants from console logs, USENIX ATC 2010; events of logs and traces in one graph: Yu et al., Nezha, ESEC/FSE
2023). A visit of the window that lacks the event breaks the invariant. Visits that failed, or in which something they
called did, are set aside: that they end early is the failure's doing, which is a fact of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.change.counts import adjust, certainty, fisher
from aitia.tools.traces.lines import Line
from aitia.tools.traces.visits import Visit

MIN_VISITS: Final = 3  # of the baseline, to call anything usual
MIN_HOLD: Final = 0.95  # of them must keep an invariant
MAX_EVENTS: Final = 60  # of one operation
SURE: Final = 0.05
LOG_CLOCK_S: Final = 0.001  # loggers cut times to the millisecond
Event = tuple[str, str]  # sort (log, call, span) and text


@dataclass(frozen=True, kw_only=True)
class Break:
    """An invariant that the window's visits break: an event that is missing."""

    component: str
    operation: str
    event: Event
    per: Event | None  # the event that it used to accompany; None: the visit itself
    broken: int
    n: int
    old_broken: int
    old_n: int
    after: str  # the callee whose answer preceded the event in the baseline, "" if none did
    below: frozenset[str]  # components that those visits called, directly or not
    first: float  # when the first visit broke it
    traces: frozenset[str]  # in which it was broken
    other_kind: (
        bool  # those visits do other things in its stead: another kind of request rather than a step left out
    )
    p: float
    q: float = 1.0

    @property
    def strength(self) -> float:
        """0..1: how surely it is no chance, times the share of visits that break it."""
        sure = certainty(self.q)
        return round(sure * (0.3 + 0.7 * self.share) * (0.4 if self.other_kind else 1.0), 3)

    @property
    def share(self) -> float:
        """Of the visits that break it."""
        return self.broken / self.n


@dataclass(frozen=True, slots=True)
class _Visit:
    visit: Visit
    counts: Counter[Event]
    order: tuple[tuple[float, float, Event, str], ...]


def breaks(
    now: Sequence[Visit], before: Sequence[Visit], lines: Mapping[Visit, Sequence[Line]], end: float
) -> list[Break]:
    """Broken invariants, surest first. `end` is the window's end: visits that last beyond it are not complete."""
    joined = {v.component for v in lines}
    news = _grouped([v for v in now if v.root.start + v.root.duration <= end], lines, joined)
    olds = _grouped(before, lines, joined)
    found = [b for key in sorted(news) if key in olds for b in _of_operation(key, news[key], olds[key])]
    adjusted = adjust(np.array([b.p for b in found]))
    sure = [Break(**{**b.__dict__, "q": float(q)}) for b, q in zip(found, adjusted, strict=True) if q < SURE]
    sure.sort(key=lambda b: (b.q, -b.share, b.component, b.operation, b.event))
    return sure


def _grouped(
    visits: Sequence[Visit], lines: Mapping[Visit, Sequence[Line]], joined: set[str]
) -> dict[tuple[str, str], list[_Visit]]:
    bad = _failing(visits, lines)
    out: dict[tuple[str, str], list[_Visit]] = {}
    for visit in visits:
        if visit in bad:
            continue
        order = tuple(sorted(_events(visit, lines.get(visit, ()))))
        counted = _Visit(visit, Counter(event for _, _, event, _ in order), order)
        out.setdefault((visit.component, visit.operation), []).append(counted)
    return out


def _failing(visits: Sequence[Visit], lines: Mapping[Visit, Sequence[Line]]) -> set[Visit]:
    """Visits that failed or logged an error, and all that wait for them."""
    bad: set[Visit] = set()
    for visit in visits:
        if (
            visit.failed
            or any(line.error for line in lines.get(visit, ()))
            or any(c.failed for c in visit.calls)
        ):
            above: Visit | None = visit
            while above is not None and above not in bad:
                bad.add(above)
                above = above.caller
    return bad


def _events(visit: Visit, lines: Sequence[Line]) -> Iterator[tuple[float, float, Event, str]]:
    """Beginning, end, event and callee of what a visit did."""
    for line in lines:
        at = line.at + LOG_CLOCK_S
        yield at, at, ("log", line.label.text), ""
    for call in visit.calls:
        event = "call", f"{call.callee} {call.operation}"
        yield call.start, call.start + call.duration, event, call.callee
    timed = {c.start for c in visit.calls if c.client}
    for span in visit.spans:
        if span is not visit.root and span.start not in timed:
            yield span.start, span.start, ("span", span.operation), ""


def _of_operation(key: tuple[str, str], now: list[_Visit], before: list[_Visit]) -> Iterator[Break]:
    if len(before) < MIN_VISITS:
        return
    total: Counter[Event] = Counter()
    for v in before:
        total.update(v.counts)
    events = sorted(total, key=lambda e: (-total[e], e))[:MAX_EVENTS]
    old = {e: np.array([v.counts[e] for v in before]) for e in events}
    new = {e: np.array([v.counts[e] for v in now]) for e in events}
    for event in events:
        rule = _constant(event, old) or _ratio(event, events, old)
        if rule is None:
            continue
        per, times = rule
        expected_old = times * (old[per] if per else np.ones(len(before)))
        expected_new = times * (new[per] if per else np.ones(len(now)))
        bound_old, bound_new = expected_old > 0, expected_new > 0
        missing = bound_new & (new[event] < expected_new - 0.5)
        if not missing.any():
            continue
        lacking = int((bound_old & (old[event] < expected_old - 0.5)).sum())
        broken, n, old_n = int(missing.sum()), int(bound_new.sum()), int(bound_old.sum())
        lacking_now = [now[i] for i in np.flatnonzero(missing)]
        at = [v.visit.root for v in lacking_now]
        yield Break(
            component=key[0],
            operation=key[1],
            event=event,
            per=per,
            broken=broken,
            n=n,
            old_broken=lacking,
            old_n=old_n,
            after=_preceding(event, before),
            below=frozenset(c for v in lacking_now for c in _below(v.visit)),
            first=min(root.start for root in at),
            traces=frozenset(root.trace for root in at),
            other_kind=_is_other_kind(lacking_now, total),
            p=float(fisher(broken, n, lacking, old_n)),
        )


def _below(visit: Visit) -> set[str]:
    """The components that a visit called, directly or through others."""
    found: set[str] = set()
    stack, seen = [visit], {visit}
    while stack:
        for call in stack.pop().calls:
            found.add(call.callee)
            if call.visit is not None and call.visit not in seen:
                seen.add(call.visit)
                stack.append(call.visit)
    return found


def _is_other_kind(lacking: Sequence[_Visit], known: Counter[Event]) -> bool:
    """Whether most of the visits do something instead that the baseline never did.

    A short baseline does not hold every kind of request: an input that it lacks takes a branch that it lacks.
    """
    return 2 * sum(any(e not in known for e in v.counts) for v in lacking) > len(lacking)


def _constant(event: Event, old: Mapping[Event, np.ndarray]) -> tuple[None, float] | None:
    """`event` occurs the same number of times in nearly every visit."""
    values, counts = np.unique(old[event], return_counts=True)
    usual = values[counts.argmax()]
    holds = counts.max() >= MIN_HOLD * len(old[event])
    return (None, float(usual)) if holds and usual > 0 else None


def _ratio(
    event: Event, events: Sequence[Event], old: Mapping[Event, np.ndarray]
) -> tuple[Event, float] | None:
    """`event` occurs a fixed number of times for each occurrence of another one."""
    own, best = old[event], None
    for other in events:
        if other == event or not (total := int(old[other].sum())):
            continue
        times = own.sum() / total
        bound = (old[other] > 0) | (own > 0)
        if bound.sum() < MIN_VISITS:
            continue
        held = float((np.abs(own[bound] - times * old[other][bound]) < 0.01).mean())
        # A plain one-to-one companion is easier to believe, and to read, than a ratio of 3 to 2.
        rank = (held, -abs(np.log(times)), other[0] != "log")
        if held >= MIN_HOLD and (best is None or rank > best[0]):
            best = rank, other, float(times)
    return (best[1], best[2]) if best else None


def _preceding(event: Event, before: Sequence[_Visit]) -> str:
    """The callee whose answer comes right before the event (before its call, if it is one) in most baseline visits."""
    seen: Counter[str] = Counter()
    for v in before:
        began = next((b for b, _, e, _ in v.order if e == event), None)
        if began is not None:
            earlier = [(end, callee) for _, end, e, callee in v.order if end <= began and e != event]
            seen[max(earlier, default=(0.0, ""))[1]] += 1
    callee, count = max(seen.items(), key=lambda p: (p[1], p[0]), default=("", 0))
    return callee if 2 * count > sum(seen.values()) else ""
