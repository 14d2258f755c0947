"""What a model says is the symptom of an incident text: by log-probability, less a part of a content-free baseline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from aitia.core.llm import Classifier, Prompt, Tuned
from aitia.models.curriculum import texts as curriculum
from aitia.tools.meaning.incidents.symptoms import SYMPTOMS
from aitia.tools.meaning.incidents.words import table

LONGEST: Final = 1200  # characters that a model reads: what is wrong stands at the beginning
PRIOR: Final = 0.5  # share of the content-free baseline that is taken off a symptom's score
_WORDS: Final = 2.0  # log-odds of one point of the words
_BESIDE_TUNED: Final = 1.0  # the same beside a model that was tuned on texts
_HEAD: Final = "The main symptom of an incident text."
_ASKED: Final = "Main symptom:"


class Reader:
    """Puts the question to a model."""

    def __init__(self, model: Classifier, *, name: str) -> None:
        self.name = name
        self._model = model
        self.tuned = _tuned(model)  # it reads better than words that seem clear: it is asked of every text

    def symptom(self, text: str, points: Mapping[str, float]) -> str:
        """The likeliest of the symptoms that have points: the model's score and the words' points are both log-odds."""
        prompt = Prompt(system=_front(self._model), user=head(text))
        said = self._model.classify(prompt, SYMPTOMS)
        both = zip(SYMPTOMS, said.log_probs, said.baselines, strict=True)
        prior, words = (0.0, _BESIDE_TUNED) if self.tuned else (PRIOR, _WORDS)
        gains = {name: s - prior * b + words * points[name] for name, s, b in both if name in points}
        return max(gains, key=lambda name: gains[name])


@cache
def symptom_examples() -> str:
    """The text in front of the question."""
    lines = [f"Text: {text}\n{_ASKED} {answer}\n" for text, answer in table("examples")["symptom"]]
    return "\n".join([_HEAD, "", *lines]) + "\nText:"


def head(text: str) -> str:
    """A text and the question behind it."""
    return f" {_line(text)}\n{_ASKED}"


def _front(model: Classifier) -> str:
    """What stands in front of a text: a model that was tuned on texts needs no examples."""
    return curriculum.SYSTEM if _tuned(model) else symptom_examples()


def _tuned(model: Classifier) -> bool:
    return isinstance(model, Tuned) and model.role == "texts"


def _line(text: str) -> str:
    """One line without control characters: no text ends a question or begins another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST]
