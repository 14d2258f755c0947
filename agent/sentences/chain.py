"""The causal chain: which fact led to which, from the suspect's ledger, the topology and the onsets. Code only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from aitia.agent.blame import blamed
from aitia.agent.fact_values import whole_departure
from aitia.agent.facts import Facts, is_anomaly, onset
from aitia.agent.left_by_work import WORKS, could_make
from aitia.agent.taxonomy import Fault
from aitia.core.aspects import CLUSTER
from aitia.core.words import Evidence, Incident, Suspect, Word

MAX_EDGES: Final = 5
TOLERANCE_S: Final = 15.0
SAMPLE_S: Final = (
    120.0  # two samples of a metric that is read once a minute: what began first within them nobody can tell
)
_SYMPTOMS: Final = (
    "errors",
    "latency",
    "availability",
    "log.unavailable",
    "log.timeout",
    "log.error",
    "vibration",
    "temperature",
)

_SEEN: Final = frozenset({"metric.shift", "metric.trend"})
_WAITS: Final = "k8s.pending"
# What a fault in a cluster does to objects, in the order in which it does: nodes, workloads and their pods, then services.
_THROUGH: Final = (
    frozenset({"k8s.node_not_ready"}),
    frozenset({"k8s.missing_pods", _WAITS, "k8s.not_ready", "k8s.crash_loop", "k8s.rollout"}),
    frozenset({"k8s.no_endpoints", "k8s.unreachable"}),
)


class Edge(Word):
    """Fact `cause` led to fact `effect` (evidence ids)."""

    cause: str
    effect: str


def build_chain(suspect: Suspect, fault: Fault | None, facts: Facts, incident: Incident) -> list[Edge]:
    """At most five edges from the change or the cause's own facts to the symptom that was reported."""
    steps = _own_steps(suspect, fault, facts, incident)
    if not steps:
        return []
    in_cluster = any(s.aspect in CLUSTER for s in steps)
    if in_cluster:
        steps = _by_objects(steps, facts)
    spread = fault.spread if fault else ()
    for component in _way_to_symptom(suspect.component, spread, facts, incident):
        felt = _felt(component, steps[-1], facts)
        fact = _plain(felt, facts) if felt is not None else None
        states = _states(component, facts) if in_cluster else []
        for step in states or ([fact] if fact is not None else []):
            if step.id not in {s.id for s in steps} and not _precedes(step, steps[-1]):
                steps.append(step)
    steps += _unplaced(fault, steps, facts)
    return [Edge(cause=a.id, effect=b.id) for a, b in pairwise(steps)][:MAX_EDGES]


def _precedes(fact: Evidence, step: Evidence) -> bool:
    """Whether a fact began before the step that should have led to it, beyond what the onsets are uncertain."""
    if fact.onset is None or step.onset is None:
        return False
    slack = max(TOLERANCE_S, fact.onset_error_s + step.onset_error_s)
    return (onset(step) - onset(fact)).total_seconds() > slack


def _own_steps(suspect: Suspect, fault: Fault | None, facts: Facts, incident: Incident) -> list[Evidence]:
    """The change to blame first, then the two weightiest facts of or about it in time order, then a callee that was loaded."""
    for_it = [p for p in fault.patterns if p.weight > 0] if fault else []
    matched = [
        (p.weight * facts.strength(e), e)
        for p in for_it
        if (e := facts.about(suspect.component, p)) is not None
    ]
    cited = list({e.id: e for _, e in sorted(matched, key=lambda pair: -pair[0])}.values())
    family = facts.topology.family(suspect.component)
    own = [e for e in cited if is_anomaly(e) and family & {e.component, e.peer}]
    loaded = [
        _plain(e, facts)
        for e in cited
        if is_anomaly(e) and e.component in facts.topology.callees(suspect.component) and not e.peer
    ]
    core = _one_per_aspect(_plainly(own, facts))[:2]
    core += [e for e in loaded if all((e.component, e.aspect) != (c.component, c.aspect) for c in core)][:1]
    core = _needed_first(sorted(core, key=_began), suspect.component, fault, facts)
    blame = blamed(facts, suspect.component, incident)
    ids = blame.suspects[0].evidence[:1] if blame is not None and blame.answer == "change" else ()
    changes = [e for e in facts.all if e.id in ids and not (core and _precedes(core[0], e))]
    if suspect.fault.startswith(("machine.", "sensor.")):  # work that makes no such fault is told beside
        changes = [e for e in changes if e.kind not in WORKS] + could_make(
            [e for e in changes if e.kind in WORKS], suspect.fault
        )
    return changes + core


def _needed_first(
    core: Sequence[Evidence], component: str, fault: Fault | None, facts: Facts
) -> list[Evidence]:
    """What a fault must find at one that it calls or copies goes before what comes of it, where both began at one time."""
    needs = {p.aspect for p in fault.requires_any if p.of == "callees"} if fault else set()
    loaded = [e for e in core if e.component in facts.topology.callees(component) and e.aspect in needs]
    early = [e for e in loaded if e.onset and (onset(e) - onset(core[0])).total_seconds() <= SAMPLE_S]
    return [*early, *(e for e in core if e not in early)]


def _plainly(own: Sequence[Evidence], facts: Facts) -> list[Evidence]:
    """Without that a component's signals stand apart, where one of them tells by itself what moved."""
    said = list({e.id: e for e in (_plain(e, facts) for e in own)}.values())
    moved = {e.component for e in said if e.kind != "signal.apart"}
    return [e for e in said if e.kind != "signal.apart" or e.component not in moved]


def _plain(fact: Evidence, facts: Facts) -> Evidence:
    """What a person sees on the curve (before and after), where that is a fact too, in place of what all signals told, and in
    place of a later step of the same curve.
    """
    if fact.kind != "signal.quantity":
        return whole_departure(fact, facts.anomalies)
    same = (fact.component, fact.aspect, fact.direction)
    seen = [e for e in facts.anomalies if e.kind in _SEEN and (e.component, e.aspect, e.direction) == same]
    return max(seen, key=facts.weight, default=fact)


def _by_objects(steps: Sequence[Evidence], facts: Facts) -> list[Evidence]:
    """The steps, and after them the state of their components' objects in the order in which a fault goes through them."""
    states = [e for c in dict.fromkeys(s.component for s in steps) for e in _states(c, facts)]
    told = frozenset().union(*_THROUGH)
    return [*(s for s in steps if s.aspect not in told), *states] or [*steps]


def _states(component: str, facts: Facts) -> list[Evidence]:
    """What is not well of a component's objects in a cluster, one fact of each kind of object."""
    here = [e for e in facts.anomalies if e.component == component]
    of_kind = [[e for e in here if e.aspect in aspects] for aspects in _THROUGH]
    return [max(found, key=lambda e: (facts.weight(e), e.statement)) for found in of_kind if found]


def _unplaced(fault: Fault | None, steps: Sequence[Evidence], facts: Facts) -> list[Evidence]:
    """A pod that waits for a node is linked to none: what is known to keep pods waiting is followed by the plainest that does."""
    if (
        fault is None
        or all(p.aspect != _WAITS for p in fault.patterns)
        or any(s.aspect == _WAITS for s in steps)
    ):
        return []
    waiting = [e for e in facts.anomalies if e.aspect == _WAITS]
    plainest = max(waiting, key=lambda e: (facts.weight(e), e.statement), default=None)
    return [] if plainest is None else [s for s in _states(plainest.component, facts) if s not in steps]


def _one_per_aspect(evidence: Sequence[Evidence]) -> list[Evidence]:
    found: dict[str, Evidence] = {}
    for e in evidence:
        found.setdefault(e.aspect, e)
    return list(found.values())


def _began(evidence: Evidence) -> float:
    """When it began; of facts that began at one moment the weightier stays first, as the one that tells the fault."""
    return onset(evidence).timestamp() if evidence.onset else float("inf")


def symptom_component(facts: Facts, incident: Incident) -> str:
    """The component that the alarm speaks of: a hint, else the anomalous one that nobody anomalous calls."""
    moved = {e.component for e in facts.anomalies if facts.weight(e) >= 0.3}
    for hint in incident.hints:
        if hint in moved:
            return hint
    tops = sorted(c for c in moved if not set(facts.topology.ancestors(c)) & moved)
    weight = {c: max(facts.weight(e) for e in facts.anomalies if e.component == c) for c in tops}
    return max(tops, key=lambda c: weight[c], default="")


def _way_to_symptom(component: str, spread: Sequence[str], facts: Facts, incident: Incident) -> list[str]:
    goal = symptom_component(facts, incident)
    return facts.topology.path(component, goal, spread)[1:] if goal else []


def _felt(component: str, previous: Evidence, facts: Facts) -> Evidence | None:
    """How a component on the way felt it: its own view of the one before, else its plainest symptom."""
    here = [e for e in facts.anomalies if e.component == component and facts.weight(e) >= 0.25]

    def rank(e: Evidence) -> tuple[bool, bool, float, str]:
        return (
            bool(e.peer) and e.peer == previous.component,
            e.aspect in _SYMPTOMS,
            facts.weight(e),
            e.statement,
        )

    return max(here, key=rank, default=None)
