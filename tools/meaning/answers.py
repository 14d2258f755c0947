"""What a model answered before: the same question is asked once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Classifier, Continues, Prompt, Tuned
from aitia.models.scoring import choice_of

ANSWERS: Final = "understood.jsonl"  # the file under the home


class Answers:
    """A model that is asked each question once; what it answered is kept in a JSON-lines file, or in memory without a path.

    Kept are log-probabilities, under a hash of the model, the examples, the question and the labels: whoever changes one of
    these asks anew, and what a program weighs may change without asking.
    """

    def __init__(self, model: Classifier | Continues, sha256: str, path: Path | None = None) -> None:
        self.role, self.adapter = (model.role, model.adapter) if isinstance(model, Tuned) else (None, "")
        self._model, self._sha256, self._path = model, sha256 + self.adapter, path
        self._known: dict[str, tuple[list[float], list[float]]] = {}
        self._written: dict[str, tuple[str, float]] = {}
        self.asked = 0  # questions that the model itself was asked
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    raw = json.loads(line)
                    if "written" in raw:
                        self._written[raw["key"]] = str(raw["written"]), float(raw["log_prob"])
                        continue
                    scores, baselines = raw["scores"], raw["baselines"]
                    self._known[raw["key"]] = [float(s) for s in scores], [float(b) for b in baselines]
                except (ValueError, KeyError, TypeError):  # a line cut by a kill; it is asked again
                    continue

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The model's answer, or what it answered before. Raises ModelError."""
        if not isinstance(self._model, Classifier):
            raise ModelError("Choose a model that classifies: this one only writes.")
        key = self._key(prompt, *labels)
        known = self._known.get(key)
        if known is not None and len(known[0]) == len(known[1]) == len(labels):
            return choice_of(*known)
        made = self._model.classify(prompt, labels)
        self.asked += 1
        self._keep(key, [round(s, 4) for s in made.log_probs], [round(b, 4) for b in made.baselines])
        return choice_of(*self._known[key])

    def continued(
        self, prompt: Prompt, *, max_tokens: int, grammar: str, keeps: Callable[[str], bool] = bool
    ) -> tuple[str, float]:
        """What the model wrote under a grammar, and the text's log-probability. Raises ModelError.

        keeps  whether a text may be written to the file: not one that holds a secret
        """
        if not isinstance(self._model, Continues):
            raise ModelError("Choose a model that goes on with a text: this one cannot.")
        key = self._key(prompt, str(max_tokens), grammar)
        if key not in self._written:
            made = self._model.continued(prompt, max_tokens=max_tokens, grammar=grammar)
            self.asked += 1
            log_prob = -99.0 if made.log_prob is None or made.finish == "length" else round(made.log_prob, 4)
            self._written[key] = made.text, log_prob
            if keeps(made.text):
                self._append({"key": key, "written": made.text, "log_prob": log_prob})
        return self._written[key]

    def _key(self, prompt: Prompt, *more: str) -> str:
        parts = [self._sha256, prompt.system, prompt.user, *more]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _keep(self, key: str, scores: list[float], baselines: list[float]) -> None:
        self._known[key] = scores, baselines
        self._append({"key": key, "scores": scores, "baselines": baselines})

    def _append(self, row: dict[str, Any]) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
