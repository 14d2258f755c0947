"""Simulated rigs and unseen failures: answers are read by the scorers only, and what they count is what happened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals import life_open, rigs_diagnosis  # noqa: E402
from benchmarks.signals.synthetic import coloured  # noqa: E402

ORDERS = {"bpfo": 3.585, "bpfi": 5.415, "bsf": 2.357, "ftf": 0.398}
FS, TURN = 12_000.0, 29.0


def rig(folder: Path) -> list[dict[str, object]]:
    """An outer race defect, a healthy record and a healthy reference of one rig."""
    listing: list[dict[str, object]] = []
    for n, (fault, use) in enumerate((("outer_race", "test"), ("normal", "test"), ("normal", "same"))):
        rng = np.random.default_rng(n)
        t = np.arange(int(1.5 * FS)) / FS
        x = 0.1 * coloured(rng, t.size, FS)
        for moment in np.arange(0.001, 1.47, 1 / (ORDERS["bpfo"] * TURN)) if fault != "normal" else ():
            at = int(moment * FS)
            x[at : at + 120] += np.exp(-900 * t[:120]) * np.sin(2 * np.pi * 3100 * t[:120])
        np.savez(folder / f"rig-{n}.npz", de=x)
        listing.append({"file": f"rig-{n}.npz", "rig": "rig", "split": "held out", "use": use, "fs": FS, "load": 1.0,
                        "rpm": 60 * TURN, "orders": ORDERS, "fault": fault, "other": "", "severity": 1.0})  # fmt: skip
    (folder / "records.json").write_text(json.dumps(listing))
    return listing


def test_predictions_of_rigs_do_not_change_when_the_answers_are_noise(tmp_path: Path) -> None:
    listing = rig(tmp_path)
    before = rigs_diagnosis.predictions(tmp_path, rigs_diagnosis.listed(tmp_path, "held out", "*"))
    assert before[0]["ours, no past"][0] == before[0]["ours, with a past"][0] == "outer_race"
    noise = [one | {"fault": f"noise{n}", "other": "x", "severity": -n} for n, one in enumerate(listing)]
    (tmp_path / "records.json").write_text(json.dumps(noise))
    assert rigs_diagnosis.predictions(tmp_path, rigs_diagnosis.listed(tmp_path, "held out", "*")) == before
    assert not rigs_diagnosis.listed(tmp_path, "develop", "*")


@pytest.mark.parametrize(
    ("said", "truth", "counted"),
    [
        (("outer_race", 0.9), "outer_race", "right"),
        (("outer_race", 0.9), "both", "right"),
        (("ball", 0.9), "both", "wrong"),
        (("ball", 0.5), "both", "abstained"),
        (("none", 0.0), "inner_race", "abstained"),
        (("cage", 0.6), "other", "wrong"),
        (("cage", 0.4), "other", "right"),
    ],
)
def test_a_lead_counts_as_abstained(said: tuple[str, float], truth: str, counted: str) -> None:
    assert rigs_diagnosis.outcome(said, truth) == counted


def test_refusals_are_counted_where_the_sensor_has_moved() -> None:
    case = {"strange": 0.0, "named": True}
    found = [
        {**case, "kind": "known", "moved": 0.0, "off": 1.2},
        {**case, "kind": "known", "moved": 0.0, "off": 0.2},
        {**case, "kind": "wear", "moved": 0.5, "off": 0.1},
        {**case, "kind": "wear", "moved": 3.0, "off": 2.0, "strange": 0.3},
    ]
    value = {(r["system"], r["metric"]): r["value"] for r in life_open.scored(found)}
    assert value["ours", "refused, the fleet's own failure (wrong)"] == 0.5
    right = "refused, wear, moved 2.5 to 4 spreads (right)"
    assert value["ours", right] == value["no_model", right] == 1.0
    assert value["trivial", right] == 0.0
    assert sum("wear" in metric for _, metric in value) == 3  # what has moved by half a spread is not asked
    assert life_open.wear(50, 4.0)[[0, -1]].tolist() == [0.0, 4.0]
