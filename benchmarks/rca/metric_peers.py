"""Published and plain ways to rank components by their metrics, written anew; every tie is broken by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from benchmarks.rca.metric_cases import Floats, Table

Graph = Mapping[str, list[str]]  # caller -> callees


def z_scores(table: Table) -> Floats:
    """n-sigma: the largest |z| in the window, by mean and standard deviation of the baseline; (series,)."""
    with np.errstate(all="ignore"):
        mean, std = np.nanmean(table.base, axis=0), np.nanstd(table.base, axis=0)
        return _largest(np.abs(table.now - mean) / np.where(std > 1e-9, std, np.nan))


def baro_scores(table: Table) -> Floats:
    """BARO's RobustScorer (Pham et al., FSE 2024): the largest (x - median) / IQR in the window; (series,).

    As published: gaps filled forward, memory in whole megabytes, series that are constant on either side dropped.
    """
    both = _filled(np.vstack([table.base, table.now]))
    for i, column in enumerate(table.columns):
        if column.metric.lower().startswith("mem") and float(np.max(both[:, i], initial=0.0)) > 1e6:
            both[:, i] = np.floor(both[:, i] / 1e6)
    base, now = both[: table.base.shape[0]], both[table.base.shape[0] :]
    low, median, high = np.percentile(base, (25, 50, 75), axis=0)
    score = _largest((now - median) / np.where(high > low, high - low, 1.0))
    return np.where(np.any(base != base[0], axis=0) & np.any(now != now[0], axis=0), score, 0.0)


def correlation_scores(table: Table, target: str, *, window_only: bool = True) -> Floats:
    """Ranked correlation (Hardt et al., 2023): |rho| of each series with the target's; (series,)."""
    data = table.now if window_only else np.vstack([table.base, table.now])
    mine = [i for i, c in enumerate(table.columns) if c.component == target]
    scores = np.zeros(len(table.columns))
    for i in range(len(table.columns)) if mine else ():
        y = data[:, mine[0]]
        good = np.isfinite(data[:, i]) & np.isfinite(y)
        if int(np.sum(good)) >= 3:
            scores[i] = abs(_pearson(data[good, i], y[good]))
    return scores


def traversal(table: Table, graph: Graph, target: str, *, threshold: float = 5.0) -> list[str]:
    """Anomalous nodes none of whose callees is anomalous, of those that the target reaches (Hardt et al., 2023).

    A node is anomalous where the window's mean lies more than `threshold` standard deviations off the baseline's;
    the threshold is the best of 2, 3 and 5 on the shown cases. Other anomalous nodes follow.
    """
    with np.errstate(all="ignore"):
        mean, std = np.nanmean(table.base, axis=0), np.nanstd(table.base, axis=0)
        off = np.abs(table.now - mean)
        off = np.sum(np.where(np.isfinite(off), off, 0.0), axis=0) / np.sum(np.isfinite(off), axis=0)
        z = by_component(table, np.nan_to_num(off / np.maximum(std, 1e-9)))
    bad = {name for name, value in z.items() if value > threshold}
    seen, queue = {target}, [target]
    while queue:
        below = sorted(set(graph.get(queue.pop(0), [])) - seen)
        seen |= set(below)
        queue += below
    deepest = [n for n in sorted(bad) if not any(c in bad for c in graph.get(n, []))]
    first = [n for n in deepest if n in seen and n != target]
    order = [*_by(first, z), *_by([n for n in deepest if n not in first], z), *_by(bad - {target}, z), target]
    return list(dict.fromkeys(order))


def _by(names: Iterable[str], score: Mapping[str, float]) -> list[str]:
    return sorted(names, key=lambda n: (-score.get(n, 0.0), n))


def by_component(table: Table, scores: Floats) -> dict[str, float]:
    """The largest score of each component's series."""
    best: dict[str, float] = defaultdict(float)
    for column, score in zip(table.columns, scores, strict=True):
        best[column.component] = max(best[column.component], float(score))
    return dict(best)


def ranking(scores: Mapping[str, float], *, without: Iterable[str] = ()) -> list[str]:
    """Names by falling score; those left out come last."""
    out = set(without)
    return sorted(scores, key=lambda n: (n in out, -scores[n], n))


def _largest(z: Floats) -> Floats:
    return np.asarray(np.max(np.where(np.isfinite(z), z, 0.0), axis=0, initial=0.0))


def _filled(data: Floats) -> Floats:
    filled = data.copy()
    for column in filled.T:
        known = np.flatnonzero(np.isfinite(column))
        if known.size:
            at = np.searchsorted(known, np.arange(column.size), side="right") - 1
            column[:] = column[known[np.maximum(at, 0)]]
    return np.where(np.isfinite(filled), filled, 0.0)


def _pearson(x: Floats, y: Floats) -> float:
    a, b = x - x.mean(), y - y.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm > 0 else 0.0
