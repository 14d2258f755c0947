"""The nodes of the diagnose machine: a few lines each, that call into `agent` and `tools`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send, interrupt

from aitia.agent.checks import next_checks
from aitia.agent.facts import Facts
from aitia.agent.mitigate import mitigations
from aitia.agent.planning import planner
from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.free_plan import as_round, write_plan
from aitia.agent.planning.references import resolved
from aitia.agent.planning.skeleton import asks_of, matched, of_one
from aitia.agent.recurrence import told_again
from aitia.agent.sentences.chain import build_chain
from aitia.agent.sentences.narrator import Brief, Budget, narrate
from aitia.agent.sentences.template import edge_briefs, exclusion_briefs, summary_brief, verdict_sentence
from aitia.agent.sentences.verifier import check, cited
from aitia.agent.topology import Topology
from aitia.agent.weigher import MEASURED, TELEMETRY, Weighed, weigh
from aitia.core.events import Findings, Glimpse, PlanMade, Ranked, SentenceDone, TaskDone
from aitia.core.llm import Llm
from aitia.core.words import (
    Evidence,
    Exclusion,
    Incident,
    Inventory,
    ModelUse,
    Plan,
    Result,
    Sentence,
    Suspect,
    Task,
)
from aitia.graphs.report import assemble
from aitia.graphs.state import (
    Call,
    Context,
    Plain,
    State,
    dumps,
    evidence_of,
    guides_of,
    inventory_of,
    learned_of,
    names_of,
    results_of,
    runbook_of,
    tasks_of,
)
from aitia.tools import Registry

MAX_FINDINGS = 5
MAX_RANKED = 8  # suspects that are shown while the run goes on
MAX_GLIMPSES, LONGEST_GLIMPSE = 3, 300  # facts of a call that are shown as it returns, and characters of one
FAILED = "(the model failed: "
MAX_WRITTEN = 8  # tasks of a list that the model writes by itself


def open_run(state: State, runtime: Runtime[Context]) -> State:
    """Normalise the incident, build the inventory, and return first findings from a deterministic scan."""
    context = runtime.context
    opened = context.open()
    tasks = planner.scan_tasks(context.registry, opened.inventory)
    results = [_call(task, runtime) for task in tasks]
    statements = _strongest([e for r in results for e in r.evidence])
    runtime.stream_writer(Findings(statements=statements, seconds=context.measured("first_findings")))
    return {
        "incident": opened.incident.model_dump(mode="json"),
        "inventory": opened.inventory.model_dump(mode="json"),
        "round": 0,
        **_plain(tasks, results),
    }


def recall(state: State, runtime: Runtime[Context]) -> State:
    """Fetch similar incidents and matching runbooks."""
    tasks = planner.recall_tasks(runtime.context.registry, inventory_of(state), after=len(state["tasks"]))
    results = [_call(task, runtime) for task in tasks]
    so_far = number_evidence([*results_of(state), *results])
    runtime.stream_writer(Ranked(suspects=_in_passing(_weighed(so_far, state, runtime)), settled=False))
    return _plain(tasks, results)


def plan(state: State, runtime: Runtime[Context]) -> State:
    """Choose the tasks of the next round."""
    context, number = runtime.context, state["round"] + 1
    inventory, done = inventory_of(state), tasks_of(state)
    cost = dict(state.get("cost", {}))
    free = context.options.planner == "free"
    llm = None if context.options.planner == "rules" else context.llm
    if number == 1:
        incident, guides = Incident.model_validate(state["incident"]), guides_of(context)
        left, results = context.options.max_calls - len(done), results_of(state)
        if book := runbook_of(context):
            roles = Roles(incident, inventory)
            only = _with_asks(
                of_one(book, context.registry, inventory, roles, done, left), [book], state, context
            )
            runtime.stream_writer(PlanMade(round=number, tasks=only.tasks, by=only.by))
            return {"round": number, "tasks": _tasks(only), "cost": cost}
        opened = planner.opening(
            context.registry,
            inventory,
            incident,
            done,
            results=results,
            guides=guides,
            limit=left,
            llm=None if free else llm,
        )
        if free and llm is not None:
            listed = write_plan(
                context.registry,
                inventory,
                incident,
                done,
                llm,
                max_tasks=min(left, MAX_WRITTEN),
                seen=[e for r in results for e in r.evidence],
            )
            opened = as_round(listed, opened.plan)
            cost |= listed.cost
        made = _with_asks(opened.plan, matched(results), state, context)
    else:
        opened = _closer(state, context, llm)
        made = opened.plan
    if opened.decided is not None:
        runtime.stream_writer(opened.decided)
    if opened.choice is not None:
        cost["vote_prompt_tokens"] = cost.get("vote_prompt_tokens", 0) + opened.choice.prompt_tokens
        cost["vote_restored_tokens"] = cost.get("vote_restored_tokens", 0) + opened.choice.restored_tokens
        cost["votes"] = cost.get("votes", 0) + 1
    runtime.stream_writer(PlanMade(round=number, tasks=made.tasks, by=made.by))
    return {"round": number, "tasks": _tasks(made), "cost": cost}


def _with_asks(made: Plan, books: Sequence[Mapping[str, Any]], state: State, context: Context) -> Plan:
    """The plan, and behind it what its runbooks want changed, where a person is there to be asked."""
    if not context.options.approvals:
        return made
    inventory, done = inventory_of(state), [*tasks_of(state), *made.tasks]
    roles = Roles(Incident.model_validate(state["incident"]), inventory)
    asked = asks_of(
        books, context.registry, inventory, roles, done, limit=context.options.max_calls - len(done)
    )
    return made.model_copy(update={"tasks": (*made.tasks, *asked)})


def dispatch(state: State) -> list[Send] | str:
    """Send every task whose dependencies are done, with components in place of references; with none left, weigh."""
    results = {r.task: r for r in results_of(state)}
    waiting = resolved(_ready(state), tasks_of(state), results, inventory_of(state))
    return [Send("run_task", Call(task=t.model_dump(mode="json"))) for t in waiting] if waiting else "gather"


def run_task(state: Call, runtime: Runtime[Context]) -> State:
    """Run one task; whatever happens, there is a result. The task is kept as it was called."""
    task = Task.model_validate(state["task"])
    return _plain([task], [_call(task, runtime)])


def gather(state: State, runtime: Runtime[Context]) -> State:
    """Number the evidence in plan order and weigh what there is so far."""
    evidence = number_evidence(results_of(state))
    weighed = _weighed(evidence, state, runtime)
    before = Weighed.model_validate(state["weighed"]) if "weighed" in state else None
    if before is None or _ranking(before) != _ranking(weighed):
        runtime.stream_writer(Ranked(suspects=_in_passing(weighed), settled=False))
    return {"evidence": dumps(evidence), "weighed": weighed.model_dump(mode="json")}


def _weighed(evidence: Sequence[Evidence], state: State, runtime: Runtime[Context]) -> Weighed:
    return weigh(
        evidence,
        inventory_of(state),
        runtime.context.taxonomy,
        runtime.context.weights,
        alarmed=Incident.model_validate(state["incident"]).hints,
        learned=learned_of(runtime.context),
        unread=_unknown(results_of(state), inventory_of(state), runtime.context),
    )


def _unknown(results: Sequence[Result], inventory: Inventory, context: Context) -> list[str]:
    """What telemetry would show is not known where calls for it failed, or where all found too few measurements to compare.

    A log without a line in the window is no such thing: it says nothing, which is what a calm one does.
    """
    needs = {name: {*context.registry[name].needs} & TELEMETRY for name in context.registry.names()}
    failed = [r.tool for r in results if r.status == "error" and needs.get(r.tool)]
    told = [f"{tool} could not be read" for tool in failed]
    for kind in sorted({h.kind for h in inventory.holdings if h.count and not h.unread} & MEASURED):
        asked = {r.status for r in results if needs.get(r.tool) == {kind}}
        if asked == {"no_data"}:
            told.append(f"none of the {kind} could be compared")
    return told


def _ranking(weighed: Weighed) -> list[tuple[str, str, float]]:
    return [(s.component, s.fault, round(s.probability, 3)) for s in weighed.suspects[:MAX_RANKED]]


def _in_passing(weighed: Weighed) -> tuple[Suspect, ...]:
    """The first suspects, without what moved them: enough to see who rises and who falls."""
    return tuple(s.model_copy(update={"ledger": ()}) for s in weighed.suspects[:MAX_RANKED])


def after_gather(state: State, runtime: Runtime[Context]) -> list[Send] | str:
    """The next wave, another round where the evidence is thin, or the verdict."""
    if _ready(state):
        return dispatch(state)
    thin = planner.is_thin(Weighed.model_validate(state["weighed"]))
    if not thin or state["round"] >= runtime.context.options.max_rounds:
        return "weigh"
    return "plan" if _closer(state, runtime.context, None).plan.tasks else "weigh"


def _closer(state: State, context: Context, llm: Llm | None) -> planner.Round:
    done = tasks_of(state)
    return planner.closer_round(
        context.registry,
        inventory_of(state),
        Incident.model_validate(state["incident"]),
        Weighed.model_validate(state["weighed"]),
        done,
        number=state["round"] + 1,
        taxonomy=context.taxonomy,
        evidence=evidence_of(state),
        guides=guides_of(context),
        limit=context.options.max_calls - len(done),
        llm=llm,
    )


def weigh_suspects(state: State, runtime: Runtime[Context]) -> State:
    """Settle the verdict and show the suspects."""
    weighed = Weighed.model_validate(state["weighed"])
    runtime.stream_writer(Ranked(suspects=weighed.suspects[:MAX_RANKED]))
    return {"weighed": weighed.model_dump(mode="json")}


def explain(state: State, runtime: Runtime[Context]) -> State:
    """Build the causal chain and write a sentence for each of its edges."""
    context = runtime.context
    story = _story(state, context)
    llm = None if context.options.narrator == "template" else context.llm
    budget = Budget()

    def stands(sentence: Sentence) -> None:
        runtime.stream_writer(SentenceDone(text=sentence.text, by=sentence.by, refused=sentence.refused))

    incident, named = Incident.model_validate(state["incident"]), story.weighed
    first = verdict_sentence(named, context.taxonomy, story.facts, incident.hints)
    if named.verdict == "cause":
        cause = (named.component, named.fault)
        first = told_again(first, learned_of(context), cause, incident.started_at, story.facts.all)
    stands(first)
    free = context.options.narrator == "free"
    written = narrate(story.briefs, llm=llm, budget=budget, free=free, on_sentence=stands)
    told = len(story.briefs) - len(story.ruled_out)
    cost = dict(state.get("cost", {})) | {
        "model_calls": len(budget.spent),
        "prompt_tokens": sum(c.prompt_tokens for c in budget.spent),
        "restored_tokens": sum(c.restored_tokens for c in budget.spent),
        "generated_tokens": sum(c.generated_tokens for c in budget.spent),
    }
    return {
        "sentences": dumps([first, *written[:told]]),
        "ruled_out": dumps(
            [
                x.model_copy(update={"sentence": s})
                for x, s in zip(story.ruled_out, written[told:], strict=True)
            ]
        ),
        "cost": cost,
    }


def verify(state: State, runtime: Runtime[Context]) -> State:
    """The gate before print: every model sentence is checked once more against the facts that it cites."""
    briefs = _story(state, runtime.context).briefs
    first, *written = [Sentence.model_validate(s) for s in state["sentences"]]
    ruled_out = [Exclusion.model_validate(x) for x in state["ruled_out"]]
    written += [x.sentence for x in ruled_out]
    gated = [_gate(sentence, brief) for sentence, brief in zip(written, briefs, strict=True)]
    told = len(gated) - len(ruled_out)
    return {
        "sentences": dumps([first, *gated[:told]]),
        "ruled_out": dumps(
            [x.model_copy(update={"sentence": s}) for x, s in zip(ruled_out, gated[told:], strict=True)]
        ),
        "use": _use(gated, runtime.context).model_dump(mode="json"),
    }


def mitigate(state: State, runtime: Runtime[Context]) -> State:
    """Steps from runbooks, incidents and the catalogue; and what to check next."""
    weighed, results = Weighed.model_validate(state["weighed"]), results_of(state)
    inventory, evidence = inventory_of(state), evidence_of(state)
    steps = mitigations(weighed, results, runtime.context.taxonomy, inventory=inventory, evidence=evidence)
    checks = next_checks(weighed, evidence, inventory, runtime.context.taxonomy)
    return {"mitigations": dumps(steps), "next_checks": dumps(checks)}


def after_mitigate(state: State, runtime: Runtime[Context]) -> str:
    """Ask a person only where a task waits for approval and someone is there to answer; a rerun has the answers."""
    context = runtime.context
    waiting = any(r.status == "needs_approval" for r in results_of(state))
    return "approve" if waiting and context.options.approvals and context.publish else "publish"


def approve(state: State, runtime: Runtime[Context]) -> State:
    """Interrupt until a person answers; each approval is bound to the hash of the exact call in this run."""
    context = runtime.context
    revision = int(context.store.meta().get("revision", 1))
    bound: dict[str, Any] = {"run": context.store.id, "revision": revision, "registry": context.registry}
    waiting = [(call_hash(r, **bound), r) for r in results_of(state) if r.status == "needs_approval"]
    approved: list[str] = interrupt({h: {"tool": r.tool, "args": r.args} for h, r in waiting})["approved"]
    settled = {}
    for call, result in waiting:
        said = "approved: run it by hand, aitia executes nothing" if call in approved else "denied"
        done = result.model_copy(update={"message": f"{result.message} ({said})"})
        context.store.put_result(done)
        settled[result.task] = done.model_dump(mode="json")
    return {"results": settled}


def call_hash(result: Result, *, run: str, revision: int, registry: Registry) -> str:
    """What an approval is bound to: one call, its tool as it is now and its arguments, of one look at one incident."""
    spec = registry[result.tool] if result.tool in registry.names() else None
    is_now = [spec.effect, spec.doc, spec.arguments.model_json_schema()] if spec else []
    body = json.dumps([run, revision, result.task, result.tool, is_now, result.args], sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()


def publish(state: State, runtime: Runtime[Context]) -> State:
    """Write the report into the run store."""
    report = assemble(state, runtime.context)
    if runtime.context.publish:
        runtime.context.store.put_report(report)
    return {"cost": report.cost.model_dump(mode="json")}


def remember(state: State, runtime: Runtime[Context]) -> State:
    """Keep the outcome in the run's index entry, where confirmation will find it."""
    weighed, cost = Weighed.model_validate(state["weighed"]), state["cost"]
    if runtime.context.publish:
        runtime.context.store.update_meta(
            state="finished",
            verdict=weighed.verdict,
            probability=weighed.probability,
            component=weighed.component,
            fault=weighed.fault,
            seconds=cost["seconds"],
        )
    return {}


def number_evidence(results: Sequence[Result]) -> list[Evidence]:
    """Ids E1, E2, ... in plan order, whatever order the results arrived in."""
    every = [e for r in results for e in r.evidence]
    return [e.model_copy(update={"id": f"E{n}"}) for n, e in enumerate(every, 1)]


@dataclass(frozen=True, kw_only=True)
class _Story:
    """What there is to tell: a brief per sentence of the chain, the summary, and those that were ruled out, in this order."""

    weighed: Weighed
    facts: Facts
    briefs: list[Brief]
    ruled_out: list[Exclusion]


def _story(state: State, context: Context) -> _Story:
    """From the state alone: `explain` and `verify` must see the same."""
    inventory = inventory_of(state)
    weighed, names = Weighed.model_validate(state["weighed"]), names_of(inventory)
    facts = Facts(evidence_of(state), Topology(inventory.components))
    briefs: list[Brief] = []
    if weighed.verdict == "cause":
        suspect = next(s for s in weighed.suspects if s.component == weighed.component)
        fault = context.taxonomy.get(suspect.fault)
        edges = build_chain(suspect, fault, facts, Incident.model_validate(state["incident"]))
        summary = summary_brief(edges, facts, names, fault, weighed.probability)
        briefs = edge_briefs(edges, facts, names, weighed.probability) + ([summary] if summary else [])
    against = exclusion_briefs(weighed, context.taxonomy, facts, names)
    return _Story(
        weighed=weighed,
        facts=facts,
        briefs=[*briefs, *(brief for _, brief in against)],
        ruled_out=[exclusion for exclusion, _ in against],
    )


def _gate(sentence: Sentence, brief: Brief) -> Sentence:
    if sentence.by == "template":
        return sentence
    reasons = [*check(sentence.text, brief.grounds), *cited(sentence.cites, brief.grounds)]
    if not reasons:
        return sentence
    refused = (*sentence.refused, f"{sentence.text!r}: {'; '.join(reasons)}")
    return sentence.model_copy(update={"text": brief.template, "by": "template", "refused": refused})


def _use(sentences: Sequence[Sentence], context: Context) -> ModelUse:
    llm, options = context.llm, context.options
    return ModelUse(
        name=llm.name if llm else "",
        sha256=llm.sha256 if llm else "",
        planner=options.planner if llm else "rules",
        narrator=options.narrator if llm else "template",
        accepted=sum(s.by == "model" and s.attempts == 1 for s in sentences),
        accepted_after_retry=sum(s.by == "model" and s.attempts > 1 for s in sentences),
        replaced=sum(s.by == "template" and s.attempts > 0 for s in sentences),
        note=context.model_note
        or next((r.strip("()") for s in sentences for r in s.refused if FAILED in r), ""),
    )


def _call(task: Task, runtime: Runtime[Context]) -> Result:
    result = runtime.context.call(task)
    runtime.stream_writer(
        TaskDone(
            task=result.task,
            tool=result.tool,
            status=result.status,
            message=result.message,
            facts=len(result.evidence),
            seconds=result.seconds,
            strongest=tuple(_glimpse(e) for e in _moved(result.evidence)[:MAX_GLIMPSES]),
        )
    )
    return result


def _glimpse(evidence: Evidence) -> Glimpse:
    said = _cut(evidence.statement)
    return Glimpse(component=evidence.component, statement=said, strength=evidence.strength)


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST_GLIMPSE else said[: LONGEST_GLIMPSE - 1] + "…"


def _ready(state: State) -> list[Task]:
    done = set(state["results"])
    return [t for t in tasks_of(state) if t.id not in done and set(t.dep) <= done]


def _tasks(made: Plan) -> dict[int, Plain]:
    return {t.id: t.model_dump(mode="json") for t in made.tasks}


def _plain(tasks: Sequence[Task], results: Sequence[Result]) -> State:
    return {
        "tasks": {t.id: t.model_dump(mode="json") for t in tasks},
        "results": {r.task: r.model_dump(mode="json") for r in results},
    }


def _strongest(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(_cut(e.statement) for e in _moved(evidence)[:MAX_FINDINGS])


def _moved(evidence: Sequence[Evidence]) -> list[Evidence]:
    """What is not as usual, strongest first."""
    moved = [e for e in evidence if e.direction != "steady"]
    return sorted(moved, key=lambda e: (-e.strength, e.statement))
