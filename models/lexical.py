"""Likeness of short texts by shared words (TF-IDF), without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[a-z]+|[0-9]+")


def words(text: str) -> list[str]:
    """Lower-case words and numbers; `metrics_scan` and `payment-db` are two words each."""
    return _WORD.findall(text.lower())


class TfIdf:
    """Unit vectors of word counts, damped (1 + log) and weighted by how few of the given texts hold the word."""

    def __init__(self, texts: Sequence[str]) -> None:
        held = [set(words(text)) for text in texts]
        self._column = {word: i for i, word in enumerate(sorted(set().union(*held)))}
        counts = np.zeros(len(self._column))
        for found in held:
            counts[[self._column[w] for w in found]] += 1
        self._idf = np.log((1 + len(texts)) / (1 + counts)) + 1

    def rows(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Shape (texts, words known); words that no given text holds are left out."""
        made = np.zeros((len(texts), len(self._column)))
        for row, text in zip(made, texts, strict=True):
            for word in words(text):
                if word in self._column:
                    row[self._column[word]] += 1
        weighed = np.where(made > 0, 1 + np.log(np.maximum(made, 1)), 0) * self._idf
        length = np.linalg.norm(weighed, axis=1, keepdims=True)
        unit: NDArray[np.float64] = weighed / np.maximum(length, 1e-12)
        return unit


def likeness(question: str, options: Sequence[str]) -> NDArray[np.float64]:
    """Cosine between the question and each option, 0..1; a word counts the more the fewer options hold it."""
    space = TfIdf(options)
    found: NDArray[np.float64] = space.rows(options) @ space.rows([question])[0]
    return found


def shortlist(question: str, options: Sequence[str], most: int) -> list[int]:
    """The indices of the `most` options that are most like the question, in their given order."""
    if len(options) <= most:
        return list(range(len(options)))
    best = np.argsort(-likeness(question, options), kind="stable")[:most]
    return sorted(int(i) for i in best)
