"""Chooses the incidents that lie in the repository: real recordings of systems never looked at, then one of each kind of fault.

    python benchmarks/lab/bundle.py --data DIR --out benchmarks/lab/bundle

DIR holds what `aitia lab make` made and `aitia lab check` kept. A recording that does not fit into 100 kB, thinned as
aitia/lab/fit.py does it, is left out, and so is one of a fault of which one lies there already while others have none. All of
it stays below 18 MiB. Started again it begins anew.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.drill.folders import made_of
from aitia.lab.fit import fit, size
from benchmarks.lab.data import NEVER, Incident, incidents, splits

EACH, ALL = 100_000, 18 * 2**20


def main() -> int:
    """Copy, thin, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    found = incidents(args.data)
    if not found:
        parser.error(f"--data {str(args.data)!r} holds no scenario.yaml")
    split_of = splits()
    unseen = [i for i in found if i.kind == "servers" and split_of.get(i.system) == NEVER]
    others = [i for i in found if split_of.get(i.system) not in (NEVER, None)]
    shutil.rmtree(args.out, ignore_errors=True)
    taken, told = 0, Counter[str]()
    for part, chosen, limit in (
        ("never", each_fault_first(unseen), EACH),
        ("kinds", one_of_a_kind(others), 2 * EACH),
    ):
        for incident in chosen:
            small = thinned(incident, args.out / part, limit)
            if small is None:
                told[f"{part}: larger than {limit // 1000} kB"] += 1
                continue
            if taken + size(small) > ALL:
                shutil.rmtree(small)
                told[f"{part}: no room left"] += 1
                continue
            taken += size(small)
            told[f"{part}: taken"] += 1
    for what, n in sorted(told.items()):
        print(f"{what}: {n}")
    print(f"{taken / 2**20:.1f} MiB in {args.out}")
    return 0


def each_fault_first(found: Iterable[Incident]) -> list[Incident]:
    """In an order in which a second recording of a fault comes after the first ones of all, systems in turn."""
    seen, place = Counter[tuple[str, str]](), Counter[tuple[str, int]]()
    ranked = []
    for incident in sorted(found, key=lambda i: i.folder.name):
        made = made_of(incident.folder)
        assert made is not None
        fault = (made.order.system, made.order.fault)
        round_ = seen[fault]
        seen[fault] += 1
        place[incident.system, round_] += 1
        ranked.append((round_, place[incident.system, round_], incident.system, incident))
    return [incident for *_, incident in sorted(ranked, key=lambda r: r[:3])]


def one_of_a_kind(found: Sequence[Incident]) -> list[Incident]:
    """The smallest of each family in each kind of system."""
    best: dict[tuple[str, str], Incident] = {}
    for incident in sorted(found, key=lambda i: (size(i.folder), i.id)):
        best.setdefault((incident.kind, incident.family), incident)
    return [best[key] for key in sorted(best)]


def thinned(incident: Incident, out: Path, limit: int) -> Path | None:
    """A copy below `out` that takes at most `limit` bytes; None where it does not come to that."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / incident.folder.name
        shutil.copytree(incident.folder, copy)
        fits = fit(copy, limit) if incident.kind == "servers" else size(copy) <= limit
        if not fits:
            return None
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copytree(copy, out / copy.name))


if __name__ == "__main__":
    sys.exit(main())
