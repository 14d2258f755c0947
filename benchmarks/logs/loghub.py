"""Grouping accuracy and header extraction on the Loghub 2k samples, against raw lines and a one-group baseline.

    AITIA_DATA=../shared/data python benchmarks/logs/loghub.py

GA: share of lines whose group equals the true group. Header: share of lines whose message is the true Content.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from aitia.tools.logs.drain import Drain
from aitia.tools.logs.masks import Masker
from aitia.tools.logs.reader import LogFile

NEAR = datetime(2016, 1, 1, tzinfo=UTC)


def accuracy(truth: Sequence[str], found: Sequence[object]) -> float:
    """Grouping accuracy."""
    true_groups, found_groups = defaultdict(set), defaultdict(set)
    for i, (a, b) in enumerate(zip(truth, found, strict=True)):
        true_groups[a].add(i)
        found_groups[b].add(i)
    return sum(len(g) for b, g in found_groups.items() if true_groups[truth[min(g)]] == g) / len(truth)


def mined(messages: Sequence[str]) -> list[object]:
    """The template object of each message."""
    drain = Drain(Masker().tokens)
    return [drain.add(message) for message in messages]


def extracted(path: Path, lines: Sequence[str]) -> list[str]:
    """The message of each line by our header detection; the line itself where it has no header."""
    header = LogFile(path, zone=UTC, near=NEAR).header
    parsed = [header(line) if header else None for line in lines]
    return [p[2] if p else line for p, line in zip(parsed, lines, strict=True)]


def main() -> int:
    root = Path(os.environ.get("AITIA_DATA", "../shared/data")) / "logs" / "loghub_2k"
    if not root.is_dir():
        print(f"skipped: no {root} (set AITIA_DATA)", file=sys.stderr)
        return 0
    print(f"{'set':12}{'header':>8}{'GA':>8}{'GA own':>8}{'GA raw':>8}{'one':>8}")
    rows = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        path = folder / f"{folder.name}_2k.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        with (folder / f"{folder.name}_2k.log_structured.csv").open(encoding="utf-8", newline="") as file:
            truth = list(csv.DictReader(file))
        lines, events = lines[: len(truth)], [row["EventId"] for row in truth]
        contents, own = [row["Content"] for row in truth], extracted(path, lines)
        header = sum(a.strip() == b.strip() for a, b in zip(own, contents, strict=True)) / len(truth)
        row = (
            header,
            accuracy(events, mined(contents)),
            accuracy(events, mined(own)),
            accuracy(events, mined(lines)),
            accuracy(events, [0] * len(events)),
        )
        rows.append(row)
        print(f"{folder.name:12}" + "".join(f"{value:8.3f}" for value in row))
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    print(f"{'mean':12}" + "".join(f"{value:8.3f}" for value in mean))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
