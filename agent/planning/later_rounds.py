"""Later rounds, planned from what is missing: the checks that would tell the two best suspects apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.agent.planning.defaults import Roles, bundled_defaults
from aitia.agent.planning.rounds import Round, made_round
from aitia.agent.planning.score import (
    MAX_OPTIONS,
    Candidate,
    Guides,
    Scored,
    by_defaults,
    by_memory,
    settle,
    usable,
)
from aitia.agent.planning.separate import missing, two_best, value
from aitia.agent.planning.validate import call_key
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.llm import Llm
from aitia.core.words import Evidence, Incident, Inventory, Task
from aitia.tools import Registry

MAX_CLOSER: Final = 3  # calls of a later round
SURE: Final = 0.75  # probability of the verdict above which no further round is planned
_BY_DEFAULT: Final = (
    0.1  # how much the symptom's defaults, and memory, count where a check must tell two suspects apart
)


def is_thin(weighed: Weighed) -> bool:
    """Whether another round could change the verdict."""
    return weighed.verdict == "unknown" or weighed.probability < SURE


def closer_round(
    registry: Registry,
    inventory: Inventory,
    incident: Incident,
    weighed: Weighed,
    done: Sequence[Task],
    *,
    number: int,
    taxonomy: Taxonomy,
    evidence: Sequence[Evidence],
    guides: Guides,
    limit: int,
    llm: Llm | None,
) -> Round:
    """What would tell the two best suspects apart comes first: at most `limit` and three calls that were not made yet."""
    topology, defaults = Topology(inventory.components), bundled_defaults()
    roles, pair = Roles(incident, inventory), two_best(weighed.suspects)
    wanted = missing(pair, taxonomy, evidence, topology)
    suspects = list(dict.fromkeys(s.component for s in weighed.suspects if s.component))[:3]
    near = [c for s in pair for c in (*topology.callers(s.component), *topology.callees(s.component))]
    logged = {c for h in inventory.holdings if h.kind == "logs" for c in h.components}
    taken = {call_key(t, registry) for t in done}
    found: list[tuple[Candidate, float, str]] = []
    for target in ["", *dict.fromkeys([*suspects, *near])]:
        for spec in usable(registry, inventory):
            if bool(spec.target) != bool(target):
                continue
            if target in topology.machines - logged and set(spec.needs) == {"logs"}:
                continue  # a machine writes no log: what a plant's journal says of it is asked of the journal
            task = Task(id=0, tool=spec.name, args={spec.target: target} if target else {})
            worth, aspects = value(defaults.shows(spec), target, wanted, topology)
            if call_key(task, registry) in taken or (not worth and target not in suspects):
                continue
            why = f"could show {', '.join(aspects[:4])}" if worth else f"look more closely at {target}"
            role = roles.role_of(target) if target else ""
            found.append((Candidate(task=task, role=role), worth, why))
    found.sort(key=lambda f: -f[1])
    found = found[:MAX_OPTIONS]
    options, most = [c for c, _, _ in found], max((w for _, w, _ in found), default=0.0) or 1.0
    usual = by_defaults(options, defaults, defaults.classify(incident, roles.types))
    memory, share = by_memory(options, guides.past)
    settled = settle(
        Scored(
            candidates=options,
            rules=[
                round((1 - _BY_DEFAULT) * worth / most + _BY_DEFAULT * score, 4)
                for (_, worth, _), (score, _) in zip(found, usual, strict=True)
            ],
            memory=memory,
            why=[f"{why} ({worth:g})" if worth else why for _, worth, why in found],
            memory_weight=round(share * _BY_DEFAULT, 4),
        ),
        limit=min(limit, MAX_CLOSER),
        question="which check separates the two best suspects",
        situation=_situation(weighed, taxonomy, evidence),
        guides=guides,
        llm=llm,
    )
    chosen = [(options[i].task, found[i][2]) for i in settled.taken]
    return made_round(number, chosen, registry, done, settled)


def _situation(weighed: Weighed, taxonomy: Taxonomy, evidence: Sequence[Evidence]) -> str:
    """The facts that speak most for the two best suspects, and the two: what the model is asked about."""
    pair, by_id = two_best(weighed.suspects), {e.id: e.statement for e in evidence}
    facts = dict.fromkeys(by_id[i] for s in pair for i in s.supporting[:2] if i in by_id)
    causes = [f"Cause {n}: {s.component} ({taxonomy.title(s.fault)})" for n, s in enumerate(pair, 1)]
    return "\n".join(filter(None, [" ".join(facts), *causes]))
