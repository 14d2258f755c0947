"""The report as one HTML file: no script, no request, readable on a phone and on paper. Outside text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from aitia.core.words import Incident, Report, Sentence
from aitia.render import text as t
from aitia.render.appendix import facts_of, ledger
from aitia.render.document import ORDER, Document, build, split_subject
from aitia.render.drawings import chain
from aitia.render.facts import began, source_kind
from aitia.render.fitting import ROOMS, Room, fitted, fitted_items, short
from aitia.render.items import Item, Section
from aitia.render.lanes import SHAPES, lanes, mark
from aitia.render.neighbourhood import around
from aitia.render.sections import missing

LARGEST: Final = 300_000  # bytes of a page
_OWN: Final = {
    "Suspects": "Other candidates",
    "What could not be seen": "Prevent",
    "Sources and versions": "Cost",
}
"""Sections of the page alone, by the section of `ORDER` that they come after."""
Layout = Literal["items", "timeline", "facts", "queries", "folded", "suspects", "sources"]


_LAYOUTS: Final[Mapping[str, Layout]] = {
    "Timeline (UTC)": "timeline", "Evidence": "facts", "Tool calls": "queries", "Unchanged": "folded", "Suspects": "suspects",
    "Sources and versions": "sources",
}  # fmt: skip
_PICTURED: Final = ("Why", "Closest candidates", "Unchanged")  # sections that the drawings belong to


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section of the page: one of the document's, with how it is laid out."""

    slug: str
    section: Section
    layout: Layout = "items"


def render_html(
    report: Report,
    *,
    artifacts: Mapping[str, bytes] | None = None,
    opened: bool = False,
    largest: int = LARGEST,
) -> str:
    """The whole page, below 300 KB.

    artifacts  plot data of the run by name (see `aitia.render.plots`)
    opened     everything that can be folded is unfolded: for paper
    largest    bytes that the page stays below, where it must be smaller still
    """
    page, document = "", build(report, amount="full", artifacts=artifacts)
    for room in ROOMS:
        page = _page(report, fitted(document, room), artifacts or {}, room, opened)
        if len(page.encode("utf-8")) < largest:
            break
    return page


def _page(
    report: Report, document: Document, artifacts: Mapping[str, bytes], room: Room, opened: bool
) -> str:
    facts = facts_of(report, document, artifacts, room)
    unseen = () if report.verdict == "unknown" else fitted_items(missing(report), room)
    parts = list(_parts(document, unseen, bool(report.suspects)))
    incident = report.incident
    subject, code = split_subject(document.headline.subject)
    return _environment().get_template("report.html").render(
        document=document,
        head=document.headline,
        subject=subject,
        code=code,
        since=_since(report),
        parts=parts,
        share=round(report.probability * 100, 1),
        alert=t.clip(t.clean_lines(incident.text[: room.text * 4]), room.text),
        labels=[(short(k, 80), short(v, room.source)) for k, v in _labels(incident)],
        origin=incident.origin,
        pictured=next((p.slug for p in parts if p.section.title in _PICTURED), ""),
        chain=chain(report),
        around=around(report),
        lanes=lanes(report),
        marks={kind: mark(kind) for kind in SHAPES},
        kinds={e.id: source_kind(report, e) for e in report.evidence},
        facts=facts,
        anchors={fact.id for fact in facts if fact.anchor},
        by_model={t.clip(t.clean(s.text), room.text) for s in _sentences(report) if s.by == "model"},
        suspects=[ledger(s, room) for s in report.suspects[: room.entries]],
        holdings=report.inventory.holdings[: room.entries],
        baselines=", ".join(short(b, 80) for b in report.baselines_used[:20]),
        versions=sorted(report.versions.items())[:50],
        report=report,
        opened=opened,
        clean=lambda words: short(words, room.source),
    )  # fmt: skip


def _labels(incident: Incident) -> list[tuple[str, str]]:
    """The alert's labels, and its link: as text, so that nobody is led anywhere by what a message says."""
    return [*list(incident.labels.items())[:50], *([("link", incident.link)] if incident.link else [])]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("aitia.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _parts(document: Document, unseen: Sequence[Item], suspects: bool) -> Iterator[Part]:
    """The document's sections in their order, and those of the page alone between them."""
    moved = "What changed the log-odds of each: + makes it more likely, - less likely."
    own = [Section(title="Suspects", items=(), note=moved)] if suspects else []
    if document.headline.verdict != "unknown":
        nothing = Item(text="Every source had data and every call returned some.")
        late = any(s.title == "Not looked at" for s in document.sections)
        items = tuple(unseen) or (() if late else (nothing,))
        own.append(Section(title="What could not be seen", items=items))
    own.append(Section(title="Sources and versions", items=()))
    # "Not seen" is part of the list of what could not be seen.
    told = [s for s in document.sections if s.title != "Not seen"]
    for section in sorted((*told, *own), key=lambda s: _place(s.title)):
        slug = re.sub(r"[^a-z]+", "-", section.title.casefold()).strip("-")
        yield Part(slug=slug, section=section, layout=_LAYOUTS.get(section.title, "items"))


def _place(title: str) -> tuple[int, bool]:
    return ORDER.index(_OWN.get(title, title)), title in _OWN


def _since(report: Report) -> str:
    """When what the verdict names began, and how long before the alarm."""
    start = began(report)
    if start is None or report.verdict == "healthy":
        return ""
    ahead = (report.incident.started_at - start).total_seconds()
    same_day = start.date() == report.incident.started_at.date()
    told = f"since {t.at(start, date=not same_day)} UTC"
    if abs(ahead) < 0.5:
        return f"{told}, with the alarm"
    return f"{told}, {t.duration(abs(ahead))} {'before' if ahead > 0 else 'after'} the alarm"


def _sentences(report: Report) -> Iterator[Sentence]:
    yield from report.summary
    yield from report.chain
    yield from (x.sentence for x in report.ruled_out)
