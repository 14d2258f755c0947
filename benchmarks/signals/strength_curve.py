"""From findings with answers to a curve (formula's value -> share true), and how good such shares are.

Weights: within a data set the windows with a labelled anomaly count as much as those without; a data set counts by the
number of its groups, since findings of one machine are hardly independent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.strength import Curve

Floats = NDArray[np.float64]
Chooser = Callable[["Findings"], Iterator[NDArray[np.bool_]]]
KNOTS = (0.0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
LEAST, MOST = 0.02, 0.98
SLOPE, OFFSET = (
    2.0,
    2.0,
)  # widths of the priors, in log-odds: the slope is drawn to 0 (the pooled rate), the rate to a half
FOLDS, BINS, DRAWS = 5, 5, 1000


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The findings of one kind: what the formula made, whether each is true, where it comes from, and its weight."""

    raw: Floats
    true: NDArray[np.bool_]
    dataset: NDArray[np.str_]
    group: NDArray[np.str_]
    faulty: NDArray[np.bool_]
    windows: Mapping[
        tuple[str, bool], int
    ]  # windows looked at, by data set and whether an anomaly is labelled in them

    def only(self, kept: NDArray[np.bool_]) -> Findings:
        """The findings that a mask takes."""
        return Findings(raw=self.raw[kept], true=self.true[kept], dataset=self.dataset[kept],
                        group=self.group[kept], faulty=self.faulty[kept], windows=self.windows)  # fmt: skip

    @property
    def weight(self) -> Floats:
        """The weight of each finding; together as many as there are groups."""
        each = np.array(
            [1.0 / self.windows[d, bool(f)] for d, f in zip(self.dataset, self.faulty, strict=True)]
        )
        groups = Counter(d for d, _ in {*zip(self.dataset, self.group, strict=True)})
        for name, count in groups.items():
            here = self.dataset == name
            each[here] *= count / each[here].sum()
        return each


def logistic(found: Findings) -> Curve:
    """A logistic curve over the log-odds of the formula's value, its slope drawn to 0 and never below it."""
    from scipy.optimize import minimize

    x, centre, width = _scaled(found.raw)
    w, sign = found.weight, np.where(found.true, 1.0, -1.0)

    def loss(p: Floats) -> tuple[float, Floats]:
        margin = sign * (p[0] + p[1] * x)
        pull = -w * sign / (1.0 + np.exp(margin))
        value = float(
            np.sum(w * np.logaddexp(0.0, -margin)) + 0.5 * ((p[0] / OFFSET) ** 2 + (p[1] / SLOPE) ** 2)
        )
        return value, np.array([pull.sum() + p[0] / OFFSET**2, (pull * x).sum() + p[1] / SLOPE**2])

    p = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)]).x
    told = LEAST + (MOST - LEAST) / (
        1.0 + np.exp(-(p[0] + p[1] * (_log_odds(np.array(KNOTS)) - centre) / width))
    )
    return _curve(np.array(KNOTS), told, found)


def isotonic(found: Findings) -> Curve:
    """The best rising steps, each drawn to the pooled rate as by one more finding."""
    from sklearn.isotonic import IsotonicRegression

    w = found.weight
    pooled = float(np.average(found.true, weights=w))
    order = np.argsort(found.raw, kind="stable")
    told = IsotonicRegression(y_min=LEAST, y_max=MOST).fit(found.raw, found.true, w).predict(found.raw[order])
    steps = np.unique(told)
    mass = np.array([w[order][told == s].sum() for s in steps])
    middle = np.array([np.average(found.raw[order][told == s], weights=w[order][told == s]) for s in steps])
    return _curve(middle, np.clip((mass * steps + pooled) / (mass + 1.0), LEAST, MOST), found)


def pooled(found: Findings) -> Curve:
    """The same share for all."""
    rate = float(np.average(found.true, weights=found.weight))
    return _curve(np.array([0.0, 1.0]), np.full(2, np.clip(rate, LEAST, MOST)), found)


def _curve(raw: Floats, share: Floats, found: Findings) -> Curve:
    rounded = tuple(round(float(s), 4) for s in np.maximum.accumulate(share))
    if raw.size == 1:
        raw, rounded = np.array([0.0, 1.0]), rounded * 2
    return Curve(raw=tuple(round(float(r), 4) for r in raw), share=rounded, findings=found.raw.size,
                 groups=len(set(found.group)))  # fmt: skip


def _log_odds(raw: Floats) -> Floats:
    p = np.clip(raw, 0.01, 0.99)
    return np.asarray(np.log(p / (1.0 - p)))


def _scaled(raw: Floats) -> tuple[Floats, float, float]:
    x = _log_odds(raw)
    centre, width = float(x.mean()), max(float(x.std()), 0.1)
    return (x - centre) / width, centre, width


def datasets_out(found: Findings) -> Iterator[NDArray[np.bool_]]:
    """Each data set in turn."""
    yield from (found.dataset == name for name in np.unique(found.dataset))


def groups_out(found: Findings) -> Iterator[NDArray[np.bool_]]:
    """Every fifth group in turn, machines never split."""
    names = np.unique(found.group)
    yield from (np.isin(found.group, names[k::FOLDS]) for k in range(min(FOLDS, names.size)))


def held_out(found: Findings, fit: Callable[[Findings], Curve], parts: Chooser) -> Floats | None:
    """Each finding's share by a curve fitted without its part; None where a part is all there is."""
    told = np.full(found.raw.size, np.nan)
    for part in parts(found):
        if part.all():
            return None
        curve = fit(found.only(~part))
        told[part] = [curve(r) for r in found.raw[part]]
    return told


def brier(told: Floats, true: Floats, w: Floats) -> float:
    return float(np.average((told - true) ** 2, weights=w))


def calibration_error(told: Floats, true: Floats, w: Floats) -> float:
    """The expected calibration error over five bins of equal weight."""
    return sum(abs(row[1] - row[2]) * row[3] for row in reliability(told, true, w))


def reliability(told: Floats, true: Floats, w: Floats) -> list[tuple[int, float, float, float]]:
    """By bins of equal weight: findings, mean share told, share true, weight of the bin."""
    _, value = np.unique(told, return_inverse=True)  # findings of one share are in one bin
    mass = np.bincount(value, w)
    place = np.minimum((BINS * (np.cumsum(mass) - 0.5 * mass) / w.sum()).astype(int), BINS - 1)[value]
    made = []
    for k in range(BINS):
        here = np.flatnonzero(place == k)
        if here.size:
            each = w[here]
            made.append((int(here.size), float(np.average(told[here], weights=each)),
                         float(np.average(true[here], weights=each)), float(each.sum() / w.sum())))  # fmt: skip
    return made


def auc(told: Floats, true: Floats, w: Floats) -> float:
    """The chance that a true finding is told higher than a false one; NaN where there are none of either."""
    _, place = np.unique(told, return_inverse=True)
    yes, no = np.bincount(place, w * true), np.bincount(place, w * (1.0 - true))
    if not yes.any() or not no.any():
        return float("nan")
    lower = np.cumsum(no) - 0.5 * no
    return float(np.sum(yes * lower) / (yes.sum() * no.sum()))


MEASURES: Mapping[str, Callable[[Floats, Floats, Floats], float]] = {
    "Brier": brier,
    "calibration error": calibration_error,
    "AUC": auc,
}


def measured(
    found: Findings, told: Floats, measure: Callable[[Floats, Floats, Floats], float]
) -> tuple[float, list[float]]:
    """A measure and its 95 % interval, groups drawn anew."""
    true, w = found.true.astype(np.float64), found.weight
    draws = [measure(told[some], true[some], w[some]) for some in redrawn(found.group)]
    spread = np.nanquantile(draws, [0.025, 0.975]) if np.isfinite(draws).any() else [np.nan] * 2
    return measure(told, true, w), [round(float(v), 4) for v in spread]


def gained(found: Findings, told: Floats) -> tuple[float, list[float]]:
    """The Brier score less the formula's (below 0: nearer the truth), and its 95 % interval."""
    error = (told - found.true) ** 2 - (found.raw - found.true) ** 2
    return measured(found, error, lambda each, _, w: float(np.average(each, weights=w)))


def redrawn(group: NDArray[np.str_]) -> Iterator[NDArray[np.intp]]:
    """The findings of as many groups as there are, drawn with repetition."""
    names = np.unique(group)
    members = [np.flatnonzero(group == n) for n in names]
    chance = np.random.default_rng(0)
    for _ in range(DRAWS):
        yield np.concatenate([members[i] for i in chance.integers(0, names.size, names.size)])


def systems(found: Findings) -> dict[str, Floats]:
    """What each system says of every finding, in the contract's names."""
    made: dict[str, Floats] = {"no_model formula": found.raw}
    ways: Sequence[tuple[str, Chooser]] = (("sets", datasets_out), ("groups", groups_out))
    fits: Sequence[tuple[str, Callable[[Findings], Curve]]] = (
        ("ours", logistic), ("peer isotonic", isotonic), ("trivial base rate", pooled))  # fmt: skip
    for name, fit in fits:
        for way, parts in ways:
            told = held_out(found, fit, parts)
            if told is not None:
                made[f"{name}, other {way}"] = told
    return made
