"""SKAB: which rows of a pump's recording are anomalous (F1, false and missed alarms), after 400 rows of training.

python benchmarks/signals/skab.py --data DIR/signals/skab [--cases 'valve1/*'] [--json OUT]

`ours` is retrospective, as `signals_detect` is, which looks at a recorded incident: an alarm also takes the rows before it
since the score last rose over the lower limit. `ours online` uses rows up to now only. Both take window, smoothing and
factor from the files of the other folders (leave one folder out), and so does `peer MCD retrospective`, which is given
the same alarms; `as shipped` takes the constants of the code, which were set to what
each of these choices took. The limit of
`peer MCD` is the one that was best for it on these files.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors import Ensemble, PcaT2Spe
from aitia.tools.signals.detectors.features import rolling, window_features
from aitia.tools.signals.detectors.thresholds import Truths, hysteresis, smoothed
from benchmarks.contract import Case, chosen, finish, parser
from benchmarks.signals.rates import counts, f1, pooled
from benchmarks.signals.skab_files import TRAIN, Floats, answer, paths, read

Alarms = NDArray[np.bool_]
WINDOWS, SMOOTHING, FACTORS = (5, 10), (11, 21), tuple(round(float(np.exp(0.1 * k)), 3) for k in range(-2, 7))
FALL = 0.82  # the lower limit of the hysteresis over the upper; e^-0.2, a fixed choice
SHIPPED = (10, 21, 1.8)
Config = tuple[str, int, int, float]
RETROSPECTIVE, ONLINE, PEER = "ours", "ours online", "peer MCD retrospective"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What each system says of the rows after the training part of one file."""

    name: str
    group: str
    fixed: Mapping[str, Alarms]
    configured: Mapping[Config, Alarms] = field(repr=False)


def alarms(system: str, window: int, score: Floats, online: str = "") -> dict[Config, Alarms]:
    """The alarms of a score (1 is the largest of the training part) under every smoothing and factor."""
    made = {}
    for width in SMOOTHING:
        past, around = smoothed(score, width), smoothed(score, width, ahead=True)
        for factor in sorted({*FACTORS, SHIPPED[2]}):
            both = hysteresis(around, factor, FALL * factor, back=True)
            made[system, window, width, factor] = both[TRAIN:]
            if online:
                made[online, window, width, factor] = (past > factor)[TRAIN:]
    return made


def ours(x: Floats) -> dict[Config, Alarms]:
    """The ensemble's alarms under every configuration that may be chosen."""
    made: dict[Config, Alarms] = {}
    for window in WINDOWS:
        score = Ensemble(window=window).fit(x[:TRAIN]).decision_function(x)
        made |= alarms(RETROSPECTIVE, window, score, ONLINE)
    return made


def mcd(x: Floats) -> Floats:
    """The distance of scikit-learn's MCD, which pyod's is, on 10-row means and deviations."""
    from sklearn.covariance import MinCovDet

    features = window_features(x, 10)
    scale = np.maximum(features[:TRAIN].std(axis=0), 1e-12)
    z = np.clip((features - features[:TRAIN].mean(axis=0)) / scale, -50, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer warns of a covariance that is not of full rank
        return np.asarray(MinCovDet(random_state=0).fit(z[:TRAIN]).mahalanobis(z), dtype=np.float64)


def persistent(over: Truths, window: int) -> Truths:
    """True where at least half of the last `window` samples are over the limit; before the first, none are."""
    padded = np.concatenate((np.zeros(window - 1), over.astype(np.float64)))
    total = np.cumsum(np.concatenate(([0.0], padded)))
    return np.asarray(2.0 * (total[window:] - total[:-window]) >= window, dtype=np.bool_)


def fixed(x: Floats, distance: Floats) -> dict[str, Alarms]:
    """Systems with a limit of their own; a majority of the last five rows as in the peer's figures."""
    features, means = window_features(x, 10), rolling(x, 10)[0]
    furthest = np.max(np.abs(Scaler().fit(means[9:TRAIN]).transform(means)), axis=1)
    plain = PcaT2Spe().fit(features[9:TRAIN])
    made = {
        "peer MCD": distance > np.quantile(distance[:TRAIN], 0.99),
        "ours PCA T2+SPE": plain.decision_function(features) > plain.threshold_,
        "no_model": furthest > 1.2 * np.quantile(furthest[9:TRAIN], 0.99),
    }
    made = {system: persistent(over, 5)[TRAIN:] for system, over in made.items()}
    return made | {"trivial": np.ones(x.shape[0] - TRAIN, dtype=np.bool_)}


def predictions(data: Path, pattern: str) -> list[Prediction]:
    """All systems on all chosen files. Nothing here reads an answer."""
    known = paths(data)
    found = []
    for name in chosen(known, pattern):
        recording = read(known[name], data)
        x = recording.x
        if x.shape[0] > TRAIN:
            distance = mcd(x)
            peer = alarms(PEER, SHIPPED[0], np.sqrt(np.maximum(distance, 0.0) / distance[:TRAIN].max()))
            found.append(
                Prediction(
                    name=name, group=recording.group, fixed=fixed(x, distance), configured=ours(x) | peer
                )
            )
    return found


def by_other_groups(found: Sequence[Prediction], truths: Sequence[Alarms], system: str) -> list[Config]:
    """For each file the configuration with the best F1 on the files of the other groups; alone: as shipped."""
    parts = {
        c: np.stack([counts(t, p.configured[c]) for p, t in zip(found, truths, strict=True)])
        for c in found[0].configured
        if c[0] == system
    }
    taken = []
    for prediction in found:
        others = np.array([p.group != prediction.group for p in found])
        best = (
            max(parts, key=lambda c: f1(parts[c][others].sum(axis=0))) if others.any() else (system, *SHIPPED)
        )
        taken.append(best)
    return taken


def scored(data: Path, found: Sequence[Prediction]) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, and per file what was chosen and reached."""
    known = paths(data)
    truths = [answer(known[p.name], "anomaly")[TRAIN:] for p in found]
    made: list[dict[str, Any]] = []
    cases: list[Case] = [
        {"id": p.name, "anomalous": int(t.sum())} for p, t in zip(found, truths, strict=True)
    ]
    said: dict[str, list[Alarms]] = {}
    for system in (RETROSPECTIVE, ONLINE, PEER):
        taken = by_other_groups(found, truths, system)
        said[system] = [p.configured[c] for p, c in zip(found, taken, strict=True)]
        for case, config in zip(cases, taken, strict=True):
            case[f"{system} chosen"] = config[1:]
    for system in (RETROSPECTIVE, ONLINE):
        said[f"{system} as shipped"] = [p.configured[system, *SHIPPED] for p in found]
    for system in found[0].fixed:
        said[system] = [p.fixed[system] for p in found]
    for system, alarm in said.items():
        parts = [counts(t, a) for t, a in zip(truths, alarm, strict=True)]
        made += pooled(system, parts)
        for case, part in zip(cases, parts, strict=True):
            case[system] = round(f1(part), 3)
    return made, cases


def main() -> None:
    args = parser(__doc__).parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases)
    made, cases = scored(data, found)
    finish("signals/skab", made, cases, n=len(found), began=began, out=args.json)
    for case in cases:
        print(
            f"{case['id']:<12} F1 {case['ours']:.2f} (peer MCD {case['peer MCD']:.2f}), chosen {case['ours chosen']}"
        )


if __name__ == "__main__":
    main()
