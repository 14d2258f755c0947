"""Fit `tools/signals/condition/spikes.json`: which lone samples are an instrument's, judged with each system left out.

python benchmarks/machines/fit_spikes.py --data build/machines/sensors/shown build/machines/instruments --out spikes.json

The data are shown cases of `made_sensors.py`, `made_instruments.py` and `made_starts.py` (`--data` takes several folders).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.spikes import FEATURES, Spikes, candidates, expanded
from aitia.tools.sources.rows import Floats
from benchmarks.machines.cases import MachineCase, cases, point_of

PENALTY: Final = 20.0  # of squared weights, in log-likelihoods
LEAST: Final = 0.2  # chance from which on a candidate is told
ROUNDS: Final = 60
SHOWN: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.5)


def main() -> None:
    """Fit, print what each threshold tells of systems left out, and write the weights."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders of shown cases")
    arguments.add_argument("--out", type=Path, required=True, help="file to write")
    args = arguments.parse_args()
    told = [one for folder in args.data for case in cases(folder, "*") for one in _rows(case)]
    x = np.array([r["features"] for r in told])
    y = np.array([r["planted"] for r in told])
    systems = np.array([r["system"] for r in told])
    held = np.zeros(len(told))
    for system in sorted(set(systems)):
        out = systems == system
        held[out] = _chance(x[out], *fitted(x[~out], y[~out]))
    for least in SHOWN:
        print(f"{least:.2f}", _counts(told, held >= least))
    middle, scale, weights = fitted(x, y)
    made = {"features": list(FEATURES), "middle": _five(middle), "scale": _five(scale), "weights": _five(weights),
            "least": LEAST}  # fmt: skip
    args.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def _rows(case: MachineCase) -> Iterator[dict[str, Any]]:
    """The candidates of a recording; those of an instrument that is wrong otherwise say nothing."""
    (name, asset), *_ = case.assets.items()
    seen = []

    def record(grid: Any, names: Sequence[str]) -> Iterator[Spikes]:
        seen.extend(candidates(grid, names))
        return iter(())

    with patch("aitia.tools.signals.condition.instruments.lone_spikes", record):
        assess(asset)
    truth = case.answer()
    faults = truth.get("faults", [])
    cls = truth.get("class") or ("process" if faults else "healthy")
    wrong = {point_of(c, name) for c in truth.get("channels", [])} if cls == "sensor" else set()
    for one in seen:
        planted = truth.get("kind") == "spike" and one.point in wrong
        if planted or one.point not in wrong:
            yield {"case": case.folder, "system": truth["system"], "cls": truth.get("kind") if cls == "sensor" else cls,
                   "features": one.features, "planted": planted}  # fmt: skip


def fitted(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Middle and scale of each feature, and the weights (Newton's method on the penalised likelihood)."""
    middle, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    z = np.stack([expanded(row) for row in (x - middle) / scale])
    penalty = np.full(z.shape[1], PENALTY)
    penalty[0] = 1e-9
    weights = np.zeros(z.shape[1])
    for _ in range(ROUNDS):
        p = _logistic(z @ weights)
        slope = z.T @ (p - y) + penalty * weights
        bend = (z * (p * (1 - p) + 1e-12)[:, None]).T @ z + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights -= np.clip(step, -1, 1)
        if np.max(np.abs(step)) < 1e-6:
            break
    return middle, scale, weights


def _chance(x: Floats, middle: Floats, scale: Floats, weights: Floats) -> Floats:
    return _logistic(np.stack([expanded(row) for row in (x - middle) / scale]) @ weights)


def _logistic(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -30, 30))), dtype=np.float64)


def _counts(told: list[dict[str, Any]], said: np.ndarray[Any, Any]) -> dict[str, str]:
    """Recordings of each class in which a candidate is told; of planted spikes the right one."""
    found: dict[str, dict[Path, bool]] = {}
    for one, yes in zip(told, said, strict=True):
        if one["cls"] in ("spike", "healthy", "process"):
            right = bool(yes) and (one["planted"] or one["cls"] != "spike")
            own = found.setdefault(one["cls"], {})
            own[one["case"]] = own.get(one["case"], False) or right
    return {cls: f"{sum(own.values())} of {len(own)}" for cls, own in sorted(found.items())}


def _five(values: Floats) -> list[float]:
    return [float(f"{v:.5g}") for v in values]


if __name__ == "__main__":
    main()
