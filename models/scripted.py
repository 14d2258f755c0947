"""A model whose words are given: for tests, demonstrations and notebooks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Completion, Prompt
from aitia.models.scoring import choice_of

Replies = Sequence[str] | Callable[[Prompt], str]


class ScriptedLlm:
    """Says the given replies in order, or what a function of the prompt returns. `prompts` records what was asked.

    A reply to `choose` is the text of one option, or its index. Tokens are counted as words.
    """

    sha256 = ""

    def __init__(self, replies: Replies, *, name: str = "scripted") -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._replies = replies
        self._lock = threading.Lock()

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """The next reply, cut at the first stop string and at `max_tokens` words. The grammar is not applied."""
        text = self._next(prompt)
        cuts = [at for s in stop if s and (at := text.find(s)) >= 0]
        text = text[: min(cuts, default=len(text))]
        words = text.split()
        long = len(words) > max_tokens
        return Completion(
            text=" ".join(words[:max_tokens]) if long else text,
            finish="length" if long else "stop",
            prompt_tokens=self.count(prompt.system) + self.count(prompt.user),
            generated_tokens=min(len(words), max_tokens),
        )

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The option that the next reply names, as good as certain."""
        if len(options) < 2:
            raise ModelError("Give at least two options.")
        reply = self._next(prompt)
        index = options.index(reply) if reply in options else _index(reply, options)
        scores = [0.0 if i == index else -10.0 for i in range(len(options))]
        tokens = self.count(prompt.system) + self.count(prompt.user)
        return choice_of(scores, [0.0] * len(options), prompt_tokens=tokens)

    def count(self, text: str) -> int:
        """The number of words."""
        return len(text.split())

    def _next(self, prompt: Prompt) -> str:
        with self._lock:
            self.prompts.append(prompt)
            if callable(self._replies):
                return self._replies(prompt)
            if len(self.prompts) > len(self._replies):
                raise ModelError(
                    f"Give the scripted model more replies: it has {len(self._replies)}, this is call {len(self.prompts)}."
                )
            return self._replies[len(self.prompts) - 1]


def _index(reply: str, options: Sequence[str]) -> int:
    if reply.strip().isdecimal() and int(reply) < len(options):
        return int(reply)
    raise ModelError(f"The scripted reply must be one of {list(options)!r} or its index, not {reply!r}.")
