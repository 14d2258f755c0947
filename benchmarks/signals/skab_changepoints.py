"""SKAB: when does a pump's recording change (NAB score, windows of 60 s to the right of each change).

python benchmarks/signals/skab_changepoints.py --data DIR/signals/skab [--cases 'valve1/*'] [--json OUT]

The score is SKAB's: the first alarm in a window earns 1 at its start down to -0.11 at its end, each alarm outside costs
0.11, a missed window 1 (profile standard; low_FP doubles the cost of alarms, low_FN that of misses); 100 is perfect, 0
is silence, and an alarm every minute earns much, as `trivial` shows. The peer is PELT of ruptures on plain z-scores.
`peer PELT` sees the whole file, `ours` only the rows up to the alarm. Penalty and limit
come from the files of the other folders; `as shipped` takes the constants of the code. `precision` and `recall`
count alarms in windows and windows with an alarm.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import ruptures

from aitia.tools.signals.sequential import DriftScale, OnlineCusum
from benchmarks.contract import Case, chosen, finish, parser
from benchmarks.signals.nab_score import PROFILES, changepoint_raw, changepoint_windows, normalised
from benchmarks.signals.rates import Counts, pooled
from benchmarks.signals.skab_files import TRAIN, Floats, Recording, answer, paths, read

GRID: Mapping[str, Sequence[float]] = {
    "ours": (4.0, 6.0, 8.0, 12.0, 16.0),
    "peer PELT": (20.0, 50.0, 100.0, 200.0, 400.0, 800.0),
}
SHIPPED = {"ours": 8.0, "peer PELT": 200.0}
EVERY_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The alarm times of each system, by its penalty or limit."""

    name: str
    group: str
    alarms: Mapping[str, Mapping[float, Floats]]


def alarms(recording: Recording) -> dict[str, dict[float, Floats]]:
    """What each system says of one file, under every penalty or limit that may be chosen."""
    x, t = recording.x, recording.t
    z = DriftScale().fit(x[:TRAIN]).transform(x)
    plain = (x - x[:TRAIN].mean(axis=0)) / np.maximum(x[:TRAIN].std(axis=0), 1e-12)
    pelt = ruptures.KernelCPD(kernel="linear", min_size=10).fit(np.clip(plain, -10, 10))
    made = {
        "ours": {h: t[OnlineCusum(limit=h).run(z)] for h in GRID["ours"]},
        "peer PELT": {p: t[pelt.predict(pen=p)[:-1]] for p in GRID["peer PELT"]},
        "trivial": {EVERY_S: np.arange(t[0] + EVERY_S, t[-1], EVERY_S)},
    }
    return made


def predictions(data: Path, pattern: str) -> list[Prediction]:
    """All systems on all chosen files. Nothing here reads an answer."""
    known = paths(data)
    read_in = [read(known[name], data) for name in chosen(known, pattern)]
    return [Prediction(name=r.name, group=r.group, alarms=alarms(r)) for r in read_in]


def parts(said: Floats, changes: Floats) -> Counts:
    """Raw scores by profile, windows, windows with an alarm, alarms, alarms in windows."""
    windows = changepoint_windows([float(c) for c in changes])
    inside = np.array([[a <= s <= b for a, b in windows] for s in said], dtype=bool).reshape(
        len(said), len(windows)
    )
    raw = [changepoint_raw([float(s) for s in said], windows, profile) for profile in PROFILES.values()]
    hit, right = inside.any(axis=0).sum(), inside.any(axis=1).sum()
    return np.array([*raw, len(windows), hit, len(said), right], dtype=np.float64)


def _nab(k: int, name: str) -> Any:
    return lambda c: normalised(float(c[k]), int(c[3]), PROFILES[name]) if c[3] else 0.0


MEASURES = {f"NAB {name}": _nab(k, name) for k, name in enumerate(PROFILES)} | {
    "recall": lambda c: float(c[4] / max(c[3], 1.0)),
    "precision": lambda c: float(c[6] / max(c[5], 1.0)),
    "alarms a file": lambda c: float(c[5]),
}
STANDARD = MEASURES["NAB standard"]


def scored(data: Path, found: Sequence[Prediction]) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, and per file what was chosen and reached."""
    known = paths(data)
    truths = []
    for prediction in found:
        path = known[prediction.name]
        truths.append(read(path, data).t[answer(path, "changepoint")])
    made: list[dict[str, Any]] = []
    cases: list[Case] = [{"id": p.name, "changes": len(c)} for p, c in zip(found, truths, strict=True)]
    for system in found[0].alarms:
        table = {
            value: [parts(p.alarms[system][value], c) for p, c in zip(found, truths, strict=True)]
            for value in found[0].alarms[system]
        }
        taken = _by_other_groups(found, table, SHIPPED.get(system, EVERY_S))
        made += _rows(system, [table[v][i] for i, v in enumerate(taken)])
        for i, (case, value) in enumerate(zip(cases, taken, strict=True)):
            case[system] = {"chosen": value, "NAB": round(STANDARD(table[value][i]), 1)}
        if system in SHIPPED and system.startswith("ours"):
            made += _rows(f"{system}, as shipped", table[SHIPPED[system]])
    return made, cases


def _rows(system: str, counts: list[Counts]) -> list[dict[str, Any]]:
    rows = pooled(system, counts, MEASURES)
    for row in rows:
        if row["metric"] == "alarms a file":
            row["value"], row["ci95"] = row["value"] / row["n"], [v / row["n"] for v in row["ci95"]]
    return rows


def _by_other_groups(
    found: Sequence[Prediction], table: Mapping[float, list[Counts]], shipped: float
) -> list[float]:
    taken = []
    for prediction in found:
        others = [i for i, p in enumerate(found) if p.group != prediction.group]
        score = {
            v: STANDARD(np.sum([rows[i] for i in others], axis=0)) if others else 0.0
            for v, rows in table.items()
        }
        taken.append(max(score, key=lambda v: score[v]) if others else shipped)
    return taken


def main() -> None:
    args = parser(__doc__).parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases)
    made, cases = scored(data, found)
    finish("signals/skab_changepoints", made, cases, n=len(found), began=began, out=args.json)


if __name__ == "__main__":
    main()
