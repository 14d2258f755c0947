"""Fault type by memory alone: the past incidents whose evidence is most alike vote, 5-fold.

python benchmarks/memory/events.py --data DIR/rca/tvdiag [--cases 'hotel/*'] [--seed N] --json OUT

Layout as in benchmarks/rca/tvdiag.py: SYSTEM/label.csv (the answers) and SYSTEM/raw/*.json. An incident's alert events
become a fingerprint; it is compared with those of the other folds by the incident memory's own likeness, without who
the cause was. How many neighbours vote, and how steeply by likeness, is chosen by a second cross-validation inside those
folds. No language model takes part, so that `ours` is `no_model`. The peer is kNN over alert tokens, as in
benchmarks/rca/tvdiag.py.

`recall@1`, `recall@3`: each incident asks a memory of all others, of both systems, whose culprits are known; right is the same
fault at the same culprit. Its peer is the cosine of the tokens alone (tf-idf), `trivial` the most frequent answer.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.memory.evidence_index import features, likeness
from aitia.tools.memory.words_index import idf
from benchmarks.adapters.tvdiag.events import Case, events_of, read_answers, systems
from benchmarks.contract import Case as Row
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.rca.tvdiag import peers

FOLDS, INNER = 5, 5
NEIGHBOURS, POWERS = (3, 5, 8, 12), (1, 2, 4, 8)
OURS, PEER = "no_model", "peer kNN"
Tokens = tuple[str, ...]


def fingerprint(case: Case) -> Tokens:
    """What the incident's alerts say, in the tokens of memory: `kind|aspect|direction|component`."""
    made = set()
    for e in case.events:
        where = f"{e.peer}>{e.component}" if e.source == "trace" else e.component
        parts = (f"alert.{e.source}", e.signal, e.direction, where)
        made.add("|".join(part.replace("|", "/") for part in parts))
    return tuple(sorted(made))


def folds(ids: Sequence[str], *, count: int, seed: int) -> list[int]:
    """The fold of each incident, by chance: unlike stratified ones they do not depend on the answers."""
    order = list(range(len(ids)))
    random.Random(seed).shuffle(order)
    place = {n: turn % count for turn, n in enumerate(order)}
    return [place[n] for n in range(len(ids))]


def alike(asked: Sequence[Tokens], known: Sequence[Tokens]) -> NDArray[np.float64]:
    """Likeness (asked, known); how rare a token or sign is is learned from the known ones."""
    counts = Counter(feature for tokens in known for feature in features(tokens))
    every = {feature for tokens in (*asked, *known) for feature in features(tokens)}
    weights = {feature: idf(counts[feature], len(known)) for feature in every}
    return np.array([[likeness(a, k, weights) for k in known] for a in asked]).reshape(len(asked), len(known))


def vote(likeness: NDArray[np.float64], faults: Sequence[str], neighbours: int, power: int) -> str:
    """The fault that the nearest incidents name, each with its likeness to a power as its weight."""
    votes: defaultdict[str, float] = defaultdict(float)
    for n in np.argsort(-likeness, kind="stable")[:neighbours]:
        votes[faults[n]] += float(likeness[n]) ** power
    return max(sorted(votes), key=lambda fault: votes[fault])


def tuned(known: Sequence[Tokens], faults: Sequence[str]) -> tuple[int, int]:
    """Neighbours and power that are right most often among the known incidents, each held out in turn."""
    part = [n % INNER for n in range(len(known))]
    right: Counter[tuple[int, int]] = Counter()
    for fold in range(INNER):
        kept = [n for n, p in enumerate(part) if p != fold]
        held = [n for n, p in enumerate(part) if p == fold]
        if not kept or not held:
            continue
        near = alike([known[n] for n in held], [known[n] for n in kept])
        told = [faults[n] for n in kept]
        for n, row in zip(held, near, strict=True):
            right.update((k, p) for k in NEIGHBOURS for p in POWERS if vote(row, told, k, p) == faults[n])
    return max(
        ((k, p) for k in NEIGHBOURS for p in POWERS), key=lambda pair: (right[pair], -pair[0], -pair[1])
    )


def predictions(cases: Sequence[Case], faults: Mapping[str, str], *, seed: int = 0) -> list[Row]:
    """The fault of every incident by each system. Of `faults` only those of the other folds are looked at."""
    cases = sorted(cases, key=lambda c: c.id)
    part = folds([c.id for c in cases], count=FOLDS, seed=seed)
    prints = [fingerprint(c) for c in cases]
    made: list[Row] = []
    for fold in sorted(set(part)):
        kept = [n for n, p in enumerate(part) if p != fold]
        held = [n for n, p in enumerate(part) if p == fold]
        known, told = [prints[n] for n in kept], [faults[cases[n].id] for n in kept]
        neighbours, power = tuned(known, told)
        near = alike([prints[n] for n in held], known)
        learned = [cases[n].model_copy(update={"fault": faults[cases[n].id]}) for n in kept]
        peer, often = peers(learned)["peer kNN"], max(sorted(set(told)), key=told.count)
        for n, row in zip(held, near, strict=True):
            first = int(np.argmax(row))
            made.append(
                {
                    "id": cases[n].id,
                    OURS: vote(row, told, neighbours, power),
                    PEER: peer(cases[n]).fault,
                    "trivial": often,
                    "nearest": cases[kept[first]].id,
                    "likeness": round(float(row[first]), 3),
                    "chosen": [neighbours, power],
                }
            )
    return made


def scored(system: str, found: Sequence[Row], faults: Mapping[str, str]) -> list[dict[str, Any]]:
    """The share of right faults by each system, and ours to the peer's."""
    made: list[dict[str, Any]] = []
    for who in (OURS, PEER, "trivial"):
        made += rows(who, {f"{system} fault": [float(row[who] == faults[row["id"]]) for row in found]})
    ours, peer = made[0], made[1]
    if peer["value"]:
        ratio = {"metric": f"{system} fault / {PEER}", "value": round(ours["value"] / peer["value"], 4)}
        made.append({**ours, **ratio, "ci95": [round(x / peer["value"], 4) for x in ours["ci95"]]})
    return made


Answer = tuple[str, str, str]  # system, culprit, fault


def recalled(prints: Mapping[str, Tokens], answers: Mapping[str, Answer]) -> list[Row]:
    """Where the first right incident stands among all others, by each system; those that happened once are not asked."""
    counts = Counter(feature for tokens in prints.values() for feature in features(tokens))
    weights = {feature: idf(n, len(prints)) for feature, n in counts.items()}
    rare = {feature: float(np.log((1 + len(prints)) / (1 + n))) + 1 for feature, n in counts.items()}
    often = Counter(answers[i] for i in prints)
    systems: dict[str, Callable[[str, str], float]] = {
        OURS: lambda a, k: likeness(prints[a], prints[k], weights, answers[k][1]),
        PEER: lambda a, k: _tf_idf(prints[a], prints[k], rare),
        "trivial": lambda a, k: often[answers[k]],
    }
    return [
        {
            "case": f"{answers[a][0]}/{a}",
            **{who: _place(a, prints, answers, by) for who, by in systems.items()},
        }
        for a in sorted(prints)
        if often[answers[a]] > 1
    ]


def _place(
    asked: str, prints: Mapping[str, Tokens], answers: Mapping[str, Answer], by: Callable[[str, str], float]
) -> int:
    order = sorted((k for k in prints if k != asked), key=lambda k: (-by(asked, k), k))
    return next(n for n, k in enumerate(order, 1) if answers[k] == answers[asked])


def _tf_idf(asked: Tokens, known: Tokens, rare: Mapping[str, float]) -> float:
    norm = sum(rare[t] ** 2 for t in known) ** 0.5
    return sum(rare[t] ** 2 for t in {*asked} & {*known}) / norm if norm else 0.0


def recall_rows(found: Sequence[Row]) -> list[dict[str, Any]]:
    """recall@1 and @3 of each system, together and by the incidents' system."""
    made: list[dict[str, Any]] = []
    for name in ("", *sorted({row["case"].partition("/")[0] for row in found})):
        part = [row for row in found if row["case"].startswith(name)]
        for who in (OURS, PEER, "trivial"):
            for most in (1, 3):
                metric = f"recall@{most}{name and f', {name}'}"
                made += rows(who, {metric: [float(row[who] <= most) for row in part]})
    return made


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--seed", type=int, default=0, help="which split into folds")
    args = asked.parse_args()
    began = time.monotonic()
    table: list[dict[str, Any]] = []
    per_case: list[Row] = []
    prints: dict[str, Tokens] = {}
    answers: dict[str, Answer] = {}
    for folder in systems(Path(args.data)):
        told = read_answers(folder)
        faults = {index: fault for index, (_, fault) in told.items()}
        cases = [c for index, c in events_of(folder).items() if index in faults]
        for c in cases:
            prints[f"{folder.name} {c.id}"] = fingerprint(c)
            answers[f"{folder.name} {c.id}"] = (folder.name, *told[c.id])
        wanted = set(chosen((f"{folder.name}/{c.id}" for c in cases), args.cases))
        found = [
            row
            for row in predictions(cases, faults, seed=args.seed)
            if f"{folder.name}/{row['id']}" in wanted
        ]
        if found:
            table += scored(folder.name, found, faults)
            per_case += [
                {"case": f"{folder.name}/{row['id']}", "fault": faults[row["id"]], **row} for row in found
            ]
    if args.cases == "*":
        table += recall_rows(recalled(prints, answers))
    table += [{**row, "system": "ours"} for row in table if row["system"] == OURS]
    finish("memory/events", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
