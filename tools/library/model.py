"""Ranking of (component, fault) for a new set of events, learned from a library of past incidents.

Three parts, each a log-probability: a conditional logit over candidates whose features use no names (what a culprit
looks like, anywhere), the votes of similar past incidents (what befell this component before), and a bag model of the
fault. They are added with weights that cross-validation within the library chose (a log-linear pool).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.library.bag import Bag
from aitia.tools.library.events import Case, Library
from aitia.tools.library.features import Lens
from aitia.tools.library.folds import parts_of
from aitia.tools.library.logit import Pairs, fit_pairs
from aitia.tools.library.nearest import Memory, Neighbour

Floats = NDArray[np.float64]
SCHEMA: Final = 1
LEAST_CASES: Final = 10
INNER: Final = 4
RIDGES: Final = ((3.0, 1.0), (3.0, 3.0), (6.0, 2.0))
VOTES: Final = (0.0, 0.25, 0.5)
BAGS: Final = (0.0, 0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Ridges of the conditional logit, and the weights of the votes and of the bag model."""

    shared: float = 3.0
    own: float = 3.0
    votes: float = 0.25
    bag: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A candidate with its probability, and its likeliest fault with that fault's share."""

    component: str
    probability: float
    fault: str
    fault_probability: float


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
    bag: Bag
    mix: Mix
    sha256: str
    cases: int

    def rank(self, case: Case) -> Ranking:
        """Rank the candidates of a new incident; its answer, if it has one, is not read. Raises BadInput."""
        nodes = case.candidates
        if not nodes:
            raise BadInput("Give events that name components, or list `nodes`: nothing could be ranked.")
        near = self.memory.nearest(case)
        log_p = self._pooled(case, near)
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        by_component, by_fault = p.sum(axis=1), p.sum(axis=0)
        order = sorted(range(len(nodes)), key=lambda n: (-float(by_component[n]), nodes[n]))
        candidates = tuple(
            Ranked(
                component=nodes[n],
                probability=float(by_component[n]),
                fault=self.faults[int(p[n].argmax())],
                fault_probability=float(p[n].max() / max(float(by_component[n]), 1e-300)),
            )
            for n in order
        )
        return Ranking(candidates=candidates, fault=self.faults[int(by_fault.argmax())], nearest=tuple(near))

    def _pooled(self, case: Case, near: Sequence[Neighbour]) -> Floats:
        parts = _parts(self.lens, self.pairs, self.memory, self.bag, case, near)
        return _pool(*parts, votes=self.mix.votes, bag=self.mix.bag)

    def weightiest(self, count: int) -> list[tuple[str, float]]:
        """The features whose weights (mean over faults) are largest, and the largest single weights of faults."""
        mean = self.pairs.weights.mean(axis=1)
        rows = [(name, float(w)) for name, w in zip(self.lens.names, mean, strict=True)]
        own = self.pairs.weights - mean[:, None]
        rows += [
            (f"{name}, for {fault}", float(own[d, f]))
            for d, name in enumerate(self.lens.names)
            for f, fault in enumerate(self.faults)
        ]
        return sorted(rows, key=lambda r: (-abs(r[1]), r[0]))[:count]

    def summary(self) -> dict[str, Any]:
        """What it was trained on and how its parts are weighed."""
        return {
            "cases": self.cases,
            "sha256": self.sha256,
            "components": sorted(self.lens.prior),
            "faults": list(self.faults),
            "ridge": {"shared": self.mix.shared, "own": self.mix.own},
            "weights": {
                "features": 1.0,
                "similar incidents": self.mix.votes,
                "fault from all events": self.mix.bag,
            },
            "features": dict(self.weightiest(20)),
        }

    def dumps(self) -> str:
        """As JSON: equal libraries give equal text."""
        body = {
            "schema": SCHEMA,
            **self.summary(),
            "mix": self.mix.__dict__,
            "lens": self.lens.plain(),
            "pairs": {
                "names": list(self.lens.names),
                "weights": self.pairs.weights.tolist(),
                "bias": self.pairs.bias.tolist(),
            },
            "memory": self.memory.plain(),
            "bag": self.bag.plain(),
        }
        return json.dumps(_rounded(body), ensure_ascii=False, sort_keys=True, indent=None) + "\n"

    @classmethod
    def loads(cls, text: str) -> LibraryModel:
        """From `dumps`. Raises BadInput."""
        try:
            body = json.loads(text)
            if body["schema"] != SCHEMA:
                raise BadInput(
                    f"Train the library model anew: its schema is {body['schema']!r}, not {SCHEMA}."
                )
            lens = Lens.of(body["lens"])
            weights = np.array(body["pairs"]["weights"], dtype=float)
            if weights.shape != (len(lens.names), len(body["faults"])):
                raise BadInput("Train the library model anew: its features are those of another version.")
            return cls(
                faults=tuple(body["faults"]),
                lens=lens,
                pairs=Pairs(weights=weights, bias=np.array(body["pairs"]["bias"], dtype=float)),
                memory=Memory.of(body["memory"]),
                bag=Bag.of(body["bag"]),
                mix=Mix(**body["mix"]),
                sha256=str(body["sha256"]),
                cases=int(body["cases"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(
                "Train the library model anew: the file is not what `aitia library train` writes."
            ) from None


def train(library: Library, *, mix: Mix | None = None) -> LibraryModel:
    """Learn from a library; without `mix` its weights are chosen by cross-validation. Deterministic. Raises BadInput."""
    cases = sorted(library.cases, key=lambda c: c.id)
    if len(cases) < LEAST_CASES or len({c.component for c in cases}) < 2:
        raise BadInput(
            f"Give at least {LEAST_CASES} past incidents with two different causes: there are {len(cases)}."
        )
    return _fitted(cases, mix or choose_mix(cases), library.sha256)


def _fitted(cases: Sequence[Case], mix: Mix, sha256: str) -> LibraryModel:
    faults = tuple(sorted({c.fault for c in cases}))
    numbers = [faults.index(c.fault) for c in cases]
    lens = Lens.learn(cases)
    rows = [c.candidates.index(c.component) for c in cases]
    matrices = [lens.matrix(c) for c in cases]
    pairs = fit_pairs(matrices, rows, numbers, count=len(faults), shared=mix.shared, own=mix.own)
    bag = Bag.learn(cases, numbers, count=len(faults))
    return LibraryModel(
        faults=faults, lens=lens, pairs=pairs, memory=Memory.learn(cases), bag=bag, mix=mix, sha256=sha256, cases=len(cases)
    )  # fmt: skip


def choose_mix(cases: Sequence[Case]) -> Mix:
    """The mix with the best held-out component and fault, over a grid; the simpler one where two are alike."""
    grid = list(itertools.product(RIDGES, VOTES, BAGS))
    gained = dict.fromkeys(grid, 0.0)
    for kept, held in _inner(cases):
        for ridges in RIDGES:
            model = _fitted(kept, Mix(shared=ridges[0], own=ridges[1], votes=0.0, bag=0.0), "")
            for case in held:
                if case.component not in case.candidates or case.fault not in model.faults:
                    continue
                parts = _parts(
                    model.lens, model.pairs, model.memory, model.bag, case, model.memory.nearest(case)
                )
                for votes, bag in itertools.product(VOTES, BAGS):
                    gained[ridges, votes, bag] += _gain(
                        _pool(*parts, votes=votes, bag=bag), case, model.faults
                    )
    (shared, own), votes, bag = max(grid, key=lambda g: (round(gained[g], 6), -g[1] - g[2]))
    return Mix(shared=shared, own=own, votes=votes, bag=bag)


def _inner(cases: Sequence[Case]) -> Iterator[tuple[list[Case], list[Case]]]:
    part = parts_of(cases, folds=INNER, seed=0)
    for fold in range(INNER):
        kept = [c for c, p in zip(cases, part, strict=True) if p != fold]
        if kept and len(kept) < len(cases):
            yield kept, [c for c, p in zip(cases, part, strict=True) if p == fold]


def _gain(log_p: Floats, case: Case, faults: Sequence[str]) -> float:
    """Log-probability of the component and of the fault, and 1 for each that comes first."""
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    row, column = case.candidates.index(case.component), faults.index(case.fault)
    by_component, by_fault = p.sum(axis=1), p.sum(axis=0)
    told = np.log(max(float(by_component[row]), 1e-4)) + np.log(max(float(by_fault[column]), 1e-4))
    return float(told) + float(by_component.argmax() == row) + float(by_fault.argmax() == column)


def _parts(
    lens: Lens, pairs: Pairs, memory: Memory, bag: Bag, case: Case, near: Sequence[Neighbour]
) -> tuple[Floats, Floats, Floats]:
    return pairs.log_p(lens.matrix(case)), memory.log_votes(near, case.candidates), bag.log_p(case)


def _pool(pairs: Floats, by_votes: Floats, by_bag: Floats, *, votes: float, bag: float) -> Floats:
    return np.asarray(pairs + votes * by_votes[:, None] + bag * by_bag, dtype=float)


def _rounded(value: Any) -> Any:
    """Floats to nine digits: enough for the ranking, and the file is a third shorter."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value
