"""A lexical index over texts given as terms: BM25 ranks, a TF-IDF cosine says how similar the best really are.

Indexes of runbooks, passages, past plans and questions are all this one. Only the incident store differs, whose index is
SQLite's FTS5 on disk; it weighs terms by the same formula.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
K1: Final = 1.2  # how soon further occurrences of a term stop to count
B: Final = 0.75  # how much of a document's length is taken off
FEW: Final = 20


def bm25_idf(df: int, n: int) -> float:
    """ln(1 + (n - df + 0.5) / (df + 0.5)): how rare a term is that `df` of `n` documents hold; one of none is the rarest."""
    return math.log(1.0 + (n - df + 0.5) / (df + 0.5))


def smooth_idf(df: int, n: int) -> float:
    """1 + ln((1 + n) / (1 + df)), scikit-learn's; a term that no document holds does not count."""
    return math.log((1 + n) / (1 + df)) + 1.0 if df else 0.0


class LexicalIndex:
    """An index of documents given as term lists.

    `b` is how much of a document's length BM25 takes off, `idf(df, n)` what a term weighs in the cosine. A set of fewer
    documents than `few` counts as so many: it tells little of how common a word is.
    """

    def __init__(
        self,
        documents: Sequence[Sequence[str]],
        *,
        b: float = B,
        few: int = FEW,
        idf: Callable[[int, int], float] = bm25_idf,
    ) -> None:
        self._b = b
        self._documents = [list(document) for document in documents]
        self._counts = [Counter(document) for document in documents]
        seen = Counter(term for counts in self._counts for term in counts)
        n = max(len(documents), few)
        self._idf = {term: idf(df, n) for term, df in seen.items()}
        self._unseen = idf(0, n)

    def idf(self, term: str) -> float:
        """How rare a term is."""
        return self._idf.get(term, self._unseen)

    def bm25(self, query: Sequence[str]) -> Floats:
        """BM25 scores, one per document."""
        known = [term for term in query if term in self._idf]
        if not known:
            return np.zeros(len(self._documents))
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64)

    @functools.cached_property
    def _bm25(self) -> Any:
        """Built for the first query, kept for the others."""
        import bm25s

        made = bm25s.BM25(k1=K1, b=self._b)
        made.index(self._documents, show_progress=False)
        return made

    def shared(self, query: Sequence[str], document: int, *, most: int = 5) -> tuple[str, ...]:
        """The terms that a query has in common with a document, rarest first."""
        common = self._counts[document].keys() & set(query)
        return tuple(sorted(common, key=lambda term: (-self.idf(term), term))[:most])

    def cosine(self, query: Sequence[str]) -> Floats:
        """TF-IDF cosine similarities, one per document."""
        counts = Counter(query)
        norm = self._norm(counts)
        if not norm:
            return np.zeros(len(self._documents))
        dots = [
            sum(
                _tf(n) * _tf(document[term]) * self.idf(term) ** 2
                for term, n in counts.items()
                if term in document
            )
            for document in self._counts
        ]
        return np.array(
            [dot / (norm * own) if own else 0.0 for dot, own in zip(dots, self._norms, strict=True)]
        )

    @functools.cached_property
    def _norms(self) -> list[float]:
        """The length of each document's vector: only a cosine needs it, and few queries ask for one."""
        return [self._norm(counts) for counts in self._counts]

    def _norm(self, counts: Counter[str]) -> float:
        return math.sqrt(sum((_tf(n) * self.idf(term)) ** 2 for term, n in sorted(counts.items())))


def _tf(n: int) -> float:
    return 1.0 + math.log(n)
