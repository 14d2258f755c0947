"""Lines per second and memory of reading, header parsing, redaction and mining together, beside Drain3.

python benchmarks/logs/speed.py --data DIR/logs/multilog [--cases GLOB] [--lines 1000000,10000000] [--drain3 PYTHON] --json OUT

Every measurement is a process of its own, by processor time (`wall` where two processes share the work). Cases:
  cold     all lines of the data once, stripped of a leading `- `
  warm     the second half of the lines after the first half
  N        N of the real lines whose numbers, hexadecimal ids and addresses in the message are drawn anew
  two      the same lines by one and by two processes, by wall clock
Drain3 gets the messages without header, redaction or reading (its default settings), stopped after 60 s.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.logs.reading import open_log
from benchmarks.contract import chosen, finish, parser

_RUN = re.compile(rb"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|0x[0-9a-f]+|\d+)")
_HEADER = 40  # bytes at a line's beginning that are left as they are: its time
SEED = 7


def lines_of(data: Path, cases: list[str]) -> Iterator[bytes]:
    """Raw lines of all logs of the cases, without the label that some begin with."""
    for case in cases:
        for path in sorted((data / case).rglob("*.log*")):
            if path.name == "inject.log":
                continue
            with open_log(path) as file:
                for line in file:
                    yield line.removeprefix(b"- ").rstrip(b"\r\n")


def drawn(lines: list[bytes], count: int, path: Path) -> float:
    """Write `count` lines with values drawn anew; the share of distinct ones in a sample of 200,000."""
    rng = random.Random(SEED)

    def anew(match: re.Match[bytes]) -> bytes:
        old = match[0]
        if old.isdigit():
            return b"%d" % rng.randrange(10 ** (len(old) - 1), 10 ** len(old)) if len(old) < 19 else old
        return re.sub(rb"[0-9a-f]", lambda m: b"%x" % rng.randrange(16), old.removeprefix(b"0x"))

    seen: set[bytes] = set()
    with path.open("wb") as file:
        for i in range(count):
            line = lines[i % len(lines)]
            line = line[:_HEADER] + _RUN.sub(anew, line[_HEADER:])
            if i < 200_000:
                seen.add(line[_HEADER:])
            file.write(line + b"\n")
    return len(seen) / min(count, 200_000)


def worker(path: str, warm: str, jobs: int) -> dict[str, Any]:
    """One measurement in this process."""
    from aitia.core.redact import Redactor
    from aitia.tools.logs.reading import LogSet
    from aitia.tools.logs.survey import survey
    from aitia.tools.logs.templates import Miner

    redactor, miner = Redactor(b"k" * 32), Miner()
    seconds = []
    for each in filter(None, (warm, path)):
        before, wall = time.process_time(), time.perf_counter()
        found = survey(
            LogSet(component="app", paths=(Path(each),)),
            zone=UTC,
            near=datetime(2026, 1, 1, tzinfo=UTC),
            jobs=jobs,
            miner=miner,
            redact=redactor.text,
        )
        wall = time.perf_counter() - wall
        seconds.append(wall if jobs > 1 else time.process_time() - before)
    return {
        "lines": found.lines,
        "seconds": seconds[-1],
        "wall": wall,
        "templates": len(found.counts),
        "rss_mib": peak_mib(),
    }


def peak_mib() -> int:
    """Peak memory of the process; `ru_maxrss` would hold what the parent had when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024


def measured(path: Path, *, warm: Path | None = None, jobs: int = 1) -> dict[str, Any]:
    """A measurement in a fresh process."""
    told = subprocess.run(
        [sys.executable, __file__, "--worker", str(path), "--warm", str(warm or ""), "--jobs", str(jobs)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def peer(python: str, path: Path) -> dict[str, Any]:
    """Drain3's lines per second on the messages of a file."""
    from aitia.tools.logs.reader import Extract, LogFile

    file = LogFile(path, zone=UTC, near=datetime(2026, 1, 1, tzinfo=UTC))
    records = file.records(float("-inf"), float("inf"), budget=1 << 62, extract=Extract())
    messages = [r.message for r, _ in zip(records, range(700_000), strict=False)]
    script = Path(__file__).with_name("drain3_speed.py")
    told = subprocess.run(
        [python, str(script)],
        input="\n".join(m.replace("\n", " ") for m in messages),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def main() -> None:
    if "--worker" in sys.argv:
        arguments = argparse.ArgumentParser()
        arguments.add_argument("--worker")
        arguments.add_argument("--warm", default="")
        arguments.add_argument("--jobs", type=int, default=1)
        asked = arguments.parse_args()
        print(json.dumps(worker(asked.worker, asked.warm, asked.jobs)))
        return
    made = parser(__doc__)
    made.add_argument("--lines", default="1000000", help="how many lines are drawn anew, comma-separated")
    made.add_argument("--drain3", default="", help="an interpreter that has drain3")
    args = made.parse_args()
    began, data = time.monotonic(), Path(args.data)
    cases = chosen([p.name for p in data.iterdir() if p.is_dir()], args.cases)
    lines = list(lines_of(data, cases))
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        whole, first, second, anew = (
            Path(folder, name) for name in ("all.log", "1.log", "2.log", "anew.log")
        )
        half = len(lines) // 2
        for path, part in ((whole, lines), (first, lines[:half]), (second, lines[half:])):
            path.write_bytes(b"\n".join(part) + b"\n")
        told.append({"id": "cold", **measured(whole)})
        told.append({"id": "warm", **measured(second, warm=first)})
        if args.drain3:
            told.append({"id": "drain3", **peer(args.drain3, whole)})
        for count in map(int, filter(None, args.lines.split(","))):
            unique = drawn(lines, count, anew)
            told.append({"id": f"{count}", "unique": round(unique, 3), **measured(anew)})
        one, two = measured(anew), measured(anew, jobs=2)
        told.append(
            {"id": "two", "lines": two["lines"], "seconds": two["wall"], "ratio": one["wall"] / two["wall"]}
        )
    made_rows = []
    for row in told:
        rate = row["lines"] / row["seconds"]
        system = "peer" if row["id"] == "drain3" else "ours"
        made_rows.append(
            {
                "system": system,
                "metric": f"lines/s {row['id']}",
                "value": round(rate),
                "n": row["lines"],
                "ci95": [round(rate)] * 2,
            }
        )
        extra = "".join(
            f"  {k} {row[k]:.3g}" for k in ("unique", "rss_mib", "templates", "ratio") if k in row
        )
        print(f"{row['id']:<10} {row['lines']:>10} lines  {rate:>10,.0f} lines/s{extra}")
    finish("logs/speed", made_rows, told, n=len(told), began=began, out=args.json)


if __name__ == "__main__":
    main()
