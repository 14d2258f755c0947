"""Ranking of documents for an incident: lexical, fused with dense vectors where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aitia.core.words import Incident
from aitia.tools.incidents.dense import Dense
from aitia.tools.incidents.lexical import Lexicon, terms
from aitia.tools.sources.base import Document

MIN_LEXICAL = 0.08  # cosine below which two texts have only common words in common
MIN_DENSE = 0.35
CANDIDATES = 50  # of the lexical ranking are compared by meaning: a bound on the embedding time
DENSE_SHARE = 0.3  # of the fused score; measured in benchmarks/retrieval


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A document that matches. `similarity` in 0..1 is the cosine, dense where vectors are installed."""

    source: str
    document: Document
    similarity: float


def query_of(incident: Incident) -> str:
    """What an incident says: title, text and the values of its labels."""
    labels = " ".join(value for _, value in sorted(incident.labels.items()))
    return f"{incident.title}\n{incident.text}\n{labels}\n{' '.join(incident.hints)}"


def body(document: Document) -> str:
    """What a document is found by; its title and named alerts and symptoms count twice."""
    strong = " ".join(
        [
            document.title,
            *(document.meta.get(key, "") for key in ("alerts", "symptoms", "services", "component")),
        ]
    )
    rest = " ".join(document.meta.get(key, "") for key in ("cause", "outcome"))
    return f"{strong}\n{strong}\n{document.text}\n{rest}\n{document.id.replace('-', ' ')}"


def rank(
    query: str, documents: Sequence[tuple[str, Document]], *, dense: Dense | None, top: int = 5
) -> list[Hit]:
    """The documents that are similar enough, best first."""
    if not documents:
        return []
    texts = [body(document) for _, document in documents]
    lexicon = Lexicon([terms(text) for text in texts])
    asked = terms(query)
    scores = lexicon.bm25(asked)
    fused = scores / scores.max() if scores.max() > 0 else scores
    similar, least = lexicon.cosine(asked), MIN_LEXICAL
    if dense is not None:
        best = sorted(range(len(texts)), key=lambda i: (-fused[i], i))[:CANDIDATES]
        near = np.zeros(len(texts))
        near[best] = np.maximum(dense.similarities(query, [texts[i] for i in best]), 0.0)
        fused, similar, least = (1 - DENSE_SHARE) * fused + DENSE_SHARE * near, near, MIN_DENSE
    order = sorted(
        range(len(documents)), key=lambda i: (-round(float(fused[i]), 9), documents[i][0], documents[i][1].id)
    )
    return [
        Hit(source=documents[i][0], document=documents[i][1], similarity=round(float(similar[i]), 3))
        for i in order[:top]
        if similar[i] >= least
    ]
