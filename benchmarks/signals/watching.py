"""`aitia signals watch`: delay, error of the onset, false alarms, speed and memory.

python benchmarks/signals/watching.py --data DIR/signals [--cases 'step*'] [--rows 1000000] [--json OUT]

`step*`: 200 seeded runs of two channels each, white noise or noise of autocorrelation .7, of which one changes its level by so
many deviations at row 600, or climbs there within 60 rows (`ramp`); 400 rows are the reference. `covered` counts onsets
whose error (made for 90 %) reaches the true one. `noise*`: alarms in 20,000 rows in which nothing changes. `skab` is the
anomaly-free recording, `tep` the normal test run after the normal training run. `rows` reads a CSV of two columns.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.feed import Feed, lines_of
from aitia.tools.signals.watch import Alarm, Watch
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.signals.tep import Floats
from benchmarks.signals.tep import read as read_tep

RUNS, CHANGE, ROWS, STEP_S = 200, 600, 900, 10.0
NOISE_ROWS = 20_000
Measured = dict[str, list[float]]


def noise(n: int, channels: int, memory: float, seed: int) -> Floats:
    """Normal noise of unit deviation and an autocorrelation from one row to the next."""
    e = np.random.default_rng(seed).normal(0.0, 1.0, (n, channels))
    for i in range(1, n if memory else 0):
        e[i] = memory * e[i - 1] + np.sqrt(1.0 - memory**2) * e[i]
    return e


def alarms(x: Floats, names: tuple[str, ...] = ()) -> Iterator[Alarm]:
    """The alarms of a watch over rows, its reference the first 400."""
    seen = Watch(names or tuple(f"c{i}" for i in range(x.shape[1])))
    for i, row in enumerate(x):
        if alarm := seen.update(STEP_S * i, row):
            yield alarm


def changed(data: Path, *, size: float, memory: float = 0.0, ramp: bool = False) -> Measured:
    """Alarms, delays and onsets of a change; the alarms before it are not counted here."""
    found: Measured = {"seen": [], "delay, rows": [], "covered": [], "error told, rows": []}
    for seed in range(RUNS):
        x = noise(ROWS, 2, memory, seed)
        since = np.arange(ROWS) - CHANGE
        x[:, 1] += size * (np.clip(since, 0, 60) / 60.0 if ramp else since >= 0)
        first = next((a for a in alarms(x) if a.row > CHANGE), None)
        found["seen"].append(float(first is not None))
        if first is not None:
            found["delay, rows"].append(first.at / STEP_S - CHANGE)
            found["covered"].append(float(abs(first.onset / STEP_S - CHANGE) <= first.error_s / STEP_S))
            found["error told, rows"].append(first.error_s / STEP_S)
    return found


def quiet(data: Path, *, channels: int, memory: float) -> Measured:
    """Alarms where nothing changes."""
    return {"alarms in 10,000 rows": [_rate(noise(NOISE_ROWS, channels, memory, seed)) for seed in range(3)]}


def skab(data: Path) -> Measured:
    """Alarms on SKAB's anomaly-free recording."""
    with (data / "skab" / "anomaly-free" / "anomaly-free.csv").open("rb") as file:
        return {"alarms in 10,000 rows": [_rate(np.array([row for _, row in Feed(lines_of(file))]))]}


def tep(data: Path) -> Measured:
    """Alarms on Tennessee Eastman's normal test run."""
    x = np.concatenate([read_tep(data / "tep" / "d00.dat")[-400:], read_tep(data / "tep" / "d00_te.dat")])
    return {"alarms in 10,000 rows": [_rate(x)]}


def _rate(x: Floats) -> float:
    return 1e4 * len(list(alarms(x))) / (x.shape[0] - 400)


CASES: dict[str, Callable[[Path], Measured]] = {
    **{f"step {s:g}": partial(changed, size=s) for s in (1.0, 1.5, 2.0, 4.0, 8.0)},
    "step 3, autocorrelation .7": partial(changed, size=3.0, memory=0.7),
    "ramp to 4": partial(changed, size=4.0, ramp=True),
    "noise, 1 channel": partial(quiet, channels=1, memory=0.0),
    "noise, 8 channels": partial(quiet, channels=8, memory=0.0),
    "noise, 8 channels, autocorrelation .7": partial(quiet, channels=8, memory=0.7),
    "skab": skab,
    "tep": tep,
}


def run_through(n: int) -> Measured:
    """Processor time a row of a CSV with `n` rows, and how much the process grew after its first tenth."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8") as out:
            out.write("time,pressure,flow\n")
            for i, (a, b) in enumerate(zip(rng.normal(4, 0.02, n), rng.normal(120, 0.5, n), strict=True)):
                out.write(f"{1.7e9 + i},{a:.4f},{b:.3f}\n")
        with path.open("rb") as file:
            feed = Feed(lines_of(file))
            seen, began, early = Watch(feed.channels), time.process_time(), 0
            for at, row in feed:
                seen.update(at, row)
                early = _resident() if seen.rows == n // 10 else early
        took = time.process_time() - began
    return {
        "microseconds a row": [1e6 * took / n],
        "MiB grown": [(_resident() - early) / 2**20],
        "rows": [float(seen.rows)],
    }


def _resident() -> int:
    """Bytes of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * (os.sysconf("SC_PAGE_SIZE"))


def main() -> None:
    args_parser = parser(__doc__)
    args_parser.add_argument("--rows", type=int, default=0, help="also read a CSV of so many rows")
    args = args_parser.parse_args()
    began, made = time.monotonic(), list[dict[str, Any]]()
    picked = chosen(CASES, args.cases)
    for name in picked:
        made += [
            {**r, "metric": f"{name}: {r['metric']}"} for r in rows("ours", CASES[name](Path(args.data)))
        ]
    if args.rows:
        made += rows("ours", run_through(args.rows))
    finish("signals/watching", made, [], n=len(picked), began=began, out=args.json)


if __name__ == "__main__":
    main()
