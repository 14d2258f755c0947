"""TVDiag: learn from labelled alert events, 5-fold, and name the culprit and the fault of those held back.

python benchmarks/rca/tvdiag.py --data data/rca/tvdiag --json OUT

Layout: one folder per system with `label.csv` (index, instance, anomaly_type: the answer) and
`raw/{metrics,logs,traces,nodes,edges}.json` keyed by index. Every incident is ranked by a model that was trained on
the other folds; hyper-parameters are chosen by a second cross-validation inside those. The model is the benchmark's own
(benchmarks/adapters/tvdiag, with scikit-learn): what is aitia's is the verdict, from the ranking and the alerts as facts. No
language model takes part, so that `ours` is `no_model`.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only wait for one another
sys.path.insert(0, str(Path(__file__).parents[2]))
from aitia.core.words import Component, Incident, Link, Report, Window
from aitia.tools import Registry
from benchmarks.adapters.tvdiag.events import Case, events_of, hidden, read_answers, solved, systems
from benchmarks.adapters.tvdiag.folds import parts_of
from benchmarks.adapters.tvdiag.model import LibraryModel, train
from benchmarks.adapters.tvdiag.tool import library_tool
from benchmarks.contract import Case as Row
from benchmarks.contract import chosen, finish, interval, parser, rows
from benchmarks.rca.product import diagnosed

FOLDS, NEIGHBOURS = 5, 5
SURE = 0.8
OURS = "no_model"


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Components in order, and the fault ("" where a system names none)."""

    order: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What each system says of one incident. Nothing of the answer is in it."""

    name: str
    fold: int
    guesses: dict[str, Guess] = field(default_factory=dict)


def trained(library: Sequence[Case], part: Sequence[int]) -> dict[int, LibraryModel]:
    """The model of every fold, learned from the other folds alone."""
    return {
        fold: train([c for c, p in zip(library, part, strict=True) if p != fold])
        for fold in sorted(set(part))
    }


def predictions(
    system: str, library: Sequence[Case], part: Sequence[int], models: dict[int, LibraryModel]
) -> list[Predicted]:
    """Every incident of the library by all systems, each learned from the other folds alone."""
    found: list[Predicted] = []
    for fold, model in models.items():
        kept = [c for c, p in zip(library, part, strict=True) if p != fold]
        held = [hidden(c) for c, p in zip(library, part, strict=True) if p == fold]
        peer = peers(kept)
        for case in held:
            ranking = model.rank(case)
            ours = Guess(order=tuple(c.component for c in ranking.candidates), fault=ranking.fault)
            said = {OURS: ours} | {name: guess(case) for name, guess in peer.items()}
            found.append(Predicted(name=f"{system}/{case.id}", fold=fold, guesses=said))
    return found


def verdicts(
    system: str, library: Sequence[Case], part: Sequence[int], models: dict[int, LibraryModel]
) -> list[Row]:
    """What a diagnosis says of every incident, whole and without its culprit's telemetry, from the library alone."""
    found: list[Row] = []
    for case, fold in zip(library, part, strict=True):
        for hide in (False, True):
            report = _diagnosed(_without(case, case.component) if hide else hidden(case), models[fold])
            found.append(
                {
                    "id": f"{system}/{case.id}",
                    "system": OURS,
                    "verdict": report.verdict,
                    "probability": report.probability,
                    "right": report.component == case.component,
                }
                | ({"hidden": True} if hide else {})
            )
    return found


def _diagnosed(case: Case, model: LibraryModel) -> Report:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    incident = Incident(
        id="events", title="Alerts", started_at=at, window=Window(start=at - timedelta(minutes=30), end=at)
    )
    calls: defaultdict[str, list[Link]] = defaultdict(list)
    for caller, callee in case.edges:
        calls[caller].append(Link(relation="calls", to=callee))
    components = [Component(id=n, type="service", links=tuple(calls[n])) for n in case.nodes]
    registry = Registry([*Registry.load(), library_tool(model, case)])
    return diagnosed(incident, (), Path(), components=components, registry=registry)


def _without(case: Case, culprit: str) -> Case:
    """The incident less what the culprit itself tells: its metrics, its logs and its own calls. Calls to it stay."""
    seen = tuple(
        e for e in case.events if ((e.peer or e.component) if e.source == "trace" else e.component) != culprit
    )
    return hidden(case).model_copy(update={"events": seen})


def judged_rows(system: str, cases: Sequence[Row]) -> list[dict[str, Any]]:
    """How often a cause is named, wrong, and wrong at 80 % or more, whole and unwatched."""
    made: list[dict[str, Any]] = []
    for hide in (False, True):
        of = [c for c in cases if c.get("hidden", False) == hide]
        wrong = [c["verdict"] == "cause" and not c["right"] for c in of]
        what = f"{system} unwatched" if hide else f"{system} verdict"
        made += rows(
            OURS,
            {
                f"{what}: cause named": [float(c["verdict"] == "cause") for c in of],
                f"{what}: wrong cause": [float(w) for w in wrong],
                f"{what}: wrong cause at 80": [
                    float(w and c["probability"] >= SURE) for w, c in zip(wrong, of, strict=True)
                ],
            },
        )
    return made


def peers(kept: Sequence[Case]) -> dict[str, Callable[[Case], Guess]]:
    """Most metric alerts, k nearest neighbours over alert tokens, and the most frequent answers."""
    causes, faults = Counter(c.component for c in kept), Counter(c.fault for c in kept)
    usual = tuple(sorted(causes, key=lambda c: (-causes[c], c)))
    often = max(sorted(faults), key=lambda f: faults[f])
    tokens = [_tokens(c) for c in kept]
    spread = Counter(t for s in tokens for t in s)

    def weight(token: str) -> float:
        return math.log((1 + len(kept)) / (1 + spread[token])) ** 2

    norms = [math.sqrt(sum(weight(t) for t in sorted(s))) or 1.0 for s in tokens]

    def knn(case: Case) -> Guess:
        asked = _tokens(case)
        alike = [sum(weight(t) for t in sorted(asked & s)) / n for s, n in zip(tokens, norms, strict=True)]
        best = sorted(range(len(kept)), key=lambda n: (-alike[n], kept[n].id))[:NEIGHBOURS]
        votes: defaultdict[str, float] = defaultdict(float)
        kinds: defaultdict[str, float] = defaultdict(float)
        for n in best:
            votes[kept[n].component] += alike[n]
            kinds[kept[n].fault] += alike[n]
        order = sorted(case.candidates, key=lambda c: (-votes[c], -causes[c], c))
        return Guess(order=tuple(order), fault=max(sorted(kinds), key=lambda f: kinds[f]))

    def most(case: Case) -> Guess:
        counted = Counter(e.component for e in case.events if e.source == "metric")
        return Guess(order=tuple(sorted(case.candidates, key=lambda c: (-counted[c], c))))

    return {
        "peer metric alerts": most,
        "peer kNN": knn,
        "trivial": lambda case: Guess(order=usual, fault=often),
    }


def _tokens(case: Case) -> frozenset[str]:
    return frozenset(f"{e.source} {e.peer} {e.component} {e.signal} {e.direction}" for e in case.events)


def scored(
    system: str, found: Sequence[Predicted], answers: dict[str, tuple[str, str]]
) -> tuple[list[dict[str, Any]], list[Row]]:
    """Rows and cases of one system."""
    truths = [answers[p.name.rsplit("/", 1)[1]] for p in found]
    made: list[dict[str, Any]] = []
    for who in found[0].guesses:
        guesses = [p.guesses[who] for p in found]
        told = list(zip(guesses, truths, strict=True))
        made += rows(
            who,
            {f"{system} HR@{k}": [float(t[0] in g.order[:k]) for g, t in told] for k in (1, 3)}
            | ({f"{system} fault": [float(g.fault == t[1]) for g, t in told]} if guesses[0].fault else {}),
        )
        if guesses[0].fault:
            made.append(_f1(who, f"{system} fault F1", [(t[1], g.fault) for g, t in told]))
    per_case = [
        {"case": p.name, "fold": p.fold, "component": t[0], "fault": t[1]}
        | {who: {"order": list(g.order[:5]), "fault": g.fault} for who, g in p.guesses.items()}
        for p, t in zip(found, truths, strict=True)
    ]
    return made, per_case


def _f1(who: str, metric: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Weighted F1; its interval is that of accuracy, moved to the value: F1 is no mean over cases."""
    from sklearn.metrics import f1_score

    true, said = zip(*pairs, strict=True)
    value = float(f1_score(true, said, average="weighted", zero_division=0.0))
    right = [float(a == b) for a, b in pairs]
    low, high = interval(right)
    shift = value - sum(right) / len(right)
    return {
        "system": who,
        "metric": metric,
        "value": round(value, 4),
        "n": len(pairs),
        "ci95": [round(max(0.0, low + shift), 4), round(min(1.0, high + shift), 4)],
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--seed", type=int, default=0, help="which split into folds")
    args = made.parse_args()
    began = time.monotonic()
    table: list[dict[str, Any]] = []
    per_case: list[Row] = []
    told: list[Row] = []
    for folder in systems(Path(args.data)):
        answers = read_answers(folder)
        library = solved(events_of(folder), answers)
        wanted = set(chosen([f"{folder.name}/{c.id}" for c in library], args.cases))
        if not wanted:
            continue
        part = parts_of(library, folds=FOLDS, seed=args.seed)
        models = trained(library, part)
        found = [p for p in predictions(folder.name, library, part, models) if p.name in wanted]
        of_system, cases = scored(folder.name, found, answers)
        said = [v for v in verdicts(folder.name, library, part, models) if v["id"] in wanted]
        table += of_system + judged_rows(folder.name, said)
        told += said
        per_case += cases
    table += [{**row, "system": "ours"} for row in table if row["system"] == OURS]
    finish("rca/tvdiag", table, per_case, n=len(per_case), began=began, out=args.json, judged=told)


if __name__ == "__main__":
    main()
