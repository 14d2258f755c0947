"""Weighing what there is: after each wave, and at last for the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from aitia.agent.alarm import counted, is_of_objects
from aitia.agent.corrections import facts_of
from aitia.agent.ends_beyond import doubted
from aitia.agent.exchanged import as_instrument
from aitia.agent.gauge_at_zero import with_gauge
from aitia.agent.held_back import held_back
from aitia.agent.one_verdict import reworded
from aitia.agent.set_point import told_to
from aitia.agent.topology import Topology
from aitia.agent.tripped import behind_trips
from aitia.agent.unshown import left_open
from aitia.agent.weigher import MEASURED, TELEMETRY, Weighed, weigh
from aitia.agent.word_alone import by_word_alone
from aitia.core.events import Ranked
from aitia.core.words import Component, Evidence, Result, Suspect
from aitia.graphs.given_up import overturning
from aitia.graphs.state import Context, State, dumps, learned_of
from aitia.graphs.understanding import tag_not_met
from aitia.graphs.view import View
from aitia.graphs.window import is_own_baseline

MAX_RANKED = 8  # suspects that are shown while the run goes on


def gather(state: State, runtime: Runtime[Context]) -> State:
    """Number the evidence in plan order and weigh what there is so far."""
    view = View(state)
    evidence = number_evidence(view.results, view.inventory.components, facts_of(view.incident))
    weighed = weigh_so_far(evidence, view, runtime.context)
    if "weighed" not in state or _ranking(view.weighed) != _ranking(weighed):
        runtime.stream_writer(Ranked(suspects=in_passing(weighed), settled=False))
    return {"evidence": dumps(evidence), "weighed": weighed.model_dump(mode="json")}


def weigh_suspects(state: State, runtime: Runtime[Context]) -> State:
    """Settle the verdict and show the suspects."""
    weighed = View(state).weighed
    runtime.stream_writer(Ranked(suspects=weighed.suspects[:MAX_RANKED]))
    return {"weighed": weighed.model_dump(mode="json")}


def number_evidence(
    results: Sequence[Result], components: Sequence[Component], said: Sequence[Evidence] = ()
) -> list[Evidence]:
    """Ids E1, E2, ... in plan order, whatever order the results arrived in; last what persons `said`."""
    every = behind_trips(reworded([*(e for r in results for e in r.evidence), *said]), components)
    return [e.model_copy(update={"id": f"E{n}"}) for n, e in enumerate(every, 1)]


def weigh_so_far(evidence: Sequence[Evidence], view: View, context: Context) -> Weighed:
    """The verdict on evidence that is numbered."""
    weighed = weigh(
        evidence,
        view.inventory,
        context.taxonomy,
        context.weights,
        alarmed=view.incident.hints,
        learned=learned_of(context),
        unread=_unread(view, context),
        given_up=overturning(view, context),
        of_objects=is_of_objects(view.incident),
    )
    told = left_open(weighed, evidence, view.inventory, context.taxonomy)
    told = doubted(as_instrument(told, evidence), evidence, view.inventory)
    told = with_gauge(told, evidence, Topology(view.inventory.components))
    told = by_word_alone(held_back(told, evidence, view.inventory), evidence)
    return told_to(told, evidence, view.inventory)


def in_passing(weighed: Weighed) -> tuple[Suspect, ...]:
    """The first suspects, without what moved them: enough to see who rises and who falls."""
    return tuple(s.model_copy(update={"ledger": ()}) for s in weighed.suspects[:MAX_RANKED])


def _unread(view: View, context: Context) -> list[str]:
    """What telemetry would show is not known where calls for it failed, or where all found too few measurements to compare.

    A log without a line in the window is no such thing: it says nothing, which is what a calm one does.
    """
    needs = {name: {*context.registry[name].needs} & TELEMETRY for name in context.registry.names()}
    failed = [r.tool for r in view.results if r.status == "error" and needs.get(r.tool)]
    told = [f"{tool} could not be read" for tool in failed]
    for kind in sorted({h.kind for h in view.inventory.holdings if h.count and not h.unread} & MEASURED):
        asked = {r.status for r in view.results if needs.get(r.tool) == {kind}}
        if asked == {"no_data"}:
            told.append(f"none of the {kind} could be compared")
    if not view.inventory.has_any(*MEASURED) and not is_of_objects(view.incident):
        told.append("nothing is measured: no source of metrics, traces or signals is at hand")
    if share := counted(view.incident):
        told.append(f"the report tells of {share}, and none of what is measured shows it")
    if tag := tag_not_met(view.incident, view.inventory.components):
        told.append(f"nothing that was read is called {tag}")
    if is_own_baseline(view.incident):
        told.append("nobody said when it began (--since), and the trouble may fill all of the short history")
    return told


def _ranking(weighed: Weighed) -> list[tuple[str, str, float]]:
    return [(s.component, s.fault, round(s.probability, 3)) for s in weighed.suspects[:MAX_RANKED]]
