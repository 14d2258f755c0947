"""Saliency from the spectrum: what stands out of a series without anything to compare it with."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.subsequence import channel
from aitia.tools.sources.rows import Floats


class SpectralResidual:
    """Saliency of each sample: the log spectrum less its local mean, transformed back (Ren et al., 2019).

    Learns nothing but its threshold; O(n log n).
    """

    def __init__(self, *, smooth: int = 3, local: int = 21, contamination: float = 0.01) -> None:
        self.smooth = smooth
        self.local = local
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """The threshold: the 1 - contamination quantile of the scores of `x`."""
        self.threshold_ = float(np.quantile(self.decision_function(x), 1.0 - self.contamination))
        return self

    def decision_function(self, x: Floats) -> Floats:
        """|saliency| over its local mean, less one."""
        v = channel(x, least=2)
        spectrum = np.fft.rfft(v)
        height = np.maximum(np.abs(spectrum), 1e-12)
        log = np.log(height)
        residual = np.exp(log - _running_mean(log, self.smooth))
        saliency = np.abs(np.fft.irfft(spectrum / height * residual, n=v.size))
        usual = _running_mean(saliency, self.local)
        return np.asarray(saliency / np.maximum(usual, 1e-12) - 1.0, dtype=np.float64)

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)


def _running_mean(v: Floats, w: int) -> Floats:
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(v, min(w, v.size), mode="nearest"), dtype=np.float64)
