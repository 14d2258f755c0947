"""Likeness of short texts by shared words (TF-IDF), without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aitia.core.lexical import LexicalIndex, smooth_idf

_WORD = re.compile(r"[a-z]+|[0-9]+")


def words(text: str) -> list[str]:
    """Lower-case words and numbers; `metrics_scan` and `payment-db` are two words each."""
    return _WORD.findall(text.lower())


def index_of(texts: Sequence[str]) -> LexicalIndex:
    """The texts, compared by their words; a word that none of them holds does not count."""
    return LexicalIndex([words(text) for text in texts], few=0, idf=smooth_idf)


def likeness(question: str, options: Sequence[str]) -> NDArray[np.float64]:
    """Cosine between the question and each option, 0..1; a word counts the more the fewer options hold it."""
    return index_of(options).cosine(words(question))


def shortlist(question: str, options: Sequence[str], most: int) -> list[int]:
    """The indices of the `most` options that are most like the question, in their given order."""
    if len(options) <= most:
        return list(range(len(options)))
    best = np.argsort(-likeness(question, options), kind="stable")[:most]
    return sorted(int(i) for i in best)
