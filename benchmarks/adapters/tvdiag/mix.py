"""How much similar incidents count beside the features: chosen by cross-validation within the library."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapters.tvdiag.events import Case
from benchmarks.adapters.tvdiag.features import Lens
from benchmarks.adapters.tvdiag.folds import parts_of
from benchmarks.adapters.tvdiag.logit import fit_pairs
from benchmarks.adapters.tvdiag.nearest import Memory

Floats = NDArray[np.float64]
INNER: Final = 4
RIDGES: Final = ((3.0, 1.0), (3.0, 3.0), (6.0, 2.0))
VOTES: Final = (0.0, 0.25, 0.5)


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Ridges of the conditional logit, and the weight of the votes of similar incidents."""

    shared: float = 3.0
    own: float = 3.0
    votes: float = 0.25


def choose_mix(cases: Sequence[Case]) -> Mix:
    """The mix that ranks held-out components best, over a grid; fewer votes where two are alike."""
    grid = list(itertools.product(RIDGES, VOTES))
    gained = dict.fromkeys(grid, 0.0)
    for kept, held in _inner(cases):
        faults = sorted({c.fault for c in kept})
        lens, memory = Lens.learn(kept), Memory.learn(kept)
        matrices = [lens.matrix(c, culprit=c.component) for c in kept]
        rows = [c.candidates.index(c.component) for c in kept]
        numbers = [faults.index(c.fault) for c in kept]
        seen = [(c, lens.matrix(c), memory.log_votes(memory.nearest(c), c.candidates)) for c in held]
        for shared, own in RIDGES:
            pairs = fit_pairs(matrices, rows, numbers, count=len(faults), shared=shared, own=own)
            for (case, matrix, by_votes), votes in itertools.product(seen, VOTES):
                p = components(pairs.log_p(matrix), by_votes, votes)
                gained[(shared, own), votes] += _gain(p, case.candidates.index(case.component))
    (shared, own), votes = max(grid, key=lambda g: (round(gained[g], 6), -g[1]))
    return Mix(shared=shared, own=own, votes=votes)


def _inner(cases: Sequence[Case]) -> Iterator[tuple[list[Case], list[Case]]]:
    part = parts_of(cases, folds=INNER, seed=0)
    for fold in range(INNER):
        kept = [c for c, p in zip(cases, part, strict=True) if p != fold]
        yield kept, [c for c, p in zip(cases, part, strict=True) if p == fold]


def _gain(p: Floats, row: int) -> float:
    """The log-probability of the culprit, and 1 where it comes first."""
    return math.log(max(float(p[row]), 1e-4)) + float(p.argmax() == row)


def components(pairs: Floats, by_votes: Floats, votes: float) -> Floats:
    """Probabilities of the candidates (N,): the log-linear pool of both parts."""
    top = pairs.max(axis=1)
    log_p = top + np.log(np.exp(pairs - top[:, None]).sum(axis=1)) + votes * by_votes
    p = np.exp(log_p - log_p.max())
    return np.asarray(p / p.sum(), dtype=float)
