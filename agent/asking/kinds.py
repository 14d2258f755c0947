"""What kind of question is asked of a run, by its likeness to prototypes in meaning and in words; no list of phrasings."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from aitia.agent.asking.answerable import raw_fits
from aitia.agent.text import names_in, stem
from aitia.core.bounds import own_yaml
from aitia.core.words import Report, Word

Floats = NDArray[np.float64]
RIDGE: Final = 0.3
_CALLED: Final = {
    "service": "the service",
    "pod": "the service",
    "app": "the service",
    "node": "the host",
    "machine": "the machine",
    "part": "the bearing",
    "channel": "the sensor",
}


class Embeds(Protocol):
    """Texts to unit vectors (`aitia.models.embed.Embedder`)."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, d), rows of length 1."""
        ...


class KindsFit(Word):
    """The weights of meaning, float16 in base64, (d + 1) × kinds; of the prototypes whose sha256 this is, by the model's."""

    prototypes: str
    model: str
    meaning: str
    words: float  # how much the scores of words count beside those of meaning
    temperatures: dict[str, float]  # of `words` alone, and of both

    def matrix(self, kinds: int) -> Floats:
        """The weights as numbers."""
        flat = np.frombuffer(base64.b64decode(self.meaning), dtype="<f2")
        return flat.astype(np.float64).reshape(-1, kinds)


class Kinds:
    """The kinds with their prototypes, and how like each of them a question is."""

    def __init__(self, fit: KindsFit | None = None) -> None:
        text = files("aitia.agent.asking").joinpath("kinds.yaml").read_text(encoding="utf-8")
        raw: dict[str, dict[str, list[str]]] = own_yaml(text)
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.names = tuple(kind for group in raw.values() for kind in group)
        self.not_held = frozenset(raw["not_held"])  # what no run holds, whatever is in it
        self.prototypes = [
            (self.names.index(k), t) for group in raw.values() for k, ts in group.items() for t in ts
        ]
        self.fit = fit
        self._weights = fit.matrix(len(self.names)) if fit is not None and fit.meaning else None
        counts = Counter(t for _, text in self.prototypes for t in set(_tokens(text)))
        self._rarity = {t: math.log(1 + len(self.prototypes) / n) for t, n in counts.items()}
        self._place = {t: i for i, t in enumerate(self._rarity)}
        known = np.array([self.row(t) for _, t in self.prototypes])
        self._by_words = known.T @ ridge(known, [k for k, _ in self.prototypes], len(self.names))

    def scores(self, question: str, vector: Floats | None = None) -> Floats:
        """One score a kind, near 1 for the likeliest; by words alone without the question's vector."""
        words: Floats = self.row(question) @ self._by_words
        if vector is None or self._weights is None or self.fit is None:
            return words
        both: Floats = np.append(vector, 1.0) @ self._weights + self.fit.words * words
        return both

    def likely(self, question: str, vector: Floats | None = None) -> dict[str, float]:
        """How likely each kind is, the likeliest first."""
        by = "words" if vector is None else "meaning"
        scores = self.scores(question, vector)
        heat = self.fit.temperatures[by] if self.fit is not None else 0.1
        p = np.exp((scores - scores.max()) / heat)
        p /= p.sum()
        return {self.names[i]: float(p[i]) for i in np.argsort(-p, kind="stable")}

    def row(self, text: str) -> Floats:
        """A text by its words and pairs of words, rare ones counting more, of length 1; the last number is 1."""
        row = np.zeros(len(self._place) + 1)
        for token in set(_tokens(text)):
            if token in self._place:
                row[self._place[token]] = self._rarity[token]
        row /= float(np.linalg.norm(row)) or 1.0
        row[-1] = 1.0
        return row


def ridge(rows: Floats, kinds: Sequence[int], n: int) -> Floats:
    """The dual coefficients of a ridge regression on one-hot kinds; kinds with few prototypes count as much as others."""
    few = np.sqrt(np.bincount(kinds, minlength=n)[list(kinds)].astype(np.float64))
    solved = np.linalg.solve(rows @ rows.T + RIDGE * np.diag(few), np.eye(n)[list(kinds)])
    return np.asarray(solved, dtype=np.float64)


@lru_cache(maxsize=1)
def kinds() -> Kinds:
    """The kinds as they were fitted (benchmarks/memory/questions_runs_fit.py)."""
    raw: dict[str, Any] = raw_fits("runs.json")
    return Kinds(KindsFit.model_validate(raw["kinds"]))


def plain(question: str, report: Report) -> str:
    """A question with the run's components by what they are: what is left is what is asked of them."""
    names = {n: c.type for c in report.inventory.components for n in (c.id, *c.aliases)}
    for at, name in reversed(names_in(question, names)):
        question = f"{question[:at]}{_CALLED.get(names[name], 'the component')}{question[at + len(name) :]}"
    return re.sub(r"\b(?:the|an?|our) the\b", "the", question, flags=re.I)


def _tokens(text: str) -> list[str]:
    words = [stem(w) for w in re.findall(r"[a-z]+", text.lower())]
    return [
        *words,
        *(f"{a} {b}" for a, b in pairwise(words)),
        *(f"^{w}" for w in words[:1]),
    ]
