"""The evidence of a run as the weigher reads it: who it is about, how much it counts, what it explains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from aitia.agent.fact_values import (
    ALERTS,
    WAITING,
    is_few,
    is_first_hand,
    is_from_the_start,
    is_little,
    is_slower,
    last_words,
    no_later,
    order,
    ratio_of,
    tells,
)
from aitia.agent.failure_words import FailureWords
from aitia.agent.killed import killed
from aitia.agent.left_by_work import WORK_S
from aitia.agent.past import as_now, trouble
from aitia.agent.started_up import as_expected
from aitia.agent.taxonomy import Of, Pattern
from aitia.agent.told_alike import MOVED, told_alike
from aitia.agent.told_once import told_once
from aitia.agent.topology import Topology
from aitia.agent.work_passes import share
from aitia.core.aspects import AGAINST, CHANGE, CLUSTER, CONTEXT, LOADED, RELIEF, WEIGHT
from aitia.core.words import Evidence
from aitia.tools.change.nearness import proximity
from aitia.tools.memory.words import fingerprint_of

PLANT: Final = AGAINST | {
    "signal.apart", "signal.stuck", "signal.idle",
    "condition.stuck", "condition.drift", "condition.bias", "condition.unit", "condition.swapped", "condition.spike",
    "condition.swing",
}  # fmt: skip
"""Kinds of facts that hold a machine's signals against one another, or against how it ran before."""
STUCK: Final = frozenset({"signal.stuck", "condition.stuck"})
"""No work on a machine makes what measures it stand still."""
# What somebody feels: users, operators, or the machine itself. Anything else that moves is only a sign.
_HARM: Final = frozenset(
    {"latency", "errors", "availability", "restart", "temperature", "pressure", "flow", "level", "vibration"}
)
LEVELS: Final = frozenset({"metric.limit", "metric.level"})
"""Kinds of facts that are bad by where they stand, whatever the load is."""
_FELT: Final = frozenset({*LEVELS, *ALERTS, "signal.pattern", "condition.trend", "condition.step", *PLANT})
_HARMLESS: Final = frozenset({"log.other", "log.restart", "log.retry", "vibration.none"})
_LOADED: Final = LOADED | {"latency"}
_SHARED: Final = WAITING | {"network", "io", "other"}
_RESTARTS: Final = frozenset({"restart", "log.restart"})
RESTART_S: Final = 30.0
DEPARTED: Final = (
    0.8  # how surely a plant is not well that lastingly left its normal pattern and resembles a known fault
)
AGE_SLOPE: Final = 6.0  # s a minute by which the growth of an age may differ from 60; by hand
SPOKE_S: Final = 2.0  # after which a process that is down writes nothing any more
_FITS: Final = {
    "aside": 0.0,
    "moved": 0.3,
}  # documents and tests change nothing that runs, moved code little; by hand
_UNFIT: Final = 0.5  # of a change whose diff has neither a name of the failure nor a risky edit; by hand
_CLIENT_SIDE: Final = frozenset({"latency", "errors", "availability", "traffic", "connections"})
WITH_S: Final = 10.0  # between two onsets: one began with the other; by hand


def of_logs_alone(evidence: Iterable[Evidence]) -> bool:
    """Whether nothing but logs tells of any component."""
    return {e.kind.partition(".")[0] for e in evidence if e.component and e.aspect not in CONTEXT} == {"log"}


class Facts:
    """Evidence with effective strengths: what a component's own rise in load explains counts a third."""

    def __init__(self, evidence: Sequence[Evidence], topology: Topology, alarmed: Sequence[str] = ()) -> None:
        self.alarmed = tuple(alarmed)
        self.trouble = trouble(evidence, self.alarmed)
        evidence = as_now(told_alike(as_expected(told_once(evidence)), topology), self.alarmed)
        if of_logs_alone(evidence):
            evidence = killed(evidence)
        self.all = tuple(evidence)
        self.fingerprint = fingerprint_of(self.all)
        self.topology = topology
        self._traffic = {
            e.component: ratio_of(e)
            for e in sorted(evidence, key=lambda e: e.strength)
            if e.aspect == "traffic" and e.direction == "up" and not e.peer and ratio_of(e) > 0
        }
        strong = [e for e in evidence if is_anomaly(e) and e.strength >= 0.5]
        slow = [e for e in strong if e.peer and e.aspect == "latency" and e.direction == "up"]
        self._slow = {name: ratio_of(e) for e in sorted(slow, key=ratio_of) for name in (e.component, e.peer)}
        for e in strong:
            for caller in topology.callers(e.component) if is_slower(e) else ():
                self._slow[caller] = max(ratio_of(e), self._slow.get(caller, 0.0))
        self._waiting = sorted((e for e in strong if is_slower(e) and e.onset), key=ratio_of, reverse=True)
        self._spoke = last_words(evidence)
        self._answers = {e.component for e in evidence if e.values.get("answers") is True}
        self._first: dict[str, Evidence | None] = {}
        self._words: FailureWords | None = None
        self._present = {
            e.component for e in evidence if e.kind == "metric.quiet" and e.aspect == "availability"
        }
        self._changes: dict[str, list[Evidence]] = {}
        for e in evidence:
            if e.aspect in CHANGE and e.onset is not None:
                self._changes.setdefault(e.component, []).append(e)
        own = [e for e in evidence if e.component and is_first_hand(e)]
        self.seen = frozenset(e.component for e in own)
        stopped = {e.component for e in own if e.kind == "signal.stopped"}
        self.watched = frozenset(e.component for e in own if tells(e)) - stopped
        """Of whom telemetry tells how they are."""
        self.alerted = frozenset(e.component for e in own if e.kind in ALERTS)
        """Of whom an alert tells, which says that something is wrong and never that nothing is."""
        theirs = [e for e in evidence if e.aspect not in CLUSTER | CONTEXT and (e.peer or is_first_hand(e))]
        self.measured = frozenset(name for e in theirs if tells(e) for name in (e.component, e.peer) if name)
        """Of whom more is known than the state of their objects in a cluster: by themselves, or by who calls them."""
        self.logs_alone = of_logs_alone(evidence)
        """Whether nothing but logs tells of any component."""
        self.anomalies = tuple(e for e in evidence if is_anomaly(e) and self.weight(e) >= 0.05)

    def weight(self, evidence: Evidence) -> float:
        """Strength times its aspect's weight, what load explains taken off. A known fault counts whatever it is about."""
        known = evidence.kind == "signal.pattern"
        return self.strength(evidence) * (1.0 if known else WEIGHT.get(evidence.aspect, 1.0))

    def strength(self, evidence: Evidence) -> float:
        """The fact's strength, a third of it where something plainer explains it.

        That is so where the component's own traffic rose as much; where work piles up because calls are slow
        (Little's law); for a restart that a change brought about; for silence in the logs of what answers its health
        checks; for the memory that a process takes as it begins anew; for the age of what arrived last where nothing more is
        sent; for what is told to be down and goes on writing to its log; for what a machine only adds up over the processes
        that run on it; for a handful of connections or threads, or somewhat more memory, which exhaust nothing; and for a
        machine that leaves its plant's signals right after somebody worked on it.
        """
        if evidence.kind in LEVELS:
            return evidence.strength
        if evidence.kind in PLANT - STUCK and (works := self._works_before(evidence)):
            return evidence.strength * share(evidence, works, self.all)
        if evidence.aspect in CHANGE:
            return self._of_change(evidence)
        load = self._traffic.get(evidence.component, 1.0)
        if evidence.aspect in _RESTARTS and self._was_changed(evidence):
            return evidence.strength / 3
        if evidence.aspect == "availability" and (
            self._spoke_after(evidence) or (evidence.component in self._answers and not evidence.peer)
        ):
            return evidence.strength / 3
        if evidence.aspect == "memory" and evidence.kind == "metric.shift" and self._was_started(evidence):
            return evidence.strength / 3
        if evidence.aspect == "lag" and self._only_waits(evidence):
            return evidence.strength / 3
        if is_from_the_start(evidence):
            return evidence.strength / 3
        if evidence.kind == "log.vanished" and evidence.component in self._present:
            return evidence.strength / 3
        loaded = evidence.aspect in _LOADED and load > 1.15 and ratio_of(evidence) <= 1.5 * load
        waiting = evidence.aspect in WAITING and 0 < ratio_of(evidence) <= self._waits(evidence)
        shared = evidence.aspect in _SHARED and bool(self.topology.guests(evidence.component))
        little = is_few(evidence) or is_little(evidence)
        explained = shared or (evidence.direction == "up" and (loaded or waiting or little))
        return evidence.strength / 3 if explained else evidence.strength

    def _of_change(self, change: Evidence) -> float:
        """By the time to the component's first onset, and as what it touches fits; 0 where it came after that onset."""
        if change.component not in self._first:
            family = self.topology.family(change.component)
            self._first[change.component] = self.first_onset(family, or_named=True)
        first, strength = self._first[change.component], change.strength
        if first is not None and change.onset is not None:
            before = (onset(first) - change.onset).total_seconds()
            if before < -RESTART_S - first.onset_error_s:
                return 0.0
            if (
                float(change.values.get("before_alarm_s", 0.0)) >= 0
            ):  # what came after the alarm brought none about
                strength = proximity(max(0.0, before))
        return strength * self._fit(change)

    def _fit(self, change: Evidence) -> float:
        """The share of a change whose diff was read: how it may have brought about what failed."""
        nature = change.values.get("nature", "")
        if nature != "read":
            return _FITS.get(str(nature), 1.0)
        if self._words is None:
            self._words = FailureWords(self, self.seen)
        named = any(self._words.weight(w) for w in str(change.values.get("touches", "")).split())
        return 1.0 if named or change.values.get("risks") else _UNFIT

    def _was_changed(self, evidence: Evidence) -> bool:
        """Whether a deploy or configuration change restarted it: what was meant to happen is no symptom."""
        return evidence.onset is not None and any(
            abs((evidence.onset - onset(change)).total_seconds()) <= RESTART_S
            for change in self._changes.get(evidence.component, ())
        )

    def _spoke_after(self, evidence: Evidence) -> bool:
        """Whether a component that is told to be down ever since goes on writing to its own log: whoever asks it is refused."""
        spoke = self._spoke.get(evidence.component)
        down = bool(evidence.values.get("still")) or evidence.values.get("after") == 0.0
        down = down and not evidence.kind.startswith("log.") and not evidence.peer
        return (
            down
            and spoke is not None
            and evidence.onset is not None
            and ((spoke - evidence.onset).total_seconds() > SPOKE_S + evidence.onset_error_s)
        )

    def _was_started(self, evidence: Evidence) -> bool:
        """Whether the process began anew just before: what it takes then is no growth."""
        return evidence.onset is not None and any(
            e.component == evidence.component
            and e.aspect == "restart"
            and e.onset is not None
            and abs((evidence.onset - e.onset).total_seconds()) <= RESTART_S
            for e in self.all
        )

    def _ages(self, component: str) -> bool:
        """Whether a lag of the component grows by a second a second: nothing has arrived since."""
        slopes = [
            e.values.get("slope_per_min") for e in self.all if e.component == component and e.aspect == "lag"
        ]
        return any(isinstance(s, int | float) and abs(s - 60.0) <= AGE_SLOPE for s in slopes)

    def _only_waits(self, evidence: Evidence) -> bool:
        """Whether a lag is the time since the last change arrived (it grows a second a second), and its neighbours change less.

        A copy of what nobody writes to is not behind: it has nothing to apply.
        """
        near = {*self.topology.callers(evidence.component), *self.topology.callees(evidence.component)}
        if evidence.unit != "s" or evidence.onset is None or not self._ages(evidence.component):
            return False
        grown = evidence.values.get("from", 0.0) if evidence.kind == "metric.trend" else 0.0
        began = onset(evidence).timestamp() - (float(grown) if isinstance(grown, int | float) else 0.0)
        return any(
            e.component in near and e.aspect == "traffic" and e.direction == "down" and e.strength >= 0.5
            and e.onset is not None and e.onset.timestamp() < began
            for e in self.all
        )  # fmt: skip

    def _works_before(self, evidence: Evidence) -> list[Evidence]:
        """Works on it shortly before it left what the plant tells of it: fresh grease warms a bearing."""
        if evidence.onset is None:
            return []
        latest = evidence.onset_error_s + RESTART_S
        return [
            work
            for name in self._worked_near(evidence.component)
            for work in self._changes.get(name, ())
            if -latest <= (evidence.onset - onset(work)).total_seconds() <= WORK_S
        ]

    def _worked_near(self, component: str) -> set[str]:
        """Where work moves a machine's signals: itself, its parts, what it is part of; not the place in which that stands."""
        return {component, *self.topology.parts(component), *self.topology.wholes(component)}

    def _waits(self, evidence: Evidence) -> float:
        """By how much the calls of or to the fact's components slowed: work in progress rises as much (Little's law).

        That those who call it wait as long themselves explains it only where that began no later: a leak comes first.
        """
        held_by = {evidence.peer, *self.topology.callers(evidence.component)}
        own = next((e for e in self._waiting if e.component in held_by and no_later(e, evidence)), None)
        theirs = self._slow.get(evidence.component, 0.0), self._slow.get(evidence.peer, 0.0)
        return max(*theirs, ratio_of(own) if own else 0.0)

    def about(self, component: str, pattern: Pattern) -> Evidence | None:
        """The strongest fact that matches a pattern seen from a suspect, or None."""
        return max(
            self.matching(component, pattern), key=lambda e: (self.strength(e), order(e)), default=None
        )

    def matching(self, component: str, pattern: Pattern) -> list[Evidence]:
        """All facts that match a pattern seen from a suspect."""
        family = self.topology.family(component)
        return [
            e
            for e in self._seen_from(component, family, pattern.of)
            if pattern.matches(e) and self.strength(e) > 0
        ]

    def _seen_from(self, component: str, family: frozenset[str], of: Of) -> list[Evidence]:
        if of == "self":
            return [
                e for e in self.all if e.component in family and not (e.peer and e.aspect in _CLIENT_SIDE)
            ]
        if of in ("calls", "serves"):
            callers = set(self.topology.callers(component)) - set(self.topology.callees(component))
            own = [e for e in self.all if e.component in family and e.peer and e.peer not in family]
            return [e for e in own if (e.peer in callers) == (of == "serves")]
        if of == "peer":
            return [e for e in self.all if e.peer in family and e.component not in family]
        beside = {
            "callers": self.topology.callers,
            "callees": self.topology.callees,
            "host": self.topology.hosts,
        }[of]
        near = set(beside(component)) - family
        return [e for e in self.all if e.component in near and not e.peer]

    def untraced(self, component: str) -> frozenset[str]:
        """Whom a component calls that sends no spans and of whom something moved: what its spans show may begin there."""
        tracing = {e.component for e in self.all if e.kind.startswith("trace.")}
        moved = {name for e in self.anomalies if self.weight(e) >= MOVED for name in (e.component, e.peer)}
        return frozenset(
            c
            for c in self.topology.callees(component)
            if c in moved and not self.topology.family(c) & tracing
        )

    def departed(self, evidence: Evidence) -> float:
        """How surely a machine is not well: its signals together, or one of them, lastingly left what was normal.

        A service's counters move with its use, a controlled process is held where it is: whatever of it moved counts,
        known by its name or not. Where a plant shows the pattern of a known fault, which one it is may be doubtful; that it
        is well is not likely.
        """
        if evidence.kind == "signal.pattern":
            return DEPARTED
        together = evidence.kind in PLANT or (
            evidence.kind == "signal.anomaly" and "channels" in evidence.values
        )
        machine = bool(self.topology.family(evidence.component) & self.topology.machines)
        jumped = machine and evidence.kind != "metric.trend"  # a count of cycles grows steadily as well
        return self.strength(evidence) if together or jumped else 0.0

    def harm(self, components: Iterable[str]) -> float:
        """The weight of the weightiest harm among some components."""
        wanted = set(components)
        felt = (self.weight(e) for e in self.anomalies if e.component in wanted and is_harm(e))
        return max(felt, default=0.0)

    def mass(self) -> dict[tuple[str, str], Evidence]:
        """The weightiest anomaly of each (component, aspect)."""
        found: dict[tuple[str, str], Evidence] = {}
        for e in sorted(self.anomalies, key=lambda e: (self.weight(e), order(e))):
            found[e.component, e.aspect] = e
        return found

    def first_onset(
        self, components: Iterable[str], *, or_named: bool = False, seconded: bool = False
    ) -> Evidence | None:
        """The earliest plain anomaly of some components (or one that names them): a flicker before it does not count.

        seconded   nor one that stands alone, with which nothing else began; where all do, the earliest counts
        """
        wanted = set(components)
        timed = [e for e in self.anomalies if e.onset and self.weight(e) >= 0.3]
        theirs = [e for e in timed if e.component in wanted or (or_named and e.peer in wanted)]
        theirs = [
            e for e in theirs if (e.aspect, e.direction) not in RELIEF
        ]  # what gets better begins nothing
        plain = 0.7 * max((self.weight(e) for e in theirs), default=0.0)
        plainest = [e for e in theirs if self.weight(e) >= plain]
        if seconded:
            with_others = [e for e in plainest if self._seconded(e)]
            plainest = with_others or plainest
        return min(plainest, key=lambda e: (onset(e), order(e)), default=None)

    def _seconded(self, evidence: Evidence) -> bool:
        """Whether something else, of another component or another measurement, began with it."""
        within = WITH_S + evidence.onset_error_s
        mine = (evidence.component, evidence.peer, evidence.aspect)
        return any(
            e.onset and (e.component, e.peer, e.aspect) != mine and self.weight(e) >= 0.3
            and abs((onset(e) - onset(evidence)).total_seconds()) <= within + e.onset_error_s
            for e in self.anomalies
        )  # fmt: skip


def is_anomaly(evidence: Evidence) -> bool:
    """Whether the fact says that something moved, as opposed to context and to counter-evidence."""
    return (
        evidence.direction not in ("steady", "none")
        and evidence.aspect not in CONTEXT
        and bool(evidence.component)
    )


def is_harm(evidence: Evidence) -> bool:
    """Whether an anomaly is felt by somebody: slow or failed answers, errors in logs, a limit reached, vibration, a
    known fault of a plant, a cluster that does not do what its objects ask for.
    """
    aspect = evidence.aspect
    if (aspect, evidence.direction) in RELIEF:
        return False
    named = aspect.startswith(("log.", "vibration.")) and aspect not in _HARMLESS
    return evidence.kind in _FELT or named or aspect in _HARM or aspect in CLUSTER


def onset(evidence: Evidence) -> datetime:
    """The onset of a fact that has one."""
    assert evidence.onset is not None
    return evidence.onset
