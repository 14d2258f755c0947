"""Choosing the tasks of a round, sending those that are ready, and deciding whether there is another round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from aitia.agent.planning import planner
from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.digest import digest
from aitia.agent.planning.free_plan import as_round, write_plan
from aitia.agent.planning.outside import chosen_calls
from aitia.agent.planning.plan_prompt import nearby
from aitia.agent.planning.references import resolved
from aitia.agent.planning.skeleton import asks_of, matched, of_one
from aitia.agent.planning.stopping import WAVE, turning
from aitia.core.events import Decided, PlanMade
from aitia.core.llm import Choice, Completion, Llm
from aitia.core.words import Plan
from aitia.graphs.state import Call, Context, Plain, State, guides_of, runbook_of
from aitia.graphs.view import View

MAX_WRITTEN = 8  # tasks of a list that the model writes by itself
SEEN_TOKENS = 120  # of first findings, told to a model that chooses among strangers' tools


def plan(state: State, runtime: Runtime[Context]) -> State:
    """Choose the tasks of the next round."""
    context, view, number = runtime.context, View(state), state["round"] + 1
    cost = dict(state.get("cost", {}))
    book = runbook_of(context) if number == 1 else {}
    if book:
        made = _of_runbook(book, view, context)
    else:
        llm = None if context.options.planner == "rules" else context.llm
        chosen = _closer_look(view, context, llm) if number > 1 else _first_look(view, context, llm, cost)
        made = chosen.plan
        if number == 1:
            made = planner.with_recall(made, context.registry, view.inventory, view.tasks)
            made = _with_asks(made, matched(view.results), view, context)
            made = _with_outside(made, view, context, llm, cost, runtime.stream_writer)
        if chosen.decided is not None:
            runtime.stream_writer(chosen.decided)
        if chosen.choice is not None:
            _count_vote(cost, chosen.choice)
    runtime.stream_writer(PlanMade(round=number, tasks=made.tasks, by=made.by))
    tasks = {t.id: t.model_dump(mode="json") for t in made.tasks}
    return {"round": number, "tasks": tasks, "cost": cost}


def dispatch(state: State, runtime: Runtime[Context]) -> list[Send] | str:
    """Send every task whose dependencies are done, with components in place of references; with none left, weigh.

    Where the run may stop early, a few at a time.
    """
    view = View(state)
    results = {r.task: r for r in view.results}
    waiting = resolved(view.ready, view.tasks, results, view.inventory)
    if runtime.context.options.stop_at:
        waiting = sorted(waiting, key=lambda t: -turning().share(t.tool))[:WAVE]
    return [Send("run_task", Call(task=t.model_dump(mode="json"))) for t in waiting] if waiting else "gather"


def after_gather(state: State, runtime: Runtime[Context]) -> list[Send] | str:
    """The next wave, another round where the evidence is thin, or the verdict."""
    view = View(state)
    if view.ready:
        left = [t.tool for t in view.tasks if t.id not in state["results"]]
        return "weigh" if _stands(view, runtime.context, left) else dispatch(state, runtime)
    if not planner.is_thin(view.weighed) or state["round"] >= runtime.context.options.max_rounds:
        return "weigh"
    more = [t.tool for t in _closer_look(view, runtime.context, None).plan.tasks]
    return "plan" if more and not _stands(view, runtime.context, more) else "weigh"


def _stands(view: View, context: Context, left: Sequence[str]) -> bool:
    """Whether the calls that are left will hardly bring another verdict, where the run may stop early."""
    least = context.options.stop_at
    return bool(least) and 1 - turning().chance(view.weighed, left) >= least


def _left(view: View, context: Context) -> int:
    """How many calls the run may still make; memory has its own among them in the first round."""
    left = context.options.max_calls - len(view.tasks)
    first = view.state["round"] == 0
    return max(0, left - planner.recalled_last(context.registry, view.inventory)) if first else left


def _of_runbook(book: Mapping[str, Any], view: View, context: Context) -> Plan:
    """The calls of the one runbook that the run carries out."""
    roles, left = Roles(view.incident, view.inventory), _left(view, context)
    made = of_one(book, context.registry, view.inventory, roles, view.tasks, left)
    made = planner.with_recall(made, context.registry, view.inventory, view.tasks)
    return _with_asks(made, [book], view, context)


def _first_look(view: View, context: Context, llm: Llm | None, cost: Plain) -> planner.Round:
    """The first round. What a list written by the model took is added to `cost`."""
    free = context.options.planner == "free"
    opened = planner.opening(
        context.registry,
        view.inventory,
        view.incident,
        view.tasks,
        results=view.results,
        guides=guides_of(context),
        limit=_left(view, context),
        llm=None if free else llm,
    )
    if not free or llm is None:
        return opened
    written = write_plan(
        context.registry,
        view.inventory,
        view.incident,
        view.tasks,
        llm,
        max_tasks=min(_left(view, context), MAX_WRITTEN),
        seen=[e for r in view.results for e in r.evidence],
    )
    cost |= written.cost
    return as_round(written, opened.plan)


def _closer_look(view: View, context: Context, llm: Llm | None) -> planner.Round:
    """A further round: what separates the two best suspects."""
    return planner.closer_round(
        context.registry,
        view.inventory,
        view.incident,
        view.weighed,
        view.tasks,
        number=view.state["round"] + 1,
        taxonomy=context.taxonomy,
        evidence=view.evidence,
        guides=guides_of(context),
        limit=_left(view, context),
        llm=llm,
    )


def _with_asks(made: Plan, books: Sequence[Mapping[str, Any]], view: View, context: Context) -> Plan:
    """The plan, and behind it what its runbooks want changed, where a person is there to be asked."""
    if not context.options.approvals:
        return made
    done, roles = [*view.tasks, *made.tasks], Roles(view.incident, view.inventory)
    limit = context.options.max_calls - len(done)
    asked = asks_of(books, context.registry, view.inventory, roles, done, limit=limit)
    return made.model_copy(update={"tasks": (*made.tasks, *asked)})


def _with_outside(
    made: Plan, view: View, context: Context, llm: Llm | None, cost: Plain, told: Callable[[Decided], None]
) -> Plan:
    """The plan, and behind it the calls of strangers' tools that are chosen for this incident, by a model where there is one."""
    near = guides_of(context).nearest
    theirs = [n for n in near if (offer := context.registry[n].offer) is not None and offer.by_model]
    kept, chooser = (theirs, llm) if theirs and llm is not None else (near, None)
    done, incident = [*view.tasks, *made.tasks], view.incident
    limit = context.options.max_calls - len(done)
    if not kept or limit < 1:
        return made
    found = chosen_calls(
        context.registry,
        kept,
        f"{incident.title}. {incident.text}",
        digest(
            [e for r in view.results for e in r.evidence],
            tokens=SEEN_TOKENS,
            count=chooser.count if chooser is not None else lambda text: len(text) // 4,
        ),
        [c.id for c in nearby(view.inventory, incident)],
        done,
        chooser,
        limit=limit,
    )
    if found.decided is not None:
        told(found.decided)
    for each in found.completions:
        _count_completion(cost, each)
    return made.model_copy(update={"tasks": (*made.tasks, *found.tasks)})


def _count_completion(cost: Plain, said: Completion) -> None:
    for name, more in (
        ("vote_prompt_tokens", said.prompt_tokens),
        ("vote_restored_tokens", said.restored_tokens),
        ("vote_generated_tokens", said.generated_tokens),
        ("votes", 1),
    ):
        cost[name] = cost.get(name, 0) + more


def _count_vote(cost: Plain, choice: Choice) -> None:
    for name, more in (
        ("vote_prompt_tokens", choice.prompt_tokens),
        ("vote_restored_tokens", choice.restored_tokens),
        ("votes", 1),
    ):
        cost[name] = cost.get(name, 0) + more
