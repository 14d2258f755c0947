"""An index over a set of documents: built once, kept while the documents stay the same."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.lexical import LexicalIndex
from aitia.tools.incidents.views import opening, pairs, whole
from aitia.tools.memory.terms import terms, written
from aitia.tools.sources.base import Document

Floats = NDArray[np.float64]
WORDS: Final = ("whole", "opening", "pairs")  # the parts that compare words, in the order of their weights
MOST: Final = 2  # times that a term of the query counts
_KEPT: Final = 6  # sets of documents whose index is kept


class Index:
    """Scores of a query against every document, by part; each part is scaled to 0..1 within the query.

    Whole documents are compared by words as written, openings and their pairs by stems: each finds what the other misses.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self.openings = [opening(document) for document in documents]
        short = [terms(text) for text in self.openings]
        # Length counts fully: a short text that says it is nearer than a long one that says it too.
        self._whole = LexicalIndex([written(whole(document)) for document in documents], b=1.0)
        self._opening = LexicalIndex(short, b=1.0)
        self._pairs = LexicalIndex([pairs(words) for words in short], b=1.0)

    def words(self, query: str) -> Floats:
        """Shape (documents, parts of WORDS). A term counts twice at most, however often the report says it."""
        stems = terms(query)
        found = (
            self._whole.bm25(_capped(written(query))),
            self._opening.bm25(_capped(stems)),
            self._pairs.bm25(_capped(pairs(stems))),
        )
        return np.stack([_scaled(scores) for scores in found], axis=1)

    def alike(self, query: str) -> Floats:
        """The larger TF-IDF cosine of a document as a whole and of its opening, 0..1 (documents,)."""
        return np.maximum(self._whole.cosine(written(query)), self._opening.cosine(terms(query)))

    def shared(self, query: str, document: int) -> tuple[str, ...]:
        """The words that a query has in common with a document, rarest first."""
        return self._whole.shared(written(query), document)


def _capped(terms: Sequence[str]) -> list[str]:
    return [term for term, n in Counter(terms).items() for _ in range(min(n, MOST))]


def _scaled(scores: Floats) -> Floats:
    best = float(scores.max(initial=0.0))
    return scores / best if best > 0 else scores


_indexes: OrderedDict[str, Index] = OrderedDict()
_lock = threading.Lock()


def index_of(documents: Sequence[Document]) -> Index:
    """The index of these documents. Safe to call from several threads."""
    key = _digest(documents)
    with _lock:
        if key not in _indexes:
            _indexes[key] = Index(documents)
            while len(_indexes) > _KEPT:
                _indexes.popitem(last=False)
        _indexes.move_to_end(key)
        return _indexes[key]


def _digest(documents: Sequence[Document]) -> str:
    made = hashlib.sha256()
    for d in documents:
        fields = (d.id, d.title, d.text, *(part for pair in sorted(d.meta.items()) for part in pair))
        made.update("\0".join(fields).encode("utf-8", "replace") + b"\1")
    return made.hexdigest()
