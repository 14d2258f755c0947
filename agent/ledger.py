"""A suspect's ledger: every summand of its log-odds, each with the fact behind it and the term it belongs to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from aitia.agent.facts import Facts, is_harm, onset
from aitia.agent.learned import Term
from aitia.agent.taxonomy import Fault, covers
from aitia.agent.weights import Weights, family_of
from aitia.agent.witnesses import Witnesses
from aitia.core.words import Contribution, Evidence

PRIOR: Final = -1.0
MIN_PRIMARY: Final = 0.3  # strength below which a primary pattern makes no suspect
COVERAGE: Final = 2.5
FIRST: Final = 0.8
LATE: Final = -1.2
TOLERANCE_S: Final = 15.0
SHARP_S: Final = 120.0  # error of an order at which it counts half
INCIDENT: Final = 0.7
SECOND_HAND: Final = 0.5
RANKING_FLOOR: Final = 0.02  # a share below it says nothing for a component
SUSPECTED: Final = 0.1  # share of a ranking from which on it has seen what is wrong with a component
HARMLESS: Final = -2.5
UNSEEN: Final = -1.5
WITNESS: Final = 0.5
MAX_WITNESSES: Final = 2


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
        self._facts, self._component, self._fault, self._weights = facts, component, fault, weights
        self._family = facts.topology.family(component)
        self._loaded = self._callees_it_may_harm()
        without = (
            set(facts.topology.callees(component)) - self._loaded if "callees" in fault.spread else set()
        )
        self._reached = facts.topology.reached(component, fault.spread) - without
        self._lines: list[Contribution] = []
        self.bar = ""
        """Why the pair cannot be the verdict, however much speaks for it; "" where it can."""
        self._enter("prior", PRIOR, "prior for any single component and fault")
        self._patterns()
        self._witnesses()
        self._ranking()
        self._coverage()
        self._order()
        self._past()
        self._quiet(witnesses)
        for term, moved, why in learned:
            self._enter(term, moved, why)
        self._unseen()
        if facts.harm(self._reached) < MIN_PRIMARY:
            self._enter("harmless", HARMLESS, "no other component is affected")

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
        return self._component

    @property
    def cite(self) -> str:
        """The fact that adds most."""
        return max(self._lines, key=lambda c: c.log_odds).evidence

    def reaches(self, component: str) -> bool:
        """Whether its effects are looked for at the component or a part of it: pumps side by side do not reach each other."""
        return bool({component, *self._facts.topology.parts(component)} & self._reached)

    def cap(self, ceiling: float, why: str) -> None:
        """Bring the sum down to a ceiling."""
        if self.score > ceiling:
            self._lines.append(
                Contribution(
                    evidence="",
                    log_odds=round(ceiling - self.score, 3),
                    why=why,
                    term="ceiling",
                )
            )

    def _enter(self, term: str, log_odds: float, why: str, *, evidence: str = "", other: str = "") -> None:
        scaled = round(log_odds * self._weights.of(term), 3)
        self._lines.append(Contribution(evidence=evidence, log_odds=scaled, why=why, other=other, term=term))

    def _patterns(self) -> None:
        for pattern in self._fault.patterns:
            fact = self._facts.about(self._component, pattern)
            if fact is not None and pattern.weight:
                role = "primary" if pattern.primary else "support" if pattern.weight > 0 else "against"
                moved = pattern.weight * self._facts.strength(fact)
                why = pattern.why or _why(pattern.of, fact)
                self._enter(f"{role}.{family_of(fact)}", moved, why, evidence=fact.id)

    def _witnesses(self) -> None:
        """Several components that see the same of a suspect do not err together: each one after the first adds."""
        facts, seen = self._facts, dict[str, Evidence]()
        for pattern in self._fault.patterns:
            if pattern.of == "peer" and pattern.weight > 0:
                for e in facts.matching(self._component, pattern):
                    plain = facts.strength(e) >= MIN_PRIMARY
                    if plain and (e.component not in seen or e.strength > seen[e.component].strength):
                        seen[e.component] = e
        others = sorted(seen.values(), key=lambda e: (-e.strength, e.component))[1 : MAX_WITNESSES + 1]
        for e in others:
            self._enter("witness", WITNESS, f"seen by {e.component} too", evidence=e.id)

    def _ranking(self) -> None:
        """What tools that rank components say of this one: of several rankings the one that names it most counts.

        A share is the ranking's probability that the component is the culprit, so that the log of two shares' ratio is
        what it adds to one suspect more than to the other. A ranking by metrics cannot tell a component from one whose
        failure it only passes on: it adds nothing where a callee that was overlooked fails.
        """
        blind = self._overlooked(self._facts.topology.callees(self._component))
        fault = self._fault.id
        shares: list[tuple[float, str, Evidence]] = []
        for e in self._facts.all:
            if blind and e.aspect == "rank.metrics":
                continue
            if e.kind == "rank.suspect" and covers(str(e.values.get("fault", "")) or fault, fault):
                if e.component in self._family:
                    shares.append((e.strength, e.statement, e))
                elif e.component in self._loaded:  # it may be what the ranking sees at the one that it calls
                    shares.append((SECOND_HAND * e.strength, e.statement, e))
        if shares:
            share, _, best = max(shares, key=lambda s: s[:2])
            moved = math.log1p(share / RANKING_FLOOR)
            why = f"a ranking scores {best.component} at {best.strength:.0%}"
            self._enter("ranking", moved, why, evidence=best.id)

    def _callees_it_may_harm(self) -> frozenset[str]:
        """Whom the fault may harm through the suspect's own calls: not those that others see failing as well, unless the
        fault takes from them what others need (`siblings`).
        """
        topology, spread = self._facts.topology, self._fault.spread
        callees = set(topology.callees(self._component)) if {"callees", "siblings"} & set(spread) else set()
        if "siblings" in spread:
            return frozenset(callees)
        mine = self._family | set(topology.ancestors(self._component))
        seen = {e.peer for e in self._facts.anomalies if e.component not in mine and is_harm(e)}
        return frozenset(c for c in callees if not topology.family(c) & seen)

    def _coverage(self) -> None:
        mass = self._facts.mass()
        total = sum(self._facts.weight(e) for e in mass.values())
        if total:
            inside = sum(self._facts.weight(e) for e in mass.values() if e.component in self._reached)
            share = inside / total
            self._enter("coverage", COVERAGE * share - 1.0, f"explains {share:.0%} of what changed")

    def _order(self) -> None:
        facts = self._facts
        own = facts.first_onset(self._family, or_named=True)
        first = facts.first_onset(set(self._reached) - self._family)
        if own is None or first is None:
            return
        lag = (onset(own) - onset(first)).total_seconds()
        error = own.onset_error_s + first.onset_error_s
        if lag <= TOLERANCE_S:
            # An order that is known to within minutes only tells little.
            sure = FIRST * SHARP_S / (SHARP_S + error)
            self._enter("order.first", sure, "changed no later than what it explains", evidence=own.id)
        elif lag > max(TOLERANCE_S, error):
            self._enter("order.late", LATE, "it changed later", evidence=own.id, other=first.id)

    def _past(self) -> None:
        similar = [
            e
            for e in self._facts.all
            if e.kind == "incident.similar"
            and e.values.get("component", e.component) == self._component
            and covers(str(e.values.get("fault", "")) or "-", self._fault.id)
        ]
        best = max(similar, key=lambda e: (e.strength, e.statement), default=None)
        if best is not None:
            why = "a similar incident had this cause"
            self._enter("incident", INCIDENT * best.strength, why, evidence=best.id)

    def _quiet(self, witnesses: Witnesses | None) -> None:
        """What should have moved with the facts that accuse the suspect, and stayed quiet."""
        by_id = {e.id: e for e in self._facts.all}
        speaking = [c for c in self._lines if c.log_odds > 0 and c.evidence in by_id]
        accusing = [by_id[c.evidence] for c in speaking]
        needed = [by_id[c.evidence] for c in speaking if c.term.startswith("primary.")]
        for line in (witnesses or Witnesses(self._facts)).against(self._component, accusing, needed):
            self._enter(line.term, line.rule.log_odds, line.why, evidence=line.evidence)
            if line.rule.bars and not self.bar:
                self.bar = line.why

    def _unseen(self) -> None:
        """A component next to the suspect that might be the cause in its stead and of which there is no telemetry."""
        topology = self._facts.topology
        near = topology.callees(self._component)
        if "callees" in self._fault.spread:  # what exhausts a component may be one of its callers
            near = [*near, *topology.callers(self._component)]
        dark = next((n for n in near if not topology.family(n) & self._facts.seen), "")
        if dark:
            self._enter("unseen", UNSEEN, f"nothing is known about {dark}, its neighbour")

    def _overlooked(self, components: Sequence[str]) -> str:
        """The first component that fails though no ranking by metrics suspects it: it stopped answering, or has no
        telemetry and others tell of failing calls to it. "" where there is none.
        """
        facts = self._facts
        gone = {e.component for e in facts.anomalies if e.aspect == "availability" and not e.peer}
        told = {e.peer for e in facts.anomalies if is_harm(e) and facts.strength(e) >= MIN_PRIMARY}
        unwatched = {c for c in components if not facts.topology.family(c) & facts.seen}
        suspected = {e.component for e in facts.all if e.aspect == "rank.metrics" and e.strength >= SUSPECTED}
        return next((c for c in components if c in (gone | told & unwatched) - suspected), "")


def _why(on: str, fact: Evidence) -> str:
    if on == "self":
        return "its own"
    return {
        "peer": f"seen by {fact.component}",
        "calls": "its calls",
        "serves": "a component that it serves",
        "callers": "a caller",
        "callees": "a component that it calls",
    }[on]
