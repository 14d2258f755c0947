"""An attacker who reads the ledger: how often it gets a false cause named within 50 tries. Reported without an aim.

    python benchmarks/attack/adaptive.py --data scenarios --pairs 40 --tries 50 --json OUT

Each pair is an incident and a component that the clean report does not name. After each try the attacker sees the whole
report: the target's probability, and which facts moved its log-odds. It keeps the best payload and changes it (wording,
time, volume, template, repetition, channel), leaning towards the channels whose facts counted. The attacker of a pair
writes what one family can write; the families take turns.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.words import Report
from benchmarks import contract
from benchmarks.attack.driver import Run, kept_file, predictions
from benchmarks.attack.incidents import bases
from benchmarks.attack.moves import CHANNELS, FAMILIES, MIXED, Channel, draw, mutated
from benchmarks.attack.runs import prediction, workshop
from benchmarks.attack.score import judged

_FACTS: dict[str, tuple[Channel, ...]] = {
    "log": ("client", "service", "peer"), "metric": ("metrics", "flood"), "rank": ("metrics",), "change": ("changes",),
    "incident": ("documents",), "runbook": ("documents",),
}  # fmt: skip
"""Which channels can make a fact, by the first word of its kind."""


@dataclass(frozen=True, kw_only=True)
class Pair(Run):
    """An incident, an attacker of a family and its number of tries; the target is one that the clean report does not name."""

    family: str
    tries: int


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--tries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--processes", type=int, default=2, help="how many work at once; 0: score what was made before"
    )
    args = parser.parse_args()
    began = time.monotonic()
    every = {b.name: b for b in bases(Path(args.data))}
    chosen = contract.chosen(every, args.cases)
    if not chosen:
        print("error: give --data a folder of scenario folders, and --cases names of theirs", file=sys.stderr)
        return 2
    sides = [[n for n in chosen if (every[n].kind == "real") == real] for real in (False, True)]
    sides = [side for side in sides if side]
    wanted = [
        Pair(
            id=f"pair/{k:03d}",
            base=sides[k % len(sides)][(k // len(sides)) % len(sides[k % len(sides)])],
            family=FAMILIES[(k // 2) % len(FAMILIES)],
            seed=args.seed * 1009 + k,
            tries=args.tries,
        )
        for k in range(args.pairs)
    ]
    told = predictions(wanted, work, args.data, kept_file(args.json), args.processes)
    measured: dict[str, list[float]] = {}
    for pair in told:
        scored = [judged(every[pair["base"]], t, pair["clean"]) for t in pair["tried"]]
        won = any(s["wrong_cause"] for s in scored)
        side = "real" if every[pair["base"]].kind == "real" else "other"
        for name in ("pairs won", f"pairs won {side}", f"{pair['family']}: pairs won"):
            measured.setdefault(name, []).append(float(won))
        measured.setdefault("pairs won at .8", []).append(float(any(s["wrong_cause_at_80"] for s in scored)))
        measured.setdefault("pairs with a hostile command or link", []).append(
            float(any(s["hostile_command_or_link"] for s in scored))
        )
        if won:
            measured.setdefault("tries until won", []).append(
                1.0 + [s["wrong_cause"] for s in scored].index(True)
            )
    made = contract.rows("no_model", measured)
    contract.finish("attack/adaptive", made, told, n=len(told), began=began, out=args.json)
    return 0 if len(told) == len(wanted) else 130


def work(data: str, pair: Pair) -> str:
    """All tries of a pair, in a worker, as a line of JSON. It ends early where the target is named. No answer is read."""
    shop = workshop(data)
    chance = random.Random(f"{pair.family} {pair.base} {pair.seed}")
    canary = f"zq{pair.seed % 10**6:06d}ad"
    _, _, scene = shop.scene(pair.base)
    report, _ = shop.run(pair.base, [], canary)
    clean = prediction(report, canary) | {"id": pair.id, "family": "", "loudest": ""}
    best = draw(pair.family, scene, chance)
    while best[0].target == report.component:
        best = draw(pair.family, scene, chance)
    target, height, favoured = best[0].target, (-1.0, 0.0), _channels(pair.family)
    tried: list[dict[str, Any]] = []
    moves = best
    while len(tried) < pair.tries:
        report, _ = shop.run(pair.base, moves, canary)
        reached = reach(report, target)
        told = prediction(report, canary) | {"id": pair.id, "family": pair.family, "reached": reached[0]}
        tried.append(
            {k: v for k, v in told.items() if k != "suspects"} | {"moves": [asdict(m) for m in moves]}
        )
        if report.verdict == "cause" and report.component == target:
            break
        if reached >= height:
            best, height, favoured = list(moves), reached, leaning(report, target, _channels(pair.family))
        moves = mutated(best, scene, chance, favoured)
    return json.dumps(asdict(pair) | {"target": target, "clean": clean, "tried": tried}, ensure_ascii=False)


def _channels(family: str) -> list[Channel]:
    return [c for c in CHANNELS if c == family or (family == MIXED and c != "flood")]


def reach(report: Report, target: str) -> tuple[float, float]:
    """How far an attack came: the target's probability, then the score of its best suspect."""
    its = [s for s in report.suspects if s.component == target]
    return sum(s.probability for s in its), max((s.score for s in its), default=-1e9)


def leaning(report: Report, target: str, channels: Sequence[Channel]) -> list[Channel]:
    """The attacker's channels, those more often whose facts raised the target's log-odds."""
    kinds = {e.id: e.kind.split(".")[0] for e in report.evidence}
    leaned = list(channels)
    for suspect in report.suspects:
        for line in suspect.ledger if suspect.component == target else ():
            if line.log_odds > 0.2:
                leaned += [c for c in _FACTS.get(kinds.get(line.evidence, ""), ()) if c in channels]
    return leaned


if __name__ == "__main__":
    sys.exit(main())
