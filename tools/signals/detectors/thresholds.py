"""From scores of normal operation to a limit, and from single exceedances to alarms that last."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.detectors.base import Detector
from aitia.tools.sources.rows import Floats

Truths = NDArray[np.bool_]
_FOLDS = 4


def held_out(make: Callable[[], Detector], x: Floats, *, lookback: int = 1) -> Floats:
    """Scores of each contiguous block of the reference under a detector that was fitted on the other blocks.

    Blocks, because neighbouring samples of a process are nearly copies of each other. The `lookback` - 1 rows that a
    block's first score needs before it are held out with it; the reference's first rows, which have none, get no score.
    """
    edges = np.linspace(0, x.shape[0], _FOLDS + 1).astype(int)
    lead = lookback - 1
    found = []
    for a, b in pairwise(edges):
        start = max(0, a - lead)
        score = make().fit(np.delete(x, slice(start, b), axis=0)).decision_function(x[start:b])
        found.append(score[lead:])
    return np.concatenate(found)


def conformal_limit(scores: Floats, contamination: float) -> float:
    """The limit that a further sample of normal operation passes with at most this probability (split conformal).

    The (n + 1)(1 - contamination)-th smallest score; with too few scores for that, the tail beyond the largest.
    """
    rank = int(np.ceil((scores.size + 1) * (1.0 - contamination)))
    if rank > scores.size:
        return max(tail_limit(scores, contamination), float(np.max(scores)))
    return float(np.sort(scores)[rank - 1])


def tail_limit(scores: Floats, contamination: float) -> float:
    """The limit passed with this probability by a generalised Pareto tail over the 90 % quantile of the scores.

    Moment estimates of shape and scale (Hosking & Wallis, 1987), as in SPOT (Siffer et al., 2017); for limits beyond
    the largest score that was seen.
    """
    base = float(np.quantile(scores, 0.9))
    over = scores[scores > base] - base
    mean, var = (float(over.mean()), float(over.var())) if over.size > 1 else (0.0, 0.0)
    if var <= 0.0:
        return float(np.max(scores))
    shape = float(np.clip(0.5 * (1.0 - mean**2 / var), -0.5, 0.5))
    scale = mean * (1.0 - shape)
    ratio = over.size / (contamination * scores.size)
    beyond = scale * np.log(ratio) if abs(shape) < 1e-6 else scale / shape * (ratio**shape - 1.0)
    return base + max(float(beyond), 0.0)


def runs(over: Truths) -> list[tuple[int, int]]:
    """The stretches that are true: first and one past the last sample of each."""
    edge = np.flatnonzero(np.diff(np.concatenate(([False], over, [False])).astype(int)))
    return [(int(a), int(b)) for a, b in zip(edge[::2], edge[1::2], strict=True)]


def smoothed(score: Floats, window: int, *, ahead: bool = False) -> Floats:
    """The median of the last `window` scores, so that single spikes do not count; with `ahead`, around each sample."""
    if score.size == 0 or window <= 1:
        return score
    before = window // 2 if ahead else window - 1
    padded = np.pad(score, (before, window - 1 - before), mode="edge")
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1), dtype=np.float64
    )


def hysteresis(score: Floats, high: float, low: float, *, back: bool = False) -> Truths:
    """True from a score over `high` until it falls to `low`; with `back`, also before, since it last rose over `low`."""
    alarm = np.zeros(score.size, dtype=np.bool_)
    for start, end in runs(score > low):
        over = np.flatnonzero(score[start:end] > high)
        if over.size:
            alarm[start if back else start + int(over[0]) : end] = True
    return alarm
