"""Wrong instruments against process faults in real recordings: told apart, kind, point, false alarms.

python benchmarks/machines/sensors.py --data DIR [--cases GLOB] --json OUT [--totals] [--ours]
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
from benchmarks.machines.cases import cases, point_of, raw_means

_REFERENCE = 0.25  # of the data, the first part, for the peer
_LEFT = 4.0  # standard errors from which on the peer calls a point departed
_FEW = 1  # points at most that the peer calls an instrument's


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument(
        "--totals", action="store_true", help="write no answers case by case: for data kept back"
    )
    options.add_argument("--ours", action="store_true", help="leave the peers out: they do not change")
    args = options.parse_args()
    began, told = time.monotonic(), []
    measured: dict[str, dict[str, list[float]]] = {}
    for case in cases(Path(args.data), args.cases):
        (name, asset), *_ = case.assets.items()
        for system, made_by in [("ours", _ours)] if args.ours else SYSTEMS:
            answer = made_by(asset)
            scores = _scores(answer, case.answer(), name)
            told.append({"id": case.name, "system": system, "answer": answer, "scores": scores})
            for metric, value in scores.items():
                measured.setdefault(system, {}).setdefault(metric, []).append(value)
        print("." if args.totals else case.name, end=" ", file=sys.stderr, flush=True)
    made = [row for system, own in measured.items() for row in rows(system, own)]
    finish(
        "machines/sensors",
        made,
        [] if args.totals else told,
        n=len({t["id"] for t in told}),
        began=began,
        out=args.json,
    )


def _scores(answer: dict[str, Any], truth: dict[str, Any], name: str) -> dict[str, float]:
    """What the answer makes of a verdict; of the points of two exchanged instruments either is right."""
    if truth["class"] == "healthy":
        return {"healthy called healthy": float(answer["cls"] == "healthy")}
    right = float(answer["cls"] == truth["class"])
    scores = {"told apart": right, f"{truth['class']} right": right}
    if answer["cls"] != "healthy":
        scores["told apart, of those found"] = right
    if truth["class"] == "sensor":
        wanted = {point_of(c, name) for c in (truth["channel"], *truth["channels"]) if c}
        scores[f"{truth['kind']} told from process"] = right
        scores["point right"] = float(answer["cls"] == "sensor" and answer["point"] in wanted)
        scores["kind right"] = float(answer.get("kind") == _KINDS.get(truth["kind"], truth["kind"]))
    return scores


_KINDS = {"wrong unit": "unit", "swap": "swapped"}


def _ours(asset: AssetSignals) -> dict[str, Any]:
    found = assess(asset).findings
    if not found:
        return {"cls": "healthy", "point": ""}
    first = found[0]
    return {"cls": first.cls, "point": first.point, "kind": first.kind, "said": first.statement,
            "others": [f"{f.cls} {f.kind} {f.point} {f.times_threshold}" for f in found[1:6]]}  # fmt: skip


def _peer(asset: AssetSignals) -> dict[str, Any]:
    """Points whose last fifth left the first quarter: none is healthy, one an instrument, more the process."""
    left = {}
    for name, point in sorted(asset.points.items()):
        _, y = raw_means(point, np.inf)
        n = int(_REFERENCE * y.size)
        if n < 5:
            continue
        z = (np.mean(y[-max(1, y.size // 5) :]) - np.mean(y[:n])) / max(float(np.std(y[:n])), 1e-12)
        left[name] = abs(float(z))
    gone = [n for n, z in left.items() if z > _LEFT]
    cls = "healthy" if not gone else "sensor" if len(gone) <= _FEW else "process"
    return {"cls": cls, "point": max(gone, key=lambda n: left[n]) if gone else ""}


def _always(asset: AssetSignals) -> dict[str, Any]:
    """The commonest class of such sets."""
    return {"cls": "sensor", "point": min(asset.points)}


SYSTEMS = [("ours", _ours), ("peer", _peer), ("trivial", _always)]

if __name__ == "__main__":
    main()
