"""The appendix of a page: each fact with its plot and its source, each suspect with its ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from aitia.core.percent import chance
from aitia.core.words import Evidence, Report, Suspect
from aitia.render import text as t
from aitia.render.document import Document
from aitia.render.facts import by_id, source_kind
from aitia.render.fitting import Room, short
from aitia.render.items import Item
from aitia.render.plots import plot
from aitia.tools.query.behind import behind
from aitia.tools.query.notation import written

_NOBODY: Final = {
    "healthy": "nothing is wrong (healthy)",
    "unknown": f"{t.NOT_VISIBLE} (unknown)",
}
_ID: Final = re.compile(r"E\d{1,6}")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact of the appendix; `anchor` is what a citation leads to."""

    item: Item
    id: str
    strength: str
    anchor: str
    kind: str
    plot: Markup | None
    values: tuple[tuple[str, str], ...]
    cited: bool
    look: str = ""  # the query that looks again


def facts_of(report: Report, document: Document, artifacts: Mapping[str, bytes], room: Room) -> list[Fact]:
    """The appendix in the document's order; what a sentence cites comes first and has its plot first."""
    section = next((s for s in document.sections if s.title == "Evidence"), None)
    known, cited = by_id(report), set(t.cited_ids(report))
    found: list[Fact] = []
    used: set[str] = set()
    plots = room.plots
    for item in section.items if section else ():
        name, _, strength = item.lead.partition(" ")
        fact = known.get(name)
        moved = fact is not None and (name in cited or not fact.kind.endswith(".quiet"))
        drawing = plot(fact, report.incident.window, artifacts) if fact and moved and plots > 0 else None
        plots -= drawing is not None
        found.append(
            Fact(
                item=item,
                id=name,
                strength=strength,
                anchor=name if _ID.fullmatch(name) and name not in used else "",
                kind=source_kind(report, fact) if fact else "",
                plot=drawing,
                values=_values(fact, room) if fact and name in cited else (),
                cited=name in cited,
                look=_look(fact, artifacts, room) if fact else "",
            )
        )
        used.add(name)
    return found


def _look(fact: Evidence, artifacts: Mapping[str, bytes], room: Room) -> str:
    """The query in the query language; none where it is too long to be copied whole."""
    query = behind(fact, artifacts.get(fact.artifact, b""))
    told = t.clean(written(query)) if query else ""
    return told if len(told) <= room.source else ""


def _values(fact: Evidence, room: Room) -> tuple[tuple[str, str], ...]:
    told = [(short(k, 60), short(str(v), room.source)) for k, v in list(fact.values.items())[:24]]
    return (*told, *([("unit", t.clean(fact.unit))] if fact.unit else ()))


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A suspect with the lines that moved its log-odds, the weightiest first."""

    name: str
    probability: str
    score: str
    lines: tuple[tuple[str, str, str], ...]


def ledger(suspect: Suspect, room: Room) -> Ledger:
    """A suspect's ledger as the page shows it."""
    said = [short(w, room.source) for w in (suspect.component, suspect.fault) if w]
    name = ", ".join(said) if suspect.component else _NOBODY.get(suspect.fault, ", ".join(said))
    weighty = sorted(suspect.ledger, key=lambda c: -abs(c.log_odds))[: min(room.entries, 30)]
    return Ledger(
        name=name,
        probability=chance(suspect.probability),
        score=f"{suspect.score:+.2f}",
        lines=tuple(
            (f"{c.log_odds:+.2f}", short(c.evidence, 20), short(c.why, room.source)) for c in weighty
        ),
    )
