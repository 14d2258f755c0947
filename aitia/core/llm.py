"""The seam to a language model: three methods, and the plain values that cross it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from aitia.core.words import Word


class Prompt(Word):
    """`system` is static for a prompt version (evaluated once, restored per call); `user` varies."""

    system: str
    user: str


class Completion(Word):
    """A completion with its accounting. `prompt_tokens` were evaluated, `restored_tokens` came from a saved state."""

    text: str
    finish: Literal["stop", "length"] = "stop"
    prompt_tokens: int = 0
    restored_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0


class Choice(Word):
    """A choice among whole option texts.

    `log_probs` are sums over each option's tokens given the question; `probabilities` are their softmax after
    subtraction of the content-free baseline (pointwise mutual information), one per option, summing to 1.
    """

    index: int
    log_probs: tuple[float, ...]
    probabilities: tuple[float, ...]
    prompt_tokens: int = 0
    restored_tokens: int = 0
    seconds: float = 0.0


@runtime_checkable
class Llm(Protocol):
    """A language model. Implementations are safe to call from several threads."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """Greedy (temperature 0) completion of at most `max_tokens`; `grammar` is GBNF text."""
        ...

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The most likely of at least two whole option texts."""
        ...

    def count(self, text: str) -> int:
        """How many tokens the text takes."""
        ...
