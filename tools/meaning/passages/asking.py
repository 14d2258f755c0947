"""What each sentence is for: the learned reader, and beside it a small model that was tuned on it, weighed alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.llm import Classifier, Prompt
from aitia.models.curriculum import passages as curriculum
from aitia.tools.meaning.passages.reader import ROLES, Kind, bundled, in_order, log_shares
from aitia.tools.meaning.passages.units import Unit

MOST: Final = 120
"""Sentences of a document that a model is asked about, some two minutes of a core; the rest are read without it."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """What a sentence is for (`ROLES`), and the probability of that, 0 to 1."""

    name: str
    sure: float


def read_roles(units: Sequence[Unit], kind: Kind, model: Classifier | None = None) -> list[Role]:
    """The role of each unit. `model` is one that was tuned on them. Raises ModelError where it cannot tell the labels apart."""
    if not units:
        return []
    scores = log_shares(units, kind)
    if model is not None:
        said = [ask_role(model, units, place, kind) for place in range(min(len(units), MOST))]
        scores[: len(said)] = together(scores[: len(said)], np.array(said, dtype=np.float32))
    shares = np.exp(in_order(scores, bundled(kind).follows))
    return [Role(name=ROLES[kind][int(row.argmax())], sure=float(row.max())) for row in shares]


def ask_role(model: Classifier, units: Sequence[Unit], place: int, kind: Kind) -> tuple[float, ...]:
    """The model's log-probabilities of one unit's roles, in the order of `ROLES`. Raises ModelError."""
    unit, before = units[place], units[place - 1].text if place else ""
    prompt = Prompt(system=curriculum.SYSTEM, user=curriculum.head(kind, unit.heading, before, unit.text))
    said = curriculum.SAID[kind]
    return model.classify(prompt, [said[name] for name in ROLES[kind]]).log_probs


def together(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities of both readers, weighed alike, shape (units, roles)."""
    joint = one + other
    high = joint.max(axis=1, keepdims=True)
    return np.asarray(
        joint - high - np.log(np.exp(joint - high).sum(axis=1, keepdims=True)), dtype=np.float32
    )
