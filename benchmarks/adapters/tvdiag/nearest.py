"""Which past incidents had a similar event fingerprint, names included: what befell here before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapters.tvdiag.events import Case

Floats = NDArray[np.float64]
NEIGHBOURS: Final = 8
_POWER: Final = 4.0
_SPARE: Final = 0.02  # what a component without a vote keeps


def fingerprint(case: Case) -> frozenset[str]:
    """The incident's events as tokens: what was raised, where, and on which call."""
    made: set[str] = set()
    for e in case.events:
        kind = f"{e.source} {e.direction}" if e.source == "trace" else f"{e.source} {e.signal} {e.direction}"
        made |= {kind, f"{e.component}: {kind}"}
        if e.source == "trace":
            call = f"{e.peer}>{e.component}"
            made |= {
                f"{e.signal} {e.direction}",
                f"{call}: {e.direction}",
                f"{call}: {e.signal} {e.direction}",
            }
    return frozenset(made)


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A past incident and the cosine similarity of its fingerprint."""

    id: str
    component: str
    fault: str
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Past incidents by fingerprint; tokens count by squared inverse document frequency."""

    ids: tuple[str, ...]
    components: tuple[str, ...]
    faults: tuple[str, ...]
    prints: tuple[frozenset[str], ...]

    @classmethod
    def learn(cls, cases: Sequence[Case]) -> Memory:
        """From solved incidents."""
        return cls(
            ids=tuple(c.id for c in cases),
            components=tuple(c.component for c in cases),
            faults=tuple(c.fault for c in cases),
            prints=tuple(fingerprint(c) for c in cases),
        )

    @cached_property
    def _weight(self) -> dict[str, float]:
        spread = Counter(token for p in self.prints for token in p)
        return {t: math.log((len(self.prints) + 1) / (n + 0.5)) ** 2 for t, n in spread.items()}

    @cached_property
    def _norms(self) -> tuple[float, ...]:
        return tuple(self._norm(p) for p in self.prints)

    def _norm(self, tokens: frozenset[str]) -> float:
        rare = math.log((len(self.prints) + 1) / 0.5) ** 2
        # Summed in a fixed order: a set's own differs from process to process.
        return math.sqrt(sum(self._weight.get(t, rare) for t in sorted(tokens)))

    def nearest(self, case: Case, k: int = NEIGHBOURS) -> list[Neighbour]:
        """The k most similar incidents, best first."""
        asked = fingerprint(case)
        norm = self._norm(asked)
        found = [
            Neighbour(
                id=self.ids[n],
                component=self.components[n],
                fault=self.faults[n],
                similarity=sum(self._weight[t] for t in sorted(asked & p)) / ((norm * self._norms[n]) or 1.0),
            )
            for n, p in enumerate(self.prints)
        ]
        return sorted(found, key=lambda f: (-f.similarity, f.id))[:k]

    def log_votes(self, neighbours: Sequence[Neighbour], candidates: Sequence[str]) -> Floats:
        """Log-share of the neighbours' votes for each candidate (N,), by the fourth power of similarity."""
        votes = np.full(len(candidates), _SPARE)
        total = sum(n.similarity**_POWER for n in neighbours) or 1.0
        row = {c: k for k, c in enumerate(candidates)}
        for neighbour in neighbours:
            if neighbour.component in row:
                votes[row[neighbour.component]] += neighbour.similarity**_POWER / total
        return np.asarray(np.log(votes / votes.sum()), dtype=float)
