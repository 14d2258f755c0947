"""Limits of alarms: as shipped, or from held-out blocks of the reference itself, chosen with each data set left out.

python benchmarks/signals/limits.py --data DIR/signals --lab DIR [--rules ensemble,pattern] [--cases 'skab*'] --json OUT

Three limits were set on data that was then the figure: the ensemble's 1.8 (SKAB), `PatternWatch`'s 3.0 (NAB) and
`choose`'s departure of .5 (SKAB and TEP). Every rule is judged on windows with an anomaly and without one
(benchmarks/signals/limit_cases.py). For each data set the best candidate is taken on the *other* sets, each weighing
the same; the rows are of the set that was left out:

  ours          as shipped
  no_model      one number for all, the best on the other sets
  ours held out a multiple of the largest score that blocks of the reference have under a fit on the rest, the best on
               the other sets

`found` is the share of windows with an anomaly that raise an alarm, `false` that of windows without one, `gain` the
first less the second. Trivial: an alarm in every window (gain 0). For `departure`, the area under the ROC curve over
samples (trivial .5) under learning from the series' own head where it departs and from head and reference elsewhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.choose import DEPARTED, material, score
from aitia.tools.signals.detectors import Ensemble
from aitia.tools.signals.detectors.thresholds import smoothed
from aitia.tools.signals.multivariate import LEAD, PERSIST
from aitia.tools.signals.profile import HEAD, departure
from aitia.tools.signals.streaming import NeighbourStream
from aitia.tools.signals.watch import PATTERN_LIMIT
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.signals.limit_cases import Floats, Judged, of_several, of_single

BLOCKS = 4
FIXED = {
    "ensemble": np.arange(1.0, 3.2, 0.1),
    "pattern": np.arange(1.0, 6.0, 0.25),
    "departure": np.arange(0.1, 1.05, 0.1),
}
MULTIPLES = np.arange(0.6, 2.6, 0.1)
Worth = Callable[[float], tuple[list[float], list[float]]]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a reference and its windows give: the largest held-out score, the peak of each window and whether it is anomalous.

    Of a departure: the areas under learning from the head, and from both.
    """

    name: str
    dataset: str
    usual: float
    peaks: tuple[tuple[float, bool], ...]
    areas: tuple[float, float] = (0.0, 0.0)

    def gain(self, limit: float) -> tuple[list[float], list[float]]:
        """Found (of windows with an anomaly) and false (of those without), or the area as found."""
        if any(self.areas):
            return [self.areas[0] if self.peaks[0][0] > limit else self.areas[1]], []
        return (
            [float(p > limit) for p, bad in self.peaks if bad],
            [float(p > limit) for p, bad in self.peaks if not bad],
        )


def lasting(x: Floats) -> float:
    """The largest value that so many scores in a row reach."""
    if x.size < PERSIST:
        return 0.0
    return float(np.max(np.min(np.lib.stride_tricks.sliding_window_view(x, PERSIST), axis=1)))


def ensemble(one: Judged) -> Looked:
    """As `departure_from` judges: median of five, five rows in a row."""

    def peak(model: Ensemble, x: Floats, a: int, b: int) -> float:
        lead = min(LEAD, a)
        return lasting(smoothed(model.decision_function(x[a - lead : b]), PERSIST, ahead=True)[lead:])

    edges = np.linspace(0, one.reference.shape[0], BLOCKS + 1).astype(int)
    kept = [(Ensemble().fit(np.delete(one.reference, slice(a, b), axis=0)), a, b) for a, b in pairwise(edges)]
    usual = max(peak(model, one.reference, a, b) for model, a, b in kept)
    whole, joined, rows_before = (
        Ensemble().fit(one.reference),
        np.concatenate([one.reference, one.x]),
        one.reference.shape[0],
    )
    peaks = [(peak(whole, joined, rows_before + a, rows_before + b), bad) for a, b, bad in one.windows]
    return Looked(name=one.name, dataset=one.dataset, usual=usual, peaks=tuple(peaks))


def pattern(one: Judged) -> Looked:
    """The stream's scores; each is held out, since it sees only what came before. The reference's first half is not counted."""
    stream, size = NeighbourStream(), one.reference.shape[0]
    told = np.array([stream.update(float(v)) for v in np.concatenate([one.reference, one.x])[:, 0]])
    peaks = [(float(told[size + a : size + b].max()), bad) for a, b, bad in one.windows]
    return Looked(
        name=one.name, dataset=one.dataset, usual=float(told[size // 2 : size].max()), peaks=tuple(peaks)
    )


def departed(one: Judged) -> Looked:
    """How far the head lies from the reference, the furthest of the reference's own blocks, and the area under either choice."""
    x, reference = one.x[:, 0], one.reference[:, 0]
    head = x[: max(int(HEAD * x.size), 1)]
    edges = range(0, reference.size - head.size + 1, max(head.size, 1))
    blocks = [
        departure(np.delete(reference, slice(a, a + head.size)), reference[a : a + head.size]) for a in edges
    ]
    window = max(4, min(100, x.size // 8, reference.size // 3))
    areas = [
        auc(one.labels, score("nearest", x, material(x, reference, learns), window=window))
        for learns in ("head", "both")
    ]
    return Looked(name=one.name, dataset=one.dataset, usual=max(blocks, default=1.0),
                  peaks=((departure(reference, head), True),), areas=(areas[0], areas[1]))  # fmt: skip


def auc(labels: Any, scores: Floats) -> float:
    """The area under the ROC curve."""
    from scipy.stats import rankdata

    ranks, positive = rankdata(scores), int(labels.sum())
    negative = labels.size - positive
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


RULES = {
    "ensemble": (of_several, ensemble, 1.8),
    "pattern": (of_single, pattern, PATTERN_LIMIT),
    "departure": (of_single, departed, DEPARTED),
}


def looked(rule: str, cases: Iterator[Judged], pattern: str) -> list[Looked]:
    """The chosen cases under a rule."""
    every = {f"{c.dataset}/{c.name}": c for c in cases}
    kept = [every[name] for name in chosen(every, pattern)]
    if rule == "departure":
        kept = [
            c
            for c in kept
            if c.labels.any() and not c.labels.all() and c.x.shape[0] >= 2 * c.reference.shape[0] // 10
        ]
    return [RULES[rule][1](c) for c in kept if c.reference.shape[0] >= 100]


def value(found: Sequence[Looked], limit: Callable[[Looked], float]) -> tuple[float, float, float]:
    """found, false and gain, over all windows of a set."""
    told = [one.gain(limit(one)) for one in found]
    hits, alarms = [v for a, _ in told for v in a], [v for _, b in told for v in b]
    right, wrong = mean(hits) if hits else 0.0, mean(alarms) if alarms else 0.0
    return right, wrong, right - wrong


def scored(rule: str, found: Sequence[Looked]) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows of a rule: each set with the candidates that are best on the others."""
    shipped = RULES[rule][2]
    families: dict[str, list[tuple[float, Callable[[Looked], float]]]] = {
        "no_model fixed": [(float(f), lambda one, f=f: float(f)) for f in FIXED[rule]],
        "ours held out": [(float(m), lambda one, m=m: float(m) * one.usual) for m in MULTIPLES],
        "ours held out or shipped": [
            (float(m), lambda one, m=m: max(shipped, float(m) * one.usual)) for m in MULTIPLES
        ],
    }
    sets = sorted({one.dataset for one in found})
    by_set = {s: [one for one in found if one.dataset == s] for s in sets}
    made, cases = [], []
    for left in sets:
        told = {"ours": (shipped, value(by_set[left], lambda one: shipped))}
        for family, candidates in families.items():
            best = max(
                candidates,
                key=lambda c: mean([value(by_set[s], c[1])[2] for s in sets if s != left] or [0.0]),
            )
            told[family] = (best[0], value(by_set[left], best[1]))
        for system, (number, (right, wrong, gain)) in told.items():
            for metric, v in (("found", right), ("false", wrong), ("gain", gain)):
                made += [
                    {**r, "n": sum(len(one.peaks) for one in by_set[left])}
                    for r in rows(system, {f"{rule}, {left} left out: {metric}": [v]})
                ]
            cases.append(
                {
                    "rule": rule,
                    "left_out": left,
                    "system": system,
                    "chosen": round(number, 2),
                    "gain": round(gain, 4),
                }
            )
    for system in ("ours", *families):
        gains = [c["gain"] for c in cases if c["system"] == system]
        made += rows(system, {f"{rule}: mean gain over sets": gains})
    trivial = 0.5 if rule == "departure" else 0.0
    return [*made, *rows("trivial", {f"{rule}: mean gain over sets": [trivial] * len(sets)})], cases


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--lab", required=True, type=Path, help="folder of lab incidents, by system")
    asked.add_argument("--rules", default=",".join(RULES))
    args = asked.parse_args()
    began, made, cases, n = time.monotonic(), list[dict[str, Any]](), list[Case](), 0
    for rule in args.rules.split(","):
        found = looked(rule, RULES[rule][0](Path(args.data), args.lab), args.cases)
        table, told = scored(rule, found)
        made += table
        cases += [
            *told,
            *(
                {
                    "rule": rule,
                    "case": f"{f.dataset}/{f.name}",
                    "usual": f.usual,
                    "peaks": f.peaks,
                    "areas": f.areas,
                }
                for f in found
            ),
        ]
        n += len(found)
    finish("signals/limits", made, cases, n=n, began=began, out=args.json)
    for case in cases:
        if "chosen" in case:
            print(
                f"{case['rule']:<10} {case['left_out']:<9} {case['system']:<25} {case['chosen']:<5} gain {case['gain']:.3f}"
            )


if __name__ == "__main__":
    main()
