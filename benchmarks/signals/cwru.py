"""CWRU bearings: fault type of each record without training, and false alarms on healthy records.

python benchmarks/signals/cwru.py --data DIR/signals/cwru [--bearing NAME] [--cases '01*'] [--json OUT]

DIR holds records.json and one .npz a record (key `de`). Of records.json only file, rpm and fs are shown to what is tested;
fault, size, load and source are the scorer's. Records above 12 kHz are decimated to it. Systems:
  ours             aitia.tools.signals.vibration.diagnose on one record: no past, no training
  ours held out    the one threshold between "one race" and "a rolling element" chosen on the other sizes (or loads)
  peer             the envelope rule: Butterworth band, Hilbert envelope, largest order-normalised line; it cannot abstain
  trivial          the most frequent fault
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.vibration import diagnose, orders_of
from aitia.tools.signals.vibration.verdict import DOMINANT_DB, Summary, bearing_fault
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.signals.envelope_rule import MODES, envelope_rule
from benchmarks.signals.synthetic import Floats, healthy

RATE = 12_000.0
SYNTHETIC, SYNTHETIC_SECONDS = 50, (1.0, 5.0)
GRID = tuple(float(db) for db in range(1, 26))  # candidates of the threshold, dB
BINS = ((0.0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.0))  # of the confidence, for its calibration
NONE, SURE = "none", 0.5  # at or under it a verdict is a lead


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What is said of one record: ours on the whole and on each second, the peers on the whole."""

    name: str
    ours: str
    confidence: float
    lines: tuple[Summary, ...]
    seconds: tuple[tuple[str, float], ...]  # fault and confidence
    peers: dict[str, str]


def shown(data: Path) -> dict[str, dict[str, Any]]:
    """What is shown of each record, by its file's stem."""
    listing = json.loads((data / "records.json").read_text(encoding="utf-8"))
    return {Path(r["file"]).stem: {k: r[k] for k in ("file", "rpm", "fs")} for r in listing}


def answers(data: Path) -> dict[str, dict[str, Any]]:
    """Fault, size and load of each record; only the scorer calls this."""
    listing = json.loads((data / "records.json").read_text(encoding="utf-8"))
    return {Path(r["file"]).stem: {k: r[k] for k in ("fault", "size_mil", "load_hp")} for r in listing}


def read(path: Path, fs: float) -> tuple[Floats, float]:
    """The drive-end samples at no more than 12 kHz, and their rate."""
    from scipy.signal import decimate

    x = np.asarray(np.load(path, allow_pickle=False)["de"], dtype=np.float64).ravel()
    factor = max(int(fs // RATE), 1)
    return (np.asarray(decimate(x, factor), dtype=np.float64) if factor > 1 else x), fs / factor


def predictions(data: Path, pattern: str, bearing: str) -> list[Prediction]:
    """All systems on the chosen records. Nothing here reads an answer."""
    listing = shown(data)
    return [
        _predicted(name, data / listing[name]["file"], listing[name], bearing)
        for name in chosen(listing, pattern)
    ]


def _predicted(name: str, path: Path, record: dict[str, Any], bearing: str) -> Prediction:
    x, fs = read(path, float(record["fs"]))
    rpm, size = float(record["rpm"]), int(fs)
    whole = diagnose(x, fs=fs, rpm=rpm, bearing=bearing)
    parts = [
        diagnose(x[n : n + size], fs=fs, rpm=rpm, bearing=bearing) for n in range(0, x.size - size + 1, size)
    ]
    return Prediction(
        name=name,
        ours=whole.fault or NONE,
        confidence=whole.confidence,
        lines=whole.lines,
        seconds=tuple((d.fault or NONE, d.confidence) for d in parts),
        peers={mode: envelope_rule(x, fs, rpm / 60, orders_of(bearing), mode) for mode in MODES},
    )


def synthetic(bearing: str) -> list[bool]:
    """Whether each of 50 healthy records made by code is flagged, at one second or at five."""
    flagged = []
    for seed in range(SYNTHETIC):
        found = []
        for seconds in SYNTHETIC_SECONDS:
            x, rpm = healthy(seed, fs=RATE, seconds=seconds)
            found += [diagnose(x, fs=RATE, rpm=rpm, bearing=b).outcome == "fault" for b in (bearing, None)]
        flagged.append(any(found))
    return flagged


def at_threshold(found: Prediction, dominant: float) -> str:
    """The whole record's fault under another threshold."""
    fault = bearing_fault(found.lines, dominant=dominant)
    return fault.name if fault else NONE


def held_out(found: Sequence[Prediction], truths: Sequence[dict[str, Any]], key: str) -> list[bool]:
    """Right or wrong, record by record, with the threshold chosen on the records of the other groups alone."""
    right = []
    for one, truth in zip(found, truths, strict=True):
        train = [(f, t) for f, t in zip(found, truths, strict=True) if t[key] != truth[key]]
        if not train:
            return []
        score = [sum(at_threshold(f, db) == t["fault"] for f, t in train) for db in GRID]
        best = [db for db, s in zip(GRID, score, strict=True) if s == max(score)]
        right.append(at_threshold(one, float(np.median(best))) == truth["fault"])
    return right


def scored(
    data: Path, found: Sequence[Prediction], flagged: Sequence[bool]
) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows and the cases."""
    known = answers(data)
    faulty = [f for f in found if known[f.name]["fault"] != "normal"]
    well = [f for f in found if known[f.name]["fault"] == "normal"]
    truths = [known[f.name] for f in faulty]
    told = {"ours": [f.ours for f in faulty]} | {
        f"peer envelope {mode}": [f.peers[mode] for f in faulty] for mode in MODES
    }
    most = Counter(t["fault"] for t in truths).most_common(1)
    told["trivial"] = [most[0][0] if most else NONE] * len(faulty)
    made: list[dict[str, Any]] = []
    for system, names in told.items():
        right = [n == t["fault"] for n, t in zip(names, truths, strict=True)]
        made += rows(system, {"fault type": right})
        for kind in sorted({t["fault"] for t in truths}):
            made += rows(
                system, {f"  {kind}": [r for r, t in zip(right, truths, strict=True) if t["fault"] == kind]}
            )
    sure = [(f.ours == t["fault"]) for f, t in zip(faulty, truths, strict=True) if f.confidence > SURE]
    missed = [0.0] * (len(faulty) - len(sure))
    made += rows("ours", {f"fault type told above {SURE:g}": [*map(float, sure), *missed],
                          f"  wrong above {SURE:g}": [*(float(not s) for s in sure), *missed]})  # fmt: skip
    seconds = [(s, c, s == t["fault"]) for f, t in zip(faulty, truths, strict=True) for s, c in f.seconds]
    made += rows("ours", {"fault type in one second": [right for *_, right in seconds]})
    for low, high in BINS:
        named = [right for s, c, right in seconds if s != NONE and low <= c < high]
        made += rows("ours", {f"  right at confidence {low:g}-{high:g}": named})
    for key, group in (("size_mil", "one size"), ("load_hp", "one load")):
        made += rows("ours held out", {f"fault type, leave {group} out": held_out(faulty, truths, key)})
    made += rows("ours", {
        "healthy record flagged": [f.ours != NONE for f in well],
        "healthy second flagged": [s != NONE for f in well for s, _ in f.seconds],
        "synthetic healthy flagged": list(flagged),
    })  # fmt: skip
    for mode in MODES:
        made += rows(
            f"peer envelope {mode}", {"healthy record flagged": [f.peers[mode] != NONE for f in well]}
        )
    cases = [{"id": f.name, "prediction": f.ours, "confidence": f.confidence, "seconds": f.seconds, "peers": f.peers,
              "lines": {s.name: round(s.db, 1) for s in f.lines}} for f in found]  # fmt: skip
    return made, cases


def main() -> None:
    made = parser(__doc__)
    made.add_argument(
        "--bearing", default="6205-2RS JEM SKF", help="catalogue name of the bearing that is tested"
    )
    args = made.parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases, args.bearing)
    table, cases = scored(data, found, synthetic(args.bearing))
    print(
        f"threshold between one race and a rolling element: {DOMINANT_DB:g} dB, set beforehand; held out: chosen elsewhere\n"
    )
    finish("signals/cwru", table, cases, n=len(found), began=began, out=args.json)


if __name__ == "__main__":
    main()
