"""Looking up passages for a question: BM25 over passages and documents, the section and the sort of answer wanted, meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from aitia.agent.asking.passages import Passage, passages
from aitia.agent.text import stem
from aitia.core.bounds import own_yaml
from aitia.core.lexical import LexicalIndex
from aitia.tools.memory.terms import terms
from aitia.tools.sources.base import Document

Floats = NDArray[np.float64]
PLAIN: Final = 0.25  # how much an everyday word counts in what a passage covers
CANDIDATES: Final = 30  # of the ranking by words are compared by meaning: a bound on the embedding time


class Compares(Protocol):
    """Comparison by meaning (`aitia.tools.incidents.dense.Dense`)."""

    def similarities(self, query: str, texts: Sequence[str]) -> Floats:
        """One cosine per text."""
        ...


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The closed lists of `lookup.yaml`."""

    asking: frozenset[str]
    plain: frozenset[str]
    equal: dict[str, str]
    sections: dict[str, tuple[re.Pattern[str], re.Pattern[str]]]
    sorts: dict[str, tuple[re.Pattern[str], re.Pattern[str], bool]]


@lru_cache(maxsize=1)
def lists() -> Lists:
    """The lists, read once."""
    raw: dict[str, Any] = own_yaml(Path(__file__).with_name("lookup.yaml").read_text(encoding="utf-8"))
    has: Callable[[str], re.Pattern[str]] = lambda p: re.compile(p, re.I | re.M)  # noqa: E731
    return Lists(
        asking=frozenset(stem(w) for w in raw["asking"].split()),
        plain=frozenset(stem(w) for w in raw["plain"].split()),
        equal={stem(w): stem(group[0]) for group in raw["equal"] for w in group},
        sections={k: (has(v["asked"]), has(v["under"])) for k, v in raw["sections"].items()},
        sorts={k: (has(v["asked"]), has(v["found"]), v.get("rare", False)) for k, v in raw["sorts"].items()},
    )


@lru_cache(maxsize=200_000)
def _root(term: str) -> str:
    root = stem(term)
    return lists().equal.get(root, root)


def roots(text: str) -> list[str]:
    """The terms of a text by their stems, equal words as one."""
    return [_root(t) for t in terms(text)]


def asked(question: str) -> list[str]:
    """What a question is about: its terms without those that only ask."""
    return [t for t in dict.fromkeys(roots(question)) if t not in lists().asking]


def burden(term: str) -> float:
    """How much it weighs whether a term of a question is held: everyday words little."""
    return PLAIN if term in lists().plain else 1.0


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A passage with its score and what speaks for it: the features that say whether it answers."""

    passage: Passage
    score: float
    features: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How the parts of a passage's score are weighed (fitted on development questions, cross-validated)."""

    document: float = 0.45
    title: float = 0.75
    section: float = 0.05
    sort: float = 0.3
    meaning: float = 1.5


class Lookup:
    """All passages of some documents, ready for questions."""

    def __init__(self, documents: Sequence[Document], *, dense: Compares | None = None) -> None:
        self.documents = list(documents)
        self.passages = passages(self.documents)
        self.dense = dense
        place = {d.id: n for n, d in enumerate(self.documents)}
        self._of = np.array([place[p.document] for p in self.passages], dtype=np.int64)
        self._titles = [frozenset(roots(_names(d))) for d in self.documents]
        self._context = [frozenset(roots(p.context)) for p in self.passages]
        self._words = [roots(p.text) for p in self.passages]
        self._by_passage = LexicalIndex(
            [w + sorted(c) for w, c in zip(self._words, self._context, strict=True)], few=0
        )
        whole: list[list[str]] = [
            [*sorted(t) * 3, *roots(_more(d))] for d, t in zip(self.documents, self._titles, strict=True)
        ]
        for of, words in zip(self._of, self._words, strict=True):
            whole[of] += words
        self._by_document = LexicalIndex(whole, few=0)

    def find(self, question: str, *, mix: Mix | None = None, top: int = 8) -> list[Hit]:
        """The best passages, best first; none where the question has everyday words only, or no word of it is in any document."""
        mix, wanted = mix or Mix(), asked(question)
        words = _scores(self._by_passage, wanted)
        vague = all(t in lists().plain for t in wanted)
        if vague or not self.passages or not words.max(initial=0.0):
            return []
        whole = _scores(self._by_document, wanted)
        weight = {t: self._by_document.idf(t) * burden(t) for t in wanted}
        mass = sum(weight.values()) or 1.0
        named = np.array([sum(weight[t] for t in wanted if t in title) / mass for title in self._titles])
        fused = (
            words / words.max() + mix.document * (whole / whole.max())[self._of] + mix.title * named[self._of]
        )
        best = np.argsort(-fused, kind="stable")[: 4 * CANDIDATES]
        hits = [self._hit(int(i), question, wanted, weight, float(fused[i]), named, whole, mix) for i in best]
        hits.sort(key=lambda h: -h.score)
        hits = (
            self._compared(question, hits[:CANDIDATES], mix) if self.dense is not None else hits[:CANDIDATES]
        )
        return hits[:top]

    def _hit(
        self, i: int, question: str, wanted: Sequence[str], weight: dict[str, float], fused: float,
        named: Floats, whole: Floats, mix: Mix,
    ) -> Hit:  # fmt: skip
        passage, of = self.passages[i], int(self._of[i])
        own, near = frozenset(self._words[i]), self._context[i] | self._titles[of]
        mass = sum(weight.values()) or 1.0
        share: Callable[[Any], float] = lambda held: sum(w for t, w in weight.items() if t in held) / mass  # noqa: E731
        missing = max((w for t, w in weight.items() if t not in own and t not in near), default=0.0)
        section, sort, refused = _fits(question, passage)
        features = {
            "own": share(own),
            "covered": share(own | near),
            "missing": missing / (self._by_document.idf("") or 1.0),
            "document": float(whole[of] / whole.max()),
            "section": section,
            "sort": sort,
            "refused": refused,
        }
        return Hit(passage=passage, score=fused + mix.section * section + mix.sort * sort, features=features)

    def _compared(self, question: str, hits: list[Hit], mix: Mix) -> list[Hit]:
        assert self.dense is not None
        texts = [
            f"{h.passage.title}. {h.passage.heading}. {h.passage.lead} {h.passage.text}"[:1500] for h in hits
        ]
        near = self.dense.similarities(question, texts)
        made = [
            Hit(
                passage=h.passage,
                score=h.score + mix.meaning * float(s),
                features=h.features | {"meaning": float(s)},
            )
            for h, s in zip(hits, near, strict=True)
        ]
        return sorted(made, key=lambda h: -h.score)


def _scores(index: LexicalIndex, wanted: Sequence[str]) -> Floats:
    """BM25 scores, one per text; everyday words count little."""
    plain = lists().plain
    told = index.bm25([t for t in wanted if t not in plain])
    return told + PLAIN * index.bm25([t for t in wanted if t in plain])


def _names(document: Document) -> str:
    """What a document is called: title, last part of its id, and what its front matter names."""
    named = " ".join(
        document.meta.get(k, "")
        for k in ("alerts", "services", "company", "product", "keywords", "component")
    )
    return f"{document.title} {document.id.rpartition('/')[2].replace('-', ' ')} {named}"


def _more(document: Document) -> str:
    """What front matter tells beside the names."""
    return " ".join(document.meta.get(k, "") for k in ("summary", "symptoms"))


def _fits(question: str, passage: Passage) -> tuple[float, float, float]:
    """Whether a passage stands under a heading that the question is for, and holds the sort of thing it wants."""
    known = lists()
    wanted = [under for ask, under in known.sections.values() if ask.search(question)]
    section = float(any(under.search(passage.heading) for under in wanted)) if wanted else 0.5
    sorts = [(found, rare) for ask, found, rare in known.sorts.values() if ask.search(question)]
    sort = float(all(found.search(passage.text) for found, _ in sorts)) if sorts else 0.5
    refused = float(any(rare and not found.search(passage.text) for found, rare in sorts))
    return section, sort, refused
