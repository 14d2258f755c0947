"""A suspect's ledger: every summand of its log-odds, each with the fact behind it and the term it belongs to.

`ACCUSING` and `REST` are the tables of what is summed up, in this order: each term is a function of the case alone that yields
its lines. Between them stands what stayed quiet, which is held against what accuses. `Ledger` scales by the learned weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from aitia.agent.began import MIN_PRIMARY, TOLERANCE_S, began_before
from aitia.agent.corrections import denials, denied_kind
from aitia.agent.fact_values import seen_how
from aitia.agent.facts import Facts, is_harm, onset
from aitia.agent.failing_calls import failing_calls
from aitia.agent.learned import Term
from aitia.agent.left_by_work import after_work
from aitia.agent.of_logs import witnessed
from aitia.agent.overlooked import overlooked
from aitia.agent.past import is_long_standing
from aitia.agent.replicas import service
from aitia.agent.taxonomy import Fault, covers
from aitia.agent.told_alike import COMPLAINTS, tellers
from aitia.agent.weights import Weights, family_of
from aitia.agent.witnesses import Witnesses
from aitia.core.percent import percent
from aitia.core.words import Contribution, Evidence
from aitia.tools.identity.replicas import is_copy

# Log-odds, by hand; learned weights scale them.
PRIOR: Final = -1.0
COVERAGE: Final = 2.5  # of explaining all that changed rather than nothing
UNEXPLAINED: Final = -1.0  # of explaining nothing
FIRST: Final = 0.8
LATE: Final = -1.2
INCIDENT: Final = 0.7
HARMLESS: Final = -2.5
UNSEEN: Final = -1.5
WITNESS: Final = 0.5
# The same where logs are all that there is: then another writer, or the alarm itself, is the only second witness.
WITNESS_OF_LOGS: Final = 1.5
ALARM_OF_LOGS: Final = 1.0
ITS_OWN_ERRORS: Final = -1.5
REPLICA: Final = -1.5  # of what is wrong with one instance, where its replica shows it too
OF_ONE: Final = ("network.", "resource.", "software.latency")
SHARED: Final = frozenset({"resource.overload", "resource.disk"})  # comes to all of them
WAITS: Final = frozenset({"software.slow_call", "software.dependency"})
RESIDUAL: Final = "software.failure"  # the kind of errors that no kind explains

MAX_WITNESSES: Final = 2  # beside the first
SHARP_S: Final = 120.0  # error of an order at which it counts half
FAINT: Final = 0.5  # of the weight of what changed later: what is fainter sets no order
SECOND_HAND: Final = 0.5  # of a ranking's share, where it was given to one that the suspect may harm
RANKING_FLOOR: Final = 0.02  # a share below it says nothing for a component
ALIKE: Final = 0.8  # of each client that tells of the suspect what others tell; by hand


class Line(NamedTuple):
    """A summand before it is scaled. `bars`: the pair cannot be the verdict, however much speaks for it."""

    term: str
    log_odds: float
    why: str
    evidence: str = ""
    other: str = ""
    bars: bool = False


@dataclass(frozen=True)
class Case:
    """One (component, fault) pair before the facts."""

    facts: Facts
    component: str
    fault: Fault
    learned: Sequence[Term]
    witnesses: Witnesses

    @cached_property
    def family(self) -> frozenset[str]:
        """The component, what it is part of, and its parts."""
        return self.facts.topology.family(self.component)

    @cached_property
    def loaded(self) -> frozenset[str]:
        """Whom the fault may harm through the suspect's own calls: not those that others see failing as well, unless the
        fault takes from them what others need (`siblings`).
        """
        topology, spread = self.facts.topology, self.fault.spread
        callees = set(topology.callees(self.component)) if {"callees", "siblings"} & set(spread) else set()
        if "siblings" in spread:
            return frozenset(callees)
        mine = self.family | set(topology.ancestors(self.component))
        seen = {e.peer for e in self.facts.anomalies if e.component not in mine and is_harm(e)}
        return frozenset(c for c in callees if not topology.family(c) & seen)

    @cached_property
    def reached(self) -> frozenset[str]:
        """Where its effects are looked for."""
        topology = self.facts.topology
        spared = (
            set(topology.callees(self.component)) - self.loaded if "callees" in self.fault.spread else set()
        )
        return topology.reached(self.component, self.fault.spread) - spared


def _prior(case: Case) -> Iterator[Line]:
    yield Line("prior", PRIOR, "prior for any single component and fault")


def _patterns(case: Case) -> Iterator[Line]:
    for pattern in case.fault.patterns:
        fact = case.facts.about(case.component, pattern)
        old = fact is not None and pattern.weight < 0 and is_long_standing(fact, case.facts.trouble)
        if fact is not None and pattern.weight and not old:
            role = "primary" if pattern.primary else "support" if pattern.weight > 0 else "against"
            moved = pattern.weight * case.facts.strength(fact)
            yield Line(f"{role}.{family_of(fact)}", moved, pattern.why or seen_how(pattern.of, fact), fact.id)


def _witnesses(case: Case) -> Iterator[Line]:
    """Several components that see the same of a suspect do not err together: each one after the first adds."""
    seen = dict[str, Evidence]()
    for pattern in case.fault.patterns:
        if pattern.of == "peer" and pattern.weight > 0:
            for e in case.facts.matching(case.component, pattern):
                plain = case.facts.strength(e) >= MIN_PRIMARY
                if plain and (e.component not in seen or e.strength > seen[e.component].strength):
                    seen[e.component] = e
    ranked = sorted(seen.values(), key=lambda e: (-e.strength, e.component))
    further, told = ranked[1 : MAX_WITNESSES + 1], {service(e.component) for e in ranked[:1]}
    for e in further or _confirming(case, seen):
        again = service(e.component) in told  # by its replica: the same program and the same requests
        told.add(service(e.component))
        size = WITNESS_OF_LOGS if case.facts.logs_alone and not again else WITNESS
        yield Line("witness", size, f"seen by {e.component} too", e.id)


def _confirming(case: Case, seen: Mapping[str, Evidence]) -> list[Evidence]:
    """Of a suspect that its own log accuses: those whose logs say that it fails them, whatever the kind of its fault."""
    own = [p for p in case.fault.patterns if p.of == "self" and p.primary and p.aspect.startswith("log.")]
    if seen or not any(case.facts.matching(case.component, p) for p in own):
        return []
    return failing_calls(case.facts, case.family)[:MAX_WITNESSES]


def _ranking(case: Case) -> Iterator[Line]:
    """What tools that rank components say of this one: of several rankings the one that names it most counts.

    A share is the ranking's probability that the component is the culprit, so that the log of two shares' ratio is
    what it adds to one suspect more than to the other. A ranking by traces cannot tell a component from those that it
    calls and that send no spans: it is shared among them, as far as anything of them moved. A ranking by metrics cannot
    tell a component from one whose failure it only passes on: it adds nothing where one that was overlooked fails.
    """
    blind = overlooked(case.facts, case.component)
    fault = case.fault.id
    shares: list[tuple[float, str, Evidence]] = []
    for e in case.facts.all:
        if blind and e.aspect == "rank.metrics":
            continue
        if e.kind == "rank.suspect" and covers(str(e.values.get("fault", "")) or fault, fault):
            behind = case.facts.untraced(e.component) if e.aspect == "rank.traces" else frozenset[str]()
            share = case.witnesses.believed(e) / (1 + len(behind))
            if case.family & {e.component, *behind}:
                shares.append((share, e.statement, e))
            elif e.component in case.loaded and fault.startswith("resource."):  # it may exhaust whom it calls
                shares.append((SECOND_HAND * share, e.statement, e))
    if shares:
        share, _, best = max(shares, key=lambda s: s[:2])
        why = f"{best.aspect.removeprefix('rank.')} ranking: {percent(best.strength)} {best.component}"
        yield Line("ranking", math.log1p(share / RANKING_FLOOR), why, best.id)


def _alarm(case: Case) -> Iterator[Line]:
    """The alarm as a second witness, where logs are all that there is. That its own component logs errors explains nothing."""
    if not case.facts.logs_alone:
        return
    if told := _affected(case):
        yield Line("witness", ALARM_OF_LOGS, f"the alarm is of {told}, which it affects")
    elif case.fault.id == RESIDUAL and case.family & set(case.facts.alarmed):
        yield Line(
            "witness", ITS_OWN_ERRORS, "the alarm is of these errors: they are what has to be explained"
        )


def _alike(case: Case) -> Iterator[Line]:
    """Clients that tell of the suspect what its fault is known by: each is a witness."""
    own = [p for p in case.fault.patterns if p.of == "self" and p.primary and p.aspect in COMPLAINTS]
    facts = [e for p in own for e in case.facts.matching(case.component, p)]
    clients = sorted(tellers(facts))
    if len(clients) > 1:
        first = next(e for e in facts if e.values.get("reported_by") == clients[0])
        told = f"{', '.join(clients[:-1])} and {clients[-1]} tell of it alike"
        yield Line("witness", ALIKE * min(len(clients), MAX_WITNESSES), told, first.id)


def _affected(case: Case) -> str:
    """A component that the alarm names, another one than the suspect, at which its effects are looked for."""
    return next((a for a in case.facts.alarmed if a not in case.family and a in case.reached), "")


def _coverage(case: Case) -> Iterator[Line]:
    mass = case.facts.mass()
    if total := sum(case.facts.weight(e) for e in mass.values()):
        explained = (e for e in mass.values() if e.component in case.reached or e.peer in case.family)
        share = sum(case.facts.weight(e) for e in explained) / total
        yield Line("coverage", UNEXPLAINED + COVERAGE * share, f"explains {percent(share)} of what changed")


def _order(case: Case) -> Iterator[Line]:
    own = case.facts.first_onset(case.family, or_named=True)
    first = case.facts.first_onset(set(case.reached) - case.family - case.loaded, seconded=True)
    if own is None or first is None:
        return
    lag = (onset(own) - onset(first)).total_seconds()
    error = own.onset_error_s + first.onset_error_s
    if lag <= TOLERANCE_S:
        # An order that is known to within minutes only tells little.
        sure = FIRST * SHARP_S / (SHARP_S + error)
        yield Line("order.first", sure, "began no later than what it would explain", own.id)
    elif (
        lag > max(TOLERANCE_S, error)
        and (told := case.facts.weight(first) / case.facts.weight(own)) >= FAINT
        and not began_before(case.facts, case.component, case.fault, first)
    ):
        yield Line("order.late", LATE * min(1.0, told), "it changed later", own.id, first.id)


def _past(case: Case) -> Iterator[Line]:
    similar = [
        e
        for e in case.facts.all
        if e.kind == "incident.similar"
        and e.values.get("component", e.component) == case.component
        and covers(str(e.values.get("fault", "")) or "-", case.fault.id)
    ]
    if best := max(similar, key=lambda e: (e.strength, e.statement), default=None):
        yield Line("incident", INCIDENT * best.strength, "a similar incident had this cause", best.id)


def _learned(case: Case) -> Iterator[Line]:
    for term, moved, why in case.learned:
        yield Line(term, moved, why)
    bars = denied_kind(case.facts.all, case.component, case.fault)
    for moved, why, said in denials(case.facts, case.component, case.fault)[:1]:
        yield Line("person.excluded", moved, why, said, bars=bars)


def _worked_on(case: Case) -> Iterator[Line]:
    """A work on a machine right before its trouble: what such work leaves behind is likelier, what takes days is not."""
    if case.fault.id.startswith("machine."):
        first = case.facts.first_onset(case.family)
        if told := after_work(case.facts.all, case.family, case.fault.id, first):
            yield Line("work.before", *told)


def _replica(case: Case) -> Iterator[Line]:
    """Replicas that are in trouble alike have it from what they share, not each from itself."""
    if not case.fault.id.startswith(OF_ONE) or case.fault.id in SHARED:
        return
    mine = case.facts.harm({case.component})
    for twin in case.facts.topology.twins(case.component):
        if mine and (theirs := case.facts.harm({twin})) >= MIN_PRIMARY:
            yield Line(
                "replica", REPLICA * min(1.0, theirs / mine), f"{twin}, its replica, is in the same trouble"
            )
            return


def _unseen(case: Case) -> Iterator[Line]:
    """A component next to the suspect that might be the cause in its stead and of which there is no telemetry."""
    if case.fault.id in WAITS or case.fault.id == "software.crash":
        return  # that it waits for one of whom nothing is seen is what it says, and no neighbour takes a process away
    topology = case.facts.topology
    near = topology.callees(case.component)
    if "callees" in case.fault.spread and case.fault.id.startswith("resource."):  # a caller may exhaust it
        callers = topology.callers(case.component)
        near = [*near, *(c for c in callers if not is_copy(c))]  # a copy holds one connection
    if dark := next((n for n in near if not topology.family(n) & case.facts.seen), ""):
        yield Line("unseen", UNSEEN, f"nothing is known about {dark}, its neighbour")


def _harmless(case: Case) -> Iterator[Line]:
    if case.facts.harm(case.reached) < MIN_PRIMARY:
        yield Line("harmless", HARMLESS, "no other component is affected")


def _agreeing(case: Case) -> Iterator[Evidence]:
    """Further messages that say the same as a fact that counts, and those of others about trouble with the suspect."""
    for pattern in case.fault.patterns:
        if pattern.weight > 0:
            yield from (
                e for e in case.facts.matching(case.component, pattern) if e.aspect.startswith("log.")
            )
    for e in case.facts.anomalies:
        if (
            e.peer in case.family
            and e.component not in case.family
            and e.kind.startswith("log.")
            and is_harm(e)
        ):
            yield e


def _seconded(case: Case) -> bool:
    """Whether a message is not the only witness: the alarm is of what the suspect affects, another one tells of it or logged its
    change.
    """
    changed = (e for e in case.facts.all if e.kind == "log.change" and e.component in case.family)
    by_others = any(e.values.get("reported_by") not in case.family for e in changed)
    return by_others or bool(_affected(case)) or witnessed(case.witnesses.told, case.component)


def _quiet(case: Case, lines: Sequence[Contribution]) -> Iterator[Line]:
    """What should have moved with the facts that accuse the suspect by the lines before, and stayed quiet."""
    by_id = {e.id: e for e in case.facts.all}
    speaking = [c for c in lines if c.log_odds > 0 and c.evidence in by_id]
    accusing = [by_id[c.evidence] for c in speaking]
    needed = [by_id[c.evidence] for c in speaking if c.term.startswith("primary.")]
    for line in case.witnesses.against(case.component, accusing, needed, list(_agreeing(case))):
        if line.term == "quiet.alone" and case.facts.logs_alone and _seconded(case):
            continue
        if line.term == "quiet.unmoved" and case.facts.logs_alone and failing_calls(case.facts, case.family):
            continue  # an access log has the times of what was answered, not of what was not
        yield Line(line.term, line.rule.log_odds, line.why, line.evidence, bars=line.rule.bars)


ACCUSING: Final[tuple[Callable[[Case], Iterator[Line]], ...]] = (
    _prior, _patterns, _witnesses, _alarm, _alike, _ranking, _coverage, _order, _past, _worked_on,
)  # fmt: skip
REST: Final[tuple[Callable[[Case], Iterator[Line]], ...]] = (_learned, _replica, _unseen, _harmless)


class Ledger:
    """The summands of one (component, fault) pair, scaled by the learned weights as they are entered."""

    def __init__(
        self,
        facts: Facts,
        component: str,
        fault: Fault,
        weights: Weights,
        learned: Sequence[Term] = (),
        witnesses: Witnesses | None = None,
    ) -> None:
        self._case = Case(facts, component, fault, learned, witnesses or Witnesses(facts))
        self._weights = weights
        self._lines: list[Contribution] = []
        self.bar = ""
        """Why the pair cannot be the verdict, however much speaks for it; "" where it can."""
        for term in ACCUSING:
            self._enter(term(self._case))
        self._enter(_quiet(self._case, self._lines))
        for term in REST:
            self._enter(term(self._case))

    @property
    def lines(self) -> tuple[Contribution, ...]:
        """All summands."""
        return tuple(self._lines)

    @property
    def score(self) -> float:
        """Their sum, in log-odds."""
        return sum(c.log_odds for c in self._lines)

    @property
    def component(self) -> str:
        """Whose ledger it is."""
        return self._case.component

    @property
    def cite(self) -> str:
        """The fact that adds most."""
        return max(self._lines, key=lambda c: c.log_odds).evidence

    def reaches(self, component: str) -> bool:
        """Whether its effects are looked for at the component or a part of it: pumps side by side do not reach each other."""
        return bool({component, *self._case.facts.topology.parts(component)} & self._case.reached)

    def cap(self, ceiling: float, why: str) -> None:
        """Bring the sum down to a ceiling."""
        if self.score > ceiling:
            down = round(ceiling - self.score, 3)
            self._lines.append(Contribution(evidence="", log_odds=down, why=why, term="ceiling"))

    def _enter(self, lines: Iterator[Line]) -> None:
        for line in list(lines):
            scaled = round(line.log_odds * self._weights.of(line.term), 3)
            self._lines.append(
                Contribution(
                    evidence=line.evidence, log_odds=scaled, why=line.why, other=line.other, term=line.term
                )
            )
            if line.bars and not self.bar:
                self.bar = line.why
