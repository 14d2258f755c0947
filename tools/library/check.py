"""What a library's ranking is worth: every incident ranked by a model that was trained without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from math import ceil

from aitia.core.errors import BadInput
from aitia.tools.library.events import Case, Library
from aitia.tools.library.folds import parts_of
from aitia.tools.library.model import LEAST_CASES, Ranking, train


def held_out(cases: Sequence[Case], *, folds: int, seed: int = 0) -> Iterator[tuple[Case, Ranking]]:
    """Each incident with its ranking by a model of the other folds; hyper-parameters are chosen inside those."""
    part = parts_of(cases, folds=folds, seed=seed)
    for fold in range(folds):
        kept = tuple(c for c, p in zip(cases, part, strict=True) if p != fold)
        held = [c for c, p in zip(cases, part, strict=True) if p == fold]
        if held:
            model = train(Library(cases=kept, sha256=""))
            yield from (
                (case, model.rank(case.model_copy(update={"component": "", "fault": ""}))) for case in held
            )


def cross_validated(cases: Sequence[Case], *, folds: int = 5, seed: int = 0) -> dict[str, float | int]:
    """HR@1 and HR@3 of the component, accuracy and weighted F1 of the fault, over all incidents held out once."""
    if folds < 2:
        raise BadInput("Use at least 2 --folds.")
    least = max(2 * folds, next(n for n in count(LEAST_CASES) if n - ceil(n / folds) >= LEAST_CASES))
    if len(cases) < least:
        raise BadInput(
            f"There are only {len(cases)} past incidents, and with --folds {folds} each model learns from "
            f"too few of them. Give at least {least}."
        )
    hits: list[int] = []
    faults: list[tuple[str, str]] = []
    for case, ranking in held_out(cases, folds=folds, seed=seed):
        names = [c.component for c in ranking.candidates]
        hits.append(names.index(case.component) if case.component in names else len(names))
        faults.append((case.fault, ranking.fault))
    n = len(hits)
    return {
        "incidents": n,
        "HR@1": sum(h < 1 for h in hits) / n,
        "HR@3": sum(h < 3 for h in hits) / n,
        "fault": sum(a == b for a, b in faults) / n,
        "fault F1": weighted_f1(faults),
    }


def weighted_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 over classes, weighted by how many of (true, predicted) pairs are truly of the class."""
    total = 0.0
    for name in sorted({true for true, _ in pairs}):
        right = sum(t == p == name for t, p in pairs)
        true, predicted = sum(t == name for t, _ in pairs), sum(p == name for _, p in pairs)
        total += true * (2 * right / (true + predicted))
    return total / len(pairs)
