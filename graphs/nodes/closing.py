"""What to do, who approves it, and the report that is kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from aitia.agent.checks import next_checks
from aitia.agent.corrections import without_done
from aitia.agent.mitigate import mitigations
from aitia.core.words import Result
from aitia.graphs.report import assemble
from aitia.graphs.state import Context, State, dumps, runbook_of
from aitia.graphs.view import View
from aitia.tools import Registry


def mitigate(state: State, runtime: Runtime[Context]) -> State:
    """Steps from runbooks, incidents and the catalogue; and what to check next."""
    view, taxonomy = View(state), runtime.context.taxonomy
    weighed, inventory, evidence = view.weighed, view.inventory, view.evidence
    known = mitigations(
        weighed, view.results, taxonomy,
        inventory=inventory, evidence=evidence, running=runbook_of(runtime.context),
    )  # fmt: skip
    steps = without_done(known, view.incident)
    ruled_out = {(x.component, x.fault) for x in view.ruled_out}
    checks = next_checks(
        weighed, evidence, inventory, taxonomy,
        ruled_out=ruled_out, alarmed=view.incident.hints, window=view.incident.window,
    )  # fmt: skip
    return {"mitigations": dumps(steps), "next_checks": dumps(checks)}


def after_mitigate(state: State, runtime: Runtime[Context]) -> str:
    """Ask a person only where a task waits for approval and someone is there to answer; a rerun has the answers."""
    context = runtime.context
    waiting = any(r.status == "needs_approval" for r in View(state).results)
    return "approve" if waiting and context.options.approvals and context.publish else "publish"


def approve(state: State, runtime: Runtime[Context]) -> State:
    """Interrupt until a person answers; each approval is bound to the hash of the exact call in this run."""
    context = runtime.context
    revision = int(context.store.meta().get("revision", 1))
    bound: dict[str, Any] = {"run": context.store.id, "revision": revision, "registry": context.registry}
    waiting = [(call_hash(r, **bound), r) for r in View(state).results if r.status == "needs_approval"]
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
    weighed = View(state).weighed
    if runtime.context.publish:
        runtime.context.store.update_meta(
            state="finished",
            verdict=weighed.verdict,
            probability=weighed.probability,
            component=weighed.component,
            fault=weighed.fault,
            seconds=state["cost"]["seconds"],
        )
    return {}
