"""Questions of live systems, for every door: a site is opened from settings, a look is taken, its query is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from aitia.core.config import SourceConfig
from aitia.core.errors import StoreError
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, use
from aitia.readers import configured_readers
from aitia.settings import Settings

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer
    from aitia.agent.asking.question.by_model import QuestionReader
    from aitia.core.llm import Llm
    from aitia.tools.query.site import Site

DOCUMENTS: Final = ("runbooks", "incidents")  # kinds of sources that are searched, not looked at


def live_site(
    settings: Settings,
    named: Sequence[SourceConfig],
    given: Sequence[Source],
    *,
    at: datetime | None,
    redactor: Redactor,
) -> Site | None:
    """The site of the settings' sources, of those named and given besides; None where there is no telemetry.

    Where nobody says `at` and all of it is in files that end in the past, their end counts as now.
    """
    from aitia.graphs.looking import opened
    from aitia.own_time import own_time

    configs = [s for s in settings.sources if s.kind not in DOCUMENTS]
    if not (configs or named or given):
        return None
    use(settings.redaction)
    readers, _ = configured_readers(settings.model_copy(update={"sources": tuple(configs)}), [*named, *given])
    at = at or settings.service.at
    if at is None and not given:
        at = own_time([*configs, *named], datetime.now(tz=UTC), readers)
    return opened(
        readers,
        now=at,
        components=settings.components,
        zone=zone_of(settings, [*configs, *named]),
        redact=redactor.text,
    )


def question_reader(
    model: str | Llm | None, settings: Settings, threads: int | None, *, home: Path, redactor: Redactor
) -> QuestionReader | None:
    """The installed model that reads questions: one with an adapter for them whose gate is open; None where there is none."""
    from aitia.agent.asking.question.by_model import QuestionReader
    from aitia.agent.asking.question.line_reader import LineReader
    from aitia.engine import on_demand

    if not isinstance(model, str):
        return None
    found = on_demand(model, settings.model, threads, role="questions")
    if found is None or not found.adapter:
        return None
    by_lines = on_demand(model, settings.model, threads, role="lines")
    lines = LineReader(by_lines, home=home, redact=redactor.text) if by_lines and by_lines.adapter else None
    return QuestionReader(found, home=home, redact=redactor.text, lines=lines)


def looked(
    question: str,
    site: Site,
    kept: Path | None,
    begun: Callable[[], Path],
    redactor: Redactor,
    reader: QuestionReader | None = None,
) -> Answer | None:
    """The answer of live sources with its query kept for a follow-up; None where a run or documents are to answer.

    begun  makes the folder of a new conversation, where there is none. Raises BadInput.
    """
    from aitia.graphs.looking import keep, last_query, look, picked

    chosen = picked(question, kept) if kept is not None else None
    before = last_query(kept, site.now) if kept is not None and chosen is None else None
    found = look(chosen or question, site, before, reader)
    if found is None:
        return None
    answer, query = found
    notes = list(answer.notes)
    try:
        kept = kept or begun()
        keep(kept, redactor.text(question), query, [redactor.text(c) for c in answer.choices])
    except StoreError as error:
        notes.append(f"this conversation is not saved: {error}")
    return answer.model_copy(update={"conversation": kept.name if kept else "", "notes": tuple(notes)})


def or_choices(
    answer: Answer, question: str, site: Site | None, kept: Path | None, redactor: Redactor
) -> Answer:
    """Where neither live sources nor documents answer: the looks that may be meant, kept for the next turn to choose one."""
    from aitia.graphs.looking import keep, may_mean, with_choices

    if site is None or answer.status != "not_known":
        return answer
    asked = with_choices(answer, may_mean(question, site), site)
    if asked.choices and kept is not None:
        keep(kept, redactor.text(question), None, [redactor.text(c) for c in asked.choices])
    return asked


def zone_of(settings: Settings, sources: Sequence[SourceConfig]) -> tzinfo:
    """The zone in which people name times: `window.timezone`, else the one that all sources with a zone name."""
    zones = {str(z) for s in sources if (z := s.options.get("timezone"))}
    return settings.window.zone or (ZoneInfo(zones.pop()) if len(zones) == 1 else UTC)
