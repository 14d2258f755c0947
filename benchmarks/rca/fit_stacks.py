"""Learn what a ledger's lines are worth in stacks of servers: `agent/stacks.json`, from diagnoses whose answer is known.

    python benchmarks/rca/fit_stacks.py --data DIR [--cases GLOB] [--ridge R] --json OUT [-o FILE] [--left-out FILE]

DIR holds files (*.jsonl) that benchmarks/lab/kept.py wrote. A conditional logit over the pairs that may be the verdict,
`unknown` and `healthy`, with a ridge that pulls the factor of every term to 1 and the log-odds of every symptom to 0. Who it
is is weighed by what was learned without the case's system (benchmarks/lab/culprits.json): run fit_culprit.py first. A system
weighs by the root of its cases. Told are totals by file of each case by what was learned from the other systems (`ours`); with
who it is, but lines of their old size (`no_model`); and, to see what becomes of kinds that nobody saw, by what was learned from
the other systems without the case's family of faults (`family unseen`). `-o agent/stacks.json` keeps the factors; `--left-out`
those without each system.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.doubt import UNKNOWN
from aitia.agent.factors import Factors
from aitia.agent.facts import Facts
from aitia.agent.judged import Judged
from aitia.agent.stacks import CEILING, NOBODY, OF_RELEASE, SYMPTOM, SYMPTOMS, is_stack, symptom_of
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN
from aitia.agent.weights import TERMS, Weights, ledgers_alone
from aitia.core.words import Suspect
from benchmarks import contract
from benchmarks.lab.data import CULPRITS
from benchmarks.rca.fit_culprit import Floats, Table, arguments, diagnoses, measured, softmax, write
from benchmarks.rca.judged import digest_of

RIDGES: Final = (2.0, 4.0, 8.0, 16.0)
NEAR: Final = 0.01  # of the least log-loss: of ridges that do as well the strongest one
SYMPTOM_RIDGE: Final = 0.2  # of a term's: log-odds of a symptom are a few units, a factor a few tenths
LEAST, MOST = 0.25, 2.0  # data may lessen or double what a term means, not turn it round
STEP: Final = 0.005  # a factor nearer to what it was is not written
_TERMS: Final = tuple(
    t
    for t in TERMS
    if t not in (CEILING, NOBODY, OF_RELEASE, SYMPTOM) and not t.startswith(("learned.", "person."))
)
FEATURES: Final = (*_TERMS, *(f"{SYMPTOM}.{s}" for s in SYMPTOMS))
_AT: Final = {name: i for i, name in enumerate(FEATURES)}
_OLD: Final = np.array([float(n in _TERMS) for n in FEATURES])
K = TypeVar("K", bound=Hashable)


def main() -> int:
    """Fit, tell what left-out systems make of it, and write."""
    args = arguments(__doc__)
    began = time.monotonic()
    files, every = diagnoses(args)
    cases = [c for _, c in every if of_stack(c)]
    if not cases:
        print("error: --data holds no diagnosis of servers with metrics and logs", file=sys.stderr)
        return 2
    tables, systems = [table_of(c, base(c.data)) for c in cases], [c.data for c in cases]
    held = {r: left_out(tables, systems, systems, r) for r in ([args.ridge] if args.ridge else RIDGES)}
    losses = {r: loss_of(tables, [h[s] for s in systems]) for r, h in held.items()}
    ridge = max(r for r, loss in losses.items() if loss <= min(losses.values()) + NEAR)
    unseen = left_out(tables, systems, [(c.data, family_of(c)) for c in cases], ridge)
    of_unseen = [unseen[c.data, family_of(c)] for c in cases]
    told = {f"ridge {r:g}": loss for r, loss in losses.items()} | {
        "as it was": loss_of(tables, [_OLD] * len(tables)),
        "family unseen": loss_of(tables, of_unseen),
    }
    print("log-loss", ", ".join(f"{name}: {loss:.3f}" for name, loss in told.items()))
    factors: dict[str, Callable[[Judged], Mapping[str, float]]] = {
        "ours": lambda c: named(held[ridge][c.data]) if c.data in held[ridge] else {},
        "family unseen": lambda c: named(unseen[k]) if (k := (c.data, family_of(c))) in unseen else {},
        "no_model": lambda _: {},
    }
    rows = [
        row
        for name in files
        for system, of in factors.items()
        for row in rows_of(system, name, [c for n, c in every if n == name], of)
    ]
    contract.finish("rca/fit_stacks", rows, [], n=len(every), began=began, out=args.json)
    if args.left_out:
        write(Path(args.left_out), {s: named(v) for s, v in sorted(held[ridge].items())})
    if args.output:
        done = Factors(
            factors=named(learn(tables, systems, ridge)),
            made_by="benchmarks/rca/fit_stacks.py",
            data={"cases": len(cases), "systems": len(set(systems)), "sha256": digest_of(cases)},
            left_out={"ridge": ridge, **{f"log_loss {n}": round(v, 4) for n, v in told.items()}},
        )
        write(Path(args.output), done.model_dump())
    return 0


@lru_cache(maxsize=1)
def _culprits() -> dict[str, dict[str, float]]:
    known: dict[str, dict[str, float]] = json.loads(CULPRITS.read_text(encoding="utf-8"))
    return known


def base(system: str) -> Weights:
    """The weights with what was learned of who it is without a system; the ledgers alone where nothing was learned from it."""
    return ledgers_alone().model_copy(update={"components": _culprits().get(system, {})})


def of_stack(case: Judged) -> bool:
    """Whether what is learned here is asked of it."""
    inventory = case.inventory
    facts = Facts(case.evidence, Topology(inventory.components).told_by(case.evidence), case.alarmed)
    return is_stack(facts, [c.type for c in inventory.components])


def family_of(case: Judged) -> str:
    """The family of its fault, as the lab names it; "none" of healthy hours, which are never left out."""
    return case.group.split()[1]


def table_of(case: Judged, weights: Weights) -> Table:
    """The case as rows, each pair as the ledgers have it."""
    weighed = case.weighed(bundled(), weights)
    pairs = [s for s in weighed.suspects if not any(c.term == CEILING for c in s.ledger)]
    return Table(np.array([_values(s) for s in pairs]), np.array(right_of(case, pairs)))


def right_of(case: Judged, pairs: Sequence[Suspect]) -> list[bool]:
    """The accepted pairs; where no pattern has them `unknown`, and the open kind of their component."""
    if case.verdict != "cause":
        return [not s.component for s in pairs]
    family = {m for c, _ in case.accepted for m in Topology(case.inventory.components).family(c)}
    right = [case.accepts(s) for s in pairs]
    if any(right):
        return right
    return [s.fault == UNKNOWN or (s.component in family and s.fault == OPEN) for s in pairs]


def _values(suspect: Suspect) -> Floats:
    values = np.zeros(len(FEATURES))
    for line in suspect.ledger:
        if line.term in _AT:
            values[_AT[line.term]] += line.log_odds
    if suspect.component and (symptom := symptom_of(suspect.fault)):
        values[_AT[f"{SYMPTOM}.{symptom}"]] = 1.0
    return values


def learn(tables: Sequence[Table], systems: Sequence[str], ridge: float) -> Floats:
    """The factors that make the right rows likeliest, less the ridge; of no case, what they were."""
    from scipy.optimize import minimize

    if not tables:
        return _OLD.copy()
    sizes = Counter(systems)
    mean = len(systems) / len(sizes)
    shares = [math.sqrt(mean / sizes[s]) for s in systems]
    pull = ridge * np.where(_OLD == 1.0, 1.0, SYMPTOM_RIDGE)

    def loss(factors: Floats) -> tuple[float, Floats]:
        off = factors - _OLD
        total, slope = float(pull @ (off * off)) / 2, pull * off
        for table, share in zip(tables, shares, strict=True):
            p = softmax(table.rows @ factors)
            right = p * table.right
            mass = max(float(right.sum()), 1e-12)
            total -= share * math.log(mass)
            slope += share * ((p - right / mass) @ table.rows)
        return total, slope

    bounds = [(LEAST, MOST) if n in _TERMS else (None, 0.0) for n in FEATURES]
    return np.asarray(minimize(loss, _OLD, jac=True, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)


def left_out(
    tables: Sequence[Table], systems: Sequence[str], keys: Sequence[K], ridge: float
) -> dict[K, Floats]:
    """For each key what was learned without its system; where keys are (system, family) without that family of faults either."""
    found: dict[K, Floats] = {}
    for key in dict.fromkeys(keys):
        inside = [i for i, other in enumerate(keys) if not _shares(key, other)]
        found[key] = learn([tables[i] for i in inside], [systems[i] for i in inside], ridge)
    return found


def _shares(key: Hashable, other: Hashable) -> bool:
    if isinstance(key, tuple) and isinstance(other, tuple):
        return key[0] == other[0] or (key[1] == other[1] != "none")
    return key == other


def loss_of(tables: Sequence[Table], factors: Sequence[Floats]) -> float:
    """The mean log-loss."""
    return contract.mean(
        [
            -math.log(max(float(softmax(t.rows @ f)[t.right].sum()), 1e-6))
            for t, f in zip(tables, factors, strict=True)
        ]
    )


def named(factors: Floats) -> dict[str, float]:
    """Those that differ from what they were, by name."""
    return {
        n: round(float(f), 3)
        for n, f, old in zip(FEATURES, factors, _OLD, strict=True)
        if abs(f - old) >= STEP
    }


def rows_of(
    system: str,
    name: str,
    cases: Sequence[Judged],
    of: Callable[[Judged], Mapping[str, float]],
) -> list[dict[str, Any]]:
    """The rows of a file, each case by its factors."""
    taxonomy = bundled()
    weighed = [c.weighed(taxonomy, base(c.data).model_copy(update={"stacks": of(c)})) for c in cases]
    return contract.rows(system, {f"{name}: {m}": v for m, v in measured(cases, weighed).items()})


if __name__ == "__main__":
    sys.exit(main())
