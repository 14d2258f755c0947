"""One turn over live sources: a question is read, its queries are executed, and the answer is put together by code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

from aitia.agent.asking.answer import Answer, Reply
from aitia.agent.asking.answerable import of_commands, quoted
from aitia.agent.asking.figures import with_figures
from aitia.agent.asking.looked import answered
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.question.account import without_offer
from aitia.agent.asking.question.anchors import anchored
from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.choices import choices
from aitia.agent.asking.question.choosing import ASKED, ASKED_ONE, in_words, pick
from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.lines_by_model import read_lines
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.passed_over import read_without_unknown
from aitia.agent.asking.question.second import Read, read_twice, read_without_rules
from aitia.agent.asking.question.several import read_several
from aitia.agent.asking.question.sorting import asks_now
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.word_by_word import english
from aitia.agent.asking.steps import asks_for_steps, steps_for
from aitia.core.disk import write_whole
from aitia.core.errors import BadInput, ModelError, SourceError, StoreDamaged
from aitia.core.protocols import Source
from aitia.core.words import Component
from aitia.tools.query.execute import execute
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.notation import is_query, parse, written
from aitia.tools.query.site import Site, open_site
from aitia.tools.query.words import LIVE, Documents, Incidents, Query

MAX_QUESTION: Final = 2000
FEW: Final = 6  # words of a question that goes on from the one before
RECORDED: Final = timedelta(hours=1)  # from which on a moment that counts as now is not
_AT_END: Final = timedelta(minutes=1)  # between what counts as now and the last sample
_LATER: Final = timedelta(days=1, hours=1)  # by which a time that is counted back from now moves
_FILE: Final = "looks.json"


def opened(
    readers: Sequence[Source],
    *,
    now: datetime | None = None,
    components: Iterable[Component] = (),
    zone: tzinfo = UTC,
    redact: Callable[[str], str] = str,
) -> Site:
    """The site that questions are asked of."""
    return open_site(
        readers, now=now or datetime.now(tz=UTC), components=components, zone=zone, redact=redact
    )


def look(
    question: str, site: Site, before: Query | None = None, reader: QuestionReader | None = None
) -> tuple[Answer, Query | None] | None:
    """The answer from live sources with the query that a follow-up goes on from; None where documents are to answer.

    `reader` is a model that reads the question beside the rules. Raises BadInput for an empty or long question and for a query
    that is written wrongly.
    """
    text = checked(question)
    site.begin()
    read = _read(text, site, before, reader)
    reading = read.reading
    if reading.status == "query" and isinstance(reading.queries[0], Documents | Incidents):
        return None
    if (
        reading.status == "none"
        and not reading.live
        and (before is None or len(text.split()) > FEW or asks_for_steps(text))
    ):
        return None  # after a look a few words go on from it, and no document answers them
    looks = [(q, with_figures(text, _tried(q, site))) for q in reading.queries if isinstance(q, LIVE)]
    if reading.status == "none":
        reading = Reading(
            status="unclear",
            said="What of it: a count, a list, log lines, events, changes, or a measurement's value?",
            live=True,
        )
    answer = answered(question, reading, looks, site.redact, sure=read.sure)
    answer = answer.model_copy(
        update={
            "notes": tuple(
                dict.fromkeys(
                    map(
                        site.redact,
                        filter(None, (_moment(text, site), *answer.notes, *site.notes, read.note)),
                    )
                )
            )
        }
    )
    if reading.status == "query":
        return answer, reading.queries[0]
    answer = with_choices(
        answer, () if is_query(text) else choices(pieces_of(text, site, before), reading, before), site
    )
    # What goes on from a question that was not answered would go on from another one.
    return answer, before if reading.status == "refused" else None


def may_mean(question: str, site: Site, before: Query | None = None) -> tuple[Query, ...]:
    """What a question may mean of live sources that neither these nor documents answer."""
    text = checked(question)
    if is_query(text) or asks_for_steps(text):
        return ()
    p = pieces_of(text, site, before)
    return choices(p, Reading(status="none"), before)


def with_choices(answer: Answer, found: Sequence[Query], site: Site) -> Answer:
    """An answer that asks back which of some queries is meant."""
    if not found:
        return answer
    said = without_offer(answer.replies[0].text) if answer.replies else ""
    first = [answer.replies[0].model_copy(update={"text": said})] if said else []
    asked = Reply(text=ASKED if len(found) > 1 else ASKED_ONE, cites=())
    told = [
        Reply(text=site.redact(f"{n}. {in_words(q, site.zone)}"), cites=()) for n, q in enumerate(found, 1)
    ]
    return answer.model_copy(
        update={
            "replies": (*first, *answer.replies[1:], asked, *told),
            "choices": tuple(written(q) for q in found),
        }
    )


def _moment(text: str, site: Site) -> str:
    """What "now" is, where a question is of now or counts back from it and it is not now: of a recorded incident."""
    if datetime.now(tz=UTC) - site.now < RECORDED:
        return ""
    ends = site.extent is not None and abs(site.now - site.extent[1]) < _AT_END
    why = "the data end there" if ends else "the sources are read as of then"
    if asks_now(text):
        return f"“now” is {site.now:%Y-%m-%d %H:%M:%S} UTC here: {why}"
    here = site.now.astimezone(site.zone)
    spans = [_times(text, here + later) for later in (timedelta(), _LATER)]
    return (
        f"time is counted back from {site.now:%Y-%m-%d %H:%M:%S} UTC: {why}" if spans[0] != spans[1] else ""
    )


def _times(text: str, now: datetime) -> tuple[datetime | None, ...]:
    """The times of a question as of a moment."""
    span = span_of(english(text), now)
    return (span.since, span.until, span.at)


def _read(text: str, site: Site, before: Query | None, reader: QuestionReader | None) -> Read:
    """A question as rules read it, as was learned without them, and as a model does beside them; a model that fails is a note."""
    if is_query(text):
        return Read(reading=Reading(status="query", queries=(parse(text, now=site.now),), live=True))
    text, anchor = anchored(text, site, before)
    p = pieces_of(text, site, before)
    read = read_without_rules(p, read_several(text, site, before, read_pieces(p, before)), before)
    if reader is not None and not read.note:
        try:
            read = read_twice(p, read.reading, before, reader)
            if reader.lines is not None and read.reading.status != "query" and not read.note:
                lines = read_lines(p, read.reading, before, reader.lines)
                read = lines if lines.note else read
        except ModelError as error:
            read = Read(reading=read.reading, note=f"read by rules alone: {error}")
    last = read_without_unknown(p, read.reading, before)
    note = "; ".join(filter(None, (anchor if last.status == "query" else "", read.note)))
    return Read(reading=last, note=note, sure=read.sure if last is read.reading else None)


def steps(question: str, shelves: Sequence[Lookup], redact: Callable[[str], str]) -> Answer | None:
    """What the runbook says of whose title and symptoms a question speaks that asks what to do; None where none does."""
    if not asks_for_steps(question):
        return None
    for shelf in shelves:
        sure, hits = steps_for(question, shelf)
        if hits:
            replies, citations = quoted(hits)
            return Answer(
                question=redact(question),
                status="answered",
                sure=round(sure, 3),
                replies=tuple(r.model_copy(update={"text": redact(r.text)}) for r in replies),
                citations=tuple(c.model_copy(update={"text": redact(c.text)}) for c in citations),
                queries=(written(Documents(text=redact(question)[:500])),),
                notes=tuple(of_commands(replies)),
            )
    return None


def checked(question: str) -> str:
    """The question in one line. Raises BadInput."""
    text = " ".join(question.split())
    if not any(c.isalnum() for c in text):
        raise BadInput('Ask something, such as: aitia ask "how many pods run?".')
    if len(text) > MAX_QUESTION:
        raise BadInput(f"Shorten the question: it has {len(text)} characters, {MAX_QUESTION} at most.")
    return text


def _tried(query: Query, site: Site) -> Found:
    try:
        return execute(query, site)
    except SourceError as error:  # a source that died: said, not hidden
        return unknown(f"The source cannot be read: {error}")


def last_query(folder: Path, now: datetime) -> Query | None:
    """The query of the turn before, of a kept conversation; None where that was not answered. Raises StoreDamaged."""
    turns = _turns(folder)
    try:
        told = str(turns[-1]["query"]) if turns else ""
        return parse(told, now=now) if told else None
    except (KeyError, TypeError, BadInput) as error:
        raise _damaged(folder) from error


def picked(question: str, folder: Path) -> str | None:
    """The query that a person chooses by "2" or "yes" of those that the turn before offered. Raises StoreDamaged."""
    chosen = pick(question, _offered(_turns(folder), folder))
    return chosen if chosen is not None and is_query(chosen) else None


def withdraw(folder: Path) -> None:
    """What the turn before offered is no longer to be chosen: another question was asked. Raises StoreDamaged, StoreError."""
    turns = _turns(folder)
    if _offered(turns, folder):
        write_whole(folder / _FILE, json.dumps([*turns[:-1], turns[-1] | {"choices": []}]).encode())


def _offered(turns: Sequence[dict[str, Any]], folder: Path) -> list[str]:
    try:
        return list(map(str, turns[-1].get("choices") or ())) if turns else []
    except (AttributeError, TypeError) as error:
        raise _damaged(folder) from error


def went_live(folder: Path) -> bool:
    """Whether a kept conversation has turned to live sources before. Raises StoreDamaged."""
    return bool(_turns(folder))


def _turns(folder: Path) -> list[dict[str, Any]]:
    file = folder / _FILE
    if not file.is_file():
        return []
    try:
        return list(json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> StoreDamaged:
    return StoreDamaged(
        f"The {_FILE} in {str(folder)!r} is damaged. Remove that folder and start a new conversation."
    )


def keep(folder: Path, question: str, query: Query | None, offered: Sequence[str] = ()) -> None:
    """Add a turn: what was asked, how it was read, "" where it was not, and what was offered; no answer. Raises StoreError."""
    turn = {
        "question": question,
        "query": "" if query is None else written(query),
        "choices": list(offered),
    }
    write_whole(folder / _FILE, json.dumps([*_turns(folder)[-20:], turn]).encode())
