"""The two questions that aitia puts to a model, the bundled choice set, and the no-model answer to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from aitia.core.errors import BadInput
from aitia.core.llm import Prompt
from aitia.core.words import Word
from aitia.models.lexical import index_of, likeness, words

Kind = Literal["next_check", "cause"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SYSTEMS: Final[dict[Kind, str]] = {
    "next_check": (
        "You help an engineer on call. Two causes cannot be told apart yet. Pick the check that separates them best. "
        "Answer with the text of one option."
    ),
    "cause": (
        "You help an engineer on call. Pick the one cause that explains all of these facts. "
        "Answer with the text of one option."
    ),
}
_ASKS: Final[dict[Kind, str]] = {"next_check": "Check:", "cause": "Cause:"}
NEIGHBOURS: Final = 5
_NO_VOTE: Final = 0.05  # the share of votes that an option without any counts as having


class Question(Word):
    """A question with its options, one of them right. Questions of one `group` are of one family of incidents."""

    id: str
    kind: Kind
    question: str = Field(min_length=1)
    options: tuple[str, ...] = Field(min_length=2)
    answer: int = Field(ge=0)
    why: str = ""
    group: str = ""

    @model_validator(mode="after")
    def _answerable(self) -> Question:
        if self.answer >= len(self.options):
            raise ValueError(f"answer {self.answer} is not one of the {len(self.options)} options")
        if len(set(self.options)) < len(self.options):
            raise ValueError("the options are not all different")
        return self

    @property
    def prompt(self) -> Prompt:
        """What a model is asked. The options are not listed in it: their order changes nothing."""
        return prompt_of(self.kind, self.question)

    @property
    def key(self) -> str:
        """The hash of what a model is asked."""
        body = json.dumps([self.prompt.model_dump(), list(self.options)], ensure_ascii=False)
        return hashlib.sha256(body.encode()).hexdigest()


def prompt_of(kind: Kind, situation: str) -> Prompt:
    """The calibrated prompt of a kind of question; `situation` is facts and open causes, one a line."""
    return Prompt(system=SYSTEMS[kind], user=f"{situation}\n{_ASKS[kind]}")


def read_questions(text: str, name: str) -> tuple[Question, ...]:
    """Questions from JSON lines. Raises BadInput naming the line that is wrong."""
    found = []
    for n, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(Question.model_validate_json(line))
            except ValidationError as error:
                raise BadInput(f"Fix line {n} of {name}: {error.errors()[0]['msg']}.") from None
    return tuple(found)


@cache
def bundled_questions() -> tuple[Question, ...]:
    """The choice set that models are calibrated on, and on nothing else."""
    return read_questions(files("aitia.models").joinpath("choices.jsonl").read_text("utf-8"), "choices.jsonl")


@cache
def choices_sha256() -> str:
    """The hash of all that the bundled questions ask and hold for right: a calibration belongs to one of them."""
    body = [[q.key, q.answer, q.group] for q in bundled_questions()]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def label(kind: Kind, option: str) -> str:
    """What an option says without its component: the tool of a check, the fault of a cause."""
    return option.partition(" of ")[0] if kind == "next_check" else option.rpartition(": ")[2]


class Retrieval:
    """The no-model answer: the most alike of known questions vote for options that say what was right there."""

    def __init__(self, known: Sequence[Question]) -> None:
        self._kinds = [q.kind for q in known]
        self._right = [label(q.kind, q.options[q.answer]) for q in known]
        self._asked, self._said = index_of([q.question for q in known]), index_of(self._right)

    def votes(self, question: Question) -> NDArray[np.float64]:
        """Each option's share of the votes of the 5 nearest questions of its kind, weighted by likeness, 0..1.

        A neighbour votes for an option as far as its own right answer says the same, components left aside.
        """
        alike = self._asked.cosine(words(question.question))
        own = [i for i, kind in enumerate(self._kinds) if kind == question.kind]
        nearest = sorted(own, key=lambda i: -alike[i])[:NEIGHBOURS]
        weight = alike[nearest]
        said = [self._said.cosine(words(label(question.kind, o))) for o in question.options]
        share: NDArray[np.float64] = np.array(said)[:, nearest] @ weight / max(float(weight.sum()), 1e-12)
        return share

    def features(self, question: Question) -> NDArray[np.float64]:
        """Shape (options, 2): the logarithm of an option's share of votes, and the words that it shares with the question."""
        votes = np.log(self.votes(question) + _NO_VOTE)
        return np.column_stack([votes, likeness(question.question, question.options)])

    def shares(self, question: Question, coefficients: Sequence[float]) -> tuple[float, ...]:
        """The options' probabilities without a model: softmax of the features times `coefficients`."""
        return softmax(self.features(question) @ np.asarray(coefficients))


def softmax(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Probabilities in the order of the values."""
    raised = np.exp(values - values.max())
    return tuple(float(p) for p in raised / raised.sum())
