"""Ranking of (component, fault) for a new set of events, learned from a library of past incidents.

The component: a conditional logit over candidates whose features use no names (what a culprit looks like, anywhere),
plus the votes of similar past incidents (what befell this component before), with a weight and ridges that
cross-validation within the library chose. The fault, given a component: trees on that component's features.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.library.context import context_columns, with_context
from aitia.tools.library.events import Case, Library
from aitia.tools.library.features import Lens
from aitia.tools.library.logit import Pairs, fit_pairs
from aitia.tools.library.mix import Mix, choose_mix, components
from aitia.tools.library.nearest import Memory, Neighbour
from aitia.tools.library.trees import Forest, grow

Floats = NDArray[np.float64]
SCHEMA: Final = 1
LEAST_CASES: Final = 10


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
    context: tuple[str, ...]
    forest: Forest
    mix: Mix
    sha256: str
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
        p = by_component[:, None] * np.exp(self.forest.log_p(with_context(matrix, case, self.context)))
        by_fault = p.sum(axis=0)
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

    def tellers(self, count: int) -> list[tuple[str, float]]:
        """The features that tell faults apart, by their share of the trees' decrease of impurity."""
        names = (*self.lens.names, *self.context)
        rows = [(name, float(w)) for name, w in zip(names, self.forest.importance, strict=True)]
        return sorted(rows, key=lambda r: (-r[1], r[0]))[:count]

    def summary(self) -> dict[str, Any]:
        """What it was trained on and how its parts are weighed."""
        return {
            "cases": self.cases,
            "sha256": self.sha256,
            "components": sorted(self.lens.causes),
            "faults": list(self.faults),
            "ridge": {"shared": self.mix.shared, "own": self.mix.own},
            "weights": {"features": 1.0, "similar incidents": self.mix.votes},
            "component features": dict(self.weightiest(20)),
            "fault features": dict(self.tellers(20)),
        }

    def dumps(self) -> str:
        """As JSON: equal libraries give equal text."""
        body = {
            "schema": SCHEMA,
            **self.summary(),
            "mix": asdict(self.mix),
            "lens": self.lens.plain(),
            "pairs": {
                "names": list(self.lens.names),
                "weights": self.pairs.weights.tolist(),
                "bias": self.pairs.bias.tolist(),
            },
            "memory": self.memory.plain(),
            "context": list(self.context),
            "forest": self.forest.plain(),
            "importance": self.forest.importance.tolist(),
        }
        return json.dumps(_rounded(body), ensure_ascii=False, sort_keys=True, indent=None) + "\n"

    @classmethod
    def loads(cls, text: str) -> LibraryModel:
        """From `dumps`. Raises BadInput."""
        try:
            body = json.loads(text)
            if body["schema"] != SCHEMA:
                raise BadInput(
                    f"The schema of the library model is {body['schema']!r}, not {SCHEMA}. Train it again."
                )
            lens = Lens.of(body["lens"])
            weights = np.array(body["pairs"]["weights"], dtype=float)
            if weights.shape != (len(lens.names), len(body["faults"])):
                raise BadInput("The features of the library model are from another version. Train it again.")
            return cls(
                faults=tuple(body["faults"]),
                lens=lens,
                pairs=Pairs(weights=weights, bias=np.array(body["pairs"]["bias"], dtype=float)),
                memory=Memory.of(body["memory"]),
                context=tuple(body["context"]),
                forest=Forest.of(body["forest"], count=len(body["faults"]), importance=body["importance"]),
                mix=Mix(**body["mix"]),
                sha256=str(body["sha256"]),
                cases=int(body["cases"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadInput(
                "The file was not written by `aitia library train`. Train the library model again."
            ) from None


def train(library: Library, *, mix: Mix | None = None) -> LibraryModel:
    """Learn from a library; without `mix` its weights are chosen by cross-validation. Deterministic. Raises BadInput."""
    cases = sorted(library.cases, key=lambda c: c.id)
    if len(cases) < LEAST_CASES or len({c.component for c in cases}) < 2:
        raise BadInput(
            f"There are only {len(cases)} past incidents. Give at least {LEAST_CASES}, with two different "
            "causes."
        )
    return _fitted(cases, mix or choose_mix(cases), library.sha256)


def _fitted(cases: Sequence[Case], mix: Mix, sha256: str) -> LibraryModel:
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
        forest=grow(np.array(culprits), numbers, count=len(faults)),
        mix=mix,
        sha256=sha256,
        cases=len(cases),
    )


def _rounded(value: Any) -> Any:
    """Floats to nine digits: enough for the ranking, and the file is a third shorter."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value
