"""What a model says of an incident text: small questions with few answers, by log-probability less a content-free baseline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from aitia.core.llm import Classifier, Prompt
from aitia.models.scoring import pick
from aitia.tools.meaning.incidents.symptoms import SYMPTOMS
from aitia.tools.meaning.incidents.words import table

LONGEST: Final = 1200  # characters that a model reads: what is wrong stands at the beginning
MOST_ASKED: Final = 12  # components that are put to a choice
_PRIOR: Final = 0.7  # share of the content-free baseline that is taken off a symptom's score
_SURE: Final = 0.5  # probability from which a component that no word names is taken
_NONE: Final = "none of these"
_ASKS: Final = {
    "symptom": ("The main symptom of an incident text.", "Main symptom:"),
    "which": ("Which component an incident text is about.", "Components: {}\nIt is about:"),
}
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
    """Puts the questions to a model, each at most once."""

    def __init__(self, model: Classifier, *, sha256: str, name: str, answers: Answers | None = None) -> None:
        self.name = name
        self._model, self._sha256, self._answers = model, sha256, answers or Answers()

    def symptom(self, text: str, points: Mapping[str, float]) -> str:
        """The likeliest of the symptoms that have points: the model's score and the words' points are both log-odds."""
        scores, baselines = self._ask("symptom", text, "", SYMPTOMS)
        both = zip(SYMPTOMS, scores, baselines, strict=True)
        gains = {name: s - _PRIOR * b + points[name] for name, s, b in both if name in points}
        return max(gains, key=lambda name: gains[name])

    def which(self, text: str, components: Sequence[str]) -> str:
        """The component that a text is about, or "" for none. Letters have no meaning that a baseline could take off."""
        if not 0 < len(components) <= MOST_ASKED:
            return ""
        letters = [chr(ord("A") + n) for n in range(len(components) + 1)]
        named = zip(letters, [*components, _NONE], strict=True)
        scores, _ = self._ask("which", text, ", ".join(f"{a} {_line(b, 80)}" for a, b in named), letters)
        best, shares = pick(scores, [0.0] * len(scores))
        return components[best] if best < len(components) and shares[best] >= _SURE else ""

    def _ask(self, task: str, text: str, about: str, labels: Sequence[str]) -> Scores:
        user = f" {_line(text, LONGEST)}\n{_ASKS[task][1].format(_line(about, 1200))}"
        prompt = Prompt(system=_examples(), user=user)
        parts = [self._sha256, prompt.system, prompt.user, *labels]
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        known = self._answers.get(key)
        if known is None or len(known[0]) != len(labels):
            choice = self._model.classify(prompt, labels)
            known = [round(s, 4) for s in choice.log_probs], [round(b, 4) for b in choice.baselines]
            self._answers.put(key, known)
        return known


@cache
def _examples() -> str:
    """The text in front of every question: one for all, so that it is evaluated once."""
    lines = [*(head for head, _ in _ASKS.values()), ""]
    for task, (_, asked) in _ASKS.items():
        for text, *about, answer in table("examples")[task]:
            lines.append(f"Text: {text}\n{asked.format(*about)} {answer}\n")
    return "\n".join(lines) + "\nText:"


def _line(text: str, longest: int) -> str:
    """One line without control characters: no text ends a question or begins another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]
