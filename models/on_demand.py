"""A model that is loaded when it is first asked: most diagnoses meet no new name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Classifier, Completion, Continues, Llm, Prompt


class OnDemand:
    """A language model behind a function that loads it. Its name and hash are known before; every call raises ModelError where
    it cannot be loaded. `role` and `adapter` are those of the adapter that it will have.
    """

    def __init__(
        self, name: str, sha256: str, load: Callable[[], Llm], *, role: str | None = None, adapter: str = ""
    ) -> None:
        self.name, self.sha256, self.role, self.adapter = name, sha256, role, adapter
        self._load, self._lock = load, threading.Lock()
        self._loaded: Llm | None = None

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """The model's completion."""
        return self._model().complete(prompt, max_tokens=max_tokens, grammar=grammar, stop=stop)

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The model's choice."""
        return self._model().choose(prompt, options)

    def count(self, text: str) -> int:
        """How many tokens the text takes."""
        return self._model().count(text)

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The model's label."""
        model = self._model()
        if not isinstance(model, Classifier):
            raise ModelError(f"{self.name} gives no probabilities of labels. Choose a GGUF model.")
        return model.classify(prompt, labels)

    def continued(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = ("\n",), grammar: str | None = None
    ) -> Completion:
        """What the model goes on with."""
        model = self._model()
        if not isinstance(model, Continues):
            raise ModelError(f"{self.name} cannot go on with a plain text. Choose a GGUF model.")
        return model.continued(prompt, max_tokens=max_tokens, stop=stop, grammar=grammar)

    def _model(self) -> Llm:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
