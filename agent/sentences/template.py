"""The code's own sentences: plain, cited, and good enough to stand alone where no model is."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.agent.facts import Facts
from aitia.agent.sentences.chain import Edge, build_chain
from aitia.agent.sentences.narrator import Brief
from aitia.agent.sentences.verifier import Grounds
from aitia.agent.taxonomy import Fault, Taxonomy
from aitia.agent.text import words
from aitia.agent.weigher import OPEN, Weighed
from aitia.agent.witnesses import by_logs_alone
from aitia.core.aspects import CLUSTER, objects_alone
from aitia.core.percent import chance
from aitia.core.words import Contribution, Evidence, Exclusion, Incident, Sentence, Suspect

MAX_RULED_OUT = 3
UNSEEN = (
    "No telemetry was found for this window, so no diagnosis is possible: fix what is missing "
    "and run it again."
)
OBJECTS_ALONE = "Whether requests succeed is not known: only the state of the cluster's objects was read."
UNNAMED = "The cause cannot be determined: telemetry was read, but the names of its measurements do not say what they measure."
CERTAIN = 0.8  # probability from which a sentence may tell a cause without "may" or "probably"


def verdict_sentence(
    weighed: Weighed, taxonomy: Taxonomy, facts: Facts, hints: Sequence[str] = ()
) -> Sentence:
    """The first sentence of every report."""
    cites: tuple[str, ...] = ()
    if weighed.verdict == "cause":
        text = _likeliest(weighed, taxonomy)
        top = next(s for s in weighed.suspects if s.component == weighed.component)
        cites = top.supporting[:3]
        if by_logs_alone([e for e in facts.all if e.id in top.supporting]):
            text += " It rests on logs alone: no measurement confirms it."
        if (well := _well(weighed.component, top, facts)) is not None:
            text += f" Its pods run: {well.statement.removeprefix(f'{well.component}: ')}"
            cites += (well.id,)
    elif weighed.verdict == "healthy":
        text = f"The telemetry shows nothing wrong ({chance(weighed.probability)})."
        # First what the alarm was about: users' answers at the component that it names.
        calm = sorted(
            (e for e in facts.all if e.direction == "steady"),
            key=lambda e: (
                e.component not in hints,
                e.aspect not in ("latency", "errors"),
                -e.strength,
                e.statement,
            ),
        )
        cites = tuple(e.id for e in calm[:3])
    elif not facts.watched:
        strange = sorted(facts.anomalies, key=lambda e: (-facts.strength(e), e.statement))
        if not strange:
            return Sentence(text=UNSEEN, cites=(), by="template", role="verdict")
        text, cites = UNNAMED, tuple(e.id for e in strange[:2])
    else:
        top_pair = next((s for s in weighed.suspects if s.component), None)
        text = "The cause cannot be determined from this telemetry."
        if top_pair is not None:
            text += f" The first thing to check is {top_pair.component} ({chance(top_pair.probability)})."
            cites = top_pair.supporting[:2]
        if objects_alone(e.aspect for e in facts.all):
            text += f" {OBJECTS_ALONE}"
    if not cites:
        strongest = sorted(facts.all, key=lambda e: (-facts.weight(e), e.statement))
        cites = tuple(e.id for e in strongest[:2])
    return Sentence(text=text, cites=cites, by="template", role="verdict")


def _well(component: str, top: Suspect, facts: Facts) -> Evidence | None:
    """That the pods of a cause in a cluster are ready, which says that the trouble lies around them: in a service, say."""
    if not any(e.id in top.supporting and e.aspect in CLUSTER for e in facts.all):
        return None
    quiet = (e for e in facts.all if e.kind == "cluster.quiet" and e.component == component)
    return next((e for e in quiet if "pods" in e.values), None)


def _likeliest(weighed: Weighed, taxonomy: Taxonomy) -> str:
    pairs = [s for s in weighed.suspects if s.component == weighed.component]
    named = f"{taxonomy.title(weighed.fault)} ({chance(weighed.probability)})"
    kinds = [s for s in pairs if s.fault != OPEN][:2]
    if weighed.fault != OPEN or not kinds:
        return f"The likeliest cause is {weighed.component}: {named}."
    told = ", or ".join(f"{taxonomy.title(s.fault)} ({chance(s.probability)})" for s in kinds)
    return f"The likeliest cause is {weighed.component} ({chance(weighed.probability)}); of what kind is open: {told}."


def cause_briefs(
    weighed: Weighed, taxonomy: Taxonomy, facts: Facts, names: frozenset[str], incident: Incident
) -> list[Brief]:
    """The chain from the named cause to the symptom, an edge a brief, and its summary; nothing where no cause is named."""
    if weighed.verdict != "cause":
        return []
    suspect = next(s for s in weighed.suspects if s.component == weighed.component)
    fault = taxonomy.get(suspect.fault)
    edges = build_chain(suspect, fault, facts, incident)
    summary = summary_brief(edges, facts, names, fault, weighed.probability)
    return [*edge_briefs(edges, facts, names, weighed.probability), *([summary] if summary else [])]


def edge_briefs(
    edges: Sequence[Edge],
    facts: Facts,
    names: frozenset[str],
    probability: float = 1.0,
) -> list[Brief]:
    """One brief per edge; the template of a later edge does not repeat the fact before."""
    by_id = {e.id: e for e in facts.all}
    briefs = []
    for number, edge in enumerate(edges):
        cause, effect = by_id[edge.cause], by_id[edge.effect]
        own = (
            f"{_clause(cause)}; then {_clause(effect, first=False)}."
            if number == 0
            else f"Then {_clause(effect, first=False)}."
        )
        grounds = _grounds(cause, effect, names, probability)
        briefs.append(Brief(role="chain", grounds=grounds, template=own))
    return briefs


def _grounds(cause: Evidence, effect: Evidence, names: frozenset[str], probability: float) -> Grounds:
    """The words of the fault's entry are not lent: told of a component, they claim what no fact shows."""
    return Grounds(facts=(cause, effect), names=names, order=True, certain=probability >= CERTAIN)


def summary_brief(
    edges: Sequence[Edge],
    facts: Facts,
    names: frozenset[str],
    fault: Fault | None,
    probability: float = 1.0,
) -> Brief | None:
    """From the cause's own fact straight to the symptom, where more than one edge lies between."""
    if len(edges) < 2:
        return None
    by_id = {e.id: e for e in facts.all}
    cause, effect = by_id[edges[0].cause], by_id[edges[-1].effect]
    grounds = _grounds(cause, effect, names, probability)
    why = f" ({fault.explanation})" if fault and fault.explanation else ""
    own = f"{_clause(cause)}{why}, and as a result {_clause(effect, first=False)}."
    return Brief(role="summary", grounds=grounds, template=own)


def exclusion_briefs(
    weighed: Weighed, taxonomy: Taxonomy, facts: Facts, names: frozenset[str]
) -> list[tuple[Exclusion, Brief]]:
    """Suspects that the evidence speaks against, one per component, each with the brief that its sentence is written from."""
    by_id = {e.id: e for e in facts.all}
    briefs = []
    for exclusion, line in _ruled_out(weighed, taxonomy, facts):
        found = [by_id[i] for i in (line.other, line.evidence) if i in by_id]
        reason = "" if line.other in by_id else f"unlikely as {line.why}"
        grounds = Grounds(
            facts=found,
            names=names,
            vocabulary=frozenset(words(f"{taxonomy.title(exclusion.fault)} {reason}")),
            excludes=exclusion.component,
            why="" if line.other in by_id else line.why,
        )
        suspect = f"{exclusion.component} ({taxonomy.title(exclusion.fault)})" + (
            f", {reason}" if reason else ""
        )
        briefs.append(
            (
                exclusion,
                Brief(role="ruled_out", grounds=grounds, template=exclusion.sentence.text, suspect=suspect),
            )
        )
    return briefs


def _ruled_out(weighed: Weighed, taxonomy: Taxonomy, facts: Facts) -> list[tuple[Exclusion, Contribution]]:
    found: list[tuple[Exclusion, Contribution]] = []
    by_id = {e.id: e for e in facts.all}
    first = next((s.component for s in weighed.suspects if s.component), "")  # what is to be checked first
    told = {weighed.component or first, *(s.component for s in weighed.further)}
    for suspect in weighed.suspects:
        if not suspect.component or suspect.component in told or suspect.probability > 0.2:
            continue
        if any(e.component == suspect.component for e, _ in found) or len(found) == MAX_RULED_OUT:
            continue
        line = _against(suspect, by_id)
        if line is not None:
            exclusion = Exclusion(
                component=suspect.component,
                fault=suspect.fault,
                probability=suspect.probability,
                sentence=_exclusion(suspect, line, by_id, taxonomy),
            )
            found.append((exclusion, line))
    return found


def _against(suspect: Suspect, by_id: dict[str, Evidence]) -> Contribution | None:
    lines = [c for c in suspect.ledger if c.log_odds < -0.3 and c.evidence in by_id]
    return min(lines, key=lambda c: c.log_odds, default=None)


def _exclusion(
    suspect: Suspect, line: Contribution, by_id: dict[str, Evidence], taxonomy: Taxonomy
) -> Sentence:
    whom = f"{suspect.component} ({taxonomy.title(suspect.fault)}) is unlikely"
    fact = _clause(by_id[line.evidence], first=False)
    if line.other in by_id:
        text = f"{whom}: {_clause(by_id[line.other], first=False)}; only later {fact}."
    else:
        text = f"{whom}, as {line.why}: {fact}."
    cites = tuple(i for i in (line.other, line.evidence) if i in by_id)
    return Sentence(text=text, cites=cites, by="template", role="ruled_out")


def _clause(fact: Evidence, *, first: bool = True) -> str:
    text = fact.statement.strip().rstrip(".")
    return (
        text[0].upper() + text[1:]
        if first and fact.component and not text.startswith(fact.component)
        else text
    )
