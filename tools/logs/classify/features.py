"""Rows of features: TF-IDF over n-grams (SciPy sparse) or embeddings, with the hints of the rule table beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.logs.classify.hints import names
from aitia.tools.logs.classify.hints import rows as hint_rows
from aitia.tools.logs.classify.views import View, grams, plain, spoken
from aitia.tools.logs.classify.words import Embedded, PartKind

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Rows = NDArray[np.float64]
MOST_TERMS: Final = 60_000
EMBEDDED: Final[tuple[Embedded, ...]] = ("words", "template")
_SAID: Final[dict[Embedded, Callable[[str], str]]] = {"words": plain, "template": spoken}


class Counts:
    """The n-grams of all lines, counted once; folds take rows of it and weigh them by their own training lines."""

    def __init__(self, texts: Sequence[str], view: View, at_least: int = 1) -> None:
        """Terms of fewer lines than `at_least` are left out."""
        found = [grams(text, view) for text in texts]
        held = Counter(term for row in found for term in row)
        common = [term for term, lines in held.items() if lines >= at_least]
        self.terms = sorted(common, key=lambda term: (-held[term], term))[:MOST_TERMS]
        column = {term: n for n, term in enumerate(self.terms)}
        self._counts = sparse(
            [{column[t]: c for t, c in row.items() if t in column} for row in found], len(column)
        )

    def idf(self, train: Sequence[int]) -> Rows:
        """Inverse document frequency in these lines, smoothed; 0 for a term that none of them has."""
        held = np.asarray((self._counts[train] > 0).sum(axis=0)).ravel()
        return np.where(held > 0, np.log((1 + len(train)) / (1 + held)) + 1, 0.0)

    def rows(self, idf: Rows) -> Any:
        """All lines, weighed; a SciPy sparse matrix."""
        return weighed(self._counts, idf)


def sparse(rows: Sequence[dict[int, int]], columns: int) -> Any:
    """Counts by column as a SciPy sparse matrix."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(row) for row in rows)])
    where = np.array([n for row in rows for n in row], dtype=np.int64)
    values = np.array([c for row in rows for c in row.values()], dtype=np.float64)
    return csr_matrix((values, where, ends), shape=(len(rows), columns))


def weighed(counts: Any, idf: Rows) -> Any:
    """Damped counts (1 + log) times idf, each row scaled to length 1."""
    made = counts.copy()
    made.data = (1 + np.log(made.data)) * idf[made.indices]
    length = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    made.data /= np.repeat(np.maximum(length, 1e-12), np.diff(made.indptr))
    return made


def beside(rows: Any, *others: Rows) -> Any:
    """Blocks of features side by side, sparse where the first is."""
    if isinstance(rows, np.ndarray):
        return np.hstack([rows, *others])
    from scipy.sparse import csr_matrix, hstack

    return hstack([rows, *(csr_matrix(other) for other in others)]).tocsr()


Prior = Callable[[Sequence[str], PartKind, Embed | None], Rows]


class Lines:
    """All features of a set of lines by the kind of part; what is costly is made once."""

    def __init__(
        self, texts: Sequence[str], embed: Embed | None, *, prior: Prior | None = None, at_least: int = 1
    ) -> None:
        self.size = len(texts)
        self.kinds: tuple[PartKind, ...] = ("chars", "words", "minilm") if embed else ("chars", "words")
        self.counts: dict[PartKind, Counts] = {
            "chars": Counts(texts, "chars", at_least),
            "words": Counts(texts, "words", at_least),
        }
        self._hints = hint_rows(texts, names())
        self._prior = {kind: prior(texts, kind, embed) for kind in self.kinds} if prior else {}
        self._embedded = embedded(texts, embed, EMBEDDED) if embed else None

    def rows(self, kind: PartKind, train: Sequence[int], *, lean: bool) -> tuple[Any, Rows]:
        """The features of all lines with idf from the training lines alone, and that idf (empty for embeddings)."""
        others = (self._hints, self._prior[kind]) if lean else (self._hints,)
        if kind == "minilm" and self._embedded is not None:
            return beside(self._embedded, *others), np.zeros(0)
        idf = self.counts[kind].idf(train)
        return beside(self.counts[kind].rows(idf), *others), idf


def embedded(texts: Sequence[str], embed: Embed, what: Sequence[Embedded]) -> Rows:
    """One row per line: the embeddings of its words, its template or both side by side."""
    return np.hstack([_each_once([_SAID[one](text) for text in texts], embed) for one in what])


def _each_once(said: Sequence[str], embed: Embed) -> Rows:
    unique = list(dict.fromkeys(said))
    place = {text: n for n, text in enumerate(unique)}
    return np.asarray(embed(unique), dtype=np.float64)[[place[text] for text in said]]
