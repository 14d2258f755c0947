"""What is asked of a run beside its report: one of its lines again, what systems are now, how far it is while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aitia.asking_live import DOCUMENTS, live_site, looked
from aitia.core.errors import BadInput, NotRecorded, SourceError
from aitia.core.protocols import Source
from aitia.core.redact import Redactor
from aitia.core.store import RunStore
from aitia.core.words import Incident
from aitia.readers import recorded_readers
from aitia.settings import Settings

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer
    from aitia.core.words import Report
    from aitia.tools.query.site import Site


OF_WHICH: Final = "Of which component"  # as a question back begins that only lacks a component


@dataclass(kw_only=True)
class RunAsked:
    """A run that is asked about, and where live systems are: the settings' sources, else those that the run recorded."""

    store: RunStore
    settings: Settings | None
    given: Sequence[Source]
    at: datetime | None
    redactor: Redactor

    def before(self, question: str, kept: Path | None, begun: Callable[[], Path]) -> Answer | None:
        """What no report is needed for; None where the report is to answer, or what it would be by now. Raises BadInput."""
        from aitia.correction_words import corrects, denies
        from aitia.graphs.line_again import asks_for_line, line_again
        from aitia.graphs.so_far import asks_progress, so_far

        finished = self.finished
        if finished and asks_for_line(question):
            answer = line_again(question, self.store.report(), self._kept, self._site, self.redactor.text)
            return self._named(answer, kept)
        if denies(question) and corrects(question, self.store) is None:
            return self._named(_no_correction(question, self.redactor.text), kept)
        if self._is_live(question, kept) and (found := self._look(question, kept, begun)) is not None:
            return found
        if not finished and not asks_progress(question) and self.report is None and self._has_live():
            found = self._look(question, kept, begun)  # no report can answer: live systems may
            if found is not None and found.status == "answered":
                return found
        if finished or (not asks_progress(question) and self.report is not None):
            return None
        state = str(self.store.meta().get("state", ""))
        answer = so_far(question, self.store.id, state, self.store.events(), self.redactor.text)
        return self._named(answer, kept)

    @cached_property
    def report(self) -> Report | None:
        """The run's report, or what it would be by now; None where nothing was returned yet."""
        from aitia.graphs.so_far import report_so_far

        return self.store.report() if self.finished else report_so_far(self.store)

    @cached_property
    def finished(self) -> bool:
        """Whether the run has its report."""
        return (self.store.path / "report.json").is_file()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of every answer: that of a run without a report it may turn."""
        from aitia.graphs.so_far import stands

        if self.finished:
            return ()
        state = str(self.store.meta().get("state", ""))
        return (f"This diagnosis is {stands(state)}: so far only, and this may turn",)

    def after(self, answer: Answer, question: str, kept: Path | None) -> Answer:
        """The report's answer; where it knows none, that of live systems, if these do."""
        from aitia.agent.asking.question.sorting import asks
        from aitia.graphs.so_far import asks_progress, over

        if answer.status == "not_known" and self.finished and asks_progress(question):
            return self._named(over(question, self.store.id, self.redactor.text), kept)
        if answer.status != "not_known" or not self._has_live() or kept is None or not asks(question):
            return answer
        found = self._look(question, kept, lambda: kept)
        return found if found is not None and found.status == "answered" else answer

    def _has_live(self) -> bool:
        return self.settings is not None and (
            bool(self.given) or any(s.kind not in DOCUMENTS for s in self.settings.sources)
        )

    def _is_live(self, question: str, kept: Path | None) -> bool:
        """Whether it is of what systems are now, or goes on from a question that was."""
        from aitia.agent.asking.question.sorting import goes_on, of_live
        from aitia.graphs.looking import picked, went_live

        if not self._has_live():
            return False
        if kept is not None and picked(question, kept) is not None:
            return True
        before = kept is not None and went_live(kept)
        return of_live(question) or (before and goes_on(question))

    def _look(self, question: str, kept: Path | None, begun: Callable[[], Path]) -> Answer | None:
        try:
            site = self._site()
        except SourceError as error:
            raise BadInput(f"The live sources cannot be read: {error}") from error
        found = looked(question, site, kept, begun, self.redactor)
        if found is None or found.status != "unclear" or not found.text.startswith(OF_WHICH):
            return found
        subject = next(iter(self._incident.hints), "")  # the alert is of it
        named = f"{question.rstrip(' ?.!')} of {subject}?"
        return (looked(named, site, kept, begun, self.redactor) if subject else None) or found

    @cached_property
    def _incident(self) -> Incident:
        return Incident.model_validate(self.store.meta()["incident"])

    def _site(self) -> Site:
        """The live sources as they are now. Raises BadInput, SourceError, Untrusted."""
        if self.settings is not None:
            site = live_site(self.settings, (), self.given, at=self.at, redactor=self.redactor)
            if site is not None:
                return site
        from aitia.graphs.looking import opened

        readers = recorded_readers(self.store, self.given, ())
        looked_at = datetime.fromisoformat(str(self.store.meta().get("now") or datetime.now(tz=UTC)))
        return opened(
            [r for r in readers if r.kind not in DOCUMENTS],
            now=self.at or max(looked_at, datetime.now(tz=UTC)),
            redact=self.redactor.text,
        )

    def _kept(self, name: str) -> bytes:
        try:
            return self.store.artifact(name)
        except NotRecorded:
            return b""

    def _named(self, answer: Answer, kept: Path | None) -> Answer:
        update = {"conversation": kept.name if kept else "", "run": self.store.id}
        return answer.model_copy(update=update)


def _no_correction(question: str, redact: Callable[[str], str]) -> Answer:
    """What is said to "not the moon, we checked", which rules nothing out that is known here and moves no beginning."""
    from aitia.agent.asking.answer import Answer, Reply

    told = (
        'I cannot tell what you rule out: name a component ("not the database"), a kind of change '
        '("not the deploy") or of fault ("not the network"), or when it began ("it began at 09:00"). '
        '"Why not …" tells what speaks for and against one.'
    )
    return Answer(
        question=redact(question), status="unclear", sure=1.0, replies=(Reply(text=told, cites=()),)
    )
