"""What a sentence may draw on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aitia.agent.sentences.binding import said
from aitia.core.words import Evidence


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a sentence may draw on. `order` says that facts[0] led to facts[1]; `names` are all known components.

    `certain` says that the verdict is likely enough for a sentence to tell a cause without "may" or "probably".
    """

    facts: Sequence[Evidence]
    names: frozenset[str]
    vocabulary: frozenset[str] = (
        frozenset()
    )  # further words: the kind of fault of a suspect that is ruled out
    order: bool = False
    certain: bool = True
    excludes: str = ""  # the component that the sentence says is unlikely
    why: str = ""  # for what reason it is

    @property
    def text(self) -> str:
        """The cited statements as one text, without what they quote from outside."""
        return " ".join(said(f) for f in self.facts)
