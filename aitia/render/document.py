"""What a report says and in which order, before any markup. Terminal and Markdown print this one document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from aitia.core.aspects import objects_alone
from aitia.core.percent import chance
from aitia.core.words import Incident, Report, Verdict
from aitia.render import behind, closing, plant, reported, sections
from aitia.render import text as t
from aitia.render import work_order as maintenance
from aitia.render.items import Item, Section
from aitia.render.understood import readings, understood


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The verdict, first of all."""

    verdict: Verdict
    label: str
    probability: str  # "" where the verdict is that it is open
    subject: str
    incident: str
    context: tuple[str, ...]
    run: str
    understood: str = ""  # how a person's words were read

    @property
    def told(self) -> str:
        """The verdict with how sure it is; of not knowing nobody is sure."""
        return f"{self.label} {self.probability}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report, ready to print."""

    headline: Headline
    summary: tuple[Item, ...]
    sections: tuple[Section, ...]
    left_out: tuple[tuple[str, int], ...] = ()  # sections not told, and how many entries each has


ORDER: Final = (
    "Alarm and journal", "Why", "In the same hours", "Change", "You said", "A further cause", "What stands out",
    "Closest candidates", "What is missing", "Unchanged",
    "Not looked at", "Maintenance", "Do now", "Check next", "Not seen", "How words were read",
    "Ruled out", "Does not fit", "Other candidates", "Timeline (UTC)", "Prevent", "Data",
    "Evidence", "Queries", "Tool calls", "Cost",
)  # fmt: skip
"""Sections in the order of need, in every rendering: why, what to do and to check, then the rest."""
_FIRST: Final = ("Maintenance", "Why", "What stands out")
_PLANT_ORDER: Final = (*_FIRST, *(title for title in ORDER if title not in _FIRST))
"""Of a plant what decides comes first: the order, or where to look before there is one."""
APPENDIX: Final = frozenset({"Evidence", "Queries", "Tool calls", "Cost"})
_LABEL: Final[dict[Verdict, str]] = {"cause": "CAUSE", "healthy": "NOTHING WRONG", "unknown": "UNKNOWN"}
_SHORT: Final = {
    "Alarm and journal": 5, "In the same hours": 4, "Why": 6, "You said": 4, "What stands out": 5, "Closest candidates": 3,
    "What is missing": 4,
    "Unchanged": 6,
    "Not looked at": 4, "Maintenance": 9, "Do now": 4, "Check next": 3, "Not seen": 3, "How words were read": 3,
    "Ruled out": 3, "Does not fit": 2, "Other candidates": 2, "Timeline (UTC)": 7, "Prevent": 2, "Evidence": 9, "Tool calls": 3,
}  # fmt: skip
_SCREEN: Final = {
    "Alarm and journal": 3, "Why": 6, "Change": 1, "You said": 2, "A further cause": 2,
    "What stands out": 3, "Closest candidates": 3, "What is missing": 3,
    "Unchanged": 4, "Not looked at": 2, "Maintenance": 2, "Do now": 3, "Check next": 2,
    "Not seen": 2, "How words were read": 1, "Does not fit": 1,
}  # fmt: skip
"""What is told on one screen: what broke, why, what to do, what to check, what was not seen."""
_CRAMPED: Final = _SCREEN | {"What is missing": 2, "Unchanged": 3, "Do now": 2, "Not seen": 1}
_PAGE: Final = {
    "Maintenance": 16, "Why": 4, "What stands out": 4, "Alarm and journal": 5, "In the same hours": 4, "Change": 1, "You said": 3,
    "A further cause": 2, "Closest candidates": 3, "What is missing": 3, "Unchanged": 3, "Not looked at": 2, "Do now": 4,
    "Check next": 4, "Ruled out": 2, "Other candidates": 3, "Timeline (UTC)": 6,
}  # fmt: skip
"""What a planner is told of a plant on one page; evidence, queries, calls and cost are its annex."""
_HALF_PAGE: Final = {
    title: min(most, 2) for title, most in _PAGE.items() if title not in ("Timeline (UTC)", "Ruled out", "Unchanged")
} | {"Maintenance": 16, "Why": 4, "Do now": 3}  # fmt: skip
PAGES: Final = frozenset({"page", "half page"})
Amount = Literal["cramped", "screen", "half page", "page", "short", "full"]
_AMOUNTS: Final[dict[Amount, dict[str, int]]] = {
    "cramped": _CRAMPED, "screen": _SCREEN, "half page": _HALF_PAGE, "page": _PAGE, "short": _SHORT,
}  # fmt: skip
_LONGEST_INCIDENT: Final = 300  # characters of the title, with what the alert says
_LIKELY: Final = 0.5  # probability of a cause below which more speaks against it than for it


def build(
    report: Report,
    *,
    amount: Amount = "full",
    artifacts: Mapping[str, bytes] | None = None,
    curves: bool = False,
) -> Document:
    """The report as a document. `short` cuts its lists and says how much is left; one screen leaves out sections too.

    artifacts  plot data of the run by name: next checks are queries that can be run
    curves     facts have their curves, as sparklines
    """
    every = _sections(report, amount) if artifacts is None else _behind(report, amount, artifacts, curves)
    found = [section for section in every if section.items]
    order = _PLANT_ORDER if plant.is_plant(report) else ORDER
    ordered = sorted(found, key=lambda section: order.index(section.title))
    limits = _AMOUNTS.get(amount, {})
    one_screen = amount in ("cramped", "screen", *PAGES)
    kept = [s for s in ordered if not one_screen or s.title in limits]
    # The chain says again, step by step, what the summary says; the headline what the verdict's sentence says of a likely cause.
    likely = report.verdict == "cause" and report.probability >= _LIKELY
    again = {"summary", "verdict"} if likely else {"summary"}
    told = [s for s in report.summary if not (one_screen and report.chain and s.role in again)]
    return Document(
        headline=_headline(report),
        summary=tuple(sections.sentence_item(s) for s in told),
        sections=tuple(_cut(section, limits) for section in kept),
        left_out=tuple((s.title, len(s.items) + s.more) for s in ordered if s not in kept),
    )


def _behind(
    report: Report, amount: Amount, artifacts: Mapping[str, bytes], curves: bool
) -> Iterable[Section]:
    """The sections with what stands behind their lines: curves, and queries in the query language."""
    for section in _sections(report, amount):
        if curves and section.title in ("Why", "Evidence"):
            yield behind.with_curves(section, report, artifacts)
        elif section.title == "Do now" and not plant.is_plant(report):
            yield behind.with_steps(section, report, artifacts)
        elif section.title == "Check next" and (amount == "full" or not plant.is_plant(report)):
            yield behind.with_looks(section, report, artifacts, full=amount == "full")
        else:
            yield section


def _cut(section: Section, limits: Mapping[str, int]) -> Section:
    limit = limits.get(section.title, len(section.items))
    left = len(section.items) - limit
    if left <= 0:
        return section
    first = sorted(range(len(section.items)), key=lambda i: (not section.items[i].kept, i))[:limit]
    return replace(section, items=tuple(section.items[i] for i in sorted(first)), more=section.more + left)


def _headline(report: Report) -> Headline:
    incident = report.incident
    subject = {
        "cause": f"{t.clean(report.component)}: {t.clean(t.fault_name(report))}",
        "healthy": "no fault found in the telemetry of this window",
        "unknown": _unknown(report),
    }[report.verdict]
    by = f", {t.clean(_acted(report))}" if _acted(report) else ""
    code = f"{by} ({report.fault})" if report.verdict == "cause" and report.fault_title else ""
    unlikely = report.verdict == "cause" and report.probability < _LIKELY
    same_day = sections.on_its_day(incident.started_at, incident.window) and not plant.is_plant(report)
    at = t.at(incident.started_at, date=not same_day) + ("" if same_day else " UTC")
    return Headline(
        verdict=report.verdict,
        label="POSSIBLE CAUSE" if unlikely else _LABEL[report.verdict],
        probability="" if report.verdict == "unknown" else chance(report.probability),
        subject=subject + code,
        incident=t.clip(t.clean(_reported(incident)), _LONGEST_INCIDENT),
        context=(
            f"{'alert fired' if _fired(incident) else 'reported'} {at}",
            f"window {t.span(incident.window)}",
            f"run {t.clean(report.run)}",
        ),
        run=t.clean(report.run),
        understood=understood(report),
    )


def _acted(report: Report) -> str:
    """By whom it was switched or tripped, without when: that stands in the order."""
    done = report.work_order.done_by if report.work_order else ""
    return done.partition(" UTC, ")[2].partition(" [")[0]


def _reported(incident: Incident) -> str:
    """The title; of an alert whose title is no more than its name, what it says as well."""
    bare = incident.title == incident.labels.get("alertname") and incident.text not in ("", incident.title)
    return f"{incident.title}: {incident.text}" if bare else incident.title


def _fired(incident: Incident) -> bool:
    return "alertname" in incident.labels or incident.origin not in ("cli", "scenario", "slack", "api")


def _unknown(report: Report) -> str:
    if not any(map(sections.observes, report.evidence)):
        return "no telemetry was found for this window"
    if objects_alone(e.aspect for e in report.evidence):
        return "no cause in the state of the cluster's objects, and no requests were measured"
    return "the telemetry cannot tell the causes apart"


def split_subject(subject: str) -> tuple[str, str]:
    """The subject and the dotted path of the fault in brackets behind it, which is read last."""
    found = re.fullmatch(r"(.+) (\([\w.]+\))", subject)
    return (found[1], found[2]) if found else (subject, "")


def _sections(report: Report, amount: Amount) -> Iterable[Section]:
    full = amount == "full"
    yield reported.section(report)
    yield sections.why(report)
    yield plant.same_hours(report)
    if full or not (plant.is_plant(report) and report.same_hours):  # each is told there with what it explains
        yield sections.change(report, again=amount in ("short", "full"))
    yield sections.said(report)
    yield sections.further(report)
    if report.verdict == "unknown":
        if any(
            map(sections.observes, report.evidence)
        ):  # where nothing was read, the candidates are the prior alone
            yield sections.standing_out(report)
            if full or not plant.is_plant(report) or any(s.component for s in report.suspects):
                yield sections.candidates(report, "Closest candidates")
        if full or not plant.is_plant(report):  # on a plant's page it stands at the top
            yield Section(title="What is missing", items=sections.missing(report))
    if report.verdict == "healthy":
        yield sections.as_usual(report)
        if full or not plant.is_plant(report):
            yield Section(title="What is missing", items=sections.unread(report))
    yield sections.given_up(report, full)
    yield maintenance.section(report)
    yield sections.steps(report, "now")
    yield sections.next_checks(report, full)
    yield sections.ruled_out(report, full)
    yield sections.misfits(report)
    if report.verdict == "cause":
        yield Section(title="Not seen", items=sections.unread(report))
        yield sections.candidates(report, "Other candidates")
    yield readings(report)
    yield sections.timeline(report, full)
    yield sections.steps(report, "prevent")
    yield sections.sources_to_fix(report)
    yield closing.evidence(report, full)
    if full:
        yield closing.queries(report)
    yield closing.calls(report, full)
    yield closing.cost(report)
