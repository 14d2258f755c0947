"""What the paragraph "in short" has to tell: the facts in the order of the chain, what speaks against others, what is missing.

Code only. The paragraph is the code's own sentences, or a model's where each of them passes the verifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aitia.agent.facts import Facts, is_anomaly
from aitia.agent.sentences.chain import Edge, build_chain
from aitia.agent.sentences.narrator import plain_statement
from aitia.agent.sentences.template import CERTAIN, exclusion_briefs
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.words import (
    MACHINES,
    NOT_SEEN,
    Evidence,
    Incident,
    Inventory,
    Result,
    SourceKind,
    Suspect,
    Verdict,
)

Sure = Literal["likely", "possible", "open", "nothing wrong"]
MAX_FACTS: Final = 6  # of the chain; a paragraph of some 100 words holds no more
LEAST: Final = 2  # facts that make a paragraph
FEW: Final = 4  # below which the suspect's other facts are told as well
MAX_AGAINST: Final = 2  # facts that speak against another suspect
MAX_MISSING: Final = 2
_LONG: Final = 160  # characters of what is missing


@dataclass(frozen=True, kw_only=True)
class Against:
    """Another suspect (component and kind in words), why it is unlikely, and the facts that say so."""

    component: str
    kind: str
    why: str
    facts: Sequence[Evidence]


@dataclass(frozen=True, kw_only=True)
class Gist:
    """A paragraph's matter. `facts` come in the order of the chain, their statements as short as a model reads them."""

    verdict: Verdict
    sure: Sure
    component: str
    kind: str
    facts: Sequence[Evidence]
    against: Sequence[Against] = ()
    missing: Sequence[str] = ()

    @property
    def suspect(self) -> str:
        """The suspect in the words of the report; "" of a healthy verdict."""
        return f"{self.component}: {self.kind}" if self.component else ""

    @property
    def all_facts(self) -> list[Evidence]:
        """Each fact once, in the order in which it is numbered: the chain's, then what speaks against others."""
        every = [*self.facts, *(f for a in self.against for f in a.facts)]
        return list({f.id: f for f in every}.values())

    def fact_lines(self) -> list[str]:
        """What a model reads of the chain, a line a fact."""
        return [f"F{n} {f.statement}" for n, f in enumerate(self.facts, 1)]

    def against_lines(self) -> list[str]:
        """What speaks against others, a line a fact."""
        numbered = {f.id: n for n, f in enumerate(self.all_facts, 1)}
        lines = []
        for a in self.against:
            for place, fact in enumerate(a.facts):
                lead = (
                    f"F{numbered[fact.id]} against {a.component} ({a.kind})"
                    if place == 0
                    else f"F{numbered[fact.id]}"
                )
                why = f", {a.why}" if a.why and place == 0 else ""
                later = ", only later" if place else (", earlier" if len(a.facts) > 1 else "")
                known = any(f.id == fact.id for f in self.facts)  # and told above
                lines.append(f"{lead}{why}{later}{'.' if known else ': ' + fact.statement}")
        return lines


def gist_of(
    weighed: Weighed,
    taxonomy: Taxonomy,
    facts: Facts,
    names: frozenset[str],
    incident: Incident,
    missing: Sequence[str] = (),
) -> Gist | None:
    """The matter of the paragraph; None where fewer than two facts tell anything."""
    if weighed.verdict == "healthy":
        return _healthy(facts, incident, missing)
    component = weighed.component or next((s.component for s in weighed.suspects if s.component), "")
    suspect = next((s for s in weighed.suspects if s.component == component and component), None)
    if suspect is None:
        return None
    told = told_facts(suspect, taxonomy, facts, incident)
    against = _against(weighed, taxonomy, facts, names, {f.id for f in told})
    if len({f.id for f in told} | {f.id for a in against for f in a.facts}) < LEAST or not told:
        return None
    sure: Sure = (
        "open" if weighed.verdict != "cause" else "likely" if weighed.probability >= CERTAIN else "possible"
    )
    return Gist(
        verdict=weighed.verdict,
        sure=sure,
        component=component,
        kind="of what kind is open" if suspect.fault == OPEN else taxonomy.title(suspect.fault),
        facts=told,
        against=against,
        missing=tuple(missing)[:MAX_MISSING],
    )


def told_facts(suspect: Suspect, taxonomy: Taxonomy, facts: Facts, incident: Incident) -> list[Evidence]:
    """The facts of a suspect's chain; where they are few, what else speaks for it, each put where it began."""
    by_id = {e.id: e for e in facts.all}
    steps = _steps(build_chain(suspect, taxonomy.get(suspect.fault), facts, incident), by_id)[:MAX_FACTS]
    known = {(e.component, e.aspect, e.direction) for e in steps}
    for identity in suspect.supporting:
        fact = by_id.get(identity)
        if len(steps) >= FEW or fact is None:
            continue
        if (fact.component, fact.aspect, fact.direction) in known or not (is_anomaly(fact) or not steps):
            continue
        known.add((fact.component, fact.aspect, fact.direction))
        steps.insert(_place(fact, steps), fact)
    return [short(e) for e in steps]


def _steps(edges: Sequence[Edge], by_id: dict[str, Evidence]) -> list[Evidence]:
    ids = [e.cause for e in edges[:1]] + [e.effect for e in edges]
    return [by_id[i] for i in ids]


def _place(fact: Evidence, steps: Sequence[Evidence]) -> int:
    if fact.onset is None:
        return len(steps)
    return next((n for n, s in enumerate(steps) if s.onset and s.onset > fact.onset), len(steps))


def short(fact: Evidence) -> Evidence:
    """The fact with the statement that a model reads; nothing else is changed."""
    return fact.model_copy(update={"statement": plain_statement(fact)})


def _healthy(facts: Facts, incident: Incident, missing: Sequence[str]) -> Gist | None:
    calm = sorted(
        (e for e in facts.all if e.direction == "steady" and e.component),
        key=lambda e: (e.component not in incident.hints, -e.strength, e.statement),
    )
    told = [short(e) for e in calm[:4]]
    if len(told) < 2:
        return None
    return Gist(
        verdict="healthy",
        sure="nothing wrong",
        component="",
        kind="",
        facts=told,
        missing=tuple(missing)[:MAX_MISSING],
    )


def _against(
    weighed: Weighed, taxonomy: Taxonomy, facts: Facts, names: frozenset[str], told: set[str]
) -> list[Against]:
    found: list[Against] = []
    for exclusion, brief in exclusion_briefs(weighed, taxonomy, facts, names):
        mine = [short(f) for f in brief.grounds.facts]
        if not mine or sum(len(a.facts) for a in found) + len(mine) > MAX_AGAINST:
            continue
        found.append(
            Against(
                component=exclusion.component,
                kind=taxonomy.title(exclusion.fault),
                why=f"as {brief.grounds.why}" if brief.grounds.why else "",
                facts=mine,
            )
        )
    return found


def missing_of(
    component: str, inventory: Inventory, calls: Sequence[Result], facts: Facts, *, undecided: bool
) -> list[str]:
    """What could not be looked at, the suspect's own first: kinds of telemetry, neighbours nobody saw, failed calls."""
    found: list[str] = []
    held = {(h.kind, c) for h in inventory.holdings for c in h.components}
    machine = any(c.id == component and c.type in MACHINES for c in inventory.components)
    wanted: tuple[SourceKind, ...] = () if machine or not component else ("metrics", "logs")
    lacking = [k for k in wanted if inventory.has(k) and (k, component) not in held]
    seen = {e.component for e in facts.all} | {e.peer for e in facts.all} | {c for _, c in held}
    if lacking:
        own = {
            e.kind.partition(".")[0].removesuffix("s") + "s" for e in facts.all if e.component == component
        }
        found += [f"no {kind} of {component}" for kind in lacking if kind not in own]
    near = [*facts.topology.callees(component), *facts.topology.callers(component)] if component else []
    found += [f"nothing was seen of {name}" for name in dict.fromkeys(near) if name not in seen]
    if (
        undecided
        and component
        and inventory.has("metrics")
        and inventory.has("logs")
        and not inventory.has("traces")
    ):
        found.append("no traces were read")
    for call in calls:
        told = call.message if call.status == "error" else call.message.partition(NOT_SEEN)[2]
        text = re.sub(r"\s+", " ", told).strip().rstrip(".")
        if text and len(text) <= _LONG and '"' not in text:
            found.append(text)
    return list(dict.fromkeys(found))[:MAX_MISSING]


_VERDICTS: Final = {
    "likely": "The likeliest cause is {suspect}.",
    "possible": "The likeliest cause is {suspect}, but it is not certain.",
    "open": "The cause cannot be determined from this telemetry. The first thing to check is {component}.",
    "nothing wrong": "The telemetry shows nothing wrong.",
}


def own_text(gist: Gist) -> str:
    """The code's own text of the same matter: the sentences that a report without a model has of it."""
    chain = [f.statement.rstrip(".") for f in gist.facts]
    joined = [f"{chain[0]}; then {chain[1]}."] if len(chain) > 1 else [f"{chain[0]}."]
    told = (
        joined + [f"Then {c}." for c in chain[2:]] if gist.verdict != "healthy" else [f"{c}." for c in chain]
    )
    others = [
        f"{a.component} ({a.kind}) is unlikely{f', {a.why}' if a.why else ''}: "
        + "; only later ".join(f.statement.rstrip(".") for f in a.facts)
        + "."
        for a in gist.against
    ]
    lacking = [f"Not seen: {m}." for m in gist.missing]
    first = _VERDICTS[gist.sure].format(suspect=gist.suspect, component=gist.component)
    return " ".join([first, *told, *others, *lacking])
