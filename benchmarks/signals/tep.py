"""Tennessee Eastman: faults detected, false alarms on the normal test run, the fault's name, and faults that nobody knows.

python benchmarks/signals/tep.py --data DIR/signals/tep [--cases 'd0*'] [--json OUT]

Fitted on d00.dat. dNN.dat holds faulty samples only; in dNN_te.dat the fault begins at sample 160. Detection counts
faulty samples under alarm, without faults 3, 9 and 15 (which change nothing that is measured, as is usual); false
alarms are those of d00_te.dat and, apart, of the first 160 samples of the other test runs. `ours` is MCD on the mean
of the last ten scores, with the 1 % limit of held-out blocks of d00 under the same mean. Names: each run that is not
the only one of its fault is left out and named from the others, over its first 120 and 480 faulty samples.

Open: as `aitia signals train --learner signatures` and a diagnosis do it, by the lead over the next fault and a limit from
the other faults, each left out. Known: one run is left out. Unknown: all runs of its fault are. `peer LDA, majority` names
a fault where most samples have its label. With --trees the tree classifier's own figures of the same runs (60 rows a window).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors import Mcd, PcaT2Spe
from aitia.tools.signals.detectors.features import rolling
from aitia.tools.signals.detectors.thresholds import conformal_limit, held_out
from aitia.tools.signals.signatures import Signatures
from benchmarks.contract import Case, chosen, finish, hits, parser, rows
from benchmarks.signals.tep_open import SPANS, Run, fault, open_world, trees

Floats = NDArray[np.float64]
Alarm = Callable[[Floats], NDArray[np.bool_]]
CHANNELS, ONSET, MEAN = 52, 160, 10
HARD = ("03", "09", "15")


def read(path: Path) -> Floats:
    """(samples, 52) of a whitespace table, which may be transposed."""
    table = np.loadtxt(path)
    return np.asarray(table.T if table.shape[0] == CHANNELS else table, dtype=np.float64)


def runs(data: Path, pattern: str) -> list[Run]:
    """The faulty runs."""
    files = {p.stem: p for p in data.glob("d*.dat") if not p.stem.startswith("d00")}
    found = []
    for name in chosen(files, pattern):
        x, onset = read(files[name]), ONSET if name.endswith("_te") else 0
        found.append(Run(name=name, quiet=x[:onset], faulty=x[onset:]))
    return found


def detectors(reference: Floats) -> dict[str, Alarm]:
    """Each system, fitted on the normal run."""
    from sklearn.covariance import MinCovDet  # what pyod's MCD is

    mean = lambda score: rolling(score[:, None], MEAN)[0][:, 0]  # noqa: E731
    robust, plain = Mcd().fit(reference), PcaT2Spe().fit(reference)
    limit = conformal_limit(mean(held_out(Mcd, reference)), 0.01)
    center, spread = reference.mean(axis=0), np.maximum(reference.std(axis=0), 1e-12)
    peer = MinCovDet(random_state=0).fit((reference - center) / spread)
    most = float(np.quantile(peer.mahalanobis((reference - center) / spread), 0.99))
    scaler = Scaler().fit(reference)
    furthest = lambda x: np.max(np.abs(scaler.transform(x)), axis=1)  # noqa: E731
    limit_of_one = 1.2 * float(np.quantile(furthest(reference), 0.99))
    return {
        "ours": lambda x: mean(robust.decision_function(x)) > limit,
        "peer MCD": lambda x: peer.mahalanobis((x - center) / spread) > most,
        "ours PCA T2+SPE": lambda x: plain.decision_function(x) > plain.threshold_,
        "no_model": lambda x: furthest(x) > limit_of_one,
        "trivial": lambda x: np.ones(x.shape[0], dtype=np.bool_),
    }


def named(reference: Floats, found: list[Run], labels: Mapping[str, str], span: int) -> dict[str, list[str]]:
    """For each run the faults in order of similarity, from the labels of the other runs only."""
    model = Signatures(limit=False).fit(reference)
    directions = {r.name: model.direction(r.faulty[:span]) for r in found}
    said = {}
    for run in found:
        model.known_ = [(labels[n], d) for n, d in directions.items() if n != run.name]
        said[run.name] = [name for name, _ in model.rank(run.faulty[:span])]
    return said


def named_by_lda(found: list[Run], labels: Mapping[str, str], span: int) -> dict[str, list[str]]:
    """The peer: linear discriminants over the samples of the other runs, faults in order of their votes."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    said = {}
    for run in found:
        others = [r for r in found if r.name != run.name]
        samples = np.concatenate([r.faulty[:span] for r in others])
        model = LinearDiscriminantAnalysis().fit(
            samples, np.repeat([labels[r.name] for r in others], [len(r.faulty[:span]) for r in others])
        )
        votes = Counter(str(name) for name in model.predict(run.faulty[:span]))
        said[run.name] = [name for name, _ in votes.most_common()]
    return said


def scored(data: Path, pattern: str, *, with_trees: bool = False) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, and per run detection and rank of its name."""
    reference, normal, found = read(data / "d00.dat"), read(data / "d00_te.dat"), runs(data, pattern)
    made: list[dict[str, Any]] = []
    cases: list[Case] = [{"id": r.name} for r in found]
    for system, alarm in detectors(reference).items():
        rate = {r.name: float(np.mean(alarm(r.faulty))) for r in found}
        easy = {n: v for n, v in rate.items() if fault(n) not in HARD}
        before = [float(np.mean(alarm(r.quiet))) for r in found if r.quiet.size]
        delay = [_delay(alarm(r.faulty)) for r in found if fault(r.name) not in HARD]
        made += rows(
            system,
            {
                "detection, training runs": [v for n, v in easy.items() if not n.endswith("_te")],
                "detection, test runs": [v for n, v in easy.items() if n.endswith("_te")],
                "false alarms, d00_te": [float(a) for a in alarm(normal)],
                "false alarms, before the fault": before,
                "samples to the first alarm": delay,
            },
        )
        for case in cases:
            case[system] = round(rate[case["id"]], 3)
    labels = {r.name: fault(r.name) for r in found}
    asked = [r.name for r in found if list(labels.values()).count(labels[r.name]) > 1]
    for span in SPANS:
        orders = {
            "ours": named(reference, found, labels, span),
            "peer LDA": named_by_lda(found, labels, span),
        }
        for k in (1, 3):
            metric, chance = f"name in top {k}, {span} samples", min(1.0, k / len(set(labels.values())))
            for system, said in orders.items():
                made += rows(system, {metric: [hits(said[n], [labels[n]], k) for n in asked]})
            made += rows("trivial", {metric: [chance] * len(asked)})
    quiet = [normal, *(r.quiet for r in found if r.quiet.size)]
    named_open, said = open_world(reference, quiet, found, labels)
    made += named_open
    for case in cases:
        case |= said[case["id"]]
    return made + (trees(reference, found) if with_trees else []), cases


def _delay(alarm: NDArray[np.bool_]) -> float:
    return float(np.argmax(alarm)) if alarm.any() else float(alarm.size)


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--trees", action="store_true", help="also the tree classifier (minutes)")
    args = asked.parse_args()
    began = time.monotonic()
    made, cases = scored(Path(args.data), args.cases, with_trees=args.trees)
    finish("signals/tep", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
