"""An answer from live sources: the number or the lines first, one sentence, the query, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aitia.agent.asking.answer import Answer, AnswerStatus, Citation, Reply
from aitia.agent.asking.question.outcome import Reading
from aitia.tools.query.execute import LONGER
from aitia.tools.query.found import Found, Row
from aitia.tools.query.notation import written
from aitia.tools.query.words import Lines, Query

SURE: Final = 0.75
"""Of an answer that rules or a model read alone: the share that was right on authors that nobody looked at (docs/results.md)."""


def answered(
    question: str,
    reading: Reading,
    looks: Sequence[tuple[Query, Found]],
    redact: Callable[[str], str],
    *,
    sure: float | None = None,
) -> Answer:
    """The answer of one or several looks; a refusal or a question back keeps the look that is nearest.

    sure  how likely the reading is right, where a model tells
    """
    replies: list[Reply] = []
    citations: list[Citation] = []
    if reading.said:
        replies.append(Reply(text=reading.said, cites=()))
    for number, (query, found) in enumerate(looks, 1):
        cites = _sources(found, f"Q{number}", written(query))
        citations += cites
        replies.append(Reply(text=redact(found.said), cites=tuple(c.id for c in cites[:1])))
        for row in found.rows:
            citation = _line(row, f"L{len(citations) + 1}")
            citations.append(citation)
            replies.append(Reply(text=citation.text, cites=(citation.id,), by="quote"))
    held = [found for _, found in looks if found.status in ("found", "empty")]
    status = _status(reading, held)
    if status == "answered" and len(looks) > 1 and looks[0][1].needs == LONGER:
        # What was asked first lies before all data: what else was asked stands beside it.
        status = "not_known"
    if status == "answered" and all(_undated(q, f) for q, f in looks):
        status = "not_known"  # that there is none is no moment
    needs = reading.needs or next((f.needs for _, f in looks if f.needs), "")
    return Answer(
        question=redact(question),
        understood="; ".join(written(q) for q, _ in looks),
        status=status,
        sure=SURE if sure is None else round(sure if reading.status == "query" else 1 - sure, 3),
        replies=tuple(replies),
        citations=tuple(citations),
        queries=tuple(written(q) for q, _ in looks),
        found=tuple(_clean(f, redact) for _, f in looks),
        needs=needs,
        notes=tuple(dict.fromkeys(n for _, f in looks for n in f.notes)),
    )


def _undated(query: Query, found: Found) -> bool:
    """Whether a moment was asked for, and nothing was found that has one."""
    wanted = getattr(query, "wanted", "")
    never = wanted in ("first", "last", "since", "time") and found.status == "found" and found.at is None
    none = isinstance(query, Lines) and query.limit == 1 and found.status == "empty"
    return never or none or (wanted == "time" and found.status == "empty")


def _status(reading: Reading, held: Sequence[Found]) -> AnswerStatus:
    if reading.status == "query":
        return "answered" if held else "not_known"
    return {"unclear": "unclear", "refused": "refused"}.get(reading.status, "not_known")  # type: ignore[return-value]


def _sources(found: Found, id: str, query: str) -> list[Citation]:
    refs = found.sources or ()
    return [
        Citation(
            id=id if n == 0 else f"{id}.{n + 1}",
            text=found.said,
            source=ref.source,
            query=ref.query or query,
            path=ref.path,
            lines=ref.lines,
        )
        for n, ref in enumerate(refs)
    ]


def _line(row: Row, id: str) -> Citation:
    when = f"{row.at:%Y-%m-%d %H:%M:%S} " if row.at is not None else ""
    return Citation(
        id=id,
        text=f"{when}{row.component}: {row.text}",
        source=row.ref.source,
        query=row.ref.query,
        path=row.ref.path,
        lines=row.ref.lines,
    )


def _clean(found: Found, redact: Callable[[str], str]) -> Found:
    return found.model_copy(
        update={"said": redact(found.said), "values": {k: redact(v) for k, v in found.values.items()}}
    )
