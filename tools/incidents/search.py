"""Similar past incidents, and the runbooks that match: memory for recall and mitigation, never proof."""

from __future__ import annotations

import functools
import re
from importlib.resources import as_file, files
from typing import Any

from aitia.core.errors import SourceError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Result, SourceKind, SourceRef
from aitia.tools.incidents.alert_links import BY_URL, named, names_any
from aitia.tools.incidents.dense import open_dense
from aitia.tools.incidents.rank import Hit, query_of, rank
from aitia.tools.incidents.remembered import remembered
from aitia.tools.incidents.runbook_program import BUNDLED, Origin, as_program
from aitia.tools.incidents.sample import SAMPLE, sample_documents
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import Document, DocumentSource
from aitia.tools.sources.documents.document_files import read_runbook

CEILING = 0.5  # memory suggests; it does not convict
_NAME = re.compile(r"[A-Za-z0-9][\w.:/#-]{0,59}")  # an id that can be said without quotation marks
MAX_RUNBOOKS = 60  # handed on with their steps
FULL = 0.6  # similarity at which it suggests as strongly as it may


@tool(needs=("incidents",), consumes=("evidence",), produces=("incidents",))
def incidents_search(ctx: ToolContext) -> Result:
    """Which past incidents read like this one, with their causes and what helped."""
    documents, notes = _documents(ctx, "incidents")
    hits, unread, memories = remembered(ctx, top=3)
    notes += unread
    if not documents and not memories:
        return Result(status="no_data", message="; ".join(["No past incident is on record", *notes]))
    home = aitia_home()
    dense, note = open_dense(home) if documents else (None, "")
    redactor = Redactor(load_key(home))
    hits += rank(query_of(ctx.incident), documents, dense=dense, top=3)
    hits = sorted(hits, key=lambda hit: -hit.similarity)[:3]
    message = "; ".join(filter(None, [*notes, note]))
    asked = [f"{len(documents)} past incidents"] * bool(documents) + ["the memory"] * bool(memories)
    query = f"{' and '.join(asked)} by: {redactor.text(ctx.incident.title)}"
    if not hits:
        return Result(
            status="no_data", message="; ".join(filter(None, ["no similar incident", message])), query=query
        )
    return Result(
        status="ok",
        message=message,
        query=query,
        evidence=tuple(_similar(hit, ctx, redactor) for hit in hits),
        data={"incidents": [_incident(hit, redactor) for hit in hits]},
    )


@tool(produces=("runbooks",))
def runbooks_search(ctx: ToolContext) -> Result:
    """Which runbooks match the incident, with their steps and commands."""
    documents, notes = _documents(ctx, "runbooks")
    redactor = Redactor(load_key(aitia_home()))
    hits = _found(ctx, documents)
    return Result(
        status="ok" if hits else "no_data",
        message="; ".join(notes if hits else ["no runbook matches", *notes]),
        query=f"{len(documents)} runbooks and the bundled ones by: {redactor.text(ctx.incident.title)}",
        evidence=tuple(_match(hit, redactor) for hit in hits),
        data={"runbooks": [_runbook(hit, ctx) for hit in _all(hits, documents)]},
    )


def _found(ctx: ToolContext, documents: list[tuple[str, Document]]) -> list[Hit]:
    """What the alert names, then what reads alike: the site's own, bundled ones (general knowledge by fault kind), and
    only where these say nothing, those of others.
    """
    query, bundled = query_of(ctx.incident), list(_bundled())
    hits = [*named(ctx.incident, documents), *named(ctx.incident, bundled)]
    if not hits and names_any(ctx.incident):
        hits = named(ctx.incident, _sample(), top=2)
    known = {(hit.source, hit.document.id) for hit in hits}
    dense = open_dense(aitia_home())[0] if documents else None
    for texts, vectors, top in ((documents, dense, 3), (bundled, None, 2)):
        found = rank(query, texts, dense=vectors, top=top)
        hits += [hit for hit in found if (hit.source, hit.document.id) not in known]
    return hits or rank(query, _sample(), dense=None, top=2)


def _sample() -> list[tuple[str, Document]]:
    return [(SAMPLE, document) for document in sample_documents()]


def _documents(ctx: ToolContext, kind: SourceKind) -> tuple[list[tuple[str, Document]], list[str]]:
    documents: list[tuple[str, Document]] = []
    notes: list[str] = []
    for source in ctx.sources.of(kind):
        if isinstance(source, DocumentSource):
            try:
                documents += [(source.name, d) for d in source.documents() if _known_by_then(d, ctx)]
            except SourceError as error:
                notes.append(str(error))
    return documents, notes


def _known_by_then(document: Document, ctx: ToolContext) -> bool:
    """Whether a past incident lies before this one: a replay must not learn from the future."""
    at = document.meta.get("at", "")
    return not at or at[:10] <= ctx.incident.window.end.isoformat()[:10]


@functools.cache
def _bundled() -> tuple[tuple[str, Document], ...]:
    with as_file(files("aitia.tools.incidents").joinpath("knowledge")) as folder:
        return tuple((BUNDLED, read_runbook(path, folder, BUNDLED)) for path in sorted(folder.glob("*.md")))


def _all(hits: list[Hit], documents: list[tuple[str, Document]]) -> list[Hit]:
    """Hits first, then the others: the verdict's fault may want steps to which no word of the report points."""
    found = {(hit.source, hit.document.id) for hit in hits}
    others = [pair for pair in (*documents, *_bundled()) if (pair[0], pair[1].id) not in found]
    return [*hits, *(Hit(source=s, document=d, similarity=0.0) for s, d in others)][:MAX_RUNBOOKS]


def _strength(similarity: float) -> float:
    return round(CEILING * min(1.0, similarity / FULL), 2)


def _similar(hit: Hit, ctx: ToolContext, redactor: Redactor) -> Evidence:
    document, meta = hit.document, hit.document.meta
    component = ctx.resolver.resolve(meta.get("component", ""))
    cause = _quoted(redactor.text(meta.get("cause", ""))[:160].rstrip("."))
    title = _quoted(redactor.text(document.title)[:100])
    name = document.id if _NAME.fullmatch(document.id) else _quoted(document.id[:60])
    told = f"its cause: {cause}" if cause != '""' else "its cause is not recorded"
    return Evidence(
        component=component,
        kind="incident.similar",
        aspect="incident.similar",
        statement=f"Past incident {name} is similar (similarity {hit.similarity:.2f}): {title}; {told}.",
        values={
            "incident": document.id,
            "similarity": hit.similarity,
            "cause": cause.strip('"') or "cause not recorded",
            "fault": meta.get("fault", ""),
            "component": component or meta.get("component", ""),
            **({"why": why} if (why := meta.get("why") or hit.why(redactor)) else {}),
        },
        strength=_strength(hit.similarity),
        source=document.ref or SourceRef(source=hit.source, query=document.id),
        taint=True,
    )


def _quoted(text: str) -> str:
    """Outside text between quotation marks that it cannot close itself."""
    return f'"{text.replace(chr(34), chr(39))}"'


def _incident(hit: Hit, redactor: Redactor) -> dict[str, Any]:
    meta = {key: redactor.text(value) for key, value in sorted(hit.document.meta.items())}
    return {
        "id": hit.document.id,
        "title": redactor.text(hit.document.title),
        "similarity": hit.similarity,
        "component": meta.get("component", ""),
        "cause": meta.get("cause", ""),
        "fault": meta.get("fault", ""),
        "mitigation": [line for line in meta.get("mitigation", "").splitlines() if line.strip()],
        "outcome": meta.get("outcome", ""),
        "why": meta.get("why") or hit.why(redactor),
        "at": meta.get("at", ""),
        "source": hit.source,
    }


def _match(hit: Hit, redactor: Redactor) -> Evidence:
    title = redactor.text(hit.document.title)[:100]
    whose = "Sample runbook, not this site's own," if hit.source == SAMPLE else "Runbook"
    return Evidence(
        kind="runbook.match",
        aspect="runbook.match",
        statement=f'{whose} "{title}" ({hit.source}) {_because(hit, redactor)}.',
        values={
            "runbook": hit.document.id,
            "similarity": hit.similarity,
            "source": hit.source,
            "why": hit.why(redactor),
        },
        strength=_strength(hit.similarity),
        source=hit.document.ref or SourceRef(source=hit.source, query=hit.document.id),
        taint=hit.source != BUNDLED,
    )


def _because(hit: Hit, redactor: Redactor) -> str:
    if hit.named:
        return f"is {hit.named}" if hit.named == BY_URL else hit.named
    return f"has similar text (similarity {hit.similarity:.2f}; {hit.why(redactor)})"


def _runbook(hit: Hit, ctx: ToolContext) -> dict[str, Any]:
    return as_program(
        hit.document, source=hit.source, similarity=hit.similarity, origin=_origin(hit.source, ctx)
    )


def _origin(source: str, ctx: ToolContext) -> Origin:
    """Who vouches for a source's documents. A scenario brings its own along: nobody at the site has read them."""
    if source == BUNDLED:
        return "bundled"
    foreign = {s.name for s in ctx.sources.of("runbooks") if getattr(s, "foreign", False)}
    return "foreign" if ctx.incident.origin == "scenario" or source in {SAMPLE, *foreign} else "site"
