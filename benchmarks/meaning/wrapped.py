"""What a diagnosis hears in an application's message that wraps a library's error: the class of its fault.

    python benchmarks/meaning/wrapped.py --data benchmarks/meaning/data --json OUT [--cases shown|held]

DIR/wrapped.jsonl: a message a line, without time and level word: `text`, `source` (the library or server whose words it
holds), `half` (shown or held: no library is in both), `fault`, `class`, `accept` (other classes that will do), `whose`. All were
written and labelled by a language model that had not seen the classes' words. Each message is read at the level `error` where
it is a fault, else at `info`, as applications log them, and once without any level.

Systems: `no_model` (= `ours`: the rules, as a diagnosis reads a template), `trivial` (the commonest class). The class of a fault
is right where it is the labelled one or accepted; `open` are faults that only count as some error. Answers are read by the scorer
only.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.text.classes import meaning
from benchmarks import contract

# The set's classes by the aspect that a diagnosis knows them by.
CLASSES: Final = {
    "log.oom": "memory",
    "log.restart": "restart",
    "log.error": "",
    "log.other": "",
    "log.retry": "",
    "log.query_plan": "",
    "log.clock": "configuration",
}
Row = dict[str, Any]


def main() -> int:
    """Run the benchmark."""
    args = contract.parser(__doc__).parse_args()
    began = time.monotonic()
    lines = (Path(args.data) / "wrapped.jsonl").read_text(encoding="utf-8").splitlines()
    every: list[Row] = [json.loads(line) for line in lines]
    halves = contract.chosen({r["half"] for r in every}, args.cases)
    told: list[dict[str, Any]] = []
    per_case: list[dict[str, Any]] = []
    for half in sorted(halves):
        rows = [r for r in every if r["half"] == half]
        read = [predicted(r["text"]) for r in rows]
        told += contract.rows("no_model", {f"{half}: {m}": v for m, v in scored(rows, read).items()})
        told += contract.rows("trivial", {f"{half}: class": commonest(rows)})
        per_case += [{"case": f"{half}-{i}", **r} for i, r in enumerate(read)]
    contract.finish("meaning/wrapped", told, per_case, n=len(per_case), began=began, out=args.json)
    return 0


def predicted(text: str) -> Row:
    """The class by level `error`, and whether words alone make it bad. Nothing of the answer is read here."""
    loud, plain = meaning(text, "error"), meaning(text, "")
    return {"class": _class(loud.aspect), "bad": plain.bad, "class at no level": _class(plain.aspect)}


def _class(aspect: str) -> str:
    return CLASSES.get(aspect, aspect.removeprefix("log."))


def scored(rows: Sequence[Row], read: Sequence[Row]) -> dict[str, list[float]]:
    """The measures; answers are read here alone."""
    faults = [(r, p) for r, p in zip(rows, read, strict=True) if r["fault"]]
    normal = [p for r, p in zip(rows, read, strict=True) if not r["fault"]]
    right = [float(p["class"] in _accepted(r)) for r, p in faults]
    opened = [float(not p["class"]) for _, p in faults]
    return {
        "class": right,
        "open": opened,
        "wrong class": [1 - a - b for a, b in zip(right, opened, strict=True)],
        "class without a level": [float(p["class at no level"] in _accepted(r)) for r, p in faults],
        "faults found without a level": [float(p["bad"]) for _, p in faults],
        "normal called faulty": [float(p["bad"]) for p in normal],
    }


def _accepted(row: Row) -> set[str]:
    """A diagnosis knows one aspect of processes that end: a crash is told as a restart."""
    return {row["class"], *row["accept"]} | ({"restart"} if row["class"] == "crash" else set())


def commonest(rows: Sequence[Row]) -> list[float]:
    """The class that most have, of every fault."""
    faults = [r for r in rows if r["fault"]]
    best = Counter(r["class"] for r in faults).most_common(1)[0][0]
    return [float(best in {r["class"], *r["accept"]}) for r in faults]


if __name__ == "__main__":
    sys.exit(main())
