"""Signals: what share of findings of a given strength is true, by kind of fact, before and after calibration.

    python benchmarks/signals/fit_strength.py --data DIR/signals --json OUT [--write] [--cases GLOB] [--every N]

The signal tools look at windows of recordings with answers (SKAB, TEP, BATADAL, SMAP/MSL, NAB, CWRU, healthy vibration made by
code), as a diagnosis gives them: a window and the six-fold span before it. A finding is true where its onset, widened by
its own error and 2 % of the window, meets a labelled anomaly; of a bearing's line, where it is the line of the faulty part.
For each kind a curve from the formula's value to the share of true findings is fitted; the figures are of findings whose
data set (CWRU: whose fault size), or whose machine (every fifth), was left out of the fit. `no_model formula` is what the
formula says as it is, `peer isotonic` the other usual curve, `trivial` one share for all. A kind gets its curve where that is
nearer the truth on left-out data sets than the formula; `--write` puts these into tools/signals/strength.json.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.words import Evidence
from aitia.tools.signals.process import found_changes, found_together
from aitia.tools.signals.strength import FILE, Curves, kinds_of
from aitia.tools.signals.vibration.tool import found_lines
from benchmarks.contract import chosen, finish, parser
from benchmarks.signals.strength_bearings import bearings
from benchmarks.signals.strength_cases import MACHINE, Case, process
from benchmarks.signals.strength_curve import (
    MEASURES,
    Findings,
    brier,
    datasets_out,
    gained,
    held_out,
    logistic,
    measured,
    reliability,
    systems,
)

TOLERANCE = 0.02  # of the window
LINES = {
    "vibration.bpfo": "outer_race",
    "vibration.bpfi": "inner_race",
    "vibration.bsf": "ball",
    "vibration.ftf": "cage",
}
COLUMNS = ("raw", "true", "dataset", "group", "faulty")
SPLIT = (
    "All windows of SKAB, TEP, BATADAL, SMAP/MSL, NAB and CWRU and of synthetic healthy vibration. A kind has a curve where one"
    " fitted without a data set (CWRU: a fault size) lowers the Brier score on it; no set was held out of the curves that ship."
)
LEAST = 20  # findings below which a kind gets no curve
OURS, BEFORE = "ours, other sets", "no_model formula"


def cases(data: Path, pattern: str, every: int) -> Iterator[Case]:
    """The windows whose data set (`skab`, `cwru 007`) the pattern takes; every N-th of them."""
    found = [*process(data), *(bearings(data / "cwru") if (data / "cwru").is_dir() else ())]
    kept = set(chosen({c.dataset for c in found}, pattern))
    yield from islice((c for c in found if c.dataset in kept), 0, None, every)


def looked_at(case: Case) -> Iterator[tuple[str, Evidence]]:
    """What the tools find in a case and of which kind it is, strengths as the formulas make them; no answer is read."""
    ctx = case.context()
    signals = case.source.kind == "signals"
    for result in [found_lines(ctx)] if signals else [found_together(ctx), found_changes(ctx, MACHINE)]:
        yield from zip(kinds_of(result.evidence), result.evidence, strict=True)


def judged(case: Case, fact: Evidence) -> bool | None:
    """Whether a finding is true; None where the recordings cannot tell."""
    if (
        case.source.kind == "signals"
    ):  # of levels and shaft orders nothing: one healthy machine, no shaft fault
        return LINES[fact.aspect] == case.fault if fact.aspect in LINES else None
    if fact.onset is None:
        return None
    near = fact.onset_error_s + TOLERANCE * case.window.seconds
    at = fact.onset.timestamp()
    met = any(a - near <= at <= b + near for a, b in case.stretches)
    return None if case.partly and not met else met


def collected(found: Iterator[Case]) -> tuple[dict[str, Findings], list[dict[str, Any]], int]:
    """The findings by kind, a line for each, and how many windows were looked at."""
    windows: Counter[tuple[str, bool]] = Counter()
    lines: list[dict[str, Any]] = []
    for case in found:
        windows[case.dataset, case.faulty] += 1
        for kind, fact in looked_at(case):
            true = judged(case, fact)
            if true is not None:
                lines.append({"id": case.name, "kind": kind, "raw": fact.strength, "true": true,
                              "dataset": case.dataset, "group": case.group, "faulty": case.faulty})  # fmt: skip
    by_kind = {kind: [r for r in lines if r["kind"] == kind] for kind in sorted({r["kind"] for r in lines})}
    made = {
        kind: Findings(windows=windows, **{name: np.array([r[name] for r in rows]) for name in COLUMNS})
        for kind, rows in by_kind.items()
    }
    return made, lines, sum(windows.values())


def fitted(found: dict[str, Findings], lines: list[dict[str, Any]]) -> Curves:
    """A curve for each kind whose strengths it brings nearer the truth elsewhere, and what they were fitted to."""
    digest = hashlib.sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()
    return Curves(
        curves={kind: logistic(f) for kind, f in found.items() if f.raw.size >= LEAST and gain(f) > 0},
        made_by="benchmarks/signals/fit_strength.py",
        split=SPLIT,
        data={"findings": len(lines), "groups": len({r["group"] for r in lines}), "sha256": digest},
    )  # fmt: skip


def gain(found: Findings) -> float:
    """By how much the curve's Brier score is below the formula's, with the data sets left out."""
    told = held_out(found, logistic, datasets_out)
    if told is None:
        return 0.0
    true, w = found.true.astype(np.float64), found.weight
    return brier(found.raw, true, w) - brier(told, true, w)


def rows_of(kind: str, found: Findings) -> list[dict[str, Any]]:
    """The contract's rows of one kind."""
    made, told = [], systems(found)
    for system, shares in told.items():
        for metric, measure in MEASURES.items():
            value, ci95 = measured(found, shares, measure)
            made.append({"system": system, "metric": f"{kind}: {metric}", "value": round(value, 4), "n": found.raw.size,
                         "ci95": ci95})  # fmt: skip
    if OURS in told:
        less, ci95 = gained(found, told[OURS])
        made.append({"system": OURS, "metric": f"{kind}: Brier less the formula's", "value": round(less, 4),
                     "n": found.raw.size, "ci95": ci95})  # fmt: skip
    return made


def told_of(kind: str, found: Findings) -> None:
    """Print the reliability of a kind's strengths, before and after."""
    made = systems(found)
    true, w = found.true.astype(np.float64), found.weight
    sets = ", ".join(f"{d} {int((found.dataset == d).sum())}" for d in sorted(set(found.dataset)))
    print(
        f"\n{kind}: {true.size} findings of {len(set(found.group))} groups ({sets}), {np.average(true, weights=w):.2f} true"
    )
    for system in (BEFORE, OURS):
        if system in made:
            bins = "  ".join(
                f"{said:.2f}>{share:.2f} ({n})" for n, said, share, _ in reliability(made[system], true, w)
            )
            print(f"  {system:<18} said>true (n)  {bins}")


def main() -> None:
    args = parser(__doc__)
    args.add_argument("--write", action="store_true", help=f"put the curves into {FILE.name}")
    args.add_argument("--every", type=int, default=1, help="look at every N-th window only")
    given = args.parse_args()
    began = time.monotonic()
    found, lines, n = collected(cases(Path(given.data), given.cases, given.every))
    table = [row for kind, f in found.items() for row in rows_of(kind, f)]
    finish("signals/fit_strength", table, lines, n=n, began=began, out=given.json)
    for kind, f in found.items():
        told_of(kind, f)
    curves = fitted(found, lines)
    for kind, curve in curves.curves.items():
        print(
            f"\n{kind}: " + "  ".join(f"{r:.2f}>{s:.2f}" for r, s in zip(curve.raw, curve.share, strict=True))
        )
    if given.write:
        FILE.write_text(json.dumps(curves.model_dump(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
