"""Weights of the incident store's parts, learned from queries with right answers by a search around the prior.

The aim is the mean reciprocal rank of the first right incident, every task counting alike, less what a task loses to its best
single part, less a ridge: `strength` times the squared distance from the prior in doublings. The likelihood of a right incident,
which slopes lead to, was a worse guide.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.memory.fusing import Floats
from benchmarks.memory.store_parts import PARTS, Asked

FACTORS = tuple(2.0**n for n in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0))  # of the prior, evidence being the measure
MEASURE = "evidence"
STRENGTHS = (0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
INNER = 5
Right = Callable[[str, str], bool]  # whether an incident answers a query


@dataclass(frozen=True, kw_only=True)
class Group:
    """The queries of one task, padded: parts (q, n, 5), the share of its weight that each has, which incidents are real, which
    right.
    """

    parts: Floats
    held: Floats
    real: NDArray[np.bool_]
    right: NDArray[np.bool_]


def group(asked: Sequence[Asked], right: Right, without: Sequence[str] = ()) -> Group:
    """Queries that have something right and something wrong to find; parts named in `without` are not compared."""
    marks = [np.array([right(a.name, i) for i in a.ids], dtype=bool) for a in asked]
    kept = [(a, m) for a, m in zip(asked, marks, strict=True) if m.any() and not m.all()]
    most = max((len(a.ids) for a, _ in kept), default=0)
    parts, held = (np.zeros((len(kept), most, len(PARTS))) for _ in range(2))
    rights, real = np.zeros((len(kept), most), dtype=bool), np.zeros((len(kept), most), dtype=bool)
    for n, (a, m) in enumerate(kept):
        parts[n, : len(m)], held[n, : len(m)] = np.nan_to_num(a.parts), a.held
        rights[n, : len(m)], real[n, : len(m)] = m, True
    held[:, :, [PARTS.index(p) for p in PARTS if p in without]] = 0.0
    return Group(parts=parts, held=held, real=real, right=rights)


def scores(parts: Floats, held: Floats, weights: Floats) -> Floats:
    """The weighted mean of the parts that are held, as `fusion.fused` makes it, to its four digits; 0 without any."""
    whole = held @ weights
    return np.asarray(
        np.round(((parts * held) @ weights) / np.where(whole > 0, whole, 1.0), 4), dtype=np.float64
    )


def candidates(prior: Floats) -> Floats:
    """Weights (c, 5) around the prior and of its sum, the prior among them."""
    ways = [(1.0,) if p == MEASURE else FACTORS for p in PARTS]
    made = np.array(list(itertools.product(*ways))) * prior
    return np.asarray(made * (prior.sum() / made.sum(axis=1, keepdims=True)), dtype=np.float64)


def with_parts(weights: Floats) -> Floats:
    """The same, and after them each part alone: what no fusion may be worse than."""
    return np.vstack([weights, np.eye(len(PARTS))])


def far(weights: Floats, prior: Floats) -> Floats:
    """Squared distance from the prior in doublings, (c,)."""
    n = PARTS.index(MEASURE)
    ratio = (weights / weights[:, n : n + 1]) / (prior / prior[n])
    return np.asarray((np.log2(ratio) ** 2).sum(axis=1), dtype=np.float64)


def reciprocal(g: Group, weights: Floats) -> Floats:
    """1 / rank of the first right incident, (c, q); a wrong one of the same score counts as before it."""
    made = np.empty((len(weights), len(g.real)))
    for n, w in enumerate(weights):
        fused = np.where(g.real, scores(g.parts, g.held, w), -1.0)
        best = np.where(g.right, fused, -1.0).max(axis=1, initial=-1.0)
        made[n] = 1.0 / (1 + ((fused >= best[:, None]) & g.real & ~g.right).sum(axis=1))
    return made


def aims(ranks: Sequence[Floats]) -> Floats:
    """The aim of every candidate (c,) without its ridge, of ranks that end with those of each part alone."""
    made = []
    for r in ranks:
        mean = r.mean(axis=1)
        fused, alone = mean[: -len(PARTS)], mean[-len(PARTS) :].max()
        made.append(fused - np.maximum(0.0, alone - fused))
    return np.asarray(np.mean(made, axis=0), dtype=np.float64)


def best(ranks: Sequence[Floats], distance: Floats, strength: float) -> int:
    """The candidate of the greatest aim; of equal ones the nearest to the prior."""
    aim = aims(ranks) - strength * distance
    return min(range(len(aim)), key=lambda n: (-round(float(aim[n]), 9), distance[n], n))


def chosen_strength(ranks: Sequence[Floats], distance: Floats) -> float:
    """The ridge under which the aim is reached best on held-out queries; of equal ones the strongest."""
    gained = dict.fromkeys(STRENGTHS, 0.0)
    folds = [np.arange(r.shape[1]) % INNER for r in ranks]
    for fold in range(INNER):
        if not all((f == fold).any() and (f != fold).any() for f in folds):
            continue
        kept = [r[:, f != fold] for r, f in zip(ranks, folds, strict=True)]
        held = aims([r[:, f == fold] for r, f in zip(ranks, folds, strict=True)])
        for strength in STRENGTHS:
            gained[strength] += float(held[best(kept, distance, strength)])
    return max(reversed(STRENGTHS), key=lambda s: round(gained[s], 9))


def learned(ranks: Mapping[str, Floats], weights: Floats, prior: Floats) -> tuple[Floats, float]:
    """Weights, and the strength of the ridge, from `reciprocal` of `with_parts`; the prior where nothing can be learned."""
    usable = [r for _, r in sorted(ranks.items()) if r.shape[1]]
    if not usable:
        return prior, max(STRENGTHS)
    distance = far(weights, prior)
    strength = chosen_strength(usable, distance)
    return weights[best(usable, distance, strength)], strength


def ranking(asked: Asked, weights: Floats, without: Sequence[str] = ()) -> list[int]:
    """Places in `asked.ids`, best first; equal scores by id, as the store has them."""
    held = asked.held * np.array([p not in without for p in PARTS])
    fused = scores(np.nan_to_num(asked.parts), held, weights)
    return sorted(range(len(asked.ids)), key=lambda n: (-fused[n], asked.ids[n]))
