"""The key of the benchmark of onset order: by the words of the data's description, and by nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from aitia.tools.signals.channel_blame import Onset

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals.onset_order import SYSTEMS, Said, key, said, scored  # noqa: E402

README = """
`XMV(3)`  | A Feed Flow (stream 1)            (Corrected Order)
`XMV(10)` | Reactor Cooling Water Flow
`XMV(12)` | Agitator Speed
`XMEAS(1)`  | A Feed  (stream 1)                  | kscmh
`XMEAS(10)` | Purge Rate (stream 9)               | kscmh
`XMEAS(14)` | Prod Sep Underflow (stream 10)      | m3/hr
`XMEAS(21)` | Reactor Cooling Water Outlet Temp   | Deg C
`IDV(4)`  | Reactor Cooling Water Inlet Temperature                    Step
`IDV(6)`  | A Feed Loss (Stream 1)                                     Step
`IDV(9)`  | D Feed Temperature (Stream 1)                  Random Variation
`IDV(13)` | Reaction Kinetics                                    Slow Drift
`IDV(16)` | Unknown
"""


def test_the_key_is_what_the_description_says() -> None:
    assert key(README) == {"04": {20, 41 + 9}, "06": {0, 41 + 2}}  # 9 changes nothing that is measured


def test_hits_pairs_and_silence_are_counted() -> None:
    onsets = [
        Onset(channel=0, row=5, error=1),
        Onset(channel=7, row=6, error=1),
        Onset(channel=8, row=50, error=2),
    ]
    orders = dict(zip(SYSTEMS, ([0, 7, 8], [], [7, 8, 0], [8, 7, 1]), strict=True))
    made, cases = scored(
        key(README), {"d06": Said(orders=orders, onsets=onsets), "d13": Said(orders=orders, onsets=[])}
    )
    told = {(r["system"], r["metric"]): r["value"] for r in made}
    assert [c["id"] for c in cases] == ["d06"]
    assert told["ours", "training runs: first is right"] == 1.0
    assert told["peer largest deviation", "training runs: first is right"] == 0.0
    assert told["peer largest deviation", "training runs: in first 3"] == 1.0
    assert told["peer contributions", "training runs: in first 3"] == 0.0
    assert told["ours, beyond errors", "training runs: speaks"] == 0.0
    assert ("ours, beyond errors", "training runs: first is right") not in told
    assert told["ours", "training runs: pairs"] == 1.0


def test_a_run_is_looked_at_as_the_tool_does() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (500, 6))
    x[300:, 4] += 6.0
    x[330:, 1] += 9.0
    got = said(rng.normal(0, 1, (500, 6)), x)
    assert got.orders["ours"][:2] == [4, 1]
    assert got.orders["ours, beyond errors"] == [4]
    assert got.orders["peer largest deviation"][0] == 1
