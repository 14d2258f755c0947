"""Where no rule decides: an ellipsoid, the neighbourhood and the dynamics of the reference taken together."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.detectors.autoregression import VectorAutoregression
from aitia.tools.signals.detectors.base import Blaming, checked
from aitia.tools.signals.detectors.features import rolling, window_features
from aitia.tools.signals.detectors.mcd import Mcd
from aitia.tools.signals.detectors.neighbours import Knn
from aitia.tools.sources.rows import Floats


class Ensemble:
    """MCD and KNN (in the metric of MCD) on level and spread of short windows, and a vector autoregression that looks a
    window ahead.

    The decision is the geometric mean of the members' scores, each over the largest that it gave on the reference.
    So a member counts in proportion to how far it is beyond anything seen in normal operation, and one member alone
    seldom decides. `window` and `factor` 1.8 are what each leave-one-folder-out choice on SKAB took (benchmarks/signals/skab.py);
    on eight sets, each left out, no other limit gains (benchmarks/signals/limits.py).
    SKAB F1 .880 for MCD's .824, folder left out (docs/results.md).
    Rows of `x` are in time order; the first `window` - 1 rows of a stretch see a shorter window.
    """

    def __init__(self, *, window: int = 10, factor: float = 1.8) -> None:
        self.window = window
        self.threshold_ = factor

    def fit(self, x: Floats) -> Self:
        """Learn all members, and what each gives at most, from the reference (samples, channels)."""
        x = checked(x, least=6 * self.window)
        both, _, means = (features[self.window - 1 :] for features in self._features(x))
        ellipsoid = Mcd().fit(both)
        neighbours = Knn(precision=ellipsoid.precision_).fit(both)
        forecast = VectorAutoregression(ahead=self.window).fit(means)
        self.members_: list[Blaming] = [ellipsoid, neighbours, forecast]
        self.most_ = [
            max(float(np.max(member.decision_function(features))), 1e-9)
            for member, features in zip(self.members_, (both, both, means), strict=True)
        ]
        return self

    def _features(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        both = window_features(x, self.window)
        return both, both, rolling(x, self.window)[0]

    def member_scores(self, x: Floats) -> Floats:
        """Each member's score over its largest on the reference: (samples, members)."""
        made = [
            np.maximum(member.decision_function(features), 1e-9) / most
            for member, features, most in zip(self.members_, self._features(x), self.most_, strict=True)
        ]
        return np.stack(made, axis=1)

    def decision_function(self, x: Floats) -> Floats:
        """The geometric mean of the members' relative scores; the threshold is `factor`."""
        return np.asarray(np.exp(np.mean(np.log(self.member_scores(x)), axis=1)), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Each channel's share of the decision, level and spread together: the mean of the members' shares."""
        p, total = x.shape[1], np.zeros(x.shape)
        for member, features in zip(self.members_, self._features(x), strict=True):
            parts = member.contributions(features)
            parts = parts[:, :p] + parts[:, p:] if parts.shape[1] == 2 * p else parts
            total += parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-12) / len(self.members_)
        return total
