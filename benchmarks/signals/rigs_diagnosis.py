"""Bearings of simulated rigs: right, abstained and wrong on rigs that no rule was set on, without a past and with one.

python benchmarks/signals/rigs_diagnosis.py --data DIR [--split develop] [--cases 'rig-00*'] [--json OUT]

DIR is what `rigs.py` writes. To what is tested are shown file, rate, speed, load and the bearing's orders. Rigs of
`develop` were looked at while rules were set; the rows are of those `held out`, unless asked otherwise. A fault counts as
told above a confidence of .5: at or under it a verdict is a lead, and counts as abstained; `any confidence` counts leads
too. Of two races at once either is right. No bearing fault: right is to name none. The past are three records of the
healthy rig at the same speed and load, and two each at others, which are not to count. Peer: the envelope rule, which
cannot abstain. Trivial: the most frequent fault.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.vibration import Reference, diagnose, orders_of
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.signals.envelope_rule import envelope_rule
from benchmarks.signals.synthetic import Floats

SHOWN = ("file", "fs", "rpm", "load", "orders")
SYSTEMS = {"ours, no past": False, "ours, with a past": True}
BEARING = ("outer_race", "inner_race", "ball", "cage")
NONE = "none"
RIGHT = {"both": ("outer_race", "inner_race"), "other": (NONE,), "normal": (NONE,)}
SURE = 0.5
BINS = ((0.0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.0))
Listed = dict[str, Any]
Said = tuple[str, float]  # fault and confidence


def listed(data: Path, split: str, pattern: str) -> list[Listed]:
    """All records of the chosen rigs of a split."""
    every = json.loads((data / "records.json").read_text(encoding="utf-8"))
    rigs = set(chosen({r["rig"] for r in every if split in ("all", r["split"])}, pattern))
    return [r for r in every if r["rig"] in rigs]


def read(data: Path, one: Listed) -> Floats:
    """The samples of a record."""
    return np.asarray(np.load(data / one["file"], allow_pickle=False)["de"], dtype=np.float64)


def predicted(data: Path, one: Listed, past: Sequence[Reference]) -> Case:
    """What each system says of a record; no answer is read."""
    x = read(data, one)
    made: Case = {"id": Path(one["file"]).stem}
    for system, held in SYSTEMS.items():
        found = diagnose(x, fs=one["fs"], rpm=one["rpm"], load=one["load"], bearing=one["orders"],
                         reference=past if held else None)  # fmt: skip
        named = found.fault in BEARING
        made[system] = (found.fault, found.confidence) if named else (NONE, 0.0)
    made["peer envelope full"] = (
        envelope_rule(x, one["fs"], one["rpm"] / 60, orders_of(one["orders"]), "full"),
        1.0,
    )
    return made


def predictions(data: Path, records: Sequence[Listed]) -> list[Case]:
    """All systems on the test records, with the references of the same rig."""
    found = []
    for name in sorted({r["rig"] for r in records}):
        own = [r for r in records if r["rig"] == name]
        past = [Reference(x=read(data, r), rpm=r["rpm"], load=r["load"]) for r in own if r["use"] != "test"]
        found += [predicted(data, {k: r[k] for k in SHOWN}, past) for r in own if r["use"] == "test"]
    return found


def outcome(said: Said, truth: str, *, sure: float = SURE) -> str:
    """right, abstained or wrong."""
    fault, confidence = said
    told = fault if confidence > sure else NONE
    return "right" if told in RIGHT.get(truth, (truth,)) else "abstained" if told == NONE else "wrong"


def scored(found: Sequence[Case], answers: dict[str, Listed]) -> list[dict[str, Any]]:
    """The rows: what was told above .5, at any confidence, and how often it is right at a confidence."""
    truths = [answers[c["id"]]["fault"] for c in found]
    most = Counter(t for t in truths if t in BEARING).most_common(1)[0][0]
    told: dict[str, list[Said]] = {s: [c[s] for c in found] for s in (*SYSTEMS, "peer envelope full")}
    told["trivial"] = [(most, 1.0)] * len(found)
    kinds = {"a bearing fault": (*BEARING, "both"), **{f"  {k}": (k,) for k in (*BEARING, "both")}}
    made: list[dict[str, Any]] = []
    for system, said in told.items():
        pairs = list(zip(said, truths, strict=True))
        for kind, names in kinds.items():
            each = [outcome(s, t) for s, t in pairs if t in names]
            leads = [outcome(s, t, sure=0.0) == "wrong" for s, t in pairs if t in names]
            made += rows(
                system,
                {f"{kind}: {word}": [e == word for e in each] for word in ("right", "abstained", "wrong")},
            )
            made += rows(system, {f"{kind}: wrong at any confidence": leads})
        healthy = [s for s, t in pairs if t in ("normal", "other")]
        made += rows(system, {"no bearing fault: one is told": [outcome(s, "normal") == "wrong" for s in healthy],
                              "no bearing fault: one at any confidence": [s[0] != NONE for s in healthy]})  # fmt: skip
        named = [(s[1], outcome((s[0], 1.0), t) == "right") for s, t in pairs if s[0] != NONE]
        for low, high in BINS if system in SYSTEMS else ():
            made += rows(
                system, {f"right at confidence {low:g}-{high:g}": [r for c, r in named if low < c <= high]}
            )
    return made


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--split", default="held out", choices=("held out", "develop", "all"))
    args = asked.parse_args()
    began, data = time.monotonic(), Path(args.data)
    records = listed(data, args.split, args.cases)
    found = predictions(data, records)
    table = scored(found, {Path(r["file"]).stem: r for r in records})
    finish("signals/rigs_diagnosis", table, found, n=len(found), began=began, out=args.json)


if __name__ == "__main__":
    main()
