"""The conversation behind `aitia chat`: one run in hand, plain words, and commands that begin with a slash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aitia import api
from aitia.cli.carried import MOST_WAITED_S, Carried
from aitia.cli.chat_asked import Asked
from aitia.cli.console import note
from aitia.cli.session import say_finished
from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.store import RunStore
from aitia.core.words import Report

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer
    from aitia.settings import Settings

_NO_SOURCES = (
    "No telemetry is configured. Run `aitia init --write` to write an aitia.yaml for this "
    "folder, or start with `aitia chat --config FILE`, or with --metrics and --logs."
)


class Talk(Carried):
    """Takes lines one by one. `code` is what the last diagnosis, question or refused line amounts to."""

    def __init__(self, asked: Asked, *, staying: bool = False) -> None:
        super().__init__(staying=staying)
        self._asked = asked
        self._conversation = ""
        self._looking = ""  # the conversation with live systems
        self._afterwards = ""  # what is to be answered once a corrected diagnosis is over

    @property
    def prompt(self) -> str:
        """Shows which run is in hand."""
        return f"aitia {self.run[9:]}> " if self.run else "aitia> "

    def take(self, line: str) -> bool:
        """Do what a line says; False where it says to leave. What goes wrong is told: the conversation outlives it."""
        line = line.strip()
        try:
            self.settle()
            if line in ("/quit", "/exit"):
                return False
            if line:
                self._do(line)
        except Exception as error:  # this door's outermost place: a defect must not end the sitting
            self.failed(error)
        return True

    def _do(self, line: str) -> None:
        if self.under_way is not None and (run := self.under_way.begun()) and run != self.run:
            self.hold(run, None)
        from aitia.agent.asking.question.sorting import is_talk

        if self.run and len(line) == 1 and line in "123456789":
            line = f"/run {line}"  # the number of a next check is enough
        if line.startswith("/"):
            from aitia.cli.chat_commands import do

            do(self, line)
        elif line.startswith(("{", "[")):  # an alert is a new incident whatever is in hand
            self.new(line)
        elif self.run:
            if is_talk(line):
                note("ask about the run, correct it, or type /help")
            elif not (self._told(line) or self._corrected(line)):
                self._ask_of_run(line)
        elif self._is_question(line):
            self.tell("question", "read as a question; to have it diagnosed: /new TEXT")
            self.ask_live(line)
        else:
            self.tell("trouble", "read as a trouble, which is diagnosed; to only ask: /ask TEXT")
            self.new(line)

    # Diagnoses

    def telemetry(self) -> str:
        """Which sources there are, or what to do where there are none. Raises BadInput where settings are wrong."""
        names = [s.name for s in (*self._settings().sources, *self._asked.sources)]
        return f"telemetry: {', '.join(names)}" if names else _NO_SOURCES

    def _settings(self) -> Settings:
        return api.settings_of(self._asked.config, searching=not self._asked.sources)

    def new(self, text: str, *, started_at: datetime | None = None) -> None:
        """Diagnose a new incident: words or an alert."""
        settings = self._settings()
        if not (settings.sources or self._asked.sources):
            raise BadInput(_NO_SOURCES)
        self.carry(
            lambda view: api.diagnose(
                text,
                sources=self._asked.sources,
                config=settings,
                model=None if self._asked.model == "none" else self._asked.model,
                threads=self._asked.threads,
                at=self._asked.at,
                started_at=started_at,
                on_event=view,
            )
        )

    def since(self, rest: str) -> None:
        """Diagnose a new incident that began earlier."""
        from aitia.incoming import parse_moment

        when, _, text = rest.partition(" ")
        if not text.strip():
            raise BadInput("Give a time and what is wrong: /since 2h checkout is slow.")
        now = self._asked.at or datetime.now(tz=UTC)
        self.new(text.strip(), started_at=parse_moment(when, now=now))

    def again(self, _: str = "") -> None:
        """Look at the run's incident again, up to now."""
        held, asked = self.held(), self._asked
        self.carry(
            lambda view: api.again(
                held.id, config=asked.config, at=asked.at, threads=asked.threads, on_event=view
            ),
            held,
        )

    def resume(self, rest: str) -> None:
        """Carry on a run that was stopped."""
        held = RunStore.open(aitia_home(), rest) if rest else self.held()
        say_finished(held.id)
        self.carry(lambda view: api.resume(held.id, threads=self._asked.threads, on_event=view), held)

    def correct(self, text: str) -> None:
        """Diagnose the run's incident with what a person says of it: the run's next revision."""
        from aitia.correcting import correct

        held, asked = self.held(), self._asked
        settings = self._settings()
        self.carry(
            lambda view: correct(
                held.id, text, by="you", settings=settings, threads=asked.threads, on_event=view
            ),
            held,
        )

    def _corrected(self, line: str) -> bool:
        """Whether a line corrects the run in hand, which then goes on from there: "not the database, we checked".

        What it asks beside that is answered from the report that comes of it.
        """
        from aitia.correction_words import parts

        said, asked = parts(line, self.held())
        if not said:
            return False
        self.tell("correction", "read as a correction; to have it diagnosed as a new incident: /new TEXT")
        self._afterwards = asked
        self.correct(said)
        return True

    def _told(self, line: str) -> bool:
        """Whether a line stops or corrects the diagnosis that runs, which then goes on from there by itself."""
        from aitia.correcting import tell
        from aitia.correction_words import meant, parts

        if self.under_way is None:
            return False
        wanted = meant(line, self.held())
        if wanted == "stop":
            self.interrupt()
            return True
        if wanted != "correction":
            return False
        said, asked = parts(line, self.held())
        if not tell(self.held(), said, by="you", settings=self._settings()):  # it has just come to its report
            self.under_way.wait(MOST_WAITED_S)
            self.settle()
            return False
        self._afterwards = asked
        note("taken as a correction; the diagnosis goes on from there")
        return True

    def _shown(self, report: Report) -> None:
        """Show what a diagnosis came to, then answer what was asked in the message that corrected it."""
        super()._shown(report)
        question, self._afterwards = self._afterwards, ""
        if question:
            self._ask_of_run(question)

    # Live systems

    def _is_question(self, line: str) -> bool:
        from aitia.agent.asking.question.sorting import asks, goes_on

        return asks(line) or (bool(self._looking) and goes_on(line))

    def ask_live(self, question: str) -> Answer:
        """Answer a question from the sources as they are now, or from documents; a later one may build on it."""
        from aitia.asking import ask
        from aitia.cli.ask import code_of, show_answer

        if not question.strip():
            raise BadInput("Give a question: /ask how many pods run?")
        asked = self._asked
        going_on = bool(self._looking)
        answer = ask(
            question,
            conversation=self._looking,
            config=None if going_on else asked.config,
            sources=() if going_on else asked.sources,
            at=asked.at,
            model=None if asked.model == "none" else asked.model,
            threads=asked.threads,
        )
        self._looking = answer.conversation
        self.code = code_of(answer)
        show_answer(self._fresh(answer), going_on="")
        return answer

    def _ask_of_run(self, line: str) -> None:
        """Of the run in hand, or of live systems where the question is of these or the run does not hold the answer."""
        from aitia.agent.asking.question.sorting import of_live

        live = bool(self._settings().sources or self._asked.sources)
        if live and of_live(line):
            self.ask_live(line)
        else:
            self.ask(line)

    def _fresh(self, answer: Answer) -> Answer:
        """Without notes that were said before."""
        fresh = tuple(n for n in answer.notes if n not in self._noted)
        self._noted.update(fresh)
        return answer.model_copy(update={"notes": fresh})

    # The run in hand

    def open(self, rest: str) -> None:
        """Take a recorded run in hand."""
        store = RunStore.open(aitia_home(), rest or "last")
        self.hold(store.id, None)
        meta = store.meta()
        answer = (
            f"{meta.get('verdict') or ''} {meta.get('component') or ''} {meta.get('fault') or ''}".strip()
        )
        note(f"run {store.id}: {meta.get('title') or 'no title'}; {answer or meta.get('state')}")

    def hold(self, run: str, report: Report | None) -> None:
        """Take a run in hand; what was asked before was of another."""
        super().hold(run, report)
        self._conversation = ""

    def held(self) -> RunStore:
        """The run in hand. Raises BadInput where there is none."""
        if not self.run:
            raise BadInput("Diagnose or open a run first: say what is wrong, or /open last.")
        return RunStore.open(aitia_home(), self.run)

    @property
    def finished(self) -> bool:
        """Whether the run in hand has its report."""
        return bool(self.run) and self.held().meta().get("state") == "finished"

    def report(self) -> Report:
        """The report of the run in hand, or what it would be by now. Raises BadInput where nothing was returned yet."""
        from aitia.cli.chat_show import report_by_now

        store = self.held()
        if self._report is None:
            if store.meta().get("state") != "finished":
                return report_by_now(store, goes_on=self.under_way is not None)
            self._report = store.report()
        return self._report

    def ask(self, question: str) -> None:
        """Answer a question about the run; a later one may build on it."""
        from aitia.asking import ask
        from aitia.cli.ask import code_of, show_answer

        self.held()
        settings = self._settings()
        answer = ask(
            question,
            run="" if self._conversation else self.run,
            conversation=self._conversation,
            live=settings if settings.sources and not self._asked.sources else None,
            at=self._asked.at,
            model=None if self._asked.model == "none" else self._asked.model,
            threads=self._asked.threads,
        )
        self._conversation = answer.conversation or self._conversation
        self.code = code_of(answer)
        show_answer(self._fresh(answer), going_on="", whole="/evidence E12")
