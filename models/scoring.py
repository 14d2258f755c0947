"""From log-probabilities of whole option texts to a choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-probabilities of all tokens."""
    shifted = logits.astype(np.float64) - float(logits.max())
    normed: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return normed


def pick(scores: Sequence[float], baselines: Sequence[float]) -> tuple[int, tuple[float, ...]]:
    """The best option and all options' probabilities: softmax of scores less the content-free baselines (PMI)."""
    gain = np.asarray(scores, dtype=np.float64) - np.asarray(baselines, dtype=np.float64)
    weight = np.exp(gain - gain.max())
    share = weight / weight.sum()
    return int(np.argmax(share)), tuple(float(p) for p in share)
