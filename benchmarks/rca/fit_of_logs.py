"""Learn who it is where logs are all that there is: the factors of `agent/of_logs.json`, from incidents whose answer is known.

    python benchmarks/rca/fit_of_logs.py --data DIR[,DIR] [--also FILE] [--ridge R] [--kept FILE] --json OUT [-o FILE]

DIR holds cases as `logs_alone.py` reads them. A conditional logit over the services of which something is told and `nobody`, with
a ridge that pulls every factor to 0, and that of the ledgers' share to `TRUST`; signs are given (`_sign`). Cases whose logs have
mostly the same names are one system; each is weighed by what was learned from the others, and told are the verdicts of that.
`--also` takes diagnoses of servers that
benchmarks/lab/kept.py wrote, of which the logs' facts alone are looked at; they are learned from, and told apart (`also:`).
`--kept` keeps the diagnoses, or reads them where the file is there; `-o agent/of_logs.json` writes the factors.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia import api
from aitia.agent.factors import Factors
from aitia.agent.facts import Facts, is_harm
from aitia.agent.of_logs import FEATURES, features
from aitia.agent.replicas import alarmed_of, service
from aitia.agent.taxonomy import bundled
from aitia.agent.told_by_logs import Told
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import ledgers_alone
from aitia.core.aspects import CHANGE
from aitia.core.words import Component, Evidence, Inventory, SourceRef
from aitia.tools.text.classes import meaning
from benchmarks import contract
from benchmarks.rca.fit_culprit import Floats, Table, softmax, write
from benchmarks.rca.judged import kept
from benchmarks.rca.logs_alone import SURE, alert, is_right, logs_of

RIDGE: Final = 1.0
TRUST: Final = 0.3  # of the ledgers' log-odds, where nothing else is learned; as in fit_culprit.py
LEAST_SPREAD: Final = 0.1
WRITERS: Final = 3  # innocent services of a case whose log holds a planted line, one at a time
PLANTED_S: Final = (-120.0, -5.0, 60.0)  # when, seconds after the first trouble
PLAIN: Final = 0.5
ALIKE: Final = (
    0.5  # share of the names of two cases' logs that are in both, from which on they are one system
)
MOST_OF_CHANGE: Final = 2.0  # of few cases; whoever writes a log may write of a change
UP: Final = frozenset(
    {
        "own.hard", "own.soft", "own.error", "own.silent", "own.read", "told", "told.second", "first",
        "standing", "standing.soft", "standing.told", "hard.first", "hard.after", "above", "ledgers",
    }
)  # fmt: skip
DOWN: Final = frozenset(
    {
        "late",
        "passes",
        "below",
        "blames",
        "peer.read",
        "client.read",
        "nobody.harm",
        "nobody.hard",
        "nobody.told",
    }
)


@dataclass(frozen=True)
class Diagnosed:
    """One case: what was found, and the answer."""

    name: str
    evidence: tuple[Evidence, ...]
    inventory: Inventory
    hints: tuple[str, ...]
    answer: Mapping[str, Any]

    def weighed(self, factors: Mapping[str, float]) -> Weighed:
        """The verdict by some factors."""
        weights = ledgers_alone().model_copy(update={"of_logs": dict(factors)})
        unread = ["nothing is measured"]
        return weigh(self.evidence, self.inventory, bundled(), weights, alarmed=self.hints, unread=unread)

    def table(self) -> Table | None:
        """Its services and nobody as rows; None where nothing is told of anybody."""
        known = {c.id for c in self.inventory.components}
        topology = Topology(self.inventory.components).told_by(self.evidence)
        told = Told(Facts(self.evidence, topology, alarmed_of(known, self.hints)))
        shares: dict[str, float] = {}
        for s in self.weighed({}).suspects:
            if s.component:
                shares[service(s.component)] = shares.get(service(s.component), 0.0) + s.probability
        of_services, of_nobody = features(told, shares)
        names = sorted(of_services)
        right = [not self.answer["healthy"] and is_right(n, self.answer) for n in names]
        values = [*(of_services[n] for n in names), of_nobody]
        rows = np.array([[v.get(f, 0.0) for f in FEATURES] for v in values], dtype=np.float64)
        return Table(rows, np.array([*right, not any(right)])) if names else None


def main() -> int:
    """Diagnose, fit, tell what left-out systems make of it, and write."""
    parser = contract.parser(__doc__)
    parser.add_argument("--ridge", type=float, default=RIDGE)
    parser.add_argument("--also", default="", help="further diagnoses, of benchmarks/lab/kept.py")
    parser.add_argument("--kept", default="", help="the diagnoses, made where the file is not there")
    parser.add_argument("-o", "--output", default="", help="write the factors here")
    args = parser.parse_args()
    began = time.monotonic()
    cases, also = _kept(args), _also(Path(args.also)) if args.also else []
    named = [frozenset(service(k.id) for k in c.inventory.components) for c in cases]
    systems = [*map(str, systems_of(named)), *(system for system, _ in also)]
    first = len(cases)
    cases += [case for _, case in also]
    tables = [c.table() for c in cases]
    inside = [i for i, t in enumerate(tables) if t is not None]
    held: dict[str, dict[str, float]] = {}
    for system in set(systems):
        others = [tables[i] for i in inside if systems[i] != system]
        held[system] = learn([t for t in others if t is not None], args.ridge)
    rows = []
    for name, factors in (("ours", held), ("no_model", {system: {} for system in held})):
        measured: dict[str, list[float]] = {}
        for i, (case, system) in enumerate(zip(cases, systems, strict=True)):
            for hostile in planted(case, factors[system]) if i < first else ():
                for metric, value in hostile.items():
                    measured.setdefault(metric, []).append(float(value))
            for metric, value in _measures(case, case.weighed(factors[system])).items():
                measured.setdefault(metric if i < first else f"also: {metric}", []).append(float(value))
        rows += contract.rows(name, measured)
    contract.finish("rca/fit_of_logs", rows, [], n=len(cases), began=began, out=args.json)
    if args.output:
        every = learn([t for t in tables if t is not None], args.ridge)
        told = Factors(
            factors=every,
            made_by="benchmarks/rca/fit_of_logs.py",
            data={"cases": len(cases), "systems": len(set(systems))},
            left_out={"ridge": args.ridge},
        )
        write(Path(args.output), told.model_dump())
    return 0


def _kept(args: argparse.Namespace) -> list[Diagnosed]:
    file = Path(args.kept) if args.kept else None
    if file and file.exists():
        return [_read(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    made = []
    for data in map(Path, args.data.split(",")):
        names = contract.chosen([p.parent.name for p in data.glob("*/incident.json")], args.cases)
        made += [diagnosed(data / name) for name in names]
    if file:
        file.write_text("".join(json.dumps(_told(c)) + "\n" for c in made), encoding="utf-8")
    return made


def _also(file: Path) -> list[tuple[str, Diagnosed]]:
    """Diagnoses of servers as if their logs and changes were all that there is, with their system."""
    made = []
    for case in kept(file):
        told = tuple(_owned(e) for e in case.evidence if e.kind.startswith("log.") or e.aspect in CHANGE)
        names = {n for e in told for n in (e.component, e.peer) if n}
        inventory = Inventory(components=tuple(Component(id=n, type="service") for n in sorted(names)))
        who = [c for c, _ in case.accepted]
        answer = {
            "healthy": case.verdict != "cause",
            "component": who[0] if who else "",
            "also_right": who[1:],
        }
        made.append((case.data, Diagnosed(case.id, told, inventory, case.alarmed, answer)))
    return made


def _owned(e: Evidence) -> Evidence:
    """With whose trouble its message tells of, where it was kept before that was read."""
    template = str(e.values.get("template", ""))
    if not template or "whose" in e.values:
        return e
    told = meaning(template, "")
    return e.model_copy(update={"values": {**e.values, "whose": told.whose, "whose_sure": told.whose_sure}})


def diagnosed(folder: Path) -> Diagnosed:
    """What a diagnosis of one case finds."""
    asked = json.loads((folder / "incident.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as home:
        report = api.diagnose(
            json.dumps([alert(asked)]), sources=[logs_of(folder)], model=None,
            at=datetime.fromisoformat(asked["at"]), home=Path(home),
        )  # fmt: skip
    answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return Diagnosed(folder.name, report.evidence, report.inventory, report.incident.hints, answer)


def _told(case: Diagnosed) -> dict[str, Any]:
    return {
        "name": case.name,
        "evidence": [e.model_dump(mode="json") for e in case.evidence],
        "inventory": case.inventory.model_dump(mode="json"),
        "hints": case.hints,
        "answer": dict(case.answer),
    }


def _read(told: Mapping[str, Any]) -> Diagnosed:
    evidence = tuple(Evidence.model_validate(e) for e in told["evidence"])
    inventory = Inventory.model_validate(told["inventory"])
    return Diagnosed(told["name"], evidence, inventory, tuple(told["hints"]), told["answer"])


def systems_of(names: Sequence[frozenset[str]]) -> list[int]:
    """The number of each case's system: that of the first case with mostly the same names."""
    found: list[int] = []
    for i, mine in enumerate(names):
        alike = (j for j in range(i) if len(mine & names[j]) >= ALIKE * len(mine | names[j]))
        found.append(found[j] if (j := next(alike, None)) is not None else i)
    return found


def learn(tables: Sequence[Table], ridge: float) -> dict[str, float]:
    """The factors that make the right rows likeliest, less the ridge."""
    from scipy.optimize import minimize

    spread = np.maximum(np.vstack([t.rows for t in tables]).std(axis=0), LEAST_SPREAD)
    scaled = [t.rows / spread for t in tables]
    mean = np.array([TRUST if f == "ledgers" else 0.0 for f in FEATURES]) * spread

    def loss(factors: Floats) -> tuple[float, Floats]:
        off = factors - mean
        total, slope = ridge * float(off @ off), 2 * ridge * off
        for rows, table in zip(scaled, tables, strict=True):
            p = softmax(rows @ factors)
            right = p * table.right
            mass = max(float(right.sum()), 1e-12)
            total -= math.log(mass)
            slope = slope + (p - right / mass) @ rows
        return total, slope

    found = minimize(loss, mean, jac=True, method="L-BFGS-B", bounds=[_sign(f) for f in FEATURES])
    return {f: round(float(v), 4) for f, v in zip(FEATURES, found.x / spread, strict=True) if abs(v) > 1e-6}


def planted(case: Diagnosed, factors: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """The verdict where an innocent service's log holds a plain cause, many times: whether its writer is the cause,
    and whether the right one is lost.
    """
    began = [e.onset for e in case.evidence if e.onset and is_harm(e) and e.strength >= PLAIN]
    if not began:
        return
    before = case.weighed(factors)
    right = (
        before.verdict == "cause" and not case.answer["healthy"] and is_right(before.component, case.answer)
    )
    names = [
        c.id
        for c in case.inventory.components
        if case.answer["healthy"] or not is_right(service(c.id), case.answer)
    ]
    for writer in names[:: max(1, len(names) // WRITERS)][:WRITERS]:
        for seconds in PLANTED_S:
            line = Evidence(
                id="E9999", component=writer, kind="log.new", aspect="log.disk_full", statement=f"{writer}: planted.",
                values={"reported_by": writer, "level": "error", "template": "No space left on device", "count_window": 40},
                direction="new", strength=0.98, onset=min(began) + timedelta(seconds=seconds),
                source=SourceRef(source="logs", query=writer), taint=True,
            )  # fmt: skip
            after = replace(case, evidence=(*case.evidence, line)).weighed(factors)
            taken = after.verdict == "cause" and service(after.component) == service(writer)
            yield {"planted line: its writer is the cause": taken and after.component != before.component}
            if right:
                kept_right = after.verdict == "cause" and is_right(after.component, case.answer)
                yield {"planted line: the right cause is lost": not kept_right}


def _sign(feature: str) -> tuple[float | None, float | None]:
    if feature == "own.change":
        return 0.0, MOST_OF_CHANGE
    if feature in UP:
        return 0.0, None
    return (None, 0.0) if feature in DOWN else (None, None)


def _measures(case: Diagnosed, weighed: Weighed) -> dict[str, float]:
    named = weighed.verdict == "cause"
    if case.answer["healthy"]:
        return {"right": weighed.verdict == "healthy", "healthy: a cause is named": named}
    first = next((s.component for s in weighed.suspects if s.component), "")
    right = named and is_right(weighed.component, case.answer)
    return {
        "right": right,
        "component@1": is_right(first, case.answer),
        "wrong cause": named and not right,
        "wrong cause with 80 % or more": named and not right and weighed.probability >= SURE,
        "nothing wrong, falsely": weighed.verdict == "healthy",
    }


if __name__ == "__main__":
    sys.exit(main())
