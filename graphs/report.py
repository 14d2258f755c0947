"""From the final state to the report."""

from __future__ import annotations

from aitia.agent.blame import blamed
from aitia.agent.facts import Facts, is_anomaly
from aitia.agent.first_look import first_look
from aitia.agent.planning import planner
from aitia.agent.same_hours import same_hours
from aitia.agent.work_order import work_order
from aitia.core.aspects import CHANGE
from aitia.core.words import (
    Cost,
    Evidence,
    Incident,
    Mitigation,
    ModelUse,
    NextCheck,
    Report,
    TimelineEntry,
)
from aitia.graphs.given_up import given_up
from aitia.graphs.state import Context, State, read_of
from aitia.graphs.view import View
from aitia.tools.signals.further_back import EARLIER

MAX_SUSPECTS = 8
MAX_TIMELINE = 12


def assemble(state: State, context: Context) -> Report:
    """The report of a finished diagnosis. Nothing in it depends on the order of arrival."""
    view = View(state)
    weighed, incident, evidence, sentences = view.weighed, view.incident, view.evidence, view.sentences
    steps = tuple(Mitigation.model_validate(m) for m in state["mitigations"])
    return Report(
        run=context.store.id,
        incident=incident,
        verdict=weighed.verdict,
        probability=weighed.probability,
        component=weighed.component,
        fault=weighed.fault,
        fault_title=context.taxonomy.title(weighed.fault) if weighed.fault else "",
        summary=tuple(s for s in sentences if s.role in ("verdict", "summary")),
        chain=tuple(s for s in sentences if s.role == "chain"),
        suspects=weighed.suspects[:MAX_SUSPECTS],
        further=weighed.further,
        change=blamed(Facts(evidence, view.topology), weighed.component, incident)
        if weighed.component
        else None,
        ruled_out=tuple(view.ruled_out),
        timeline=_timeline(view),
        mitigations=steps,
        work_order=work_order(
            weighed,
            evidence,
            view.inventory,
            context.taxonomy,
            run=context.store.id,
            incident=incident,
            mitigations=steps,
        ),
        look_first=first_look(weighed, evidence, view.inventory),
        same_hours=same_hours(evidence, view.inventory, incident, weighed.component),
        next_checks=tuple(NextCheck.model_validate(c) for c in state["next_checks"]),
        given_up=given_up(view, context),
        evidence=tuple(evidence),
        calls=tuple(r.model_copy(update={"evidence": (), "data": {}}) for r in view.results),
        inventory=view.inventory,
        baselines_used=_baselines_used(incident, evidence),
        model=_use(state, context),
        cost=_cost(state, context),
        versions=context.versions,
    )


def _timeline(view: View) -> tuple[TimelineEntry, ...]:
    """Changes and the weightiest onsets, one per component and aspect, in time order; of a machine whatever moved plainly."""
    facts = Facts(view.evidence, view.topology)
    weightiest = sorted(facts.mass().values(), key=lambda e: (-facts.weight(e), e.statement))
    plain = [e for e in weightiest if facts.weight(e) >= 0.25 or facts.departed(e) >= 0.5]
    moved = [e for e in plain if e.onset][:MAX_TIMELINE]
    changes = [e for e in view.evidence if e.aspect in CHANGE and e.onset and not is_anomaly(e)]
    entries = [
        TimelineEntry(at=e.onset, component=e.component, text=e.statement, evidence=e.id)
        for e in (*changes, *moved)
        if e.onset
    ]
    return tuple(sorted(entries, key=lambda t: (t.at, t.text))[:MAX_TIMELINE])


def _baselines_used(incident: Incident, evidence: list[Evidence]) -> tuple[str, ...]:
    """The baselines that a fact was compared with, in the incident's order: one without data is not among them."""
    compared = {str(e.values["baseline"]) for e in evidence if "baseline" in e.values}
    return tuple(name for name in (*(b.name for b in incident.baselines), EARLIER) if name in compared)


def _use(state: State, context: Context) -> ModelUse:
    """How the model was used, and why it did not read names where it was to."""
    use, unread = ModelUse.model_validate(state["use"]), read_of(context).note
    told = f"not all new words were read: {unread}" if unread else ""
    return use.model_copy(update={"note": "; ".join(filter(None, (use.note, told)))})


def _cost(state: State, context: Context) -> Cost:
    cost = state.get("cost", {})
    return Cost(
        seconds=context.measured("total"),
        first_findings_s=context.measured("first_findings"),
        calls=len(state["results"]),
        repeated_calls=planner.repeated(View(state).tasks),
        model_calls=cost.get("model_calls", 0) + cost.get("votes", 0),
        prompt_tokens=cost.get("prompt_tokens", 0) + cost.get("vote_prompt_tokens", 0),
        restored_tokens=cost.get("restored_tokens", 0) + cost.get("vote_restored_tokens", 0),
        generated_tokens=cost.get("generated_tokens", 0) + cost.get("vote_generated_tokens", 0),
        names_read=read_of(context).names,
        messages_read=read_of(context).messages,
        reading_s=read_of(context).seconds,
        processor_s=context.measured("processor"),
        joules=context.measured("joules") or None,
    )
