"""Who writes the paragraph of a run: a tuned model whose answer is recorded, or the recording."""

from __future__ import annotations

from aitia.agent.sentences.short import MAX_TOKENS
from aitia.core.errors import ModelError
from aitia.core.llm import Completion, Continues, Llm, Prompt
from aitia.core.store import RunStore
from aitia.graphs.recording import RecordedLlm, call_key

_METHOD = "continued"


class Recorded:
    """The answer that a run holds; None where it holds none."""

    def __init__(self, store: RunStore) -> None:
        self._played = RecordedLlm(store)

    def __call__(self, prompt: Prompt) -> Completion | None:
        """What was written for this prompt. Raises ModelError where the model had failed."""
        known = self._played.find(call_key(_METHOD, prompt, max_tokens=MAX_TOKENS))
        if known is not None and "error" in known:
            raise ModelError(known["error"])
        return None if known is None else Completion.model_validate(known)


class Recording:
    """A model that goes on with a plain text, asked with redacted text; what it wrote goes to the run store."""

    def __init__(self, llm: Llm, store: RunStore) -> None:
        self._llm, self._store = llm, store
        self._played = Recorded(store)

    def __call__(self, prompt: Prompt) -> Completion | None:
        """The model's paragraph; None of a model that cannot go on with a plain text. Raises ModelError."""
        if (known := self._played(prompt)) is not None:
            return known
        if not isinstance(self._llm, Continues):
            return None
        key, redact = call_key(_METHOD, prompt, max_tokens=MAX_TOKENS), self._store.redactor
        try:
            made = self._llm.continued(redact.word(prompt), max_tokens=MAX_TOKENS)
        except ModelError as error:
            self._keep(key, prompt, {"error": str(error)})
            raise
        made = made.model_copy(update={"text": redact.text(made.text)})
        self._keep(key, prompt, made.model_dump(mode="json"))
        return made

    def _keep(self, key: str, prompt: Prompt, answer: dict[str, object]) -> None:
        self._store.put_llm(key, {"method": _METHOD, "answer": answer, "prompt": prompt.model_dump()})
