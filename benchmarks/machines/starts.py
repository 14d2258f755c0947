"""Recordings with many starts, stops and set-point changes: false alarms, and whether a planted fault is still found.

python benchmarks/machines/starts.py --data DIR [--cases GLOB] --json OUT [--totals] [--ours]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.words import AssetSignals
from benchmarks.contract import finish, parser, rows
from benchmarks.machines.cases import MONTH_S, MachineCase, cases, epoch, point_of

REFERENCE = 0.25  # of the data, the first part, for the naive detector
SIGMAS = 3.0
LOOKS = (0.5, 0.75, 1.0)  # of a recording: ours is asked so often; the naive detector watches every sample


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument(
        "--totals", action="store_true", help="write no answers case by case: for data kept back"
    )
    options.add_argument("--ours", action="store_true", help="leave the naive detector out")
    args = options.parse_args()
    began, told = time.monotonic(), []
    measured: dict[str, dict[str, list[float]]] = {}
    for case in cases(Path(args.data), args.cases):
        for system, alarms_of in [("ours", _ours)] if args.ours else SYSTEMS:
            (name, asset), *_ = case.assets.items()
            alarms = alarms_of(asset)
            scores = _scores(alarms, case, name, asset)
            told.append({"id": case.name, "system": system, "alarms": alarms[:20], "scores": scores})
            for metric, value in scores.items():
                measured.setdefault(system, {}).setdefault(metric, []).append(value)
        print("." if args.totals else case.name, end=" ", file=sys.stderr, flush=True)
    made = [row for system, own in measured.items() for row in rows(system, own)]
    n = len({t["id"] for t in told})
    finish("machines/starts", made, [] if args.totals else told, n=n, began=began, out=args.json)


def _scores(
    alarms: list[dict[str, Any]], case: MachineCase, name: str, asset: AssetSignals
) -> dict[str, float]:
    truth = case.answer()
    times = [p.t for p in asset.points.values()]
    months = (max(float(t[-1]) for t in times) - min(float(t[0]) for t in times)) / MONTH_S
    if not truth["faults"]:
        return {"false alarms a month": len(alarms) / months, "without an alarm": float(not alarms)}
    fault = truth["faults"][0]
    begun = epoch(fault["onset"])
    wanted = {point_of(c, name) for c in (fault["channel"], *fault.get("channels", [])) if c}
    hit = [a for a in alarms if wanted & set(a["channels"]) and a["raised"] >= begun]
    return {"planted fault found": float(bool(hit))}


def _ours(asset: AssetSignals) -> list[dict[str, Any]]:
    """Findings at each look, those of a point counted once; `raised` is the time of the look."""
    start = min(float(p.t[0]) for p in asset.points.values())
    end = max(float(p.t[-1]) for p in asset.points.values())
    found: dict[str, dict[str, Any]] = {}
    for share in LOOKS:
        now = start + share * (end - start)
        for f in assess(asset, now=now).findings:
            found[f"{f.cls} {f.point}"] = {"channels": list(f.channels), "raised": now, "said": f.statement}
    return list(found.values())


def _naive(asset: AssetSignals) -> list[dict[str, Any]]:
    """Each time that a point leaves 3 standard deviations of the first quarter."""
    found = []
    for name, point in sorted(asset.points.items()):
        known = np.isfinite(point.v)
        t, v = point.t[known], point.v[known]
        n = int(REFERENCE * v.size)
        if n < 20 or float(np.std(v[:n])) == 0.0:
            continue
        out = np.abs(v - np.mean(v[:n])) > SIGMAS * np.std(v[:n])
        begins = np.flatnonzero(out[n:] & ~out[n - 1 : -1]) + n
        found += [{"channels": [name], "raised": float(t[k])} for k in begins]
    return found


SYSTEMS = [("ours", _ours), ("trivial", _naive)]

if __name__ == "__main__":
    main()
