"""Alarms while the logs of a database cluster grow: line by line, none looks ahead, none is taken back.

Read by benchmarks/logs/multilog.py, whose rows it makes:

`online, other runs`   aitia.tools.logs.watching with cells of a second and one false alarm a week among all nodes, the
                       command's default; each node's watcher has learned that node's lines before the injection in the
                       other scenarios
`online, own start`    the same without any other run: a log's first cells are its normal, cells of a tenth of a second, as
                       there is so little of it
`online burst`         the peer, by seconds: the largest Poisson likelihood ratio of a higher rate in a window that ends now
                       (Kulldorff, 2001), of all templates of all nodes; alarm where it is larger than it ever was before
                       the injection in the other scenarios

A node's log ends after 10,000 lines, at other times than those of other nodes: its watcher ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from aitia.tools.logs.change import Events
from aitia.tools.logs.watching import Kinds, Settings, Watcher
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.templates import Masker, Miner
from aitia.tools.text.templates.masks import Tokens

ONLINE: Final = ("online, other runs", "online, own start", "online burst")
MESSAGE: Final = 1000
_WEEK: Final = 7 * 86400.0
Records = list[tuple[float, str, str]]


def records_of(paths: Sequence[Path]) -> list[Records]:
    """Each node's records: epoch s, level, message."""
    out = []
    for path in paths:
        file = LogFile(path, zone=UTC, near=datetime.now(UTC))
        found = file.records(0.0, 1e11, budget=1 << 40, extract=Extract())
        out.append([(r.at, r.level, r.message[:MESSAGE]) for r in found])
    return out


def alarms(
    runs: Mapping[str, Sequence[Records]], begins: Mapping[str, float], *, cell_s: float, known: bool
) -> dict[str, float | None]:
    """The moment of each scenario's first alarm; with `known` the others' records before their injections are learned."""
    nodes = max(map(len, runs.values()))
    settings = Settings(cell_s=cell_s, every_s=_WEEK, streams=nodes)
    first: dict[str, float | None] = dict.fromkeys(runs)
    for number in range(nodes):
        masker = _Remembering()
        for name in runs:
            watcher = Watcher(f"node{number + 1}", Kinds(Miner(masker)), settings)
            for other in runs if known else ():
                if other != name:
                    _learn(watcher, runs[other][number], begins[other])
            found = [a.at for record in runs[name][number] for a in watcher.take(*record)]
            first[name] = min([*found, *filter(None, [first[name]])], default=None)
    return first


def _learn(watcher: Watcher, records: Records, until: float) -> None:
    for record in records:
        if record[0] < until:
            watcher.learn(*record)
    watcher.learned_all()


class _Remembering(Masker):
    """Masks a message once: the same ones are learned by a watcher of each scenario, which differ in what they make of them."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Tokens] = {}

    def tokens(self, message: str) -> Tokens:
        found = self._known.get(message)
        if found is None:
            found = self._known[message] = super().tokens(message)
        return found


def bursts(streams: Sequence[Events], until: float = float("inf")) -> list[tuple[float, float]]:
    """Second by second up to `until`: the epoch and the largest log likelihood ratio of a window that ends there."""
    start = min(float(s.times[0]) for s in streams)
    end = min(until, max(float(s.times[-1]) for s in streams))
    seconds = int(end - start)
    if seconds < 2:
        return []
    counts = np.concatenate([s.cells(start, start + seconds, seconds).counts for s in streams])
    total = np.concatenate([np.zeros((counts.shape[0], 1)), np.cumsum(counts, axis=1)], axis=1)
    return [(start + t, _largest(total[:, : t + 1])) for t in range(2, seconds + 1)]


def _largest(total: np.ndarray) -> float:
    """Of cumulative counts (templates, seconds + 1), over all windows that end with them."""
    t = total.shape[1] - 1
    n = total[:, -1:]
    inside = n - total[:, 1:-1]
    expected = n * (t - np.arange(1, t)) / t
    rest = n - inside
    ratio = inside * np.log(np.maximum(inside, 1e-12) / np.maximum(expected, 1e-12))
    ratio += rest * np.log(np.maximum(rest, 1e-12) / np.maximum(n - expected, 1e-12))
    return float(np.where(inside > expected, ratio, 0.0).max(initial=0.0))


def firsts(
    runs: Mapping[str, Sequence[Records]],
    streams: Mapping[str, Sequence[Events]],
    begins: Mapping[str, float],
) -> dict[str, dict[str, float | None]]:
    """The moment of each system's first alarm, scenario by scenario; `begins` are their injections."""
    known = alarms(runs, begins, cell_s=1.0, known=True)
    own = alarms(runs, begins, cell_s=0.1, known=False)
    reached = {n: max((v for _, v in bursts(streams[n], begins[n])), default=0.0) for n in runs}
    out: dict[str, dict[str, float | None]] = {}
    for name in runs:
        limit = max((v for other, v in reached.items() if other != name), default=float("inf"))
        burst = next((at for at, value in bursts(streams[name]) if value > limit), None)
        out[name] = dict(zip(ONLINE, (known[name], own[name], burst), strict=True))
    return out


def measures(found: Mapping[str, float | None], span: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Of one scenario: whether the first alarm comes before the injection, or as long as it lasts; its delay if not before."""
    out: dict[str, dict[str, float]] = {}
    for system, at in found.items():
        out[system] = {
            "alarm early": float(at is not None and at < span[0]),
            "alarm in time": float(at is not None and span[0] <= at <= span[1]),
        }
        if at is not None and at >= span[0]:
            out[system]["alarm delay s"] = at - span[0]
    return out
