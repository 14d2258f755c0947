"""How the parts of a ranking are weighed, and below which likeness nothing is said to match (`fusion.json`)."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """Weights of the parts `whole`, `opening`, `pairs` (and `meaning`), and the least likeness (a cosine) of a match."""

    words: tuple[float, ...]
    meaning: tuple[float, ...]
    least_words: float
    least_meaning: float

    def fused(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """One score in 0..1 per row of parts: with four columns, meaning is the last."""
        weights = np.array(self.meaning if parts.shape[1] == len(self.meaning) else self.words)
        return np.asarray(parts @ weights / weights.sum(), dtype=np.float64)


@functools.cache
def fusion() -> Fusion:
    """The shipped weights, fitted by benchmarks/memory/fit_fusion.py."""
    told = json.loads(files("aitia.tools.incidents").joinpath("fusion.json").read_text(encoding="utf-8"))
    return Fusion(
        words=tuple(told["words"]),
        meaning=tuple(told["meaning"]),
        least_words=told["least_words"],
        least_meaning=told["least_meaning"],
    )
