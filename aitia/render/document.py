"""What a report says and in which order, before any markup. Terminal and Markdown print this one document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from aitia.core.words import Report, Verdict
from aitia.render import closing, sections
from aitia.render import text as t
from aitia.render.items import Item, Section


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


ORDER: Final = (
    "Why", "A further cause", "Closest candidates", "What is missing", "As usual", "Do now", "Check next", "Ruled out",
    "Does not fit", "Other candidates", "Timeline (UTC)", "Prevent", "Evidence", "Tool calls", "Cost",
)  # fmt: skip
"""Sections in the order of need, in every rendering: why, what to do and to check, then the rest."""
APPENDIX: Final = frozenset({"Evidence", "Tool calls", "Cost"})
_LABEL: dict[Verdict, str] = {"cause": "CAUSE", "healthy": "NOTHING WRONG", "unknown": "UNKNOWN"}
_SHORT: Final = {
    "Why": 6, "Closest candidates": 3, "What is missing": 4, "As usual": 6, "Do now": 4, "Check next": 3, "Ruled out": 3,
    "Does not fit": 2, "Other candidates": 2, "Timeline (UTC)": 7, "Prevent": 2, "Evidence": 9, "Tool calls": 3,
}  # fmt: skip
_TIGHT: Final = _SHORT | {
    "What is missing": 3, "As usual": 4, "Do now": 3, "Check next": 2, "Ruled out": 2,
    "Does not fit": 1, "Other candidates": 1, "Timeline (UTC)": 3,
    "Prevent": 1, "Evidence": 3, "Tool calls": 2,
}  # fmt: skip
Amount = Literal["tight", "short", "full"]


def build(report: Report, *, amount: Amount = "full") -> Document:
    """The report as a document; `short` and `tight` cut lists to what fits on a screen and say how much is left."""
    found = [section for section in _sections(report, amount == "full") if section.items]
    ordered = sorted(found, key=lambda section: ORDER.index(section.title))
    told = [s for s in report.summary if s.role != "summary"] if amount == "tight" and report.chain else ()
    return Document(
        headline=_headline(report),
        summary=tuple(
            sections.sentence_item(s) for s in told or report.summary
        ),  # the chain says it again, step by step
        sections=tuple(_cut(section, amount) for section in ordered),
    )


def _cut(section: Section, amount: Amount) -> Section:
    limit = (_TIGHT if amount == "tight" else _SHORT).get(section.title, len(section.items))
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
    same_day = sections.on_its_day(incident.started_at, incident.window)
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


def _observed(report: Report) -> bool:
    """Whether any fact tells how something is: changes, memories and outside texts do not."""
    told = ("change.", "incident.", "runbook.", "maintenance.", "external.", "rank.")
    return any(not e.kind.startswith(told) for e in report.evidence)


def _sections(report: Report, full: bool) -> Iterable[Section]:
    yield sections.why(report)
    yield sections.further(report)
    if report.verdict == "unknown":
        yield sections.candidates(report, "Closest candidates")
        yield Section(title="What is missing", items=sections.missing(report))
    if report.verdict == "healthy":
        yield sections.as_usual(report)
        yield Section(title="What is missing", items=sections.unread(report))
    yield sections.steps(report, "now")
    yield sections.next_checks(report, full)
    yield sections.ruled_out(report, full)
    yield sections.misfits(report)
    if report.verdict == "cause":
        yield sections.candidates(report, "Other candidates")
    yield sections.timeline(report)
    yield sections.steps(report, "prevent")
    yield closing.evidence(report, full)
    yield closing.calls(report, full)
    yield closing.cost(report)
