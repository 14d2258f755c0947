"""What a report says and in which order, before any markup. Terminal and Markdown print this one document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from aitia.core.words import (
    NOT_SEEN,
    Evidence,
    Holding,
    Mitigation,
    Report,
    Result,
    Sentence,
    Verdict,
    Window,
)
from aitia.render import text as t

Mark = Literal["", "read-only", "changing"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry: `lead` is a short first column (time, id, probability), `command` is copied by hand."""

    text: str
    lead: str = ""
    cites: tuple[str, ...] = ()
    mark: Mark = ""
    source: str = ""
    command: str = ""
    shell: bool = True  # the command is for a shell, not a query language
    short: bool = False  # may be cut to one line where room is scarce
    kept: bool = False  # stays longest where the list is cut


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled list; `more` counts what was left out."""

    title: str
    items: tuple[Item, ...]
    numbered: bool = False
    more: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The verdict, first of all."""

    verdict: Verdict
    label: str
    probability: str
    subject: str
    incident: str
    context: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report, ready to print."""

    headline: Headline
    summary: tuple[Item, ...]
    sections: tuple[Section, ...]


_STATEMENT = 170
_LABEL: dict[Verdict, str] = {"cause": "CAUSE", "healthy": "NOTHING WRONG", "unknown": "UNKNOWN"}
_SHORT = {
    "Why": 6, "Closest candidates": 3, "What is missing": 4, "As usual": 6, "Ruled out": 3, "Other candidates": 2,
    "Timeline (UTC)": 7, "Do now": 3, "Prevent": 2, "Check next": 3, "Evidence": 9, "Tool calls": 3,
}  # fmt: skip
Amount = Literal["tight", "short", "full"]


def build(report: Report, *, amount: Amount = "full") -> Document:
    """The report as a document; `short` and `tight` cut lists to what fits on a screen and say how much is left."""
    sections = (section for section in _sections(report, amount == "full") if section.items)
    return Document(
        headline=_headline(report),
        summary=tuple(_sentence(s) for s in report.summary),
        sections=tuple(_cut(section, amount) for section in sections),
    )


def _cut(section: Section, amount: Amount) -> Section:
    limit = _SHORT.get(section.title, len(section.items))
    if amount == "tight" and section.title in _SHORT:
        limit = max(limit // 2, 2)
    left = len(section.items) - limit
    if amount == "full" or left <= 0:
        return section
    first = sorted(range(len(section.items)), key=lambda i: (not section.items[i].kept, i))[:limit]
    return replace(section, items=tuple(section.items[i] for i in sorted(first)), more=section.more + left)


def _headline(report: Report) -> Headline:
    incident = report.incident
    subject = {
        "cause": f"{t.clean(report.component)}: {t.clean(t.fault_name(report))}",
        "healthy": "no fault found in the telemetry of this window",
        "unknown": "the telemetry does not decide between causes"
        if _observed(report)
        else "no telemetry of this window was seen",
    }[report.verdict]
    code = f" ({report.fault})" if report.verdict == "cause" and report.fault_title else ""
    same_day = _on_its_day(incident.started_at, incident.window)
    return Headline(
        verdict=report.verdict,
        label=_LABEL[report.verdict],
        probability=t.percent(report.probability),
        subject=subject + code,
        incident=t.clean(incident.title),
        context=(
            f"reported {t.at(incident.started_at, date=not same_day)}",
            f"window {t.span(incident.window)}",
            f"run {t.clean(report.run)}",
        ),
    )


def split_subject(subject: str) -> tuple[str, str]:
    """The subject and the dotted path of the fault in brackets behind it, which is read last."""
    found = re.fullmatch(r"(.+) (\([\w.]+\))", subject)
    return (found[1], found[2]) if found else (subject, "")


def _on_its_day(moment: datetime, window: Window) -> bool:
    """Whether a time of day alone says when: the window lies on one day, and the moment too."""
    return window.start.date() == window.end.date() == moment.date()


def _observed(report: Report) -> bool:
    """Whether any fact tells how something is: changes, memories and outside texts do not."""
    told = ("change.", "incident.", "runbook.", "maintenance.", "external.", "rank.")
    return any(not e.kind.startswith(told) for e in report.evidence)


def _sections(report: Report, full: bool) -> Iterable[Section]:
    yield Section(title="Why", items=tuple(_sentence(s) for s in report.chain), numbered=True)
    yield _further(report)
    if report.verdict == "unknown":
        yield _candidates(report, "Closest candidates")
        yield Section(title="What is missing", items=missing(report))
        yield _next_checks(report)
    if report.verdict == "healthy":
        yield _checked(report)
    yield _ruled_out(report)
    if report.verdict == "cause":
        yield _candidates(report, "Other candidates")
    told = {cite for sentence in report.chain for cite in sentence.cites}
    yield Section(
        title="Timeline (UTC)",
        items=tuple(
            Item(
                lead=t.at(e.at, date=not _on_its_day(e.at, report.incident.window)),
                text=_with_component(e.component, e.text),
                cites=(e.evidence,) if e.evidence else (),
                short=True,
                kept=e.evidence in told,
            )
            for e in report.timeline
        ),
    )
    yield Section(title="Do now", items=_steps(report.mitigations, "now"), numbered=True)
    yield Section(title="Prevent", items=_steps(report.mitigations, "prevent"), numbered=True)
    if report.verdict != "unknown":
        yield _next_checks(report)
    yield _evidence(report, full)
    yield _calls(report, full)
    yield Section(title="Cost", items=_cost(report))


def _sentence(sentence: Sentence) -> Item:
    return Item(text=t.clean(sentence.text), cites=t.missing_cites(sentence))


def _with_component(component: str, text: str) -> str:
    text, component = t.clean(text), t.clean(component)
    return text if not component or component.casefold() in text.casefold() else f"{component}: {text}"


def _named(component: str, fault: str) -> str:
    """A suspect in words; the two that blame no component have names of their own."""
    if not component:
        return {"healthy": "nothing is wrong", "unknown": "something that no fact here shows"}.get(
            fault, t.clean(fault)
        )
    return f"{t.clean(component)}, {t.clean(fault)}"


def _about(name: str, component: str, text: str) -> str:
    """The sentence, after the suspect's name where it does not begin with it."""
    text = t.clean(text)
    return text if component and text.startswith(t.clean(component)) else f"{name}: {text}"


def _ruled_out(report: Report) -> Section:
    return Section(
        title="Ruled out",
        items=tuple(
            Item(
                lead=t.percent(x.probability),
                text=_about(_named(x.component, x.fault), x.component, x.sentence.text),
                cites=t.missing_cites(x.sentence),
            )
            for x in report.ruled_out
        ),
    )


def _checked(report: Report) -> Section:
    """What was found to be as usual: a verdict of health is worth what was looked at."""
    cited = {cite for sentence in report.summary for cite in sentence.cites}
    quiet = sorted(
        (e for e in report.evidence if e.kind.endswith(".quiet")),
        key=lambda e: (
            e.id not in cited,
            e.component not in report.incident.hints,
            -e.strength,
            t.id_order(e.id),
        ),
    )
    items = tuple(Item(lead=e.id, text=_statement(e, False)) for e in quiet)
    return Section(title="As usual", items=items)


def _further(report: Report) -> Section:
    """Independent causes beside the named one."""
    items = tuple(
        Item(
            lead=t.percent(s.probability),
            text=f"{_named(s.component, s.fault)}: it explains what the first cause does not reach",
            cites=s.supporting[:4],
        )
        for s in report.further
    )
    return Section(title="A further cause", items=items)


def _candidates(report: Report, title: str) -> Section:
    """Suspects that the report neither names as the cause nor rules out by a sentence."""
    told = {(x.component, x.fault) for x in report.ruled_out}
    told |= {(s.component, s.fault) for s in report.further}
    told.add((report.component, report.fault) if report.verdict == "cause" else ("", report.verdict))
    items = tuple(
        Item(
            lead=t.percent(s.probability),
            text=_named(s.component, s.fault),
            cites=s.supporting[:4],
        )
        for s in report.suspects
        if (s.component, s.fault) not in told and s.probability >= 0.01
    )
    return Section(title=title, items=items)


def missing(report: Report) -> tuple[Item, ...]:
    """What kept the verdict open: unreadable or empty sources, calls without data, names that matched nothing."""
    sources = [
        Item(lead=t.clean(h.source), text=t.clean(h.note) or "nothing in the window")
        for h in report.inventory.holdings
        if _empty(h)
    ]
    seen: dict[str, Item] = {}
    for call in report.calls:
        if call.status in ("no_data", "error") and call.message:
            seen.setdefault(call.message, Item(lead=call.tool, text=t.clean(call.message)))
        elif call.status == "ok" and (lacking := call.message.partition(NOT_SEEN)[2]):
            seen.setdefault(lacking, Item(lead=call.tool, text=t.clean(lacking)))
    unresolved = report.inventory.unresolved
    names = [Item(lead="names", text=f"not resolved: {t.clean(', '.join(unresolved))}")] if unresolved else []
    return (*sources, *seen.values(), *names)


def _empty(holding: Holding) -> bool:
    return bool(holding.note) or not (holding.count or holding.items or holding.components)


def _steps(mitigations: Sequence[Mitigation], when: Literal["now", "prevent"]) -> tuple[Item, ...]:
    return tuple(
        Item(
            text=t.clean(m.text),
            mark=m.effect,
            source=t.clean(m.source),
            command=t.clean_lines(m.command),
        )
        for m in mitigations
        if m.when == when
    )


def _next_checks(report: Report) -> Section:
    return Section(
        title="Check next",
        items=tuple(
            Item(text=t.clean(c.text), command=t.clean_lines(c.command), shell=c.command.startswith("aitia "))
            for c in report.next_checks
        ),
    )


def _evidence(report: Report, full: bool) -> Section:
    cited = t.cited_ids(report)
    by_id = {e.id: e for e in report.evidence}
    first = [by_id[i] for i in sorted(cited, key=t.id_order) if i in by_id]
    rest = [e for e in report.evidence if e.id not in set(cited)] if full else []
    held_back = 0 if full else len(report.evidence) - len(first)
    return Section(
        title="Evidence",
        items=tuple(_fact(e, full) for e in [*first, *rest]),
        more=held_back,
        note="cited first; strength from 0 to 1" if report.evidence else "",
    )


def _fact(evidence: Evidence, full: bool) -> Item:
    where = evidence.source.query
    if evidence.source.lines:
        where = f"{evidence.source.path}:{evidence.source.lines[0]}-{evidence.source.lines[1]}"
    return Item(
        lead=f"{evidence.id} {evidence.strength:.2f}",
        text=_statement(evidence, full),
        source=f"{t.clean(evidence.source.source)}: {t.clean(where)}" if full else "",
    )


def _statement(evidence: Evidence, full: bool) -> str:
    text = t.clean(evidence.statement)
    if not full:
        return t.clip(text, _STATEMENT)
    return text + (" (quotes outside text)" if evidence.taint else "")


def _calls(report: Report, full: bool) -> Section:
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


def _cost(report: Report) -> tuple[Item, ...]:
    cost, model = report.cost, report.model
    work = f"{t.duration(cost.seconds)}, first findings after {t.duration(cost.first_findings_s)}"
    tokens = (
        f"{t.count(cost.model_calls, 'model call')}: {t.count(cost.prompt_tokens, 'token')} read, "
        f"{t.count(cost.restored_tokens, 'token')} restored, {t.count(cost.generated_tokens, 'token')} written"
    )
    return (
        (
            Item(text=work),
            Item(text=tokens) if cost.model_calls else Item(text=_no_model(report)),
            _who(report),
        )
        if (model.name)
        else (Item(text=work), Item(text=_no_model(report)))
    )


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
