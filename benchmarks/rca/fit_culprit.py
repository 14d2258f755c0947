"""Learn who it is: the factors of `agent/culprit.json`, from diagnoses of stacks of servers whose answer is known.

    python benchmarks/rca/fit_culprit.py --data DIR [--cases GLOB] [--ridge R] --json OUT [-o FILE] [--left-out FILE]

DIR holds files (*.jsonl) that benchmarks/lab/kept.py or `--keep` of another benchmark wrote. A conditional logit over the
components that facts name and `nobody`, with a ridge that pulls every factor to 0, and those of the ledgers' shares to `TRUST`
(features in units of their standard deviation). A fact of a component never speaks against it, trouble at what it calls or a
late onset never for it: signs are not learned. A system weighs by the root of its cases. Each is weighed by what was learned
from the others; told are totals by file, with and without what was learned, also of cases of which it is not asked.
`-o agent/culprit.json` keeps the factors; `--left-out` keeps those without each system, by which benchmarks/lab weighs.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.culprit import FEATURES, OF_NOBODY, features, is_like
from aitia.agent.factors import Factors
from aitia.agent.facts import Facts
from aitia.agent.judged import Judged
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN, Weighed
from aitia.agent.weights import ledgers_alone
from benchmarks import contract
from benchmarks.rca.judged import digest_of, kept
from benchmarks.rca.product import ordered

RIDGES: Final = (10.0, 20.0, 40.0)
NEAR: Final = 0.01  # of the least log-loss: of ridges that do as well the least one
TRUST: Final = (
    0.3  # of the ledgers' log-odds, where nothing else is learned; by left-out systems, of 0, .3 and .5
)
SURE: Final = 0.8
LEAST_SPREAD: Final = 0.1  # of a feature of `nobody`, which one row of each case has
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """One case: a row of features for each of those that are weighed (here components and nobody), and which are right."""

    rows: Floats
    right: NDArray[np.bool_]


def main() -> int:
    """Fit, tell what left-out systems make of it, and write."""
    args = arguments(__doc__)
    began = time.monotonic()
    files, every = diagnoses(args)
    asked = {case.id: table for _, case in every if (table := table_of(case)) is not None}
    if not asked:
        print("error: --data holds no diagnosis of servers with metrics and logs", file=sys.stderr)
        return 2
    cases = [c for _, c in every if c.id in asked]
    tables, systems = list(asked.values()), [c.data for c in cases]
    spread = spread_of(tables)
    held = {r: left_out(tables, systems, spread, r) for r in ([args.ridge] if args.ridge else RIDGES)}
    losses = {r: loss_of(tables, [h[s] for s in systems]) for r, h in held.items()}
    ridge = min(r for r, loss in losses.items() if loss <= min(losses.values()) + NEAR)
    print(f"ridge {ridge:g}; log-loss {', '.join(f'{r:g}: {loss:.3f}' for r, loss in losses.items())}")
    rows = [row for name in files for row in rows_of(name, [c for n, c in every if n == name], held[ridge])]
    contract.finish("rca/fit_culprit", rows, [], n=len(every), began=began, out=args.json)
    if args.left_out:
        write(Path(args.left_out), {s: c.factors for s, c in sorted(held[ridge].items())})
    if args.output:
        done = learn(tables, systems, spread, ridge).model_copy(
            update={
                "made_by": "benchmarks/rca/fit_culprit.py",
                "data": {"cases": len(cases), "systems": len(set(systems)), "sha256": digest_of(cases)},
                "left_out": {"ridge": ridge, "log_loss": round(losses[ridge], 4)},
            }
        )
        write(Path(args.output), done.model_dump())
    return 0


def arguments(doc: str | None) -> argparse.Namespace:
    """What a fit is told: the contract's options, a ridge, where to write."""
    parser = contract.parser(doc)
    parser.add_argument("--ridge", type=float, default=0.0, help="this one, not the best on left-out systems")
    parser.add_argument("--left-out", default="", help="write the factors without each system here")
    parser.add_argument("-o", "--output", default="", help="write the factors here")
    return parser.parse_args()


def diagnoses(args: argparse.Namespace) -> tuple[list[str], list[tuple[str, Judged]]]:
    """The names of the files of `--data`, and the wanted diagnoses of each."""
    files = {file.stem: kept(file) for file in sorted(Path(args.data).glob("*.jsonl"))}
    wanted = set(contract.chosen((c.id for cases in files.values() for c in cases), args.cases))
    return list(files), [(name, c) for name, cases in files.items() for c in cases if c.id in wanted]


def rows_of(name: str, cases: Sequence[Judged], held: Mapping[str, Factors]) -> list[dict[str, Any]]:
    """The rows of a file: each case by what was learned without its system, and by the ledgers alone."""
    taxonomy, alone = bundled(), ledgers_alone()
    made = []
    for system, culprits in (("ours", held), ("no_model", {})):
        learned = {s: alone.model_copy(update={"components": c.factors}) for s, c in culprits.items()}
        weighed = [c.weighed(taxonomy, learned.get(c.data, alone)) for c in cases]
        made += contract.rows(system, {f"{name}: {m}": v for m, v in measured(cases, weighed).items()})
    return made


def write(file: Path, told: Any) -> None:
    """Keep it as JSON."""
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def table_of(case: Judged) -> Table | None:
    """The case as rows; None where it is no such stack, or where its facts name nobody."""
    inventory = case.inventory
    facts = Facts(case.evidence, Topology(inventory.components).told_by(case.evidence), case.alarmed)
    if not is_like(facts, [c.type for c in inventory.components]):
        return None
    weighed = case.weighed(bundled(), ledgers_alone())
    shares: dict[str, float] = {}
    for s in weighed.suspects:
        if s.component and not any(c.term == "ceiling" for c in s.ledger):
            shares[s.component] = shares.get(s.component, 0.0) + s.probability
    healthy = next(s.probability for s in weighed.suspects if not s.component and s.fault == "healthy")
    of_components, of_nobody = features(facts, shares, healthy, max(0.0, 1.0 - sum(shares.values())))
    if not of_components:
        return None
    names = sorted(of_components)
    family = {m for c, _ in case.accepted for m in Topology(inventory.components).family(c)}
    right = [case.verdict == "cause" and n in family for n in names]
    values = [of_components[n] for n in names] + [of_nobody]
    rows = np.array([[v.get(f, 0.0) for f in FEATURES] for v in values], dtype=np.float64)
    return Table(rows, np.array([*right, not any(right)]))


def spread_of(tables: Sequence[Table]) -> Floats:
    """The standard deviation of each feature over all rows."""
    spread = np.vstack([t.rows for t in tables]).std(axis=0)
    of_nobody = np.array([f in OF_NOBODY for f in FEATURES])
    return np.where(of_nobody, np.maximum(spread, LEAST_SPREAD), np.where(spread > 0, spread, 1.0))


def learn(tables: Sequence[Table], systems: Sequence[str], spread: Floats, ridge: float) -> Factors:
    """The factors that make the right rows likeliest, less the ridge."""
    from scipy.optimize import minimize

    sizes = Counter(systems)
    mean = len(systems) / len(sizes)
    shares = [math.sqrt(mean / sizes[s]) for s in systems]
    scaled = [t.rows / spread for t in tables]

    mean_of = np.array([TRUST if f in ("ledgers", "nobody.ledgers") else 0.0 for f in FEATURES]) * spread

    def loss(factors: Floats) -> tuple[float, Floats]:
        off = factors - mean_of
        total, slope = ridge * float(off @ off), 2 * ridge * off
        for rows, table, share in zip(scaled, tables, shares, strict=True):
            p = softmax(rows @ factors)
            right = p * table.right
            mass = max(float(right.sum()), 1e-12)
            total -= share * math.log(mass)
            slope += share * ((p - right / mass) @ rows)
        return total, slope

    found = minimize(loss, mean_of, jac=True, method="L-BFGS-B", bounds=[_sign(f) for f in FEATURES])
    return Factors(
        factors={f: round(float(v), 4) for f, v in zip(FEATURES, found.x / spread, strict=True) if v}
    )


def _sign(feature: str) -> tuple[float | None, float | None]:
    if feature.startswith(("own.", "told.", "rank.")) or feature in ("first", "ledgers", "nobody.ledgers"):
        return 0.0, None
    return (None, 0.0) if feature in ("callees.harm", "twin.harm", "late") else (None, None)


def left_out(
    tables: Sequence[Table], systems: Sequence[str], spread: Floats, ridge: float
) -> dict[str, Factors]:
    """For each system what was learned without it."""
    of: dict[str, Factors] = {}
    for system in sorted(set(systems)):
        inside = [i for i, s in enumerate(systems) if s != system]
        of[system] = learn([tables[i] for i in inside], [systems[i] for i in inside], spread, ridge)
    return of


def loss_of(tables: Sequence[Table], held: Sequence[Factors]) -> float:
    """The mean log-loss."""
    losses = []
    for table, culprit in zip(tables, held, strict=True):
        factors = np.array([culprit.factors.get(f, 0.0) for f in FEATURES])
        losses.append(-math.log(max(float(softmax(table.rows @ factors)[table.right].sum()), 1e-6)))
    return contract.mean(losses)


def measured(cases: Sequence[Judged], weighed: Sequence[Weighed]) -> dict[str, list[float]]:
    """What counts of each case, by the rules of benchmarks/lab/incidents.py."""
    found: dict[str, list[float]] = {}

    def add(metric: str, value: bool) -> None:
        found.setdefault(metric, []).append(float(value))

    for case, w in zip(cases, weighed, strict=True):
        family = {m for c, _ in case.accepted for m in Topology(case.inventory.components).family(c)}
        told, cause = w.verdict == "cause", case.verdict == "cause"
        place = told and cause and w.component in family
        right = case.is_right(w)
        wrong = told and not right and not (place and w.fault == OPEN)
        add("answer", right)
        add("component right, kind open", place and w.fault == OPEN)
        add("wrong cause", wrong)
        add(f"wrong cause at {SURE}", wrong and w.probability >= SURE)
        add("wrong component told", told and not place)
        add("unknown", w.verdict == "unknown")
        if cause:
            add("component@1", contract.hits(ordered(w.suspects, case.evidence), family, 1))
        if case.verdict == "healthy":
            add("false cause on healthy", told)
        if w.probability >= SURE and w.verdict in ("cause", "healthy"):
            add(f"right where at {SURE}", right)
            add(f"component right where at {SURE}", place or right)
    return found


def softmax(scores: Floats) -> Floats:
    """Probabilities of these log-odds."""
    p = np.exp(scores - scores.max())
    return np.asarray(p / p.sum(), dtype=np.float64)


if __name__ == "__main__":
    sys.exit(main())
