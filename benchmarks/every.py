"""All benchmarks of an area one after another: what each took and, beside an earlier run, which figures moved.

python benchmarks/every.py signals --data DIR --out FOLDER [--only 'tep,skab*'] [--against FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.contract import chosen

ROOT = Path(__file__).parents[1]
FAR = 0.005  # figures that differ by less than this share of the larger are the same
AREAS: dict[str, dict[str, tuple[str, ...]]] = {  # script: its folder under DIR, further arguments
    "signals": {
        "skab": ("signals/skab",),
        "skab_changepoints": ("signals/skab",),
        "nab": ("signals/nab",),
        "smap_msl": ("signals/smap_msl",),
        "tep": ("signals/tep",),
        "cwru": ("signals/cwru",),
        "cwru_learned": ("signals/cwru",),
        "cmapss": ("signals/cmapss",),
        "life_evidence": ("signals/cmapss",),
        "life_open": ("signals/cmapss",),
        "batadal": ("signals/batadal",),
        "onset_order": ("signals/tep",),
        "watching": ("signals", "--rows", "1000000"),
        "speed": ("signals",),
    },
    "logs": {
        "parsing": ("logs/loghub_2k",),
        "headers": ("logs/loghub_2k",),
        "hdfs_sessions": ("logs/hdfs_sessions",),
        "multilog": ("logs/multilog",),
        "watch_false": ("logs/loghub_2k",),
        "redaction": ("logs",),
        "speed": ("logs/multilog",),
    },
    "memory": {
        "runbooks": ("knowledge",),
        "postmortems": ("knowledge",),
        "events": ("rca/tvdiag",),
    },
    "rca": {
        "k8s_snapshots": ("rca/k8s_snapshots",),
        "petshop": ("rca/petshop",),
        "nezha_metrics": ("rca/nezha",),
        "nezha_sources": ("rca/nezha",),
        "sockshop": ("rca/sockshop",),
        "tvdiag": ("rca/tvdiag",),
        "rootcausebench": ("world/rootcausebench",),
        "holmes": ("world/holmes", "--judged", "benchmarks/rca/data/holmes_judged.jsonl"),
        "healthy": ("", "--part", "all"),
        "faulty": ("",),
        "opensre": ("world/opensre",),
        "closure": ("rca/k8s_snapshots",),
    },
}


def run(area: str, name: str, data: Path, out: Path, further: list[str]) -> float | None:
    """Run one script, its table in OUT/NAME.txt and its JSON in OUT/NAME.json; wall-clock seconds, None where it failed."""
    folder, *own = AREAS[area][name]
    command = [sys.executable, str(ROOT / "benchmarks" / area / f"{name}.py")]
    command += ["--data", str(data / folder), "--json", str(out / f"{name}.json"), *own, *further]
    began = time.monotonic()
    with (out / f"{name}.txt").open("w", encoding="utf-8") as told:
        done = subprocess.run(command, cwd=ROOT, stdout=told, stderr=subprocess.STDOUT, check=False)
    return time.monotonic() - began if done.returncode == 0 else None


def figures(path: Path) -> dict[tuple[str, str], float]:
    """The values of a script's JSON by system and metric."""
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {(row["system"], row["metric"]): float(row["value"]) for row in told["rows"]}


def moved(new: Path, old: Path) -> Iterator[str]:
    """What differs between two JSON files of one script, a line each; times are left out."""
    now, before = figures(new), figures(old)
    for key in sorted(now.keys() | before.keys()):
        system, metric = key
        if "second" in metric or "growth" in metric:
            continue
        a, b = before.get(key), now.get(key)
        if a is None or b is None:
            yield f"{system}, {metric}: {'new' if a is None else 'gone'}"
        elif abs(a - b) > FAR * max(abs(a), abs(b)):
            yield f"{system}, {metric}: {a:g} -> {b:g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("area", choices=sorted(AREAS))
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that holds rca/, signals/ and logs/"
    )
    parser.add_argument("--out", type=Path, required=True, help="tables and JSON are written here")
    parser.add_argument("--only", default="*", help="glob over script names, or several, comma-separated")
    parser.add_argument(
        "--against", type=Path, default=None, help="an earlier --out: tell which figures moved"
    )
    args, further = parser.parse_known_args()
    args.out.mkdir(parents=True, exist_ok=True)
    names = [n for n in AREAS[args.area] if n in chosen(AREAS[args.area], args.only)]
    if not names:
        parser.error(f"--only {args.only} takes none of {', '.join(AREAS[args.area])}")
    failed, total = [], 0.0
    for name in names:
        took = run(args.area, name, args.data, args.out, further)
        if took is None:
            failed.append(name)
            print(f"{name:<20} failed: {args.out / name}.txt", flush=True)
            continue
        total += took
        print(f"{name:<20} {took:7.1f} s", flush=True)
        earlier = args.against / f"{name}.json" if args.against else None
        if earlier and earlier.exists():
            for line in moved(args.out / f"{name}.json", earlier):
                print(f"    {line}", flush=True)
    print(f"{len(names) - len(failed)} of {len(names)} in {total / 60:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
