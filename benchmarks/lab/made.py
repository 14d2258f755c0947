"""What was made: incidents by kind of system and split, families, healthy ones, time and disk of one, what the check dropped.

    python benchmarks/lab/made.py --data DIR --json OUT

DIR holds what `aitia lab make` made and `aitia lab check` looked at, at any depth. Nothing is diagnosed.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.drill.folders import made_of
from aitia.lab.batch import DROPPED, TWINS
from aitia.lab.fit import size
from aitia.lab.words import LAB, Made
from benchmarks import contract
from benchmarks.lab.data import incidents, splits

KINDS = ("servers", "machine", "cluster")


def main() -> int:
    """Count."""
    args = contract.parser(__doc__).parse_args()
    data = Path(args.data)
    found = [(i.folder, made) for i in incidents(data, args.cases) if (made := made_of(i.folder)) is not None]
    if not found:
        print(f"error: --data {args.data!r} holds no {LAB}", file=sys.stderr)
        return 2
    counts = {kind: of_kind(kind, found, data) for kind in KINDS}
    reasons = dropped(data)
    for kind, told in counts.items():
        for name, value in told.items():
            print(f"{kind:<10}{name:<24}{value:g}")
    for reason, n in sorted(reasons.items()):
        print(f"dropped   {reason:<24}{n}")
    told_of = {
        "task": "lab/made",
        "n": len(found),
        "counts": counts,
        "dropped": reasons,
        "commit": contract.commit(),
    }
    if args.json:
        Path(args.json).write_text(json.dumps(told_of, indent=1) + "\n", encoding="utf-8")
    return 0


def of_kind(kind: str, found: list[tuple[Path, Made]], data: Path) -> dict[str, float]:
    """What there is of servers, machines or clusters; empty where none were made."""
    mine = [(folder, made) for folder, made in found if made.kind == kind]
    if not mine:
        return {}
    split_of = splits()
    by_split = Counter(split_of.get(made.order.system, "own") for _, made in mine)
    faults = {(made.order.system, made.order.fault) for _, made in mine if made.family != "none"}
    return {
        "incidents": len(mine),
        "systems": len({made.order.system for _, made in mine}),
        "families": len({made.family for _, made in mine} - {"none"}),
        "faults": len(faults),
        "healthy": sum(made.family == "none" for _, made in mine),
        **{f"incidents, {split}": n for split, n in sorted(by_split.items())},
        "twins": sum(_made(file).kind == kind for file in data.rglob(f"{TWINS}/*/{LAB}")),
        "median seconds": round(statistics.median(made.seconds for _, made in mine), 1),
        "median kB": round(statistics.median(size(folder) for folder, _ in mine) / 1000),
        "most kB": round(max(size(folder) for folder, _ in mine) / 1000),
    }


def _made(file: Path) -> Made:
    return Made.model_validate_json(file.read_text(encoding="utf-8"))


def dropped(data: Path) -> dict[str, int]:
    """How many were dropped for which reason, by the reason's first words."""
    files = data.rglob(f"{DROPPED}.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return dict(Counter(line["reason"].split(":")[0] for line in lines))


if __name__ == "__main__":
    sys.exit(main())
