"""Whether a verdict stands: how likely the calls that are left are to bring another one, learned from recorded incidents.

A run that may stop early (`stop_at`) makes first those calls after which verdicts changed most often, and no further one once
the chance that any that is left would change the verdict is small. Tools that nobody recorded count as those that change most.
`benchmarks/model/stopping.py` fits and judges it, with systems left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from aitia.agent.weigher import Weighed
from aitia.core.words import Word

FEATURES: Final = ("left", "unknown", "sure", "sure_unknown")
WAVE: Final = 2  # calls between two looks whether to stop
_MOST: Final = 4.0  # log-odds: surer than that is alike


class Turning(Word):
    """Shares of a tool's calls after which the verdict was another one, and a logistic regression over what is left."""

    turns: Mapping[str, float]
    bias: float
    weights: Mapping[str, float]

    def share(self, tool: str) -> float:
        """How often a call of it changed the verdict."""
        return self.turns.get(tool, max(self.turns.values()))

    def chance(self, weighed: Weighed, left: Sequence[str]) -> float:
        """The probability that the verdict after all calls that are `left` is another one; 0 where none is."""
        if not left:
            return 0.0
        found = self.features(weighed.verdict, weighed.probability, left)
        return 1 / (1 + math.exp(-self.bias - sum(self.weights[n] * x for n, x in found.items())))

    def features(self, verdict: str, probability: float, left: Sequence[str]) -> dict[str, float]:
        """What the regression sees, by `FEATURES`."""
        held = min(1 - 1e-6, max(1e-6, probability))
        sure = max(-_MOST, min(_MOST, math.log(held / (1 - held))))
        unknown = float(verdict == "unknown")
        turned = -sum(math.log1p(-min(0.99, self.share(tool))) for tool in left)
        return dict(zip(FEATURES, (turned, unknown, sure, sure * unknown), strict=True))


@cache
def turning() -> Turning:
    """What was learned (`stopping.json`)."""
    text = files("aitia.agent").joinpath("planning", "stopping.json").read_text(encoding="utf-8")
    return Turning.model_validate(json.loads(text))
