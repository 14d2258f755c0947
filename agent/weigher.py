"""Evidence to suspects: log-odds of (component, fault kind) pairs, with `healthy` and `unknown` among them.

A pair's log-odds are a prior plus the weights of the taxonomy's patterns times the strengths of the facts that
match, plus how much of what moved the pair explains (topology), plus onset order, plus similar past incidents.
The probabilities are the softmax over all pairs, `healthy` and `unknown`. Every summand is a line of the ledger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from aitia.agent.facts import Facts, onset
from aitia.agent.taxonomy import Fault, Pattern, Taxonomy, covers
from aitia.agent.topology import Topology
from aitia.core.aspects import CHANGE
from aitia.core.words import Component, Contribution, Evidence, Inventory, Suspect, Verdict, Word

PRIOR: Final = -1.0
MIN_PRIMARY: Final = 0.3  # strength below which a primary pattern makes no suspect
COVERAGE: Final = 2.5
FIRST: Final = 0.8
LATE: Final = -1.2
TOLERANCE_S: Final = 15.0
INCIDENT: Final = 0.7
HARMLESS: Final = -2.5
UNSEEN: Final = -1.5
WITNESS: Final = 0.5
MAX_WITNESSES: Final = 2
HEALTHY, UNKNOWN = "healthy", "unknown"


class Weighed(Word):
    """The verdict and all suspects, likeliest first; `healthy` and `unknown` are suspects of their own."""

    verdict: Verdict
    probability: float
    component: str = ""
    fault: str = ""
    suspects: tuple[Suspect, ...] = ()


def weigh(evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy) -> Weighed:
    """Rank the suspects and decide the verdict."""
    topology = Topology(inventory.components)
    facts = Facts(evidence, topology)
    doubt = _doubt(facts, inventory.components)
    pairs = [
        _pair(facts, component, fault, doubt)
        for component in _candidates(facts)
        for fault in taxonomy
        if _is_suspect(facts, component, fault)
    ]
    scored = [*_most_specific(pairs, topology), *doubt]
    total = _log_sum_exp([s.score for s in scored])
    suspects = [s.model_copy(update={"probability": round(math.exp(s.score - total), 4)}) for s in scored]
    suspects.sort(key=lambda s: (-s.score, s.component, s.fault))
    return _verdict(suspects, frozenset(c for c in _candidates(facts) if topology.family(c) & facts.seen))


def _candidates(facts: Facts) -> list[str]:
    named = {e.component for e in facts.all} | {e.peer for e in facts.all}
    return sorted(named - {""})


def _is_suspect(facts: Facts, component: str, fault: Fault) -> bool:
    for needed in fault.requires:
        found = facts.about(component, needed)
        if found is None or found.strength < MIN_PRIMARY:
            return False
    primary = [facts.about(component, p) for p in fault.patterns if p.primary]
    # A whole is no suspect for what was seen at its part: the part is.
    near = [
        e
        for e in primary
        if e is not None and component in (e.component, e.peer) and facts.strength(e) >= MIN_PRIMARY
    ]
    if all(e.aspect in CHANGE for e in near):
        # A change is a reason to look, not a fault: something of its own, or seen at it, must have moved as well.
        return bool(near) and any(_speaks(facts, component, p) for p in fault.patterns if p.weight > 0)
    return True


def _speaks(facts: Facts, component: str, pattern: Pattern) -> bool:
    found = facts.about(component, pattern)
    return found is not None and found.aspect not in CHANGE and facts.weight(found) >= MIN_PRIMARY


def _pair(facts: Facts, component: str, fault: Fault, doubt: Sequence[Suspect]) -> Suspect:
    ledger = [Contribution(evidence="", log_odds=PRIOR, why="prior of any single pair")]
    for pattern in fault.patterns:
        fact = facts.about(component, pattern)
        if fact is not None:
            moved = round(pattern.weight * facts.strength(fact), 3)
            ledger.append(
                Contribution(evidence=fact.id, log_odds=moved, why=pattern.why or _why(pattern.of, fact))
            )
    ledger += _witnesses(facts, component, fault)
    ledger += _explained(facts, component, fault)
    ledger += _order_of_onsets(facts, component, fault)
    ledger += _past(facts, component, fault)
    unseen = _unseen_neighbour(facts, component, fault)
    if unseen:
        ledger.append(
            Contribution(evidence="", log_odds=UNSEEN, why=f"nothing is known of {unseen}, its neighbour")
        )
    if facts.harm(facts.topology.reached(component, fault.spread)) < MIN_PRIMARY:
        ledger.append(Contribution(evidence="", log_odds=HARMLESS, why="nobody feels it"))
    if not facts.topology.family(component) & facts.seen:
        # Nothing of its own was seen: it may be named, never convicted.
        score, ceiling = sum(c.log_odds for c in ledger), doubt[1].score - 0.5
        if score > ceiling:
            ledger.append(
                Contribution(evidence="", log_odds=round(ceiling - score, 3), why="no telemetry of its own")
            )
    return Suspect(
        component=component,
        fault=fault.id,
        score=round(sum(c.log_odds for c in ledger), 3),
        probability=0,
        ledger=tuple(ledger),
    )


def _unseen_neighbour(facts: Facts, component: str, fault: Fault) -> str:
    """A component next to the suspect that might be the cause in its stead and of which there is no telemetry."""
    near = facts.topology.callees(component)
    if "callees" in fault.spread:  # what exhausts a component may be one of its callers
        near = [*near, *facts.topology.callers(component)]
    return next((n for n in near if not facts.topology.family(n) & facts.seen), "")


def _witnesses(facts: Facts, component: str, fault: Fault) -> list[Contribution]:
    """Several components that see the same of a suspect do not err together: each one after the first adds."""
    seen: dict[str, Evidence] = {}
    for pattern in fault.patterns:
        if pattern.of == "peer" and pattern.weight > 0:
            for e in facts.matching(component, pattern):
                if facts.strength(e) >= MIN_PRIMARY and (
                    e.component not in seen or e.strength > seen[e.component].strength
                ):
                    seen[e.component] = e
    others = sorted(seen.values(), key=lambda e: (-e.strength, e.component))[1 : MAX_WITNESSES + 1]
    return [Contribution(evidence=e.id, log_odds=WITNESS, why=f"seen by {e.component} too") for e in others]


def _why(on: str, fact: Evidence) -> str:
    if on == "self":
        return "its own"
    return {
        "peer": f"seen by {fact.component}",
        "calls": "its calls",
        "serves": "whom it serves",
        "callers": "a caller",
        "callees": "it calls it",
    }[on]


def _explained(facts: Facts, component: str, fault: Fault) -> list[Contribution]:
    mass = facts.mass()
    total = sum(facts.weight(e) for e in mass.values())
    if not total:
        return []
    reached = facts.topology.reached(component, fault.spread)
    inside = sum(facts.weight(e) for e in mass.values() if e.component in reached)
    share = inside / total
    why = f"explains {share:.0%} of what moved"
    return [Contribution(evidence="", log_odds=round(COVERAGE * share - 1.0, 3), why=why)]


def _order_of_onsets(facts: Facts, component: str, fault: Fault) -> list[Contribution]:
    own = facts.first_onset(facts.topology.family(component), or_named=True)
    others = set(facts.topology.reached(component, fault.spread)) - facts.topology.family(component)
    first = facts.first_onset(others)
    if own is None or first is None:
        return []
    lag = (onset(own) - onset(first)).total_seconds()
    slack = max(TOLERANCE_S, own.onset_error_s + first.onset_error_s)
    if lag <= slack:
        return [Contribution(evidence=own.id, log_odds=FIRST, why="moved no later than what it explains")]
    return [Contribution(evidence=own.id, log_odds=LATE, why="it moved later", other=first.id)]


def _past(facts: Facts, component: str, fault: Fault) -> list[Contribution]:
    similar = [
        e
        for e in facts.all
        if e.kind == "incident.similar"
        and e.values.get("component", e.component) == component
        and covers(str(e.values.get("fault", "")) or "-", fault.id)
    ]
    best = max(similar, key=lambda e: (e.strength, e.statement), default=None)
    if best is None:
        return []
    return [
        Contribution(
            evidence=best.id,
            log_odds=round(INCIDENT * best.strength, 3),
            why="a similar incident had this cause",
        )
    ]


def _doubt(facts: Facts, components: Sequence[Component]) -> list[Suspect]:
    """`healthy` gains from quiet telemetry, `unknown` from an alarm and from telemetry that is missing."""
    alarm = facts.alarm()
    known = {c.id for c in components} | set(facts.seen)
    watched = [c for c in known if facts.topology.family(c) & facts.seen]
    seen = len(watched) / len(known) if known else 0.0
    weightiest = max(facts.anomalies, key=lambda e: (facts.weight(e), e.statement), default=None)
    cite = weightiest.id if weightiest else ""
    healthy = [
        Contribution(
            evidence="", log_odds=round(6.0 * seen, 3), why=f"{seen:.0%} of the components were watched"
        ),
        Contribution(evidence=cite, log_odds=round(-6.0 * alarm * seen, 3), why="what moved most"),
    ]
    unknown = [
        Contribution(evidence="", log_odds=1.0, why="prior"),
        Contribution(
            evidence=cite,
            log_odds=round(2.2 * max(alarm, 1.0 - seen), 3),
            why="an alarm or missing telemetry",
        ),
    ]
    return [
        Suspect(
            component="",
            fault=name,
            score=round(sum(c.log_odds for c in lines), 3),
            probability=0,
            ledger=tuple(lines),
        )
        for name, lines in ((HEALTHY, healthy), (UNKNOWN, unknown))
    ]


def _most_specific(pairs: Sequence[Suspect], topology: Topology) -> list[Suspect]:
    """One pair per fault and family: a machine and its bearing are one suspect, the component whose own facts weigh most."""
    kept: list[Suspect] = []
    for pair in sorted(pairs, key=lambda s: (-s.score, -len(topology.wholes(s.component)), s.component)):
        family = topology.family(pair.component)
        if not any(k.fault == pair.fault and k.component in family for k in kept):
            kept.append(pair)
    return kept


def _verdict(suspects: list[Suspect], seen: frozenset[str]) -> Weighed:
    """A cause is named only where one component, of which something was seen itself, holds at least half."""
    by_component: dict[str, float] = {}
    for suspect in suspects:
        if suspect.component:
            by_component[suspect.component] = by_component.get(suspect.component, 0.0) + suspect.probability
    doubt = {s.fault: s.probability for s in suspects if not s.component}
    best = max(sorted(set(by_component) & seen), key=lambda c: by_component[c], default="")
    if best and by_component[best] >= 0.5:
        fault, probability = _stop_at_parent([s for s in suspects if s.component == best])
        return Weighed(
            verdict="cause", probability=probability, component=best, fault=fault, suspects=tuple(suspects)
        )
    verdict: Verdict = "healthy" if doubt[HEALTHY] >= 0.5 else "unknown"
    # How sure it is that no single answer can be given: all but the likeliest one.
    likeliest = max([doubt[HEALTHY], *by_component.values()])
    probability = doubt[HEALTHY] if verdict == "healthy" else 1.0 - likeliest
    return Weighed(verdict=verdict, probability=round(probability, 4), suspects=tuple(suspects))


def _stop_at_parent(pairs: list[Suspect]) -> tuple[str, float]:
    """The likeliest fault of a component, or the parent path of several where none reaches .5 alone."""
    top = pairs[0]
    if top.probability < 0.5:
        parent = top.fault.rsplit(".", 1)[0]
        share = sum(p.probability for p in pairs if covers(parent, p.fault))
        if "." in parent and share >= 0.5:
            return parent, round(share, 4)
    return top.fault, top.probability


def _log_sum_exp(values: Sequence[float]) -> float:
    high = max(values)
    return high + math.log(sum(math.exp(v - high) for v in values))
