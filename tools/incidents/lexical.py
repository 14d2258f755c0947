"""Lexical retrieval: BM25 ranks, a TF-IDF cosine says how similar the best really are."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.incidents.vocabulary import vocabulary

K1: Final = 1.2
B: Final = 0.75
FEW: Final = 20  # a smaller set counts as so many: it tells little of how common a word is
_WORD = re.compile(r"[A-Za-z]+|\d+(?:xx)?|[45]xx")
_TOKEN = re.compile(r"[A-Za-z0-9]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def terms(text: str) -> list[str]:
    """Lower-case terms: CamelCase split, plural `s` dropped, stop words left out."""
    stop = vocabulary().stop
    words = (w.casefold() for w in _WORD.findall(CAMEL.sub(" ", text.replace("_", " "))))
    return [_stem(word) for word in words if word not in stop and (len(word) > 1 or word.isdigit())]


def written(text: str) -> list[str]:
    """Lower-case words as they stand, of at least two characters: CamelCase as a whole and in its parts, no stop words."""
    stop = vocabulary().stop
    made = (part for word in _TOKEN.findall(text.replace("_", " ")) for part in _parts(word))
    return [word for word in made if len(word) > 1 and word not in stop]


@functools.lru_cache(maxsize=1 << 16)
def _parts(word: str) -> tuple[str, ...]:
    """The lower-case parts of a word, and the word itself where there are several."""
    parts = CAMEL.sub(" ", word).split()
    return tuple(part.casefold() for part in (parts if len(parts) == 1 else [*parts, word]))


@functools.lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


class Lexicon:
    """An index of documents given as term lists. `b` is how much of a document's length BM25 takes off."""

    def __init__(self, documents: Sequence[Sequence[str]], *, b: float = B) -> None:
        self._b = b
        self._bm25: Any = None
        self._counts = [Counter(document) for document in documents]
        seen = Counter(term for counts in self._counts for term in counts)
        n = max(len(documents), FEW)
        self._idf = {term: math.log(1 + (n - df + 0.5) / (df + 0.5)) for term, df in seen.items()}
        self._unseen = math.log(1 + (n + 0.5) / 0.5)
        self._documents = [list(document) for document in documents]

    def bm25(self, query: Sequence[str]) -> NDArray[np.float64]:
        """BM25 scores, one per document."""
        known = [term for term in query if term in self._idf]
        if not known:
            return np.zeros(len(self._documents))
        if self._bm25 is None:  # built for the first query, kept for the others
            import bm25s

            self._bm25 = bm25s.BM25(k1=K1, b=self._b)
            self._bm25.index(self._documents, show_progress=False)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64)

    def shared(self, query: Sequence[str], document: int, *, most: int = 5) -> tuple[str, ...]:
        """The terms that a query has in common with a document, rarest first."""
        common = self._counts[document].keys() & set(query)
        return tuple(sorted(common, key=lambda term: (-self._weight(term), term))[:most])

    def cosine(self, query: Sequence[str]) -> NDArray[np.float64]:
        """TF-IDF cosine similarities, one per document; terms that no document has count against all."""
        counts = Counter(query)
        norm = self._norm(counts)
        if not norm:
            return np.zeros(len(self._documents))
        dots = [
            sum(
                _tf(n) * _tf(document[term]) * self._weight(term) ** 2
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

    def _weight(self, term: str) -> float:
        return self._idf.get(term, self._unseen)

    def _norm(self, counts: Counter[str]) -> float:
        return math.sqrt(sum((_tf(n) * self._weight(term)) ** 2 for term, n in sorted(counts.items())))


def _tf(n: int) -> float:
    return 1.0 + math.log(n) if n else 0.0
