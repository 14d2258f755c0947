"""Poisoned telemetry: how often an attacker who can write a part of it has a false cause named, or the true one lost.

    python benchmarks/attack/poison.py --data scenarios --per-family 200 --json OUT      (about an hour on two cores)
    python benchmarks/attack/poison.py --data scenarios --small --json OUT               (about two minutes)

DATA is a folder of scenario folders (docs/scenarios.md). Each recording gives the incident as it was, its twin before the
fault, and one without the culprit's telemetry. Each family of attackers writes into copies of them, half of them real
faults; the same diagnosis is made of the clean copy. Answers are read by the scorer only (and to hide the culprit of an
unwatched twin). Every prediction is appended to OUT with `.jsonl` at its end: a run that was stopped goes on from there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import contract
from benchmarks.attack.driver import kept_file, predictions
from benchmarks.attack.incidents import bases
from benchmarks.attack.moves import EVERYTHING, FAMILIES
from benchmarks.attack.runs import cases, work
from benchmarks.attack.score import rows, table

SMALL = 6  # runs of each family in the small copy
SMALL_CASES = (
    "connection-exhaustion,memory-leak,bearing-outer-race,false-alarm,blackout,slow-dependency before"
)


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--per-family", type=int, default=200, help="poisoned runs of each family")
    parser.add_argument("--families", default="*", help="glob over families")
    parser.add_argument("--seed", type=int, default=1, help="of the payloads")
    parser.add_argument(
        "--processes", type=int, default=2, help="how many work at once; 0: score what was made before"
    )
    parser.add_argument("--small", action="store_true", help="the copy of CI: few runs on six incidents")
    args = parser.parse_args()
    began = time.monotonic()
    every = {b.name: b for b in bases(Path(args.data))}
    if args.small:
        args.per_family, args.cases, args.families = SMALL, SMALL_CASES, ",".join(FAMILIES)
    names = [(n, every[n].kind) for n in contract.chosen(every, args.cases)]
    if not names:
        print("error: give --data a folder of scenario folders, and --cases names of theirs", file=sys.stderr)
        return 2
    families = contract.chosen((*FAMILIES, EVERYTHING), args.families)
    wanted = cases(names, families, args.per_family, args.seed)
    told = predictions(wanted, work, args.data, kept_file(args.json), args.processes)
    made = rows(every, told)
    print(table(made), end="\n\n")
    contract.finish(
        "attack/poison", made, told, n=sum(bool(t["family"]) for t in told), began=began, out=args.json
    )
    return 0 if len(told) == len(wanted) else 130


if __name__ == "__main__":
    sys.exit(main())
