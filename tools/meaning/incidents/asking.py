"""What a model says is the symptom of an incident text: by log-probability, less a part of a content-free baseline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from aitia.core.llm import Classifier, Prompt
from aitia.tools.meaning.incidents.symptoms import SYMPTOMS
from aitia.tools.meaning.incidents.words import table

LONGEST: Final = 1200  # characters that a model reads: what is wrong stands at the beginning
_PRIOR: Final = 0.5  # share of the content-free baseline that is taken off a symptom's score
_WORDS: Final = 2.0  # log-odds of one point of the words
_HEAD: Final = "The main symptom of an incident text."
_ASKED: Final = "Main symptom:"
Scores = tuple[list[float], list[float]]
"""Log-probabilities of the labels, and those of a text without content."""


class Answers:
    """What was answered before, in a JSON-lines file; without a path, for as long as the process lives."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, Scores] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    raw = json.loads(line)
                    scores, baselines = raw["scores"], raw["baselines"]
                    self._known[raw["key"]] = [float(s) for s in scores], [float(b) for b in baselines]
                except (ValueError, KeyError, TypeError):  # a line cut by a kill; it is asked again
                    continue

    def get(self, key: str) -> Scores | None:
        """What was answered, or None."""
        return self._known.get(key)

    def put(self, key: str, scores: Scores) -> None:
        """Keep an answer."""
        self._known[key] = scores
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "scores": scores[0], "baselines": scores[1]}) + "\n")


class Reader:
    """Puts the question to a model, of each text at most once."""

    def __init__(self, model: Classifier, *, sha256: str, name: str, answers: Answers | None = None) -> None:
        self.name = name
        self._model, self._sha256, self._answers = model, sha256, answers or Answers()

    def symptom(self, text: str, points: Mapping[str, float]) -> str:
        """The likeliest of the symptoms that have points: the model's score and the words' points are both log-odds."""
        scores, baselines = self._ask(text)
        both = zip(SYMPTOMS, scores, baselines, strict=True)
        gains = {name: s - _PRIOR * b + _WORDS * points[name] for name, s, b in both if name in points}
        return max(gains, key=lambda name: gains[name])

    def _ask(self, text: str) -> Scores:
        prompt = Prompt(system=_examples(), user=f" {_line(text)}\n{_ASKED}")
        parts = [self._sha256, prompt.system, prompt.user, *SYMPTOMS]
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        known = self._answers.get(key)
        if known is None or len(known[0]) != len(SYMPTOMS):
            choice = self._model.classify(prompt, SYMPTOMS)
            known = [round(s, 4) for s in choice.log_probs], [round(b, 4) for b in choice.baselines]
            self._answers.put(key, known)
        return known


@cache
def _examples() -> str:
    """The text in front of the question."""
    lines = [f"Text: {text}\n{_ASKED} {answer}\n" for text, answer in table("examples")["symptom"]]
    return "\n".join([_HEAD, "", *lines]) + "\nText:"


def _line(text: str) -> str:
    """One line without control characters: no text ends a question or begins another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST]
