"""Model calls are recorded as they happen, and played back on a rerun."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Sequence
from typing import Any

from aitia.core.errors import ModelError, NotRecorded
from aitia.core.llm import Choice, Completion, Llm, Prompt
from aitia.core.redact import Careful
from aitia.core.store import RunStore
from aitia.core.telemetry import model_call


def call_key(method: str, prompt: Prompt, **params: Any) -> str:
    """The hash by which a model call is found again."""
    body = json.dumps([method, prompt.model_dump(), params], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


class RecordingLlm:
    """A model whose calls go to the run store. A call that the run already holds is answered from there (resume)."""

    def __init__(self, llm: Llm, store: RunStore) -> None:
        self._llm, self._store = Careful(llm, store.redactor), store
        self._played = RecordedLlm(store)

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
        """Complete and record."""
        key = call_key("complete", prompt, max_tokens=max_tokens, grammar=grammar, stop=list(stop))
        if (known := self._played.find(key)) is not None:
            return _completed(known)
        began = time.time_ns()
        try:
            answer = self._llm.complete(prompt, max_tokens=max_tokens, grammar=grammar, stop=stop)
        except ModelError as error:
            model_call(self._store.id, "complete", self.name, began)
            self._keep("complete", key, prompt, {"error": str(error)})
            raise
        model_call(self._store.id, "complete", self.name, began, answer)
        self._keep("complete", key, prompt, answer.model_dump(mode="json"))
        return answer

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """Choose and record."""
        key = call_key("choose", prompt, options=list(options))
        if (known := self._played.find(key)) is not None:
            return _chosen(known)
        began = time.time_ns()
        try:
            answer = self._llm.choose(prompt, options)
        except ModelError as error:
            model_call(self._store.id, "choose", self.name, began)
            self._keep("choose", key, prompt, {"error": str(error), "options": list(options)})
            raise
        model_call(self._store.id, "choose", self.name, began, answer)
        self._keep("choose", key, prompt, answer.model_dump(mode="json") | {"options": list(options)})
        return answer

    def count(self, text: str) -> int:
        """Count and record: a budget decision hangs on it."""
        key = call_key("count", Prompt(system="", user=text))
        if (known := self._played.find(key)) is not None:
            return int(known["tokens"])
        tokens = self._llm.count(text)
        self._keep("count", key, None, {"tokens": tokens})
        return tokens

    def _keep(self, method: str, key: str, prompt: Prompt | None, answer: dict[str, Any]) -> None:
        record: dict[str, Any] = {"method": method, "answer": answer}
        if prompt is not None:
            record["prompt"] = prompt.model_dump()
        self._store.put_llm(key, record)
        self._played.add(key, answer)


class RecordedLlm:
    """Plays the model calls of a recording back. Raises NotRecorded for any other call."""

    def __init__(self, store: RunStore) -> None:
        self._answers = {record["key"]: record["answer"] for record in store.llm_records()}
        self._lock = threading.Lock()
        model = store.meta().get("model", {})
        self.name: str = model.get("name", "")
        self.sha256: str = model.get("sha256", "")

    def find(self, key: str) -> dict[str, Any] | None:
        """The recorded answer, or None."""
        with self._lock:
            return self._answers.get(key)

    def add(self, key: str, answer: dict[str, Any]) -> None:
        """Make an answer known that was just recorded."""
        with self._lock:
            self._answers[key] = answer

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """The recorded completion."""
        key = call_key("complete", prompt, max_tokens=max_tokens, grammar=grammar, stop=list(stop))
        return _completed(self._need(key))

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The recorded choice."""
        return _chosen(self._need(call_key("choose", prompt, options=list(options))))

    def count(self, text: str) -> int:
        """The recorded count."""
        return int(self._need(call_key("count", Prompt(system="", user=text)))["tokens"])

    def _need(self, key: str) -> dict[str, Any]:
        answer = self.find(key)
        if answer is None:
            raise NotRecorded(
                "This version of aitia sends other prompts to the model. Run a new diagnosis instead of a "
                "rerun."
            )
        return answer


def _completed(answer: dict[str, Any]) -> Completion:
    """The recorded completion, or the recorded failure once more."""
    if "error" in answer:
        raise ModelError(answer["error"])
    return Completion.model_validate(answer)


def _chosen(answer: dict[str, Any]) -> Choice:
    """The recorded choice, or the recorded failure once more."""
    if "error" in answer:
        raise ModelError(answer["error"])
    return Choice.model_validate({k: v for k, v in answer.items() if k != "options"})
