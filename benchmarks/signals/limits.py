"""The ensemble's limit: as shipped, or from held-out blocks of the reference itself, chosen with each data set left out.

python benchmarks/signals/limits.py --data DIR/signals --lab DIR [--cases 'skab*,rotor*'] --json OUT

The limit of 1.8 was chosen on SKAB. It is judged on windows with an anomaly and without one (benchmarks/signals/limit_cases.py)
as `departure_from` judges. For each data set the best candidate is taken on the *other* sets, each weighing the same; the
rows are of the set that was left out:

  ours          as shipped
  no_model      one number for all, the best on the other sets
  ours held out a multiple of the largest score that blocks of the reference have under a fit on the rest, the best on
                the other sets; or that, but 1.8 at least

`found` is the share of windows with an anomaly that raise an alarm, `false` that of windows without one, `gain` the
first less the second. Trivial: an alarm in every window (gain 0).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.detectors import Ensemble
from aitia.tools.signals.detectors.thresholds import smoothed
from aitia.tools.signals.multivariate import LEAD, PERSIST
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.signals.limit_cases import Floats, Judged, of_several

BLOCKS, SHIPPED = 4, 1.8
FIXED, MULTIPLES = np.arange(1.0, 3.2, 0.1), np.arange(0.6, 2.6, 0.1)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a reference and its windows give: the largest held-out score, each window's peak and whether it is anomalous."""

    name: str
    dataset: str
    usual: float
    peaks: tuple[tuple[float, bool], ...]


Limit = Callable[[Looked], float]


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


def looked(data: Path, lab: Path, pattern: str) -> list[Looked]:
    """The chosen references with their windows."""
    every = {f"{c.dataset}/{c.name}": c for c in of_several(data, lab)}
    return [ensemble(every[name]) for name in chosen(every, pattern)]


def value(found: Sequence[Looked], limit: Limit) -> tuple[list[float], list[float]]:
    """An alarm or none, of the windows with an anomaly and of those without, of a set."""
    told = [(float(peak > limit(one)), bad) for one in found for peak, bad in one.peaks]
    return [alarm for alarm, bad in told if bad], [alarm for alarm, bad in told if not bad]


def gain(found: Sequence[Looked], limit: Limit) -> float:
    """The share found less the share of false alarms."""
    return _less(*value(found, limit))


def _less(hits: Sequence[float], alarms: Sequence[float]) -> float:
    return (mean(hits) if hits else 0.0) - (mean(alarms) if alarms else 0.0)


def scored(found: Sequence[Looked]) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows: each set with the candidates that are best on the others."""
    families: dict[str, list[tuple[float, Limit]]] = {
        "no_model fixed": [(float(f), lambda one, f=f: float(f)) for f in FIXED],
        "ours held out": [(float(m), lambda one, m=m: float(m) * one.usual) for m in MULTIPLES],
        "ours held out, 1.8 at least": [
            (float(m), lambda one, m=m: max(SHIPPED, float(m) * one.usual)) for m in MULTIPLES
        ],
    }
    sets = sorted({one.dataset for one in found})
    by_set = {s: [one for one in found if one.dataset == s] for s in sets}
    made: list[dict[str, Any]] = []
    cases: list[Case] = []
    for left in sets:
        others = [s for s in sets if s != left]
        told = {"ours": (SHIPPED, value(by_set[left], lambda one: SHIPPED))}
        for family, candidates in families.items():
            best = max(candidates, key=lambda c: mean([gain(by_set[s], c[1]) for s in others] or [0.0]))
            told[family] = (best[0], value(by_set[left], best[1]))
        for system, (number, (hits, alarms)) in told.items():
            made += rows(system, {f"{left} left out: found": hits, f"{left} left out: false": alarms})
            cases.append(
                {"left_out": left, "system": system, "chosen": round(number, 2), "gain": _less(hits, alarms)}
            )
    for system in ("ours", *families):
        gains = [c["gain"] for c in cases if c["system"] == system]
        made += rows(system, {"mean gain over sets": gains})
    return [*made, *rows("trivial", {"mean gain over sets": [0.0] * len(sets)})], cases


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--lab", required=True, type=Path, help="folder of lab incidents, by system")
    args = asked.parse_args()
    began = time.monotonic()
    found = looked(Path(args.data), args.lab, args.cases)
    table, told = scored(found)
    per_case = [{"case": f"{f.dataset}/{f.name}", "usual": f.usual, "peaks": f.peaks} for f in found]
    finish("signals/limits", table, [*told, *per_case], n=len(found), began=began, out=args.json)
    for case in told:
        print(
            f"{case['left_out']:<9} {case['system']:<28} chosen {case['chosen']:<5} gain {case['gain']:.3f}"
        )


if __name__ == "__main__":
    main()
