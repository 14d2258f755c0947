"""Learn what the stages of a judgement count in stacks of servers: `agent/staged.json`, from diagnoses whose answer is known.

    python benchmarks/rca/fit_staged.py --data DIR [--cases GLOB] [--ridge R] --json OUT [-o FILE] [--left-out FILE]

DIR holds files (*.jsonl) that benchmarks/lab/kept.py wrote. A conditional logit over the pairs that may be the verdict and
nobody, with a ridge that pulls each log-odds to `PULL` of what an expert gave it (`agent.staged.tables.expert`) and the shares
of the ledgers to `OWN`. Who it is and what the ledgers' lines are worth is weighed by what was learned without the case's system
(benchmarks/lab/culprits.json, stacks.json). Told are totals by file of each case by what was learned from the other systems
(`ours`) and as it was without stages (`no_model`).
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.factors import Factors
from aitia.agent.facts import Facts
from aitia.agent.judged import Judged
from aitia.agent.staged.judge import ALL, NOBODYS, OF_COMPONENT, OF_KIND, freed, values_of
from aitia.agent.staged.scene import Scene
from aitia.agent.staged.tables import expert
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN
from aitia.agent.weights import Weights
from aitia.core.words import Suspect
from benchmarks import contract
from benchmarks.lab.data import STACKS
from benchmarks.rca.fit_culprit import Floats, Table, arguments, diagnoses, measured, softmax, write
from benchmarks.rca.fit_stacks import base, of_stack
from benchmarks.rca.judged import digest_of

RIDGES: Final = (0.25, 0.5, 1.0, 2.0)
PULL: Final = 0.5  # of the expert's log-odds; by hand
OWN: Final = 0.5  # of the ledgers' shares; by hand
TEMPER: Final = 0.65
"""Of what was learned of stages, which is too sure of systems that nobody looked at; by hand, by totals of systems left out."""
_AT: Final = {name: i for i, name in enumerate(ALL)}
_SHARES: Final = (OF_KIND, OF_COMPONENT, NOBODYS)
_FROM: Final = np.array([OWN if n in _SHARES else PULL * expert().get(n, 0.0) for n in ALL])


def main() -> int:
    """Fit, tell what left-out systems make of it, and write."""
    args = arguments(__doc__)
    began = time.monotonic()
    files, every = diagnoses(args)
    cases = [c for _, c in every if of_stack(c)]
    if not cases:
        print("error: --data holds no diagnosis of servers with metrics and logs", file=sys.stderr)
        return 2
    tables, systems = [table_of(c) for c in cases], [c.data for c in cases]
    held = {r: left_out(tables, systems, r) for r in ([args.ridge] if args.ridge else RIDGES)}
    losses = {r: loss_of(tables, [h[s] for s in systems]) for r, h in held.items()}
    ridge = min(losses, key=lambda r: losses[r])
    print("log-loss", ", ".join(f"ridge {r:g}: {loss:.3f}" for r, loss in losses.items()))
    rows = []
    for name in files:
        of = [c for n, c in every if n == name]
        for system, staged in (("ours", held[ridge]), ("no_model", {})):
            rows += rows_of(system, name, of, staged)
    contract.finish("rca/fit_staged", rows, [], n=len(every), began=began, out=args.json)
    if args.left_out:
        write(Path(args.left_out), {s: named(v) for s, v in sorted(held[ridge].items())})
    if args.output:
        done = Factors(
            factors=named(learn(tables, systems, ridge)),
            made_by="benchmarks/rca/fit_staged.py",
            data={"cases": len(cases), "systems": len(set(systems)), "sha256": digest_of(cases)},
            left_out={"ridge": ridge, **{f"log_loss ridge {r:g}": round(v, 4) for r, v in losses.items()}},
        )
        write(Path(args.output), done.model_dump())
    return 0


def without(system: str) -> Weights:
    """The weights with what was learned without a system, and no stages."""
    known: dict[str, dict[str, float]] = json.loads(STACKS.read_text(encoding="utf-8"))
    return base(system).model_copy(update={"stacks": known.get(system, {})})


def table_of(case: Judged) -> Table:
    """The case as rows: each pair that may be the verdict, and nobody last."""
    suspects = case.weighed(bundled(), without(case.data)).suspects
    barred = {(s.component, s.fault): c.why for s in suspects for c in s.ledger if c.term == "ceiling"}
    topology = Topology(case.inventory.components)
    facts = Facts(case.evidence, topology.told_by(case.evidence), case.alarmed)
    scene = Scene(facts)
    values = values_of(suspects, freed(scene, barred), scene)
    rows = np.zeros((len(values), len(ALL)))
    for i, row in enumerate(values.values()):
        for name, value in row.items():
            rows[i, _AT[name]] = value
    open_ = {(s.component, s.fault): s for s in suspects}
    right = [bool(p[0]) and case.accepts(open_.get(p) or _of(p)) for p in values]
    if case.verdict != "cause" or not any(right):
        family = {m for c, _ in case.accepted for m in topology.family(c)}
        right = [not c or (case.verdict == "cause" and c in family and f == OPEN) for c, f in values]
    return Table(rows, np.array(right))


def _of(pair: tuple[str, str]) -> Suspect:
    return Suspect(component=pair[0], fault=pair[1], score=0, probability=0)


def learn(tables: Sequence[Table], systems: Sequence[str], ridge: float) -> Floats:
    """The log-odds that make the right rows likeliest, less the ridge; a system weighs by the root of its cases."""
    from scipy.optimize import minimize

    sizes = Counter(systems)
    mean = len(systems) / max(1, len(sizes))
    shares = [math.sqrt(mean / sizes[s]) for s in systems]

    def loss(factors: Floats) -> tuple[float, Floats]:
        off = factors - _FROM
        total, slope = ridge * float(off @ off) / 2, ridge * off
        for table, share in zip(tables, shares, strict=True):
            p = softmax(table.rows @ factors)
            right = p * table.right
            mass = max(float(right.sum()), 1e-12)
            total -= share * math.log(mass)
            slope += share * ((p - right / mass) @ table.rows)
        return total, slope

    return np.asarray(minimize(loss, _FROM, jac=True, method="L-BFGS-B").x, dtype=np.float64)


def left_out(tables: Sequence[Table], systems: Sequence[str], ridge: float) -> dict[str, Floats]:
    """For each system what was learned from the others."""
    found = {}
    for system in dict.fromkeys(systems):
        inside = [i for i, s in enumerate(systems) if s != system]
        found[system] = learn([tables[i] for i in inside], [systems[i] for i in inside], ridge)
    return found


def loss_of(tables: Sequence[Table], factors: Sequence[Floats]) -> float:
    """The mean log-loss."""
    return contract.mean(
        [
            -math.log(max(float(softmax(t.rows @ f)[t.right].sum()), 1e-6))
            for t, f in zip(tables, factors, strict=True)
        ]
    )


def named(factors: Floats) -> dict[str, float]:
    """The log-odds by name."""
    size = {n: float(f) * (1.0 if n in _SHARES else TEMPER) for n, f in zip(ALL, factors, strict=True)}
    return {n: round(f, 3) for n, f in size.items() if abs(f) >= 0.005}


def rows_of(
    system: str, name: str, cases: Sequence[Judged], staged: Mapping[str, Floats]
) -> list[dict[str, Any]]:
    """The rows of a file, each case by what was learned without its system."""
    weights = [
        without(c.data).model_copy(update={"staged": named(staged[c.data]) if c.data in staged else {}})
        for c in cases
    ]
    weighed = [c.weighed(bundled(), w) for c, w in zip(cases, weights, strict=True)]
    return contract.rows(system, {f"{name}: {m}": v for m, v in measured(cases, weighed).items()})


if __name__ == "__main__":
    sys.exit(main())
