"""The line editor of `aitia drill`: commands, tools, components and fault kinds are completed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from aitia.cli.chat_line import Choice, fitting
from aitia.drill.looks import COMMANDS
from aitia.drill.naming import fault_names
from aitia.drill.sitting import OWN

if TYPE_CHECKING:
    from aitia.drill.sitting import Drill


def reader(held: Drill) -> PromptSession[str]:
    """A prompt on the terminal for this drill. Its history ends with it: answers of one drill are no help in another."""
    return PromptSession(history=InMemoryHistory(), completer=Words(held))


class Words(Completer):
    """Commands, and behind a command what it takes."""

    def __init__(self, held: Drill) -> None:
        self._held = held

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand at the cursor."""
        *before, begun = document.text_before_cursor.split(" ")
        return fitting(self._choices(before), begun)

    def _choices(self, before: list[str]) -> Iterable[Choice]:
        if not before:
            return [*((n, c.help) for n, c in COMMANDS.items()), *_own()]
        name, number = before[0], len(before)
        incident = self._held.looks.incident
        components = [(c, "component") for c in incident.components]
        if name == "look" and number == 1:
            return [(spec.name, spec.doc) for spec in incident.tools]
        if name == "answer" and number == 1:
            return [*components, ("healthy", "nothing is wrong"), ("unknown", "it cannot be told")]
        if name == "answer" and number == 2:
            return fault_names(self._held.taxonomy).items()
        return components if (name, number) in (("look", 2), ("lines", 1), ("series", 1)) else ()


def _own() -> Iterator[Choice]:
    for usage, what in OWN.items():
        yield usage if usage == "give up" else usage.split(" ")[0], what
