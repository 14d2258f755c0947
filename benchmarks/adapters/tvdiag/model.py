"""Ranking of (component, fault) for a new set of events, learned from past incidents with their answers.

The component: a conditional logit over candidates whose features use no names (what a culprit looks like, anywhere),
plus the votes of similar past incidents (what befell this component before), with a weight and ridges that
cross-validation within the library chose. The fault, given a component: extremely randomised trees (Geurts, Ernst and
Wehenkel, 2006) on that component's features, since faults differ by combinations that a linear model does not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from aitia.core.errors import BadInput
from benchmarks.adapters.tvdiag.context import context_columns, with_context
from benchmarks.adapters.tvdiag.events import Case
from benchmarks.adapters.tvdiag.features import Lens
from benchmarks.adapters.tvdiag.logit import Pairs, fit_pairs
from benchmarks.adapters.tvdiag.mix import Mix, choose_mix, components
from benchmarks.adapters.tvdiag.nearest import Memory, Neighbour

Floats = NDArray[np.float64]
TREES: Final = 200
SEED: Final = 7
PRIOR: Final = 0.02  # probability that a class without a vote of the trees keeps
LEAST_CASES: Final = 10


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A candidate with its probability, and its likeliest fault."""

    component: str
    probability: float
    fault: str


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """All candidates, likeliest first; the fault of the incident as a whole; the incidents that are most alike."""

    candidates: tuple[Ranked, ...]
    fault: str
    nearest: tuple[Neighbour, ...]


@dataclass(frozen=True, kw_only=True)
class LibraryModel:
    """A trained ranking."""

    faults: tuple[str, ...]
    lens: Lens
    pairs: Pairs
    memory: Memory
    context: tuple[str, ...]
    trees: Any  # a fitted ExtraTreesClassifier
    mix: Mix
    cases: int

    def rank(self, case: Case) -> Ranking:
        """Rank the candidates of a new incident; its answer, if it has one, is not read. Raises BadInput."""
        nodes = case.candidates
        if not nodes:
            raise BadInput("Nothing could be ranked. Give events that name components, or list `nodes`.")
        near = self.memory.nearest(case)
        matrix = self.lens.matrix(case)
        by_component = components(
            self.pairs.log_p(matrix), self.memory.log_votes(near, nodes), self.mix.votes
        )
        by_trees = self.trees.predict_proba(with_context(matrix, case, self.context)) + PRIOR
        p = by_component[:, None] * by_trees / by_trees.sum(axis=1, keepdims=True)
        by_fault = p.sum(axis=0)
        order = sorted(range(len(nodes)), key=lambda n: (-float(by_component[n]), nodes[n]))
        candidates = tuple(
            Ranked(
                component=nodes[n],
                probability=float(by_component[n]),
                fault=self.faults[int(p[n].argmax())],
            )
            for n in order
        )
        return Ranking(candidates=candidates, fault=self.faults[int(by_fault.argmax())], nearest=tuple(near))


def train(library: Sequence[Case], *, mix: Mix | None = None) -> LibraryModel:
    """Learn from solved incidents; without `mix` its weights are chosen by cross-validation. Deterministic. Raises BadInput."""
    cases = sorted(library, key=lambda c: c.id)
    if len(cases) < LEAST_CASES or len({c.component for c in cases}) < 2:
        raise BadInput(
            f"There are only {len(cases)} past incidents. Give at least {LEAST_CASES}, with two different "
            "causes."
        )
    mix = mix or choose_mix(cases)
    faults = tuple(sorted({c.fault for c in cases}))
    numbers = [faults.index(c.fault) for c in cases]
    lens = Lens.learn(cases)
    rows = [c.candidates.index(c.component) for c in cases]
    matrices = [lens.matrix(c, culprit=c.component) for c in cases]
    context = context_columns(cases)
    culprits = [
        with_context(m[row : row + 1], c, context)[0] for m, c, row in zip(matrices, cases, rows, strict=True)
    ]
    return LibraryModel(
        faults=faults,
        lens=lens,
        pairs=fit_pairs(matrices, rows, numbers, count=len(faults), shared=mix.shared, own=mix.own),
        memory=Memory.learn(cases),
        context=context,
        trees=ExtraTreesClassifier(n_estimators=TREES, random_state=SEED).fit(culprits, numbers),
        mix=mix,
        cases=len(cases),
    )
