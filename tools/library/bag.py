"""The fault kind from all events of an incident together: a multinomial logit over counts and tokens."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.library.events import Case
from aitia.tools.library.logit import Classes, fit_classes
from aitia.tools.library.nearest import fingerprint

Floats = NDArray[np.float64]
RIDGE: Final = 30.0
LEAST: Final = 3
_SPREAD: Final = 0.3  # added to a column's deviation: what hardly varies must not be blown up


def bag_of(case: Case) -> dict[str, float]:
    """Log-counts of kinds of event, and the fingerprint's tokens."""
    counts = Counter(
        f"{e.source} {'' if e.source == 'trace' else e.signal} {e.direction}" for e in case.events
    )
    return {f"# {k}": math.log1p(n) for k, n in counts.items()} | dict.fromkeys(fingerprint(case), 1.0)


@dataclass(frozen=True, kw_only=True)
class Bag:
    """A fitted bag model: its columns with mean and scale, and the logit."""

    columns: tuple[str, ...]
    mean: Floats
    scale: Floats
    logit: Classes

    @classmethod
    def learn(cls, cases: Sequence[Case], faults: Sequence[int], *, count: int) -> Bag:
        """From solved incidents and the numbers of their faults."""
        bags = [bag_of(c) for c in cases]
        spread = Counter(token for bag in bags for token in bag)
        columns = tuple(sorted(t for t, n in spread.items() if LEAST <= n < len(cases) or t.startswith("# ")))
        x = np.array([[bag.get(c, 0.0) for c in columns] for bag in bags]).reshape(len(bags), len(columns))
        mean, scale = x.mean(axis=0), x.std(axis=0) + _SPREAD
        logit = fit_classes((x - mean) / scale, faults, count=count, ridge=RIDGE)
        return cls(columns=columns, mean=mean, scale=scale, logit=logit)

    def log_p(self, case: Case) -> Floats:
        """Log-probabilities of the faults (F,)."""
        bag = bag_of(case)
        x = np.array([bag.get(c, 0.0) for c in self.columns])
        return self.logit.log_p((x - self.mean) / self.scale)

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "columns": list(self.columns),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.logit.weights.tolist(),
            "bias": self.logit.bias.tolist(),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Bag:
        """From `plain`."""
        weights = np.array(plain["weights"], dtype=float).reshape(len(plain["columns"]), len(plain["bias"]))
        return cls(
            columns=tuple(plain["columns"]),
            mean=np.array(plain["mean"], dtype=float),
            scale=np.array(plain["scale"], dtype=float),
            logit=Classes(weights=weights, bias=np.array(plain["bias"], dtype=float)),
        )
