"""Ranking of documents for an incident: words, openings and word pairs, fused with meaning where vectors are installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aitia.core.redact import Redactor
from aitia.core.words import Incident
from aitia.tools.incidents.dense import Dense
from aitia.tools.incidents.fusion import Fusion, fusion
from aitia.tools.incidents.index import Floats, Index, index_of
from aitia.tools.sources.base import Document

CANDIDATES = 50  # of the ranking by words are compared by meaning: a bound on the embedding time
_NAMES = frozenset({"alertname", "runbook_url"})  # looked up, not read (see named.py)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A document that matches. `similarity` in 0..1 is its likeness (see `likeness`).

    `shared` are the words in common, rarest first; `named` says how the alert itself names the document, "" where it does
    not.
    """

    source: str
    document: Document
    similarity: float
    shared: tuple[str, ...] = ()
    named: str = ""
    meaning: float | None = None  # the cosine of the vectors, where they were compared

    def why(self, redactor: Redactor) -> str:
        """Why it matches, in words that may be printed."""
        if self.named:
            return self.named
        shared = redactor.text(" ".join(self.shared)).split()
        said = [f"words in common: {', '.join(shared)}"] if shared else []
        if self.meaning is not None:
            said.append(f"meaning {self.meaning:.2f}")
        return "; ".join(said)


def query_of(incident: Incident) -> str:
    """What an incident says: title, text and the values of its labels."""
    labels = " ".join(value for key, value in sorted(incident.labels.items()) if key not in _NAMES)
    return f"{incident.title}\n{incident.text}\n{labels}\n{' '.join(incident.hints)}"


def parts_of(query: str, index: Index, dense: Dense | None, by: Fusion) -> tuple[Floats, Floats]:
    """Each document's parts (n, 3 or 4) and its vector's cosine to the query (n,), 0 where meaning was not compared."""
    parts = index.words(query)
    if dense is None:
        return parts, np.zeros(len(parts))
    words = by.fused(parts)
    best = sorted(range(len(parts)), key=lambda i: (-words[i], i))[:CANDIDATES]
    near = np.maximum(dense.similarities(query, [index.openings[i] for i in best]), 0.0)
    cosines, scaled = np.zeros(len(parts)), np.zeros(len(parts))
    spread = float(near.max() - near.min())
    cosines[best], scaled[best] = near, (near - near.min()) / spread if spread > 0 else 0.0
    return np.column_stack([parts, scaled]), cosines


def likeness(query: str, index: Index, cosines: Floats | None) -> Floats:
    """How alike each document is, 0..1 (n,): by words; with vectors, the mean of that and of their cosine, or that alone
    where no document shares a word with the query. Unlike the fused score it can be compared between queries.
    """
    words = index.alike(query)
    if cosines is None:
        return np.clip(words, 0.0, 1.0)
    return np.clip((words + cosines) / 2 if words.any() else cosines, 0.0, 1.0)


def rank(
    query: str, documents: Sequence[tuple[str, Document]], *, dense: Dense | None, top: int = 5
) -> list[Hit]:
    """The documents that are similar enough, best first."""
    if not documents:
        return []
    by, index = fusion(), index_of([document for _, document in documents])
    parts, cosines = parts_of(query, index, dense, by)
    fused = by.fused(parts)
    similar = likeness(query, index, None if dense is None else cosines)
    least = by.least_words if dense is None else by.least_meaning
    order = sorted(
        range(len(documents)), key=lambda i: (-round(float(fused[i]), 9), documents[i][0], documents[i][1].id)
    )
    return [
        Hit(
            source=documents[i][0],
            document=documents[i][1],
            similarity=round(float(similar[i]), 3),
            shared=index.shared(query, i),
            meaning=None if dense is None else round(float(cosines[i]), 3),
        )
        for i in order[:top]
        if similar[i] >= least
    ]
