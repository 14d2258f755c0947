"""False alarms of `aitia logs watch`, in streams in which nothing changes, beside as many as it allows itself.

python benchmarks/logs/watch_false.py --data DIR/logs/loghub_2k --json OUT

Every stream is watched at one false alarm per 1,000 cells. Made streams have 20 templates of log-normal rates, and messages
that are never seen again in one of 50 cells. `poisson`; `gamma`, the same with independent over-dispersion; `day`, rates that
swing by 80 % over 8,640 cells; `walk`, rates that wander; `cron`, four jobs that log for six cells in every 360; `bursts`,
clusters of 30 lines over some 20 cells (Neyman-Scott). `…, learned` is told that the first 1,500 of 3,000 cells are
normal, the others learn as few as they need.

LogHub: 2,000 lines of eight systems each, in 1,000 cells. Their records may hold real trouble, so `as it is` bounds false
alarms from above; `shuffled` has the same cells in random order, where no alarm can be right.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.logs.watching import Kinds, Settings, Watcher
from aitia.tools.text.reader import Extract, LogFile
from benchmarks.contract import Case, chosen, finish, parser

CELLS, EVERY, SEEDS, LEARNED = 3000, 1000.0, 2, 1500
_WORDS: Final = [c * 6 for c in "abcdefghijklmnopqrst"]
MADE: Final = ("poisson", "gamma", "day", "walk", "cron", "bursts", "cron, learned", "bursts, learned")
Records = list[tuple[float, str, str]]


def made(name: str, seed: int) -> Records:
    """Records of a stream in cells of one second."""
    rng = np.random.default_rng(seed)
    out: Records = []
    for k, word in enumerate(_WORDS):
        rate = float(np.exp(rng.normal(-1, 1.5)))
        for cell, count in enumerate(_counts(name.partition(",")[0], rate, k, rng)):
            out += [(cell + float(x), "", f"{word} happened") for x in rng.random(count)]
    for cell in np.flatnonzero(rng.random(CELLS) < 0.02):
        text = "".join(rng.choice(list("abcdefghij"), 8))
        out.append((cell + float(rng.random()), "", f"once {text} seen"))
    return sorted(out)


def _counts(name: str, rate: float, k: int, rng: np.random.Generator) -> np.ndarray:
    cells = np.arange(CELLS)
    if name == "gamma":
        return rng.poisson(rate * rng.gamma(0.5, 2.0, CELLS))
    if name == "day":
        return rng.poisson(rate * (1 + 0.8 * np.sin(2 * np.pi * cells / 8640)))
    if name == "walk":
        return rng.poisson(rate * np.exp(np.cumsum(rng.normal(0, 0.02, CELLS))))
    if name == "cron":
        return rng.poisson(rate, CELLS) + (20 * ((cells + 17 * k) % 360 < 6) if k < 4 else 0)
    if name == "bursts":
        begins = np.flatnonzero(rng.random(CELLS) < rate / 30)
        at = (begins[:, None] + rng.exponential(6, (begins.size, 30)).astype(int)).ravel()
        return np.bincount(at[at < CELLS], minlength=CELLS)
    return rng.poisson(rate, CELLS)


def loghub(path: Path, *, shuffled: bool) -> Records:
    """A file's records in cells of a thousandth of its span, each of which is made a second long."""
    file = LogFile(path, zone=UTC, near=datetime.now(UTC))
    records = [(r.at, r.level, r.message) for r in file.records(0.0, 1e11, budget=1 << 40, extract=Extract())]
    start, end = min(r[0] for r in records), max(r[0] for r in records)
    width = max((end - start) / 1000, 1e-6)
    order = np.random.default_rng(0).permutation(1001) if shuffled else np.arange(1001)
    moved = [(int(order[int((at - start) / width)]) + 0.5, level, text) for at, level, text in records]
    return sorted(moved, key=lambda r: r[0])


def watch(records: Records, *, learned: float = 0.0) -> tuple[int, float]:
    """Alarms, and the cells in which there could have been one."""
    watcher = Watcher("log", Kinds(), Settings(cell_s=1.0, every_s=EVERY, learn_s=learned))
    alarms, begun = 0, None
    for record in records:
        alarms += len(watcher.take(*record))
        if begun is None and watcher.phase == "watching":
            begun = record[0]
    return alarms, records[-1][0] - (records[-1][0] if begun is None else begun)


def streams(data: Path, wanted: str) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    """Each row's name, and alarms and cells of its streams."""
    for name in chosen(dict.fromkeys(MADE), wanted):
        learned = LEARNED if name.endswith("learned") else 0
        yield name, [watch(made(name, seed), learned=learned) for seed in range(SEEDS)]
    files = {p.parent.name: p for p in sorted(data.glob("*/*_2k.log"))}
    for shuffled in (False, True):
        found = [watch(loghub(p, shuffled=shuffled)) for p in files.values()]
        yield f"LogHub, {'shuffled' if shuffled else 'as it is'}", found


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    table: list[dict[str, Any]] = []
    per_case: list[Case] = []
    for name, found in streams(Path(args.data), args.cases):
        cells = sum(c for _, c in found)
        alarms = sum(a for a, _ in found)
        allowed = cells / EVERY
        for metric, value in (("alarms", float(alarms)), ("allowed", allowed)):
            row = {"system": name, "metric": metric, "value": round(value, 2), "n": len(found)}
            table.append({**row, "ci95": [value, value]})
        per_case.append({"case": name, "alarms": [a for a, _ in found], "cells": [c for _, c in found]})
        print(name, alarms, f"{allowed:.1f}", file=sys.stderr, flush=True)
    finish("logs/watch_false", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
