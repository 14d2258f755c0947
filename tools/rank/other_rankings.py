"""Other ways to rank, each by itself: n-sigma, BARO, ranked correlation with the symptom, anomaly traversal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aitia.tools.change.correlation import spearman
from aitia.tools.rank.burden import Moved, aligned, burdens
from aitia.tools.rank.combine import reached
from aitia.tools.rank.scores import nsigma, robust
from aitia.tools.rank.target import Target


def by_sigma(rows: Moved) -> dict[str, float]:
    """n-sigma: the largest |z| of a component's series."""
    return _largest((row.component, nsigma(row)) for row, _ in rows)


def by_robust(rows: Moved) -> dict[str, float]:
    """BARO: the largest (x - median) / IQR of a component's series."""
    return _largest((row.component, robust(row)) for row, _ in rows)


def by_correlation(rows: Moved, target: Target, graph: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Ranked correlation with the target's symptom in the window (Hardt et al., "The PetShop dataset", 2023).

    Adverse deviations of the symptom's aspect only, each times its rank correlation with the symptom's.
    """
    found = burdens(rows, target.aspect, graph).own.get(target.component)
    if found is None:
        return {}
    symptom = found[0]
    grid = symptom.t_now
    y = np.nan_to_num(symptom.z_now)
    return _largest(
        (row.component, max(0.0, spearman(aligned(row, grid), y)))
        for row, _ in rows
        if row.aspect == symptom.aspect and row.component != target.component and row.side == "own"
    )


def by_traversal(rows: Moved, target: Target | None, graph: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Anomalous components none of whose callees is anomalous, of those that the target reaches, by deviation.

    Without a target, of all. A component is anomalous where a series of it left its baseline (`moved`).
    """
    deviation = _largest((row.component, move.score) for row, move in rows if move.score > 0.0)
    within = reached(target.component, graph) if target is not None and target.component in graph else None
    deepest = {
        c: score
        for c, score in deviation.items()
        if not any(callee in deviation for callee in graph.get(c, ()))
    }
    return {c: s for c, s in deepest.items() if within is None or c in within}


def _largest(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for component, score in pairs:
        best[component] = max(best.get(component, 0.0), score)
    return {c: s for c, s in sorted(best.items()) if s > 0.0}
