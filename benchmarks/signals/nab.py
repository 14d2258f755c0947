"""NAB: online anomaly detection in single series, scored by the Numenta Anomaly Benchmark's standard score.

python benchmarks/signals/nab.py --data DIR/signals/nab [--cases 'realAWS*'] [--json OUT]

DIR holds data/GROUP/NAME.csv (timestamp, value) and combined_windows.json (the answers, read by the scorer only). A
score at t uses samples up to t only. As in NAB one threshold over all series is optimised for each system, the peers
too; `other groups` takes for each group the threshold that was best on the others. `one alarm in 100` gives the peers
the refractory period that ours has. trivial: an alarm every N samples, N optimised in the same way.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.streaming import REFRACTORY, NeighbourStream
from benchmarks.contract import chosen, finish, parser
from benchmarks.signals.nab_score import PROFILES, Profile, Worth, normalised, worth

Floats = NDArray[np.float64]
PROBATION, MOST_PROBATION = 0.15, 750
LIMITS = 200  # thresholds that are tried, spread over the highest third of all scores
LAG, NEIGHBOURS = 10, 5  # KNN of the peer: on the last ten samples, pyod's default of five neighbours
EVERY = (25, 50, 75, 100, 150, 200, 300, 400)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One series."""

    name: str
    t: Floats
    v: Floats

    @property
    def group(self) -> str:
        """The folder it lies in."""
        return self.name.partition("/")[0]

    @property
    def trial(self) -> int:
        """Samples of the probationary part."""
        return int(min(np.floor(PROBATION * self.t.size), MOST_PROBATION))


def read(data: Path, pattern: str = "*") -> list[Case]:
    """All series of a folder by name, GROUP/NAME.csv."""
    root = data / "data"
    names = chosen((str(p.relative_to(root)) for p in root.glob("*/*.csv")), pattern)
    if not names:
        raise BadInput(f"Name a folder that holds data/GROUP/NAME.csv: {data} has none for {pattern!r}.")
    return [_case(root, name) for name in names]


def _case(root: Path, name: str) -> Case:
    with (root / name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return Case(name=name, t=np.array([moment(r[0]) for r in rows]), v=np.array([float(r[1]) for r in rows]))


def moment(text: str) -> float:
    """Epoch seconds of a time stamp without a zone, taken as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def answers(data: Path) -> dict[str, list[tuple[float, float]]]:
    """The windows of each series; only the scorer calls this."""
    told = json.loads((data / "combined_windows.json").read_text(encoding="utf-8"))
    return {name: [(moment(a), moment(b)) for a, b in spans] for name, spans in told.items()}


def onsets(surprise: Floats, threshold: float, refractory: int) -> NDArray[np.bool_]:
    """True at the samples that raise an alarm online: over the threshold, and the last alarm `refractory` samples ago."""
    made = np.zeros(surprise.size, dtype=np.bool_)
    free = 0
    for i in np.flatnonzero(surprise > threshold):
        if i >= free:
            made[i] = True
            free = int(i) + refractory
    return made


def ours(case: Case) -> Floats:
    """The streaming detector of the product."""
    stream = NeighbourStream(keep=max(case.v.size, 1000))
    return np.array([stream.update(float(x)) for x in case.v])


def windowed_gaussian(case: Case, *, width: int = 6400, step: int = 100) -> Floats:
    """NAB's own baseline: 1 less the tail probability under a Gaussian of the last `width` samples, moved by `step`."""
    from scipy.stats import norm

    score = np.zeros(case.v.size)
    for i in range(1, case.v.size):
        past = case.v[:i] if i < width else case.v[(i - width) // step * step :][:width]
        deviation = max(float(past.std()), 1e-6)
        score[i] = 1.0 - float(norm.sf(abs(case.v[i] - past.mean()) / deviation))
    return score


def knn(case: Case) -> Floats:
    """Pyod's KNN on sub-sequences, fitted on the probationary part."""
    from pyod.models.knn import KNN

    every = np.lib.stride_tricks.sliding_window_view(case.v, LAG)
    first = every[: case.trial - LAG + 1]
    scale = max(float(first.std()), 1e-9)
    model = KNN(n_neighbors=NEIGHBOURS).fit((first - first.mean()) / scale)
    told = model.decision_function((every - first.mean()) / scale)
    return np.concatenate([np.zeros(LAG - 1), np.asarray(told, dtype=np.float64)])


@dataclass(frozen=True, kw_only=True)
class System:
    """A row of the table: scores of a case, and the refractory period in samples (0: every sample over is an alarm)."""

    name: str
    score: Callable[[Case], Floats]
    refractory: int


SYSTEMS = (
    System(name="ours", score=ours, refractory=REFRACTORY),
    System(name="peer windowed Gaussian", score=windowed_gaussian, refractory=0),
    System(name="peer KNN", score=knn, refractory=0),
    System(name="peer windowed Gaussian, one alarm in 100", score=windowed_gaussian, refractory=REFRACTORY),
    System(name="peer KNN, one alarm in 100", score=knn, refractory=REFRACTORY),
)


def systems() -> list[System]:
    """Those that can run: pyod's need pyod."""
    return [s for s in SYSTEMS if s.score is not knn or find_spec("pyod")]


Raise = Callable[[str, float], NDArray[np.bool_]]


def raised(score: Floats, limit: float, refractory: int) -> NDArray[np.bool_]:
    """Alarms at a threshold."""
    return onsets(score, limit, refractory) if refractory else score > limit


def limits(scores: list[Floats]) -> Floats:
    """Thresholds to try."""
    return np.unique(np.quantile(np.concatenate(scores), 1.0 - np.geomspace(1e-5, 0.33, LIMITS)))


def raws(raise_: Raise, tried: list[float], told: dict[str, Worth], profile: Profile) -> dict[str, Floats]:
    """Each series' raw score at each threshold."""
    return {n: np.array([w.raw(raise_(n, limit), profile) for limit in tried]) for n, w in told.items()}


def summary(raw: dict[str, Floats], told: dict[str, Worth], profile: Profile) -> dict[str, dict[str, float]]:
    """Per series its raw score at the threshold that is best over all, and at the one that is best on other groups."""
    best = int(np.argmax(np.sum([raw[n] for n in told], axis=0)))
    found = {"one threshold": {n: float(raw[n][best]) for n in told}}
    groups = {n.partition("/")[0] for n in told}
    if len(groups) > 1:
        across = {}
        for group in groups:
            others = [raw[n] for n in told if n.partition("/")[0] != group]
            pick = int(np.argmax(np.sum(others, axis=0)))
            across |= {n: float(raw[n][pick]) for n in told if n.partition("/")[0] == group}
        found["other groups"] = across
    return found


def row(
    system: str, metric: str, raw: dict[str, float], told: dict[str, Worth], profile: Profile
) -> dict[str, Any]:
    """The corpus score with a bootstrap over series."""
    names = sorted(raw)
    score: Callable[[list[str]], float] = lambda some: normalised(  # noqa: E731
        sum(raw[n] for n in some), sum(told[n].windows for n in some), profile
    )
    chance = random.Random(0)
    draws = [chance.choices(names, k=len(names)) for _ in range(2000)]
    drawn = sorted(score(d) for d in draws if sum(told[n].windows for n in d))
    ci = [round(drawn[int(q * (len(drawn) - 1))], 2) for q in (0.025, 0.975)]
    return {"system": system, "metric": metric, "value": round(score(names), 2), "n": len(names), "ci95": ci}


def predictions(cases: list[Case]) -> dict[str, dict[str, Floats]]:
    """Scores by scorer and series; no answer is read."""
    made: dict[str, dict[str, Floats]] = {}
    for system in systems():
        key = system.score.__name__
        if key not in made:
            made[key] = {c.name: system.score(c) for c in cases}
    return made


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    data = Path(args.data)
    cases = read(data, args.cases)
    made = predictions(cases)
    windows = answers(data)
    told = {c.name: worth(windows.get(c.name, []), c.t) for c in cases}
    table: list[dict[str, Any]] = []
    for name, profile in PROFILES.items():
        for system in systems():
            scores = made[system.score.__name__]
            tried = [float(x) for x in limits(list(scores.values()))]
            raw = raws(lambda n, x, s=scores, k=system.refractory: raised(s[n], x, k), tried, told, profile)  # type: ignore[misc]
            for how, of_series in summary(raw, told, profile).items():
                table.append(row(system.name, f"NAB {name}, {how}", of_series, told, profile))
        size = {c.name: c.t.size for c in cases}
        raw = raws(lambda n, x, s=size: np.arange(s[n]) % int(x) == 0, list(map(float, EVERY)), told, profile)  # type: ignore[misc]
        for how, of_series in summary(raw, told, profile).items():
            table.append(row("trivial alarm every N", f"NAB {name}, {how}", of_series, told, profile))
    per_case = [
        {"id": c.name, "highest": int(np.argmax(made["ours"][c.name])), "score": round(float(made["ours"][c.name].max()), 3)}
        for c in cases
    ]  # fmt: skip
    finish("signals/nab", table, per_case, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
