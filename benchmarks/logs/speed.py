"""Lines per second of reading, header parsing and mining, on synthetic lines; memory before and after.

python benchmarks/logs/speed.py [--lines 1000000]
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aitia.core.words import Baseline, Window
from aitia.tools.logs.mine import mine
from aitia.tools.logs.names import Names
from aitia.tools.sources.log_files import FileStream

START = datetime(2026, 1, 1, tzinfo=UTC)
SHAPES = (
    "INFO http GET /orders/{n} 200 {m}ms",
    "INFO app order {n} of customer {m} stored in {k} ms",
    "INFO db checkpoint complete: wrote {m} buffers ({k}%)",
    "WARNING app retry {k} of call to 10.0.0.{k}:{m} after {n} ms",
    "ERROR app charge {n} failed: connection to 10.0.0.{k}:5432 refused (errno {m})",
    "INFO app session {h} opened for user{m}@example.org",
)


def write(path: Path, lines: int) -> None:
    """A log of one line a millisecond."""
    rng = random.Random(0)
    with path.open("w") as file:
        for i in range(lines):
            at = START + timedelta(milliseconds=i)
            shape = SHAPES[min(rng.randrange(12), 5)]
            text = shape.format(
                n=rng.randrange(10**6),
                m=rng.randrange(5000),
                k=rng.randrange(99),
                h=f"{rng.getrandbits(64):x}",
            )
            file.write(f"{at:%Y-%m-%d %H:%M:%S},{i % 1000:03d} {text}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        write(path, lines)
        end = START + timedelta(milliseconds=lines)
        middle = START + timedelta(milliseconds=lines * 6 // 7)
        stream = FileStream(component="app", name="app", paths=(path,))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, wall = time.process_time(), time.perf_counter()
        mined = mine(
            "app",
            [("logs", stream)],
            Window(start=middle, end=end),
            [Baseline(name="preceding", window=Window(start=START, end=middle))],
            Names(()),
            budget=1 << 40,
        )
        spent, wall = time.process_time() - start, time.perf_counter() - wall
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = mined.lines + mined.old_lines
    print(f"lines {read}  templates {len(mined.counts)}  cpu {spent:.2f} s  wall {wall:.2f} s")
    print(f"lines/s per core {read / spent:,.0f}  memory {before // 1024} -> {after // 1024} MiB")


if __name__ == "__main__":
    main()
