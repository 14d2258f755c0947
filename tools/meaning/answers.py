"""What a model answered before: the same question is asked once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aitia.core.llm import Choice, Classifier, Prompt, Tuned
from aitia.models.scoring import choice_of

ANSWERS: Final = "understood.jsonl"  # the file under the home


class Answers:
    """A model that is asked each question once; what it answered is kept in a JSON-lines file, or in memory without a path.

    Kept are log-probabilities, under a hash of the model, the examples, the question and the labels: whoever changes one of
    these asks anew, and what a program weighs may change without asking.
    """

    def __init__(self, model: Classifier, sha256: str, path: Path | None = None) -> None:
        self.role, self.adapter = (model.role, model.adapter) if isinstance(model, Tuned) else (None, "")
        self._model, self._sha256, self._path = model, sha256 + self.adapter, path
        self._known: dict[str, tuple[list[float], list[float]]] = {}
        self.asked = 0  # questions that the model itself was asked
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    raw = json.loads(line)
                    scores, baselines = raw["scores"], raw["baselines"]
                    self._known[raw["key"]] = [float(s) for s in scores], [float(b) for b in baselines]
                except (ValueError, KeyError, TypeError):  # a line cut by a kill; it is asked again
                    continue

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The model's answer, or what it answered before. Raises ModelError."""
        parts = [self._sha256, prompt.system, prompt.user, *labels]
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        known = self._known.get(key)
        if known is not None and len(known[0]) == len(known[1]) == len(labels):
            return choice_of(*known)
        made = self._model.classify(prompt, labels)
        self.asked += 1
        self._keep(key, [round(s, 4) for s in made.log_probs], [round(b, 4) for b in made.baselines])
        return choice_of(*self._known[key])

    def _keep(self, key: str, scores: list[float], baselines: list[float]) -> None:
        self._known[key] = scores, baselines
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "scores": scores, "baselines": baselines}) + "\n")
