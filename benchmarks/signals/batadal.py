"""BATADAL: attacks on a water network found from hourly SCADA data, after a clean year.

python benchmarks/signals/batadal.py --data DIR/signals/batadal [--cases '*04*'] [--clean '*03*'] [--json OUT]

False-alarm hours are counted on the clean year in twelve blocks, each under a model and a limit of the other eleven.
Attacks: stretches of ATT_FLAG 1 with an alarm inside; delay: from the stretch's first hour to the first alarm in it.
The alarm share is that of hours without a flag, among them unlabelled attacks. Every system takes the six-hour mean
of its score. `at the limit that just finds all` reads the answers: it compares the scores, not the limits.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.detectors import VectorAutoregression
from aitia.tools.signals.detectors.features import rolling
from aitia.tools.signals.detectors.thresholds import conformal_limit, runs
from benchmarks.contract import Case, chosen, finish, parser, rows

Floats = NDArray[np.float64]
Fit = Callable[[Floats], Callable[[Floats], Floats]]
ANSWER, HOURS, FOLDS = "ATT_FLAG", 6, 12


def read(path: Path) -> tuple[list[str], Floats]:
    """The channels of a file and its rows, one an hour; the answer's column is not looked at."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.reader(file)
        head = [name.strip() for name in next(table)]
        kept = [i for i, name in enumerate(head) if i and name != ANSWER]
        body = [[float(row[i]) for i in kept] for row in table]
    return [head[i] for i in kept], np.array(body)


def answer(path: Path) -> NDArray[np.bool_]:
    """Which hours are flagged as attacked; only the scorer calls this."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.reader(file)
        place = [name.strip() for name in next(table)].index(ANSWER)
        return np.array([float(row[place]) == 1.0 for row in table], dtype=np.bool_)


def autoregression(x: Floats) -> Callable[[Floats], Floats]:
    return VectorAutoregression().fit(x).decision_function


def pca_spe(x: Floats, variance: float = 0.95) -> Callable[[Floats], Floats]:
    """The prediction error outside the components that explain 95 % of the standardised variance."""
    mean, spread = x.mean(axis=0), np.where(x.std(axis=0) < 1e-6, 1.0, x.std(axis=0))
    _, singular, axes = np.linalg.svd((x - mean) / spread, full_matrices=False)
    share = np.cumsum(singular**2) / np.sum(singular**2)
    kept = axes[: int(np.searchsorted(share, variance)) + 1]

    def score(new: Floats) -> Floats:
        z = (new - mean) / spread
        return np.asarray(np.sum((z - z @ kept.T @ kept) ** 2, axis=1))

    return score


def largest_z(x: Floats) -> Callable[[Floats], Floats]:
    mean, spread = x.mean(axis=0), np.where(x.std(axis=0) < 1e-6, 1.0, x.std(axis=0))
    return lambda new: np.asarray(np.max(np.abs(new - mean) / spread, axis=1))


SYSTEMS: Mapping[str, tuple[Fit, float]] = {
    "ours": (autoregression, 0.001),
    "peer PCA-SPE 1 %": (pca_spe, 0.01),
    "peer PCA-SPE .5 %": (pca_spe, 0.005),
    "peer PCA-SPE .1 %": (pca_spe, 0.001),
    "no_model max|z|": (largest_z, 0.001),
}


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Alarms on the clean year by block, scores and alarms on each tested file."""

    clean: Mapping[str, Sequence[NDArray[np.bool_]]]
    clean_scores: Mapping[str, Floats]
    scores: Mapping[str, Mapping[str, Floats]]  # file -> system -> score
    alarms: Mapping[str, Mapping[str, NDArray[np.bool_]]]


def _mean(score: Floats) -> Floats:
    return rolling(score[:, None], HOURS)[0][:, 0]


def predictions(data: Path, pattern: str, clean: str) -> Prediction:
    """All systems on the clean file and the chosen others. Nothing here reads an answer."""
    files = {p.stem: p for p in sorted(data.glob("*.csv"))}
    reference = chosen(files, clean)[0]
    names, x = read(files[reference])
    tested = {n: read(files[n]) for n in chosen(files, pattern) if n != reference}
    for name, (head, _) in tested.items():
        if head != names:
            raise ValueError(f"Give {name} the columns of {reference}, in the same order.")
    edges = np.linspace(0, x.shape[0], FOLDS + 1).astype(int)
    blocks = [slice(int(a), int(b)) for a, b in pairwise(edges)]
    clean_alarms, clean_scores = {}, {}
    scores: dict[str, dict[str, Floats]] = {n: {} for n in tested}
    alarms: dict[str, dict[str, NDArray[np.bool_]]] = {n: {} for n in tested}
    for system, (fit, share) in SYSTEMS.items():
        apart = [_mean(fit(np.delete(x, b, axis=0))(x[b])) for b in blocks]
        others = [np.concatenate(apart[:i] + apart[i + 1 :]) for i in range(FOLDS)]
        clean_alarms[system] = [s > conformal_limit(o, share) for s, o in zip(apart, others, strict=True)]
        clean_scores[system] = np.concatenate(apart)
        limit, score = conformal_limit(clean_scores[system], share), fit(x)
        for name, (_, new) in tested.items():
            scores[name][system] = _mean(score(new))
            alarms[name][system] = scores[name][system] > limit
    return Prediction(clean=clean_alarms, clean_scores=clean_scores, scores=scores, alarms=alarms)


def scored(data: Path, found: Prediction) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, and each stretch with its delays."""
    truths = {n: answer(data / f"{n}.csv") for n in found.alarms}
    stretches = [(n, a, b) for n, truth in truths.items() for a, b in runs(truth)]
    cases: list[Case] = [{"id": f"{n}:{a}", "hours": b - a} for n, a, b in stretches]
    made: list[dict[str, Any]] = []
    for system in SYSTEMS:
        inside = [found.alarms[n][system][a:b] for n, a, b in stretches]
        for case, part in zip(cases, inside, strict=True):
            case[system] = int(np.argmax(part)) if part.any() else None
        peaks = [float(found.scores[n][system][a:b].max()) for n, a, b in stretches]
        all_of_them = found.clean_scores[system] >= min(peaks, default=np.inf)
        made += rows(
            system,
            {
                "stretches found": [float(p.any()) for p in inside],
                "delay, hours": [float(np.argmax(p)) for p in inside if p.any()],
                "recall of hours": [float(v) for p in inside for v in p],
                "alarm share elsewhere": [
                    float(v) for n in truths for v in found.alarms[n][system][~truths[n]]
                ],
                "false-alarm hours a block": [float(b.sum()) for b in found.clean[system]],
            },
        )
        made.append(_just_all(system, int(all_of_them.sum()), len(stretches)))
    share = {"stretches found": 1.0, "delay, hours": 0.0}
    made += rows("trivial", {m: [v] * len(stretches) for m, v in share.items()})
    made += rows("trivial", {"false-alarm hours a block": [float(b.size) for b in found.clean["ours"]]})
    return made, cases


def _just_all(system: str, hours: int, n: int) -> dict[str, Any]:
    metric = "false-alarm hours a year, at the limit that just finds all"
    return {"system": system, "metric": metric, "value": hours, "n": n, "ci95": [hours, hours]}


def main() -> None:
    made_parser = parser(__doc__)
    made_parser.add_argument(
        "--clean", default="*", help="glob of the clean file; the first in order is taken"
    )
    args = made_parser.parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases, args.clean)
    made, cases = scored(data, found)
    for system in SYSTEMS:
        print(
            f"{system}: {int(sum(b.sum() for b in found.clean[system]))} false-alarm hours in the clean year"
        )
    finish("signals/batadal", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
