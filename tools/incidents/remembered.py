"""What the site's incident memory holds that is like this incident, as documents with why they match."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from aitia.core.errors import SourceError
from aitia.core.protocols import Source
from aitia.core.words import Evidence, SourceRef
from aitia.tools.incidents.rank import Hit, query_of
from aitia.tools.memory.words import Match, Query, fingerprint_of
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import Document


@runtime_checkable
class SearchSource(Source, Protocol):
    """Past incidents that are searched where they lie. `note` says what the last search could not compare."""

    note: str

    def search(self, query: Query, *, top: int = 5) -> list[Match]:
        """The similar ones, best first. Raises SourceError."""
        ...


def remembered(ctx: ToolContext, *, top: int) -> tuple[list[Hit], list[str], int]:
    """The similar incidents of all memories, what could not be compared, and how many memories were asked.

    The incident itself and what was not over when it began are left out. What moved is known from earlier facts of the
    run, where the run hands them on under the name `evidence`.
    """
    memories = [s for s in ctx.sources.of("incidents") if isinstance(s, SearchSource)]
    hits: list[Hit] = []
    notes: list[str] = []
    for memory in memories:
        try:
            found = memory.search(_query(ctx), top=top)
        except SourceError as error:
            notes.append(str(error))
            continue
        hits += [_hit(match, memory.name) for match in found if not _may_be_the_same(match, ctx)]
        if memory.note:
            notes.append(memory.note)
    return hits, notes, len(memories)


def _query(ctx: ToolContext) -> Query:
    incident = ctx.incident
    facts = [Evidence.model_validate(fact) for fact in ctx.found.get("evidence", ())]
    return Query(
        text=query_of(incident),
        component=next(iter(incident.hints), ""),
        fingerprint=fingerprint_of(facts),
        before=incident.started_at,
        exclude=(incident.id,),
    )


def _may_be_the_same(match: Match, ctx: ToolContext) -> bool:
    """Whether it began in this incident's window and nobody said that it ended: another record of it, perhaps."""
    past = match.incident
    return past.resolved_at is None and past.at is not None and past.at >= ctx.incident.window.start


def _hit(match: Match, source: str) -> Hit:
    past = match.incident
    meta = {
        "component": past.component,
        "cause": past.cause,
        "fault": past.fault,
        "mitigation": "\n".join(past.mitigation),
        "outcome": past.outcome,
        "at": past.at.isoformat() if past.at else "",
        "why": ", ".join(f"{part} {score:.2f}" for part, score in match.why.items()),
    }
    ref = SourceRef(source=source, query=past.id)
    document = Document(id=past.id, title=past.title, text=past.text, meta=meta, ref=ref)
    return Hit(source=source, document=document, similarity=match.similarity)
