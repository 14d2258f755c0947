"""Limits of the signal tools: as shipped, or from held-out blocks of the reference itself, chosen with each data set left out.

python benchmarks/signals/limits.py --rule ensemble|departed|pattern --data DIR/signals --lab DIR [--most 16] --json OUT

`ensemble` is the ensemble's factor, `departed` from which departure on a series' own first part is what is usual (`choose`),
`pattern` the surprise from which on `aitia signals watch --detector pattern` raises an alarm; benchmarks/signals/limit_rules.py
says how each is judged, limit_cases.py on which windows. For each data set the best candidate is taken on the *other* sets,
each weighing the same; the rows are of the set that was left out:

  ours                       as shipped
  no_model one number        one number for all, the best on the other sets
  ours held out              a multiple of the largest value that the reference's own blocks gave, the best on the other sets
  ours held out, least       that, but the shipped limit at least

`found` is the share of windows with an anomaly that raise an alarm, `false` that of windows without one, `gain` the first
less the second. Over all sets: found and false of all windows, the gain as the mean of the sets' gains. `gain less the
shipped one's` has a bootstrap over cases within each set. Trivial: an alarm in every window, and in none (both gain 0).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.signals.limit_cases import Floats, by_hash
from benchmarks.signals.limit_rules import RULES, Looked, Rule

ROUNDS, MOST, ALL = 2000, 16, "all sets"
# data set -> per case: windows with an anomaly, alarms in them, windows without one, alarms in them
Counts = dict[str, Floats]


def picked(names: Sequence[str], most: int) -> list[str]:
    """At most so many cases of each data set."""
    sets = dict.fromkeys(name.partition("/")[0] for name in names)
    return [n for s in sets for n in by_hash(dict.fromkeys(n for n in names if n.startswith(f"{s}/")), most)]


def families(rule: Rule) -> dict[str, list[tuple[float, dict[str, float]]]]:
    """Candidates by name: what was chosen, and the limit as a multiple of `usual` and a least value."""
    return {
        "no_model one number": [(float(f), {"least": float(f)}) for f in rule.fixed],
        "ours held out": [(float(m), {"times": float(m)}) for m in rule.multiples],
        "ours held out, least": [
            (float(m), {"times": float(m), "least": rule.shipped}) for m in rule.multiples
        ],
    }


def counted(found: Sequence[Looked], *, times: float = 0.0, least: float = -np.inf) -> Counts:
    """What a limit of `times` the case's `usual`, `least` at least, does on each case."""
    made: dict[str, list[list[float]]] = {}
    for one in found:
        limit = max(times * one.usual if times else -np.inf, least)
        alarm, bad = np.array(one.alarms(limit), dtype=bool), np.array(one.bad, dtype=bool)
        row = [bad.sum(), (alarm & bad).sum(), (~bad).sum(), (alarm & ~bad).sum()]
        made.setdefault(one.dataset, []).append([float(n) for n in row])
    return {name: np.array(cases) for name, cases in made.items()}


def gain(cases: Floats) -> Floats:
    """The share found less the share of false alarms, of counts summed over cases (the axis before the last)."""
    total = cases.sum(axis=-2)
    shares = total[..., [1, 3]] / np.maximum(total[..., [0, 2]], 1.0)
    return np.asarray(shares[..., 0] - shares[..., 1], dtype=np.float64)


def less(of: Counts, shipped: Counts) -> tuple[float, list[float]]:
    """The mean over sets of the gain less the shipped limit's, and its interval."""
    chance = np.random.default_rng(0)
    draws = {s: chance.integers(0, len(x), (ROUNDS, len(x))) for s, x in of.items()}
    value = float(np.mean([gain(of[s]) - gain(shipped[s]) for s in of]))
    drawn = np.mean([gain(of[s][draws[s]]) - gain(shipped[s][draws[s]]) for s in of], axis=0)
    return value, [round(float(q), 4) for q in np.quantile(drawn, (0.025, 0.975))]


def scored(found: Sequence[Looked], rule: Rule) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows, and what was chosen for each set."""
    shipped = counted(found, least=rule.shipped)
    told: dict[str, Counts] = {
        "ours": shipped,
        **{name: counted(found, least=at) for name, at in rule.plain.items()},
    }
    cases: list[Case] = []
    for family, candidates in families(rule).items():
        every = [(number, counted(found, **limit)) for number, limit in candidates]
        gains = {s: np.array([float(gain(c[s])) for _, c in every]) for s in shipped}
        told[family] = {}
        for left in shipped:
            others = [gains[s] for s in shipped if s != left] or [np.zeros(len(every))]
            number, counts = every[int(np.argmax(np.mean(others, axis=0)))]
            told[family][left] = counts[left]
            cases.append({"left_out": left, "system": family, "chosen": round(number, 2)})
    made = [row for system, counts in told.items() for row in _rows(system, counts, shipped)]
    windows = np.concatenate(list(shipped.values())).sum(axis=0)
    kinds = {f"{ALL}: found": int(windows[0]), f"{ALL}: false": int(windows[2])}
    for name, alarm in (("trivial always", 1.0), ("trivial never", 0.0)):
        made += rows(name, {kind: [alarm] * n for kind, n in kinds.items()})
    return made, cases


def _rows(system: str, counts: Mapping[str, Floats], shipped: Counts) -> list[dict[str, Any]]:
    made = []
    for name in (*counts, ALL):
        some = dict(counts) if name == ALL else {name: counts[name]}
        bad, hits, calm, false = np.concatenate(list(some.values())).sum(axis=0).astype(int)
        made += rows(
            system,
            {
                f"{name}: found": [1.0] * hits + [0.0] * (bad - hits),
                f"{name}: false": [1.0] * false + [0.0] * (calm - false),
            },
        )
        if system != "ours":
            value, ci95 = less(some, {s: shipped[s] for s in some})
            made.append(
                {
                    "system": system,
                    "metric": f"{name}: gain less the shipped one's",
                    "value": round(value, 4),
                    "n": sum(len(x) for x in some.values()),
                    "ci95": ci95,
                }
            )
    return made


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--lab", required=True, type=Path, help="folder of lab incidents")
    asked.add_argument("--rule", required=True, choices=sorted(RULES), help="which limit")
    asked.add_argument("--most", type=int, default=MOST, help="cases of a data set, by hash")
    args = asked.parse_args()
    began, rule = time.monotonic(), RULES[args.rule]
    every = rule.cases(Path(args.data), args.lab)
    found = list(rule.look(every[name]() for name in picked(chosen(every, args.cases), args.most)))
    table, told = scored(found, rule)
    per_case: list[Case] = [
        {
            "case": f"{one.dataset}/{one.name}",
            "usual": round(one.usual, 4),
            "bad": one.bad,
            "alarms": list(one.alarms(rule.shipped)),
        }
        for one in found
    ]
    finish(f"signals/limits {args.rule}", table, [*told, *per_case], n=len(found), began=began, out=args.json)
    for case in told:
        print(f"{case['left_out']:<9} {case['system']:<24} chosen {case['chosen']}")


if __name__ == "__main__":
    main()
