"""Slow faults of machines: found before half of the way to the limit, time to the limit, false alarms.

python benchmarks/machines/slow.py --data DIR [--cases GLOB] --json OUT [--totals] [--ours]
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.signals.condition.assess import assess
from benchmarks.contract import finish, parser, rows
from benchmarks.machines.cases import MONTH_S, MachineCase, cases, epoch, point_of
from benchmarks.machines.raw_peers import SYSTEMS, peer_alarms

HALF = 0.5  # of the way: cases cut no later are those that have to be found
WITHIN = 0.3  # of the true time to the limit
LOOKS = (0.4, 0.6, 0.8, 1.0)  # of a healthy recording: it is looked at so often


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument(
        "--totals", action="store_true", help="write no answers case by case: for data kept back"
    )
    options.add_argument("--ours", action="store_true", help="leave the peers out: they do not change")
    options.add_argument(
        "--ceiling",
        action="store_true",
        help="only what is left to chance: the true law, onset and severity are known",
    )
    args = options.parse_args()
    began, measured, told = time.monotonic(), {}, []
    for case in cases(Path(args.data), args.cases):
        if args.ceiling:
            told.append({"id": case.name})
            for system, value in _ceilings(case):
                measured.setdefault(system, {}).setdefault("time to limit within 30 %", []).append(value)
            continue
        for system in ("ours",) if args.ours else ("ours", *SYSTEMS):
            one = _judged(case, system)
            told.append({"id": case.name, "system": system, **one})
            for metric, value in one["scores"].items():
                measured.setdefault(system, {}).setdefault(metric, []).append(value)
        print(case.name if not args.totals else ".", end=" ", file=sys.stderr, flush=True)
    made = [row for system, own in measured.items() for row in rows(system, own)]
    finish(
        "machines/slow",
        made,
        [] if args.totals else told,
        n=len({t["id"] for t in told}),
        began=began,
        out=args.json,
    )


def _judged(case: MachineCase, system: str) -> dict[str, Any]:
    """The alarms of a system, then what the answer makes of them."""
    (name, asset), *_ = case.assets.items()
    start, end = (
        float(min(p.t[0] for p in asset.points.values())),
        float(max(p.t[-1] for p in asset.points.values())),
    )
    looks = {1.0: _alarms(case, system, end)}
    truth = case.answer()  # it decides how often a recording is looked at, which changes no look
    if truth["class"] == "healthy":
        looks |= {share: _alarms(case, system, start + share * (end - start)) for share in LOOKS[:-1]}
        months = (end - start) / MONTH_S
        count = len({a for alarms in looks.values() for a in _distinct(system, alarms)})
        return {"alarms": looks[1.0], "scores": {"false alarms a month": count / months,
                                                 "healthy called healthy": float(not looks[1.0])}}  # fmt: skip
    wanted = {point_of(c, name) for c in (truth["channel"], *truth["channels"]) if c}
    mine = [a for a in looks[1.0] if wanted & set(a["channels"]) and a["cls"] == "process"]
    part = truth["fraction"]
    scores = {f"found at {part:g} of the way": float(bool(mine)), "found": float(bool(mine))}
    if part <= HALF:
        scores["found before half of the way"] = float(bool(mine))
    if truth["limit_time"] and epoch(truth["limit_time"]) > end:
        scores |= _life(mine, (epoch(truth["limit_time"]) - end) / 3600.0)
    return {"alarms": looks[1.0], "scores": scores}


def _life(mine: list[dict[str, Any]], true: float) -> dict[str, float]:
    given = [a for a in mine if a["hours"] is not None]
    first = given[0] if given else None
    scores = {
        "time to limit within 30 %": float(first is not None and abs(first["hours"] - true) <= WITHIN * true)
    }
    if first is not None:
        scores["within 30 %, where given"] = scores["time to limit within 30 %"]
        if first["low"] is not None:
            scores["80 % interval holds it"] = float(first["low"] <= true <= (first["high"] or math.inf))
    scores["time to limit given"] = float(first is not None)
    return scores


LAWS: dict[str, Callable[[float], float]] = {
    "linear": lambda s: s,
    "exponential": lambda s: math.log1p(s * math.expm1(3.0)) / 3.0,
    "power 0.6": lambda s: s ** (1 / 0.6),
    "power 1.8": lambda s: s ** (1 / 1.8),
}  # the share of the way by severity, of `made_slow.py`


def _ceilings(case: MachineCase) -> list[tuple[str, float]]:
    """Who is told onset and severity, and the law or not, against the truth: pauses, cleanings and load are left to chance."""
    truth = case.answer()
    end = max(float(p.t[-1]) for asset in case.assets.values() for p in asset.points.values())
    if truth["class"] == "healthy" or epoch(truth["limit_time"]) <= end:
        return []
    true, since = epoch(truth["limit_time"]) - end, end - epoch(truth["onset"])
    found = []
    for system, law in (("peer true law", truth["law"]), ("peer straight line", "linear")):
        gone = LAWS[law](min(0.99, truth["severity_at_end"]))
        found.append((system, float(abs(since * (1 - gone) / gone - true) <= WITHIN * true)))
    return found


def _alarms(case: MachineCase, system: str, now: float) -> list[dict[str, Any]]:
    (name, asset), *_ = case.assets.items()
    limits = case.limits.get(name, {})
    if system != "ours":
        return [
            {"cls": "process", "point": a.point, "channels": [a.point], "low": None, "high": None,
             "hours": None if math.isnan(a.hours) else a.hours}
            for a in peer_alarms(system, asset, limits, now)
        ]  # fmt: skip
    return [
        {"cls": f.cls, "kind": f.kind, "point": f.point, "channels": list(f.channels), "said": f.statement,
         "times": f.times_threshold, "no_limit": f.no_limit, "onset": f.onset.timestamp(),
         "hours": f.limit.hours if f.limit else None, "low": f.limit.low if f.limit else None,
         "high": f.limit.high if f.limit else None}
        for f in assess(asset, limits=limits, now=now).findings
    ]  # fmt: skip


def _distinct(system: str, alarms: list[dict[str, Any]]) -> set[str]:
    """Alarms that are not the same as one at another look: by their point."""
    return {f"{a['cls']} {a['point']}" for a in alarms}


if __name__ == "__main__":
    main()
