"""Speed of the series detectors: 10k, 100k and 1M points, 50 channels of 100k, beside pyod and stumpy used plainly.

python benchmarks/signals/speed.py --data DIR [--cases 'ours*'] [--limit 30] [--json OUT]

All data are synthetic and seeded (a daily season, noise, a few anomalies); DIR is not read. Each measurement runs in a
process of its own with a time limit; one that exceeds it is left out, as are all larger ones of the same system.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import chosen, finish, parser, rows

Floats = NDArray[np.float64]
SIZES = (10_000, 100_000, 1_000_000)
PERIOD, WINDOW = 1440, 100
WARM_S = 180.0  # for imports and compilation


def series(n: int, *, seed: int = 0, season: bool = True) -> Floats:
    """A minute-by-minute channel with noise, with or without a daily season, and one anomaly."""
    rng = np.random.default_rng(seed)
    wave = 3.0 * np.sin(2.0 * np.pi * np.arange(n) / PERIOD) if season else np.zeros(n)
    v = 10.0 + wave + rng.normal(0.0, 0.5, n)
    v[n // 2 : n // 2 + 50] += 4.0
    return np.asarray(v)


def _ours(n: int, *, season: bool, reference: bool) -> None:
    from aitia.tools.signals.series import detect_series

    given = series(max(n // 10, 2000), seed=1, season=season) if reference else None
    found = detect_series(60.0 * np.arange(n), series(n, season=season), given)
    assert found.status == "ok"


def seasonal(n: int) -> None:
    _ours(n, season=True, reference=False)


def unseasonal(n: int) -> None:
    _ours(n, season=False, reference=False)


def referenced(n: int) -> None:
    _ours(n, season=False, reference=True)


def streaming(n: int) -> None:
    from aitia.tools.signals.streaming import NeighbourStream

    stream = NeighbourStream()
    for x in series(n):
        stream.update(float(x))


def fifty(n: int) -> None:
    for seed in range(50):
        from aitia.tools.signals.series import detect_series

        detect_series(60.0 * np.arange(n), series(n, seed=seed, season=seed % 2 == 0))


def _pyod(name: str, n: int) -> None:
    import importlib

    every = np.lib.stride_tricks.sliding_window_view(series(n), WINDOW)
    getattr(importlib.import_module(f"pyod.models.{name.lower()}"), name)().fit(every)


def knn(n: int) -> None:
    _pyod("KNN", n)


def iforest(n: int) -> None:
    _pyod("IForest", n)


def pca(n: int) -> None:
    _pyod("PCA", n)


def stump(n: int) -> None:
    import stumpy

    stumpy.stump(series(n), WINDOW)


SYSTEMS: dict[str, Callable[[int], None]] = {
    "ours seasonal": seasonal,
    "ours no season": unseasonal,
    "ours reference": referenced,
    "ours streaming": streaming,
    "peer pyod PCA": pca,
    "peer pyod IForest": iforest,
    "peer pyod KNN": knn,
    "peer stumpy": stump,
}


def _timed(run: Callable[[int], None], n: int, pipe: Any) -> None:
    run(min(n, 2000))  # imports and compilation are not measured
    pipe.send(0.0)
    began = time.perf_counter()
    run(n)
    pipe.send(time.perf_counter() - began)


def measured(run: Callable[[int], None], n: int, limit: float) -> float | None:
    """Seconds of one run in a fresh process, or None beyond the limit."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(run, n, theirs))
    process.start()
    theirs.close()
    try:
        if not ours.poll(WARM_S):
            return None
        ours.recv()
        return float(ours.recv()) if ours.poll(limit) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def main() -> None:
    args_parser = parser(__doc__)
    args_parser.add_argument("--limit", type=float, default=30.0, help="seconds a measurement may take")
    args_parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="points, comma-separated")
    args = args_parser.parse_args()
    began = time.monotonic()
    sizes = [int(s) for s in args.sizes.split(",")]
    table: list[dict[str, Any]] = []
    for name in chosen(SYSTEMS, args.cases):
        run = SYSTEMS[name]
        if name.startswith("peer") and not find_spec(name.split()[1]):
            continue
        last = None
        for n in sizes:
            took = measured(run, n, args.limit)
            if took is None:
                break
            table += rows(name, {f"seconds for {n:,} points": [took]})
            if last:
                table += rows(name, {f"growth to {n:,} (linear: {n / last[0]:.0f})": [took / last[1]]})
            last = (n, took)
    middle = sorted(sizes)[len(sizes) // 2]
    took = measured(fifty, middle, args.limit)
    if took is not None:
        table += rows("ours by profile", {f"seconds for 50 channels x {middle:,}": [took]})
    finish("signals/speed", table, [], n=len(sizes), began=began, out=args.json)


if __name__ == "__main__":
    main()
