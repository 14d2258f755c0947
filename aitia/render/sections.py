"""The sections of a report that are read first: why, what to do, what to check, what else it could be, when what began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from aitia.core.aspects import RELIEF, WEIGHT
from aitia.core.percent import chance
from aitia.core.words import (
    NOT_SEEN,
    Evidence,
    Exclusion,
    Holding,
    Mitigation,
    NextCheck,
    Report,
    Sentence,
    SourceKind,
    Suspect,
    TimelineEntry,
    Window,
)
from aitia.render import text as t
from aitia.render.items import Item, Section
from aitia.render.plant import checks_of, is_plant, once, plainest_beside, weighed

_STATEMENT: Final = 170  # characters of a statement where it is told in short, but for its last clause
_QUERY: Final = 160
_ENTRY: Final = 90  # characters of an entry of a plant's timeline on one page, but for its last clause
_TELEMETRY: Final[tuple[SourceKind, ...]] = ("metrics", "logs", "traces", "signals")
_WATCHED: Final = frozenset({"service", "app", "machine"})  # of which telemetry is to be expected
_SEARCHES: Final = frozenset(
    {
        "runbooks_search",
        "incidents_search",
        "logs_sessions",
        "logs_stated",
        "logs_diff",
        "logs_patterns",
        "metrics_rank",
    }
)
"""Tools whose finding nothing is no measurement that a plant lacks."""
_MOST_DARK: Final = 4
_Gated = TypeVar("_Gated", Mitigation, NextCheck)
_TOLD_ERROR_S: Final = 120.0  # of a time, from which on it is said in a timeline; by hand
_CLOSE: Final = 1.0  # log-odds below `unknown` down to which a suspect is close to being named
_BY_TEXT: Final = frozenset({"quiet.unmoved", "quiet.contrary"})  # terms of suspects whom texts alone accuse


def in_chain(report: Report) -> set[str]:
    """The facts that the cause chain cites."""
    return {cite for sentence in report.chain for cite in sentence.cites}


def why(report: Report) -> Section:
    """The cause chain, a sentence per edge; of a cause that one fact tells, that fact."""
    items = tuple(sentence_item(s) for s in report.chain) or _told_by(report)
    return Section(title="Why", items=(*items, *plainest_beside(report, items)), numbered=True)


def _told_by(report: Report) -> tuple[Item, ...]:
    """The weightiest facts that speak for a named cause."""
    named = next(
        (s for s in report.suspects if report.verdict == "cause" and s.component == report.component), None
    )
    by_id = {e.id: e for e in report.evidence}
    ids = [named.supporting[0]] if named and named.supporting and named.supporting[0] in by_id else []
    return tuple(Item(text=t.clean(by_id[i].statement), cites=(i,)) for i in ids)


def change(report: Report, *, again: bool) -> Section:
    """Which change is to blame, or that none is; where the chain begins with it only if it is to be said `again`."""
    blame = report.change
    told = (
        blame is not None and blame.answer == "change" and bool(set(blame.sentence.cites) & in_chain(report))
    )
    items = (sentence_item(blame.sentence),) if blame is not None and (again or not told) else ()
    return Section(title="Change", items=items)


def timeline(report: Report, full: bool = False) -> Section:
    """Changes and onsets in time order, each as exact as it is known; those of the chain stay longest."""
    told, plant = in_chain(report), is_plant(report)
    errors = {
        e.id: e.onset_error_s for e in report.evidence if e.onset_error_s and e.onset_error_s >= _TOLD_ERROR_S
    }
    entries = once(report) if plant and not full else report.timeline
    return Section(
        title="Timeline (UTC)",
        items=tuple(
            Item(
                lead=t.at(e.at, date=not on_its_day(e.at, report.incident.window)),
                text=_entry(e, errors.get(e.evidence or ""), full=full, plant=plant),
                cites=(e.evidence,) if e.evidence else (),
                short=not full and not plant,
                kept=e.evidence in told,
            )
            for e in entries
        ),
    )


def _entry(entry: TimelineEntry, error_s: float | None, *, full: bool, plant: bool) -> str:
    """What an entry says with how exactly its time is known; of a plant, where it is told in short, its first clauses."""
    text = _with_component(entry.component, entry.text)
    return _within(t.cut(text, _ENTRY) if plant and not full else text, error_s)


def _within(text: str, error_s: float | None) -> str:
    """The entry with how exactly its time is known, where it does not say so itself."""
    return text if not error_s or "within" in text else f"{text.rstrip('.')} (± {t.duration(error_s)})."


def on_its_day(moment: datetime, window: Window) -> bool:
    """Whether a time of day alone says when: the window lies on one day, and the moment too."""
    return window.start.date() == window.end.date() == moment.date()


def sentence_item(sentence: Sentence) -> Item:
    """A sentence with the citations that it does not show itself."""
    return Item(text=t.clean(sentence.text), cites=t.missing_cites(sentence))


def statement(evidence: Evidence, full: bool) -> str:
    """What a fact says; whole, and whether it quotes, where all is told."""
    text = t.clean(evidence.statement)
    if not full:
        return t.cut(text, _STATEMENT)
    quotes = " (quoted text)" if evidence.taint else ""
    origin = "" if evidence.provenance == "infrastructure" else f" (source: {evidence.provenance})"
    return f"{text}{origin}{quotes}"


def _with_component(component: str, text: str) -> str:
    text, component = t.clean(text), t.clean(component)
    return text if not component or component.casefold() in text.casefold() else f"{component}: {text}"


def _named(component: str, fault: str) -> str:
    """A suspect in words; the two that blame no component have names of their own."""
    if not component:
        return {"healthy": "nothing is wrong", "unknown": t.NOT_VISIBLE}.get(fault, t.clean(fault))
    return f"{t.clean(component)}, {t.clean(fault)}"


def _about(name: str, component: str, text: str) -> str:
    """The sentence, after the suspect's name where it does not begin with it."""
    text = t.clean(text)
    return text if component and text.startswith(t.clean(component)) else f"{name}: {text}"


def ruled_out(report: Report, full: bool) -> Section:
    """What it is not, and the fact that says so."""

    def told(x: Exclusion) -> str:
        text = _about(_named(x.component, x.fault), x.component, x.sentence.text)
        return text if full else t.cut(text, _STATEMENT)

    return Section(
        title="Ruled out",
        items=tuple(
            Item(lead=chance(x.probability), text=told(x), cites=t.missing_cites(x.sentence))
            for x in report.ruled_out
        ),
    )


def as_usual(report: Report) -> Section:
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
    items = tuple(Item(lead=e.id, text=statement(e, False)) for e in quiet)
    return Section(title="Unchanged", items=items)


def misfits(report: Report) -> Section:
    """What accuses without being borne out: fault words in what clients sent, and texts with which nothing moved.

    Of these only what would otherwise have been a candidate, each component once.
    """
    given = [Item(lead=e.id, text=statement(e, False)) for e in report.evidence if e.kind == "log.planted"]
    unknown = next((s.score for s in report.suspects if s.fault == "unknown"), 0.0)
    told: dict[str, Item] = {}
    for s in report.suspects:
        against = [c for c in s.ledger if c.term in _BY_TEXT]
        without = s.score - sum(c.log_odds for c in s.ledger if c.term.startswith(("quiet.", "ceiling")))
        named = report.verdict == "cause" and s.component == report.component
        if against and not named and without >= unknown - _CLOSE:
            cites = dict.fromkeys([*s.supporting[:2], *(c.evidence for c in against if c.evidence)])
            text = f"Only texts say so, which may be wrong or planted: {_named(s.component, s.fault)}: {t.clean(against[-1].why)}"
            told.setdefault(s.component, Item(text=text, cites=tuple(cites)))
    return Section(title="Does not fit", items=(*given, *told.values()))


def standing_out(report: Report) -> Section:
    """What moved most, one fact a component: where no cause could be named, it is where to look."""
    moved = [e for e in report.evidence if observes(e) and e.direction not in ("steady", "none")]
    moved = [
        e for e in moved if (e.aspect, e.direction) not in RELIEF and "over_since" not in e.values
    ] or moved
    moved.sort(key=lambda e: (-e.strength * WEIGHT.get(e.aspect, 1.0), t.id_order(e.id)))
    shown = (
        report.look_first.fact if report.look_first else ""
    )  # the story of where to look first leads here too
    moved = [e for e in moved if e.kind != "journal.entry"]
    moved.sort(key=lambda e: e.id != shown)
    first = {e.component: e for e in reversed(moved)}
    items = tuple(Item(lead=e.id, text=statement(e, False)) for e in moved if first[e.component] is e)
    return Section(title="What stands out", items=items)


def said(report: Report) -> Section:
    """What persons said of the incident while it was looked at, and how much it weighs."""
    items = tuple(
        Item(text=t.clean(e.statement), cites=(e.id,), kept=True)
        for e in report.evidence
        if e.kind.startswith("person.") and not e.tool
    )
    return Section(title="You said", items=items, note="weighed as your word, not as proof" if items else "")


def further(report: Report) -> Section:
    """Independent causes beside the named one."""
    items = tuple(
        Item(
            lead=chance(s.probability),
            text=f"{_named(s.component, s.fault)}: it explains what the first cause does not",
            cites=s.supporting[:4],
        )
        for s in report.further
    )
    return Section(title="A further cause", items=items)


def candidates(report: Report, title: str) -> Section:
    """Suspects that the report neither names as the cause nor rules out by a sentence."""
    told = {(x.component, x.fault) for x in report.ruled_out}
    told |= {(s.component, s.fault) for s in report.further}
    if report.verdict == "cause":
        told.add((report.component, report.fault))
    items = tuple(
        Item(
            lead=chance(s.probability),
            text=_same_finding(report, s)
            or _named(s.component, s.fault) + (weighed(s) if is_plant(report) else ""),
            cites=s.supporting[:4],
        )
        for s in report.suspects
        if (s.component, s.fault) not in told and s.probability >= 0.01
    )
    return Section(title=title, items=items)


def _same_finding(report: Report, suspect: Suspect) -> str:
    """An open kind of a plant's named cause is no other finding: the same one, for a reason that is not told apart."""
    if not is_plant(report) or suspect.component != report.component or suspect.fault != "unspecified":
        return ""
    return f"{t.clean(suspect.component)}: another fault at the same place, of a kind no signal tells: look in the same visit"


def missing(report: Report) -> tuple[Item, ...]:
    """What kept the verdict open: components without telemetry, unreadable or empty sources, calls without data, names
    that matched nothing.
    """
    dark = unobserved(report)
    sources = [
        Item(lead=t.clean(h.source), text=t.clean(h.note) or "nothing in the window")
        for h in report.inventory.holdings
        if _empty(h)
    ]
    seen: dict[str, Item] = {}
    # What a call for a component without telemetry says is said already; what could not be done comes before what was empty.
    asked = [c for c in report.calls if c.args.get("component") not in dark]
    plant = is_plant(report)
    late = {g.why for g in report.given_up}  # told in a section of its own
    for call in sorted(asked, key=lambda c: c.status == "no_data"):
        if call.message in late or (plant and call.status == "no_data" and call.tool in _SEARCHES):
            continue
        if call.status in ("no_data", "error") and call.message:
            seen.setdefault(call.message, Item(lead=call.tool, text=t.clean(call.message)))
        elif call.status == "ok" and (lacking := call.message.partition(NOT_SEEN)[2]):
            seen.setdefault(lacking, Item(lead=call.tool, text=t.clean(lacking)))
    unresolved = report.inventory.unresolved
    names = [Item(lead="names", text=f"not resolved: {t.clean(', '.join(unresolved))}")] if unresolved else []
    return (*_without(report, dark), *sources, *names, *seen.values())


def observes(fact: Evidence) -> bool:
    """Whether it tells how something is: changes, memories and outside texts do not."""
    return not fact.kind.startswith(
        ("change.", "incident.", "runbook.", "maintenance.", "external.", "rank.", "person.")
    )


def unobserved(report: Report) -> list[str]:
    """Components of which no source holds telemetry, by name."""
    held = {c for h in report.inventory.holdings if h.kind in _TELEMETRY for c in h.components}
    told = {e.component for e in report.evidence if observes(e)}
    return [c.id for c in report.inventory.components if c.type in _WATCHED and c.id not in held | told]


def _without(report: Report, dark: Sequence[str]) -> list[Item]:
    if not dark:
        return []
    kinds = [k for k in _TELEMETRY if k in ("metrics", "logs") or report.inventory.has(k)]
    more = f" and {len(dark) - _MOST_DARK} more" if len(dark) > _MOST_DARK else ""
    return [
        Item(
            lead=t.clean(", ".join(dark[:_MOST_DARK]) + more), text=", ".join(f"no {kind}" for kind in kinds)
        )
    ]


def unread(report: Report) -> tuple[Item, ...]:
    """What was asked for and could not be read: of that a healthy verdict knows nothing."""
    late = {g.why for g in report.given_up}  # told in a section of its own
    sources = [
        Item(lead=t.clean(h.source), text=t.clean(h.note))
        for h in report.inventory.holdings
        if h.note and h.note not in late
    ]
    seen: dict[str, Item] = {}
    for call in report.calls:
        lacking = call.message if call.status == "error" else call.message.partition(NOT_SEEN)[2]
        if lacking and lacking not in late:
            seen.setdefault(lacking, Item(lead=call.tool, text=t.clean(lacking)))
    return (*sources, *seen.values())


def _empty(holding: Holding) -> bool:
    return bool(holding.note) or not (holding.count or holding.items or holding.components)


def steps(report: Report, when: Literal["now", "prevent"]) -> Section:
    """The mitigations of now or of later, with effect, source and command."""
    return Section(
        title="Do now" if when == "now" else "Prevent",
        items=tuple(
            Item(
                text=t.clean(m.text),
                mark=m.effect,
                source=t.clean(m.source),
                command=t.clean(m.command),
            )
            for m in map(_gated, report.mitigations)
            if m.when == when
        ),
        numbered=True,
    )


def _gated(word: _Gated) -> _Gated:
    """The word made anew, through its gate: a copy with other fields has not been there."""
    return type(word).model_validate(word.model_dump())


def given_up(report: Report, full: bool) -> Section:
    """What was not looked at because its time was over or the verdict stood, and how to look."""
    told = [(g, _check(_gated(g.look), full)) for g in report.given_up]
    items = tuple(replace(i, lead=t.clean(g.what), text=f"{t.clean(g.why)} {i.text}") for g, i in told)
    late = any(not g.stood for g in report.given_up)
    note = (
        "time was over: the verdict is less sure for it"
        if late
        else "stop_at: left out by your setting" * bool(items)
    )
    return Section(title="Not looked at", items=items, note=note)


def sources_to_fix(report: Report) -> Section:
    """Checks of a plant's report that are about its sources, not about its machines: for whoever looks after them."""
    shown = checks_of(report)
    return Section(
        title="Data", items=tuple(_check(_gated(c), False) for c in report.next_checks if c not in shown)
    )


def next_checks(report: Report, full: bool) -> Section:
    """What a person should look at next; queries in a line unless all is told."""
    plain = is_plant(report) and not full  # who repairs machines runs no queries: they are in the annex
    items = tuple(_check(_gated(c), full, asked=not plain) for c in checks_of(report))
    cut = any(i.glance for i in items)
    return Section(
        title="Check next",
        items=items,
        note="queries cut to one line; full text: `aitia explain`" * cut,
    )


def _check(check: NextCheck, full: bool, *, asked: bool = True) -> Item:
    """A check with its command or query (where it is `asked` for); a query is cut to what it asks, except where all is told."""
    text, shown, shell = t.clean(check.text), t.clean(check.command or check.query), bool(check.command)
    if not asked:
        return Item(text=text)
    if full or shell:
        return Item(text=text, command=shown, shell=shell, short=not full)
    seen = t.glance(check.query, _QUERY)
    return Item(text=t.cut(text, _STATEMENT), command=seen, shell=False, glance=seen != shown)
