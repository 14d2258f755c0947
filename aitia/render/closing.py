"""The sections that close a report: its evidence, the calls that were made, what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aitia.core.words import Cost, Evidence, Report, Result
from aitia.render import text as t
from aitia.render.items import Item, Section
from aitia.render.sections import in_chain, statement


def evidence(report: Report, full: bool) -> Section:
    """The facts, cited ones first; those of the chain stay longest."""
    cited = t.cited_ids(report)
    by_id = {e.id: e for e in report.evidence}
    first = [by_id[i] for i in sorted(cited, key=t.id_order) if i in by_id]
    rest = [e for e in report.evidence if e.id not in set(cited)] if full else []
    held_back = 0 if full else len(report.evidence) - len(first)
    told = in_chain(report)
    return Section(
        title="Evidence",
        items=tuple(replace(_fact(e, full), kept=e.id in told) for e in [*first, *rest]),
        more=held_back,
        note="cited first; strength from 0 to 1" if report.evidence else "",
    )


def queries(report: Report) -> Section:
    """Each query once, with the facts that it tells: to look again."""
    asked: dict[str, list[str]] = {}
    for e in report.evidence:
        asked.setdefault(_where(e), []).append(e.id)
    items = [
        Item(lead="", text=f"{', '.join(ids)}: {t.clean(where)}") for where, ids in asked.items() if where
    ]
    return Section(title="Queries", items=tuple(items))


def _where(evidence: Evidence) -> str:
    if evidence.source.lines:
        return f"{evidence.source.path}:{evidence.source.lines[0]}-{evidence.source.lines[1]}"
    return evidence.source.query


def _fact(evidence: Evidence, full: bool) -> Item:
    return Item(
        lead=f"{evidence.id} {evidence.strength:.2f}",
        text=statement(evidence, full),
        short=not full,
        source=t.clean(evidence.source.source) if full else "",
    )


def calls(report: Report, full: bool) -> Section:
    """Every call with its query, or how many came back with what."""
    if full:
        return Section(title="Tool calls", items=tuple(_call(c) for c in report.calls))
    return Section(title="Tool calls", items=_call_summary(report.calls))


def _call(call: Result) -> Item:
    args = " ".join(f"{key}={value}" for key, value in sorted(call.args.items()))
    text = f"{call.tool} {args}".strip() + f": {call.status}"
    if call.message:
        text += f", {call.message}"
    return Item(
        lead=f"#{call.task}",
        text=t.clean(text) + f" ({t.duration(call.seconds)})",
        source=t.clean(call.query),
    )


def _call_summary(calls: Sequence[Result]) -> tuple[Item, ...]:
    if not calls:
        return ()
    states = {s: sum(c.status == s for c in calls) for s in ("ok", "no_data", "error", "needs_approval")}
    told = ", ".join(f"{n} {s.replace('_', ' ')}" for s, n in states.items() if n)
    broken = tuple(
        Item(lead=c.tool, text=t.clean(c.message), short=True) for c in calls if c.status == "error"
    )
    return (Item(text=f"{t.count(len(calls), 'call')}: {told}"), *broken)


def cost(report: Report) -> Section:
    """Time, tokens, and what the model did."""
    return Section(title="Cost", items=_cost_items(report))


def _cost_items(report: Report) -> tuple[Item, ...]:
    cost, model = report.cost, report.model
    work = (
        f"{t.duration(cost.seconds)}, first findings after {t.duration(cost.first_findings_s)}{_energy(cost)}"
    )
    tokens = (
        f"{t.count(cost.model_calls, 'model call')}: {t.count(cost.prompt_tokens, 'token')} read, "
        f"{t.count(cost.restored_tokens, 'token')} restored, {t.count(cost.generated_tokens, 'token')} written"
    )
    words = ((cost.names_read, "name"), (cost.messages_read, "message"))
    counts = " and ".join(t.count(n, word) for n, word in words if n)
    reading = (Item(text=f"{counts} read by a model in {t.duration(cost.reading_s)}"),) if counts else ()
    if not model.name:
        return (Item(text=f"{work}; {_no_model(report)}"), *reading)
    return (
        Item(text=work),
        *reading,
        Item(text=tokens) if cost.model_calls else Item(text=_no_model(report)),
        _who(report),
    )


def _energy(cost: Cost) -> str:
    """Joules where the machine tells them, else processor time, which they grow with; nothing of older reports."""
    if cost.joules is not None:
        return f", {cost.joules:.0f} J (all processors)"
    return f", {t.duration(cost.processor_s)} of processor time" if cost.processor_s else ""


def _no_model(report: Report) -> str:
    note = t.clean(report.model.note)
    return f"no model call{': ' + note if note else ''}"


def _who(report: Report) -> Item:
    model = report.model
    text = (
        f"{t.clean(model.name)} (planner {model.planner}, narrator {model.narrator}): {model.accepted} sentences accepted, "
        f"{model.accepted_after_retry} on the second try, {model.replaced} replaced by the code's own"
    )
    if model.note:
        text += f"; {t.clean(model.note)}"
    return Item(text=text)
