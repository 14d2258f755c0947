"""The last gate before a model: whatever a prompt was put together from, a model reads it without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aitia.core.llm import Choice, Completion, Llm, Prompt
    from aitia.core.redaction.redactor import Redactor


class Careful:
    """A model that is asked by redacted prompts alone, and whose answers are redacted."""

    def __init__(self, llm: Llm, redactor: Redactor) -> None:
        self._llm, self._redactor = llm, redactor

    @property
    def name(self) -> str:
        """The model's name."""
        return self._llm.name

    @property
    def sha256(self) -> str:
        """The model's hash."""
        return self._llm.sha256

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """The model's completion of the redacted prompt."""
        made = self._llm.complete(self._safe(prompt), max_tokens=max_tokens, grammar=grammar, stop=stop)
        return made.model_copy(update={"text": self._redactor.text(made.text)})

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The model's choice by the redacted prompt, among the redacted options, in their order."""
        return self._llm.choose(self._safe(prompt), [self._redactor.text(each) for each in options])

    def count(self, text: str) -> int:
        """How many tokens the redacted text takes."""
        return self._llm.count(self._redactor.text(text))

    def _safe(self, prompt: Prompt) -> Prompt:
        return self._redactor.word(prompt)
