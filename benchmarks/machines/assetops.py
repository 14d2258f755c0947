"""AssetOps chillers: from alerts, preventive orders and past corrective orders to the code of the next corrective order.

A case is a corrective order (`event.csv`, category CM) since alerts are recorded (2019). The first 60 % of them in time order,
with all that lies before, are the past, on which weights are fitted; the last 40 % are asked about, each, by every system, from
all that is dated strictly before it. The answer, the order's own code, is read by the scorer only.
"""

from __future__ import annotations

import csv
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.memory.next_order import DAY, History, NextOrder, Order, Sign
from benchmarks.contract import finish, parser, rows

PAST = 0.6
NEIGHBOURS = 10
Answer = Callable[[str, float], list[tuple[str, float]]]


def read(folder: Path) -> tuple[list[Order], list[Sign]]:
    """Corrective orders, and what else was seen of the machines."""
    orders, signs = list[Order](), list[Sign]()
    with (folder / "event.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["event_time"]).replace(tzinfo=UTC).timestamp()
            if row["event_category"] == "CM":
                orders.append(Order(at=at, asset=row["equipment_id"], code=row["event_type"]))
            elif row["event_category"] in ("PM", "ALERT"):
                name = f"{row['event_category']} {row['event_type']}"
                signs.append(Sign(at=at, asset=row["equipment_id"], name=name))
    return sorted(orders, key=lambda o: (o.at, o.asset, o.code)), signs


def divided(orders: Sequence[Order], signs: Sequence[Sign]) -> tuple[list[Order], float]:
    """The orders that are asked about, and the moment at which the past ends."""
    first = min(s.at for s in signs if s.name.startswith("ALERT"))
    since = [o for o in orders if o.at >= first]
    split = since[int(PAST * len(since))].at
    return [o for o in since if o.at >= split], split


def most_frequent(orders: Sequence[Order], days: float = math.inf) -> Answer:
    """The codes by how often they came before the case, within so many days."""

    def answer(_asset: str, at: float) -> list[tuple[str, float]]:
        counted = Counter(o.code for o in orders if at - days * DAY <= o.at < at)
        return sorted(((c, float(n)) for c, n in counted.items()), key=lambda pair: (-pair[1], pair[0]))

    return answer


def neighbours(orders: Sequence[Order], signs: Sequence[Sign]) -> Answer:
    """Nearest neighbours by each sign's count in 30 days, machine and last code; all orders before the case are known."""

    def features(asset: str, at: float) -> Counter[str]:
        found = Counter(s.name for s in signs if s.asset == asset and at - 30 * DAY <= s.at < at)
        last = [o.code for o in orders if o.asset == asset and o.at < at]
        return found + Counter({f"machine {asset}": 1, f"last {last[-1] if last else ''}": 1})

    known = [(o.at, features(o.asset, o.at), o.code) for o in orders]

    def answer(asset: str, at: float) -> list[tuple[str, float]]:
        now = features(asset, at)
        past = [(_cosine(now, f), n, code) for n, (then, f, code) in enumerate(known) if then < at]
        near = sorted(past, key=lambda e: (-e[0], -e[1]))[:NEIGHBOURS]  # of equals the newest
        votes = Counter(code for _, _, code in near)
        return [(c, n / NEIGHBOURS) for c, n in sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))]

    return answer


def _cosine(a: Mapping[str, int], b: Mapping[str, int]) -> float:
    dot = sum(n * b.get(name, 0) for name, n in a.items())
    return dot / math.sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values())) if dot else 0.0


def last_code(orders: Sequence[Order]) -> Answer:
    """The code of the machine's last order again, then its codes by how often they came."""

    def answer(asset: str, at: float) -> list[tuple[str, float]]:
        own = [o.code for o in orders if o.asset == asset and o.at < at]
        ranked = [c for c, _ in Counter(own).most_common()]
        told = list(dict.fromkeys([*own[-1:], *ranked]))
        return [(c, 1.0 / (n + 1)) for n, c in enumerate(told)]

    return answer


def shipped(orders: Sequence[Order], signs: Sequence[Sign], split: float) -> Answer:
    """The prior of aitia, its weights fitted before the split."""
    prior = NextOrder(History(orders=orders, signs=signs), split)
    print("weights", [round(w, 3) for w in prior.weights])
    return lambda asset, at: [(e.code, e.probability) for e in prior.expect(asset, at)]


def scored(answer: Answer, cases: Sequence[Order]) -> dict[str, list[float]]:
    """Of each case whether the code is first, among the first three, and its reciprocal rank."""
    told = [[code for code, _ in answer(o.asset, o.at)] for o in cases]
    ranks = [
        codes.index(o.code) + 1 if o.code in codes else math.inf for codes, o in zip(told, cases, strict=True)
    ]
    return {
        "top 1": [float(r == 1) for r in ranks],
        "top 3": [float(r <= 3) for r in ranks],
        "reciprocal rank": [1.0 / r for r in ranks],
    }


def main() -> None:
    """Read, ask, score."""
    given, began = parser(__doc__).parse_args(), time.monotonic()
    orders, signs = read(Path(given.data))
    cases, split = divided(orders, signs)
    ours = shipped(orders, signs, split)
    made = rows("ours", scored(ours, cases))
    made += rows("peer kNN", scored(neighbours(orders, signs), cases))
    made += rows("trivial most frequent", scored(most_frequent(orders), cases))
    made += rows("trivial most frequent, 1 year", scored(most_frequent(orders, 365.0), cases))
    made += rows("trivial last code", scored(last_code(orders), cases))
    told = [
        {"id": str(n), "asset": o.asset, "told": [c for c, _ in ours(o.asset, o.at)][:3]}
        for n, o in enumerate(cases)
    ]
    finish("machines/assetops", made, told, n=len(cases), began=began, out=given.json)


if __name__ == "__main__":
    main()
