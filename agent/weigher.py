"""Evidence to suspects: log-odds of (component, fault kind) pairs, with `healthy` and `unknown` among them.

A pair's log-odds are a prior plus the weights of the taxonomy's patterns times the strengths of the facts that
match, plus how much of what moved the pair explains (topology), plus onset order, rankings and similar past incidents
(`agent.ledger`). The probabilities are the softmax over all pairs, `healthy` and `unknown`. Every summand is a line of
the ledger and belongs to a term whose factor was learned (`agent.weights`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aitia.agent.began import MIN_PRIMARY
from aitia.agent.culprit import is_asked, shared_anew
from aitia.agent.doubt import HEALTHY, Doubt
from aitia.agent.facts import Facts
from aitia.agent.given_up import MOST, held_down
from aitia.agent.learned import NOTHING, Learned, Taught
from aitia.agent.ledger import Ledger
from aitia.agent.measured_class import computers, kinds_by, may_have
from aitia.agent.of_logs import bars_of_one, shared_of_logs
from aitia.agent.of_logs import is_asked as of_servers_logs
from aitia.agent.provider import told_of
from aitia.agent.replicas import alarmed_of
from aitia.agent.stacks import is_stack, resized
from aitia.agent.staged.judge import freed, restaged
from aitia.agent.staged.scene import Scene
from aitia.agent.subject import Subject
from aitia.agent.taxonomy import Fault, Pattern, Taxonomy, covers
from aitia.agent.topology import Topology
from aitia.agent.weights import Weights, bundled_weights
from aitia.agent.witnesses import Witnesses
from aitia.core.aspects import CHANGE
from aitia.core.words import Evidence, Inventory, Suspect, Verdict, Word

NAMED: Final = 0.5  # probability from which a component, or `healthy`, is the verdict
OPEN: Final = "unspecified"  # the fault of which only the component is sure
"""Kinds that machinery does not have."""
RIVAL: Final = 0.2  # probability from which the second suspect may be a second cause instead of a rival
BARRED: Final = 0.5  # log-odds below `unknown` at which a suspect is held that cannot be the verdict
TELEMETRY: Final = frozenset({"metrics", "logs", "traces", "cluster", "signals"})  # what can show a fault
MEASURED: Final = frozenset({"metrics", "traces", "signals"})  # of it, what is measured and compared
FURTHER: Final = 0.8  # how sure a further cause must be on what the first one does not explain


class Weighed(Word):
    """The verdict and all suspects, likeliest first; `healthy` and `unknown` are suspects of their own.

    `further` are causes beside the named one: independent faults that explain what it does not.
    """

    verdict: Verdict
    probability: float
    component: str = ""
    fault: str = ""
    suspects: tuple[Suspect, ...] = ()
    further: tuple[Suspect, ...] = ()


def weigh(
    evidence: Sequence[Evidence],
    inventory: Inventory,
    taxonomy: Taxonomy,
    weights: Weights | None = None,
    *,
    alarmed: Sequence[str] = (),
    learned: Learned = NOTHING,
    unread: Sequence[str] = (),
    given_up: Sequence[str] = (),
    of_objects: bool = False,
) -> Weighed:
    """Rank the suspects and decide the verdict; `alarmed` names the components that the alarm speaks of, `learned` holds
    what persons said of earlier runs, `unread` says what is not known beside the sources that the inventory says are unread;
    `of_objects`: the alarm is about the state of a cluster's objects. What was `given_up` could overturn any verdict: then
    nothing is healthy, and no cause is sure.
    """
    blind = [*unread, *given_up]
    judge = _Judge(inventory, taxonomy, weights or bundled_weights(), alarmed, learned, blind, of_objects)
    return _held_down(judge.several(evidence, judge.one(evidence)), given_up)


def _held_down(weighed: Weighed, given_up: Sequence[str]) -> Weighed:
    if weighed.verdict != "cause":
        return weighed
    suspects, probability = held_down(weighed.suspects, weighed.probability, given_up)
    further = tuple(
        s.model_copy(update={"probability": min(s.probability, MOST)}) if given_up else s
        for s in weighed.further
    )
    return weighed.model_copy(update={"suspects": suspects, "probability": probability, "further": further})


class _Judge:
    """The weighing of one inventory: on all its evidence, and on the parts that a first cause leaves unexplained."""

    def __init__(
        self,
        inventory: Inventory,
        taxonomy: Taxonomy,
        weights: Weights,
        alarmed: Sequence[str] = (),
        learned: Learned = NOTHING,
        unread: Sequence[str] = (),
        of_objects: bool = False,
    ) -> None:
        blind = [
            f"{h.source} could not be read" for h in inventory.holdings if h.unread and h.kind in TELEMETRY
        ]
        self._unread = [*blind, *unread]
        self._alarmed = alarmed_of({c.id for c in inventory.components}, alarmed)
        self._components, self._of_objects = inventory.components, of_objects
        self._measured = frozenset(c for h in inventory.holdings if h.kind in MEASURED for c in h.components)
        self._machinery = {c.id for c in inventory.components if c.type in ("machine", "part", "channel")}
        self._instruments = {c.id for c in inventory.components if c.type == "channel"}
        self._topology = Topology(inventory.components)
        self._taxonomy, self._weights, self._learned = taxonomy, weights, learned

    def one(self, evidence: Sequence[Evidence]) -> Weighed:
        """The verdict where a single fault is assumed."""
        facts = Facts(evidence, self._topology.told_by(evidence), self._alarmed)
        taught = Taught(self._learned, facts.fingerprint)
        candidates = _candidates(facts)
        machinery = self._machinery - computers(facts)
        kinds = kinds_by(self._components, facts.all)
        witnesses = Witnesses(facts)

        def ledger_of(component: str, fault: Fault, known: bool) -> Ledger:
            terms = taught.terms(component, fault.id, known=known)
            return Ledger(facts, component, fault, self._weights, terms, witnesses)

        ledgers = {
            (component, fault.id): ledger_of(component, fault, known)
            for component in candidates
            for fault in self._taxonomy
            if may_have(component, fault, machinery, kinds)
            if (known := _is_suspect(facts, component, fault)) or taught.admits(component, fault.id)
        }
        dark = {c for c in candidates if not self._topology.family(c) & facts.seen and not told_of(facts, c)}
        subject = Subject(facts, self._alarmed)
        missed = next(
            (c for c in self._alarmed if not facts.topology.family(c) & (facts.watched | facts.alerted)), ""
        )
        healthy, unknown = Doubt(
            facts=facts,
            weights=self._weights,
            components=frozenset({c.id for c in self._components} | facts.seen),
            missed=missed,
            of_objects=self._of_objects,
            measured=self._measured,
            asked=frozenset({*self._alarmed, *(c for a in self._alarmed for c in self._topology.callees(a))}),
            unread=[*self._unread, *subject.unwell],
            dark=[v for (c, _), v in ledgers.items() if c in dark],
        ).suspects()
        placed = bool(missed) and facts.topology.knows(missed)
        for (component, _), ledger in ledgers.items():
            if component in dark:  # nothing of its own was seen: it may be named, never convicted
                ledger.bar = "no telemetry of its own"
            elif placed and not ledger.bar and not any(ledger.reaches(c) for c in self._shows(missed)):
                ledger.bar = f"the alarm is of {missed}, which was not watched and which it does not affect"
            ledger.bar = ledger.bar or subject.bar(ledger)
            if ledger.bar:
                ledger.cap(unknown.score - BARRED, ledger.bar)
        pairs = [
            Suspect(component=c, fault=f, score=round(v.score, 3), probability=0, ledger=v.lines)
            for (c, f), v in ledgers.items()
        ]
        scored = [*_most_specific(pairs, self._topology), healthy, unknown]
        bars = {pair: ledger.bar for pair, ledger in ledgers.items() if ledger.bar}
        if self._weights.of_logs and of_servers_logs(facts, [c.type for c in self._components]):
            bars = bars_of_one(witnesses.told, ledgers) | bars

        def one_more(component: str, kind: str) -> Suspect | None:
            fault = self._taxonomy.get(kind)
            if fault is None or not may_have(component, fault, machinery, kinds):
                return None
            v = ledger_of(component, fault, False)
            apart = placed and not any(v.reaches(c) for c in self._shows(missed))
            if v.bar or apart or subject.bar(v):
                return None
            return Suspect(
                component=component, fault=kind, score=round(v.score, 3), probability=0, ledger=v.lines
            )

        weighed, bars = self._as_learned(facts, _with_probabilities(scored), bars, witnesses, one_more)
        suspects = self._left_open(weighed)
        suspects.sort(key=lambda s: (-s.probability, -s.score, s.component, s.fault))
        return _verdict(suspects, set(bars))

    def _as_learned(
        self,
        facts: Facts,
        suspects: list[Suspect],
        bars: Mapping[tuple[str, str], str],
        witnesses: Witnesses,
        one_more: Callable[[str, str], Suspect | None],
    ) -> tuple[list[Suspect], dict[tuple[str, str], str]]:
        """The same by what was learned of stacks of servers, where it is one, or of logs, where they are all; and what still bars
        whom.
        """
        types = [c.type for c in self._components]
        if self._weights.of_logs and of_servers_logs(facts, types):
            shared = shared_of_logs(witnesses.told, suspects, set(bars), self._weights.of_logs)
            return _with_probabilities(shared), dict(bars)
        if self._weights.components and is_asked(facts, types):
            shared = shared_anew(facts, suspects, set(bars), self._weights.components)
            suspects = _with_probabilities(shared)
        if self._weights.stacks and is_stack(facts, types):
            suspects = _with_probabilities(resized(suspects, bars, self._weights.stacks, BARRED))
        if self._weights.staged and is_stack(facts, types):
            scene = Scene(facts)
            bars = freed(scene, bars)
            suspects = _with_probabilities(restaged(scene, suspects, bars, self._weights.staged, one_more))
        return suspects, dict(bars)

    def _shows(self, component: str) -> list[str]:
        """What an alarm of a component may be about: of an instrument also what it measures, and, of a tank or a place, what that
        feeds: where less comes from elsewhere, it gives more.
        """
        wholes = self._topology.wholes(component) if component in self._instruments else []
        fed = [c for w in wholes if w in self._topology.assets for c in self._topology.callers(w)]
        return [component, *wholes, *fed]

    def _left_open(self, suspects: Sequence[Suspect]) -> list[Suspect]:
        """What kinds that look alike cannot be told apart by goes to the component's open kind, of which nobody says more."""
        open_of = {s.component: i for i, s in enumerate(suspects) if s.fault == OPEN}
        made = list(suspects)
        for i, suspect in enumerate(suspects):
            fault = self._taxonomy.get(suspect.fault)
            at = open_of.get(suspect.component)
            if fault is None or fault.sure == 1 or at is None:
                continue
            told = round(suspect.probability * fault.sure, 4)
            left = suspect.probability - told
            made[i] = suspect.model_copy(update={"probability": told})
            made[at] = made[at].model_copy(update={"probability": round(made[at].probability + left, 4)})
        return made

    def several(self, evidence: Sequence[Evidence], weighed: Weighed) -> Weighed:
        """The same with further causes: what the first one does not reach is weighed by itself."""
        if weighed.verdict == "unknown":
            return self._two(evidence, weighed)
        if weighed.verdict == "healthy":
            return weighed
        rest = self.one(self._outside(evidence, weighed.component, weighed.fault))
        if rest.verdict != "cause" or rest.probability < FURTHER or rest.component == weighed.component:
            return weighed
        if (whole := self._one_machine(weighed, rest)) and rest.fault == weighed.fault:
            return _of_whole(weighed, rest, whole)
        return weighed.model_copy(update={"further": (_named(rest),)})

    def _one_machine(self, first: Weighed, second: Weighed) -> str:
        """The machine of which both are parts, or one is a part of the other; "" where there is none."""
        wholes = [[w.component, *self._topology.wholes(w.component)] for w in (first, second)]
        machines = self._topology.machines - self._topology.assets
        return next((c for c in wholes[0] if c in wholes[1] and c in machines), "")

    def _two(self, evidence: Sequence[Evidence], weighed: Weighed) -> Weighed:
        """Two causes that split the probability between them, each of which stands where the other does not reach."""
        first, second = _two_best(weighed.suspects)
        if first is None or second is None:
            return weighed
        without_second = self.one(self._outside(evidence, second.component, second.fault))
        without_first = self.one(self._outside(evidence, first.component, first.fault))
        stand = (
            without_second.verdict == without_first.verdict == "cause"
            and (without_second.component, without_first.component) == (first.component, second.component)
            and min(without_second.probability, without_first.probability) >= FURTHER
        )
        if not stand:
            return weighed
        named = without_second.model_copy(update={"suspects": weighed.suspects})
        return named.model_copy(update={"further": (_named(without_first),)})

    def _outside(self, evidence: Sequence[Evidence], component: str, fault_id: str) -> list[Evidence]:
        fault = self._taxonomy.get(fault_id)
        reached = self._topology.reached(component, fault.spread if fault else ())
        return [e for e in evidence if e.component not in reached and e.peer not in reached]


def _candidates(facts: Facts) -> list[str]:
    named = {e.component for e in facts.all} | {e.peer for e in facts.all}
    return sorted(named - {""})


def _is_suspect(facts: Facts, component: str, fault: Fault) -> bool:
    for needed in fault.requires:
        found = facts.about(component, needed)
        if found is None or found.strength < MIN_PRIMARY:
            return False
    if fault.requires_any and not any(
        e.strength >= MIN_PRIMARY for p in fault.requires_any if (e := facts.about(component, p))
    ):
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


def _most_specific(pairs: Sequence[Suspect], topology: Topology) -> list[Suspect]:
    """One pair per fault and family: a machine and its bearing are one suspect, the component whose own facts weigh most."""
    kept: list[Suspect] = []
    for pair in sorted(pairs, key=lambda s: (-s.score, -len(topology.wholes(s.component)), s.component)):
        family = topology.family(pair.component)
        if not any(k.fault == pair.fault and k.component in family for k in kept):
            kept.append(pair)
    return kept


def _with_probabilities(scored: Sequence[Suspect]) -> list[Suspect]:
    total = _log_sum_exp([s.score for s in scored])
    return [s.model_copy(update={"probability": round(math.exp(s.score - total), 4)}) for s in scored]


def _by_component(suspects: Sequence[Suspect]) -> dict[str, float]:
    total: dict[str, float] = {}
    for suspect in suspects:
        if suspect.component:
            total[suspect.component] = total.get(suspect.component, 0.0) + suspect.probability
    return total


def _verdict(suspects: list[Suspect], barred: set[tuple[str, str]]) -> Weighed:
    """A cause is named only where one component holds at least half, by pairs that nothing bars from being the verdict."""
    open_ = [s for s in suspects if (s.component, s.fault) not in barred]
    by_component = _by_component(open_)
    doubt = {s.fault: s.probability for s in suspects if not s.component}
    best = max(sorted(by_component), key=lambda c: by_component[c], default="")
    if best and by_component[best] >= NAMED:
        fault, probability = _stop_at_parent([s for s in open_ if s.component == best])
        return Weighed(
            verdict="cause", probability=probability, component=best, fault=fault, suspects=tuple(suspects)
        )
    verdict: Verdict = "healthy" if doubt[HEALTHY] >= NAMED else "unknown"
    # How sure it is that no single answer can be given: all but the likeliest one.
    likeliest = max([doubt[HEALTHY], *_by_component(suspects).values()])
    probability = doubt[HEALTHY] if verdict == "healthy" else 1.0 - likeliest
    return Weighed(verdict=verdict, probability=round(probability, 4), suspects=tuple(suspects))


def _stop_at_parent(pairs: list[Suspect]) -> tuple[str, float]:
    """The likeliest fault of a component; where none reaches .5 alone, the parent path of several, else a kind not determined."""
    top = pairs[0]
    if top.probability >= NAMED and top.fault != OPEN:
        return top.fault, top.probability
    parent = top.fault.rsplit(".", 1)[0]
    share = sum(p.probability for p in pairs if covers(parent, p.fault))
    if "." in parent and share >= NAMED:
        return parent, round(share, 4)
    return OPEN, round(sum(p.probability for p in pairs), 4)


def _named(weighed: Weighed) -> Suspect:
    """The named cause as a suspect with its probability and ledger."""
    best = next(s for s in weighed.suspects if s.component == weighed.component)
    return best.model_copy(update={"fault": weighed.fault, "probability": weighed.probability})


def _of_whole(first: Weighed, second: Weighed, whole: str) -> Weighed:
    """One cause of the machine where two of its parts show the same fault: a coupling has two sides."""
    mine, other = _named(first), _named(second)
    lines = list({(c.evidence, c.why, c.term): c for c in (*mine.ledger, *other.ledger)}.values())
    surer = max(first.probability, second.probability)
    merged = mine.model_copy(update={"component": whole, "probability": surer, "ledger": tuple(lines)})
    rest = tuple(
        s
        for s in first.suspects
        if s.fault != first.fault or s.component not in (first.component, second.component)
    )
    return first.model_copy(update={"component": whole, "probability": surer, "suspects": (merged, *rest)})


def _two_best(suspects: Sequence[Suspect]) -> tuple[Suspect | None, Suspect | None]:
    """The likeliest pair of each of the two likeliest components, where both hold enough to be causes."""
    total = _by_component(suspects)
    best = sorted((c for c in total if total[c] >= RIVAL), key=lambda c: (-total[c], c))[:2]
    found = [next(s for s in suspects if s.component == c) for c in best]
    return (found[0], found[1]) if len(found) == 2 else (None, None)


def _log_sum_exp(values: Sequence[float]) -> float:
    high = max(values)
    return high + math.log(sum(math.exp(v - high) for v in values))
