"""The line editor of `aitia chat`: history that is redacted and private, completion, several lines at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from aitia.cli.chat_commands import COMMANDS
from aitia.core.disk import tell_once, trouble
from aitia.core.errors import AitiaError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.store import list_runs
from aitia.render.text import clean

if TYPE_CHECKING:
    from aitia.cli.conversation import Talk
    from aitia.core.words import Report

HISTORY = "chat_history"
MOST_REMEMBERED = 10_000  # characters of a line; a longer one is an alert that was pasted
Choice = tuple[str, str]  # a word and what it means


def reader(talk: Talk) -> PromptSession[str]:
    """A prompt on the terminal for this conversation."""
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    for number in "123456789":

        @keys.add("escape", number)
        def _(event: KeyPressEvent, number: str = number) -> None:
            event.current_buffer.text = f"/run {number}"
            event.current_buffer.validate_and_handle()

    session: PromptSession[str] = PromptSession(
        history=_history(),
        completer=Words(talk),
        complete_while_typing=Condition(lambda: session.default_buffer.text.startswith("/")),
        key_bindings=keys,
    )
    return session


def _history() -> History:
    """The history of earlier sittings; of this one alone, where no file can be kept."""
    file = aitia_home() / HISTORY
    try:
        return RedactedHistory(file, Redactor(load_key(aitia_home())))
    except OSError as error:
        tell_once(f"{trouble(error, file)} Your input is not saved to the history.")
        return InMemoryHistory()


class RedactedHistory(FileHistory):
    """A history file (mode 0600) that never holds a secret: what is written is redacted."""

    def __init__(self, file: Path, redactor: Redactor) -> None:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        file.chmod(0o600)
        self._redactor = redactor
        super().__init__(str(file))

    def store_string(self, string: str) -> None:
        """Append a line, redacted."""
        if len(string) <= MOST_REMEMBERED:
            try:
                super().store_string(self._redactor.text(string))
            except OSError as error:
                tell_once(
                    f"{trouble(error, Path(str(self.filename)))} Your input is not saved to the history."
                )


class Words(Completer):
    """Commands, and behind a command what it takes; in plain words the run's components and facts."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._files = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand at the cursor."""
        text = document.text_before_cursor
        name, space, rest = text.removeprefix("/").partition(" ")
        if not text.startswith("/"):
            return fitting(_names(self._report()), document.get_word_before_cursor(WORD=True))
        if not space:
            return fitting([(f"/{n}", c.help) for n, c in COMMANDS.items()], text)
        if name == "save":
            return self._files.get_completions(Document(rest), complete_event)
        return fitting(self._choices(name, rest), rest.rpartition(" ")[2])

    def _choices(self, name: str, rest: str) -> Iterable[Choice]:
        report = self._report()
        if name in ("open", "resume"):
            return _runs(stopped=name == "resume")
        if name == "evidence" and report:
            kinds = dict.fromkeys(e.kind for e in report.evidence)
            return [*_names(report), *((kind, "kind of fact") for kind in kinds)]
        if name == "why" and report:
            return [(w, "suspect") for s in report.suspects for w in (s.component, s.fault)]
        if name == "confirm":
            return self._truth(rest.split(" "), report)
        return []

    def _truth(self, said: list[str], report: Report | None) -> Iterable[Choice]:
        if len(said) == 1:
            return [("right", "the report named the cause"), ("wrong", "it was something else")]
        if said[0] != "wrong" or report is None:
            return []
        if len(said) == 2:
            return [(c.id, c.type) for c in report.inventory.components]
        from aitia.graphs.judgement import taxonomy_of

        return [(f.id, f.title) for f in taxonomy_of(self._talk.held().meta())]

    def _report(self) -> Report | None:
        try:
            return self._talk.report() if self._talk.finished else None
        except AitiaError:  # no run in hand, or not finished: nothing of it can be named
            return None


def _runs(*, stopped: bool) -> Iterator[Choice]:
    for run in list_runs(aitia_home())[:50]:
        if not stopped or run.get("state") != "finished":
            yield str(run["id"]), f"{run.get('state')} {run.get('component') or ''} {run.get('title') or ''}"


def _names(report: Report | None) -> Iterator[Choice]:
    if report is not None:
        yield from ((c.id, c.type) for c in report.inventory.components)
        yield from ((e.id, e.statement) for e in report.evidence)


def fitting(choices: Iterable[Choice], begun: str) -> Iterator[Completion]:
    """The choices that begin so, each once."""
    for word, meaning in dict(choices).items():
        if word and word.casefold().startswith(begun.casefold()):
            yield Completion(
                word, start_position=-len(begun), display=clean(word), display_meta=clean(meaning)
            )
