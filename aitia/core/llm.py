"""The seam to a language model: three methods, and the plain values that cross it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, runtime_checkable

from pydantic import model_validator

from aitia.core.words import Unit01, Word


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
    log_prob: float | None = None  # of the text, where it was asked for


class Choice(Word):
    """A choice among whole option texts; one value per option, in the given order.

    `log_probs` are sums over each option's tokens given the question, `baselines` the same given no question.
    `probabilities` are a softmax of their differences on the scale of the model's calibration, where it has one.
    `confidence` is the probability that the chosen option is right: the top one, calibrated or not.
    """

    index: int
    log_probs: tuple[float, ...]
    probabilities: tuple[float, ...]
    confidence: Unit01
    baselines: tuple[float, ...] = ()
    prompt_tokens: int = 0
    restored_tokens: int = 0
    seconds: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _recorded_before(cls, given: Any) -> Any:
        """Choices recorded before there was a confidence have the top probability as theirs."""
        if isinstance(given, Mapping) and "confidence" not in given and given.get("probabilities"):
            return {**given, "confidence": max(given["probabilities"])}
        return given


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
        """The most likely of at least two whole option texts. Of very many only those most like the question are scored."""
        ...

    def count(self, text: str) -> int:
        """How many tokens the text takes."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """A model that reads: one evaluation of a short text, no word written."""

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The likeliest label after `system` (examples, static) and `user` (a text whose end asks for the label), both as plain
        text without a chat's turns. Raises ModelError where two labels begin with the same token.
        """
        ...


@runtime_checkable
class Continues(Protocol):
    """A model that goes on with a plain text."""

    def continued(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = ..., grammar: str | None = None
    ) -> Completion:
        """What follows `system` and `user` without a chat's turns, under GBNF rules; with `log_prob`. Raises ModelError."""
        ...


@runtime_checkable
class Tuned(Protocol):
    """A model that may have an adapter for a role (`names`, …): the role and the adapter's sha256, None and "" without."""

    @property
    def role(self) -> str | None: ...
    @property
    def adapter(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Readers:
    """The models that read words when a diagnosis begins, whoever plans and narrates; None where nobody does."""

    names: Llm | None = None
    messages: Llm | None = None
    texts: Llm | None = None

    @property
    def any(self) -> Llm | None:
        """One of them."""
        return self.names or self.messages


NO_READERS: Final = Readers()
