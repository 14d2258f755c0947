"""Tennessee Eastman: is the channel that moved first the one that the fault is at?

python benchmarks/signals/onset_order.py --data DIR/signals/tep [--cases 'd0*'] [--json OUT]

The key is the data's README: a disturbance names a stream ("Stream 4") or a cooling water, and a channel is right where
its description names the same one. Faults that name neither (13, 16-21) and 3, 9, 15, which change nothing that is
measured, are left out. Of 1, 2, 8 and 10 no channel measures what is disturbed (a composition, a temperature), only the
stream's flow: rows `measured` are those of the others. dNN_te.dat begins normally and turns faulty at row 160, dNN.dat is
faulty from its first row. Normal is d00.dat.

A run is looked at as `signals_detect` looks, from its first row on. `ours` is the order of the channels' onsets about the
departure (ties by row), `ours, beyond errors` speaks only where the first onset precedes all others by more than both
errors, as the report does. Peers: the channel that is furthest from its normal level from then on, and the channel
that contributes most (what the report names). `trivial` is a channel by chance. `pairs`: of the pairs of a right channel and
another whose onsets differ by more than both errors, those in which the right one is first, per run.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.channel_blame import Onset, leaders
from aitia.tools.signals.multivariate import Departure, departure_from
from benchmarks.contract import Case, chosen, finish, hits, parser, rows
from benchmarks.signals.tep import CHANNELS, HARD, Floats, fault, read

MEASURES: Final = 41  # XMEAS(1) to XMEAS(41), then XMV(1) to XMV(11)
NOT_MEASURED: Final = ("01", "02", "08", "10")
_ROW = re.compile(r"^\s*`(XMEAS|XMV|IDV)\((\d+)\)`\s*\|\s*(.+?)\s*(?:\||$)", re.MULTILINE)
_PLACE = re.compile(r"stream \d+|reactor cooling water|condenser cooling water", re.IGNORECASE)
SYSTEMS: Final = ("ours", "ours, beyond errors", "peer largest deviation", "peer contributions")


def key(readme: str) -> dict[str, frozenset[int]]:
    """Fault -> columns of the channels whose description names the same stream or cooling water."""
    told = {(kind, int(n)): _places(text) for kind, n, text in _ROW.findall(readme)}
    columns = {
        (n - 1 if kind == "XMEAS" else MEASURES + n - 1): places
        for (kind, n), places in told.items()
        if kind != "IDV" and not (kind == "XMV" and n > CHANNELS - MEASURES)
    }
    found = {
        f"{n:02d}": frozenset(c for c, here in columns.items() if here & places)
        for (kind, n), places in told.items()
        if kind == "IDV" and places
    }
    return {name: right for name, right in found.items() if right and name not in HARD}


def _places(text: str) -> frozenset[str]:
    return frozenset(p.lower() for p in _PLACE.findall(text))


@dataclass(frozen=True, kw_only=True)
class Said:
    """The channels of one run in the order of each system, an empty list where it says nothing; and our onsets."""

    orders: Mapping[str, list[int]]
    onsets: Sequence[Onset]


def said(reference: Floats, x: Floats) -> Said:
    """What every system says of a run. No answer is read."""
    left = departure_from(reference, x, 0)
    if left is None:
        return Said(orders={system: [] for system in SYSTEMS}, onsets=())
    first = leaders(left.order)
    orders = (
        [o.channel for o in left.order],
        [first[0].channel] if len(first) == 1 else [],
        _furthest(reference, x, left),
        [int(c) for c in np.argsort(-left.blame, kind="stable")],
    )
    return Said(orders=dict(zip(SYSTEMS, orders, strict=True)), onsets=left.order)


def _furthest(reference: Floats, x: Floats, left: Departure) -> list[int]:
    """Channels by the largest deviation after the departure, in robust deviations of the normal run."""
    median = np.median(reference, axis=0)
    scale = np.maximum(1.4826 * np.median(np.abs(reference - median), axis=0), 1e-9)
    far = np.max(np.abs(_means(x[left.began :]) - median) / scale, axis=0)
    return [int(c) for c in np.argsort(-far, kind="stable")]


def _means(x: Floats) -> Floats:
    """Means of five samples: no single sample is a deviation."""
    whole = x.shape[0] // 5 * 5
    return np.asarray(x[:whole].reshape(-1, 5, x.shape[1]).mean(axis=1), dtype=np.float64)


def predictions(data: Path, pattern: str) -> dict[str, Said]:
    """Every system on every chosen run. No answer is read."""
    reference = read(data / "d00.dat")
    files = {p.stem: p for p in data.glob("d*.dat") if not p.stem.startswith("d00")}
    return {name: said(reference, read(files[name])) for name in chosen(files, pattern)}


def scored(
    right: Mapping[str, frozenset[int]], found: Mapping[str, Said]
) -> tuple[list[dict[str, Any]], list[Case]]:
    """Hits at 1 and 3 by kind of run, and each run's first channels."""
    asked = {name: s for name, s in found.items() if fault(name) in right}
    made: list[dict[str, Any]] = []
    for part, names in _parts(asked).items():
        truths = {n: right[fault(n)] for n in names}
        for system in SYSTEMS:
            spoke = {n: asked[n].orders[system] for n in names if asked[n].orders[system]}
            made += rows(system, {f"{part}: speaks": [float(n in spoke) for n in names]})
            for word, k in (("first is right", 1), ("in first 3", 3)):
                hit = [float(hits(_words(o), _words(truths[n]), k)) for n, o in spoke.items()]
                made += rows(system, {f"{part}: {word}": hit})
        pairs = [_pairs(asked[n].onsets, truths[n]) for n in names]
        made += rows("ours", {f"{part}: pairs": [p for p in pairs if p is not None]})
        made += rows("trivial", {f"{part}: first is right": [len(t) / CHANNELS for t in truths.values()]})
    cases: list[Case] = [
        {"id": n, "right": sorted(right[fault(n)])} | {k: o[:5] for k, o in s.orders.items()}
        for n, s in asked.items()
    ]
    return made, cases


def _parts(names: Iterable[str]) -> dict[str, list[str]]:
    """The runs by how they begin, and those of them whose fault is at something that is measured."""
    names = sorted(names)
    tests, training = ([n for n in names if n.endswith("_te") == is_test] for is_test in (True, False))
    return {
        "test runs": tests,
        "training runs": training,
        "measured, test runs": [n for n in tests if fault(n) not in NOT_MEASURED],
        "measured, training runs": [n for n in training if fault(n) not in NOT_MEASURED],
    }


def _words(channels: Iterable[int]) -> list[str]:
    return [str(c) for c in channels]


def _pairs(onsets: Sequence[Onset], right: frozenset[int]) -> float | None:
    """The share of pairs told apart in which the right channel came first; None where none is told apart."""
    ahead = [
        float(o.row > r.row)
        for r in onsets if r.channel in right
        for o in onsets if o.channel not in right and abs(o.row - r.row) > o.error + r.error
    ]  # fmt: skip
    return sum(ahead) / len(ahead) if ahead else None


def main() -> None:
    args = parser(__doc__).parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases)
    made, cases = scored(key((data / "README.md").read_text(encoding="utf-8")), found)
    finish("signals/onset_order", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
