"""Where time went: each component's own time and each call's way, before and after, and whom it is to be blamed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aitia.tools.traces.excess import Excess, Sample, excesses, share
from aitia.tools.traces.gather import Compared
from aitia.tools.traces.visits import Visit, critical, roots

SURE: Final = 0.05  # adjusted p-value
SLOW: Final = 0.2  # adjusted p-value at which a neighbouring way counts as slow as well
MIN_RATIO: Final = 1.2
ALIKE: Final = (
    0.2  # a busy process is late by about as much in all it does, a slow path by far more than the rest
)


@dataclass(kw_only=True)
class Latency:
    """Own times, ways and whole requests that changed, and the seconds added that each component has to answer for."""

    own: list[Excess] = field(default_factory=list)
    ways: list[Excess] = field(default_factory=list)  # place: caller, callee
    whole: list[Excess] = field(default_factory=list)  # place: the component that a request enters
    busy: dict[str, Excess] = field(default_factory=dict)  # own work and ways of a caller, taken together
    blamed: dict[str, float] = field(default_factory=dict)
    callers: dict[tuple[str, str], str] = field(default_factory=dict)  # way to the caller that makes it slow

    @property
    def share_of(self) -> dict[str, float]:
        """Each component's share of the seconds added to requests."""
        return share(self.blamed)

    def slow(self, among: Sequence[Excess]) -> list[Excess]:
        """Those that are slower beyond chance, most added time first."""
        return sorted((e for e in among if is_slow(e)), key=lambda e: (-e.added, e.place))


def is_slow(e: Excess, level: float = SURE) -> bool:
    """Whether the place took longer beyond chance."""
    return e.q < level and e.ratio >= MIN_RATIO and e.added > 0


def latency(compared: Compared) -> Latency:
    """Compare own times, ways and whole requests of window and baselines."""
    on, old_on = critical(compared.now), critical(compared.before)
    own, old_own = _own(compared.now, on), _own(compared.before, old_on)
    ways, old_ways = _ways(compared.now, on), _ways(compared.before, old_on)
    out = Latency(
        own=excesses(own, old_own),
        ways=excesses(ways, old_ways),
        whole=excesses(_whole(compared.now), _whole(compared.before)),
    )
    doing = excesses(_doing(own, ways), _doing(old_own, old_ways))
    _blame(out, {e.place[0]: e for e in doing if is_slow(e)})
    return out


def _own(visits: Sequence[Visit], on: set[Visit]) -> list[Sample]:
    return [Sample((v.component,), (v.component, v.operation), v.own, v.root.start, v in on) for v in visits]


def _ways(visits: Sequence[Visit], on: set[Visit]) -> list[Sample]:
    """What calls lost on the way; of a callee without spans, how long it took to answer."""
    found = []
    for v in visits:
        if v.caller is not None and v.gap is not None:
            place = (v.caller.component, v.component)
            found.append(Sample(place, (*place, v.operation), v.gap, v.root.start, v in on))
        for call in v.calls:
            if call.visit is None and call.waits:
                place = (v.component, call.callee)
                key = (*place, call.operation)
                found.append(Sample(place, key, call.duration, call.start, v in on))
    return found


def _whole(visits: Sequence[Visit]) -> list[Sample]:
    return [
        Sample((v.component,), (v.component, v.operation), v.root.duration, v.root.start)
        for v in roots(visits)
    ]


def _blame(found: Latency, busy: dict[str, Excess]) -> None:
    """Own time is a component's own. A way belongs to both its ends: to the one whose other times are slow as well.

    A busy caller does everything late: its own work and each answer it reads, whoever gives it. A slow path to a callee
    is slow for whoever calls. Where neither end has anything to compare with, the callee's side is taken: that is where
    the time is missing. What only a few of a place's spans took counts as little as they are.
    """
    slow_own = {e.place[0]: e for e in found.own if is_slow(e) or e.place[0] in busy}
    blamed: dict[str, float] = {}
    for component, e in slow_own.items():
        blamed[component] = blamed.get(component, 0.0) + e.added * e.steady
    for e in found.ways:
        caller, callee = e.place
        mine = caller in busy and _callers_doing(found, e)
        if not mine and not is_slow(e):
            continue
        if mine:
            found.callers[caller, callee] = caller
        end = caller if mine else callee
        blamed[end] = blamed.get(end, 0.0) + e.added * e.steady
    found.busy = busy
    found.blamed = dict(sorted(((k, v) for k, v in blamed.items() if v > 0), key=lambda p: (-p[1], p[0])))


def _doing(own: Sequence[Sample], ways: Sequence[Sample]) -> list[Sample]:
    """All that a component times itself: its own work and what its calls lost on the way."""
    return [
        *(Sample(s.place, ("", s.key), s.seconds, s.at, s.critical) for s in own),
        *(Sample(s.place[:1], s.key, s.seconds, s.at, s.critical) for s in ways),
    ]


def _callers_doing(found: Latency, way: Excess) -> bool:
    """Whether most of what the caller does beside this way is about as late, while nobody else's way to the callee is."""
    caller, callee = way.place
    beside = [e for e in found.ways if e.place[0] == caller and e.place[1] != callee]
    beside += [e for e in found.own if e.place[0] == caller]
    others = [e for e in found.ways if e.place[1] == callee and e.place[0] != caller]
    late = [e for e in beside if e.p < SLOW and e.ratio >= MIN_RATIO and e.each >= ALIKE * way.each]
    elsewhere = any(is_slow(e, SLOW) for e in others)
    return len(late) * 2 > len(beside) and not elsewhere
