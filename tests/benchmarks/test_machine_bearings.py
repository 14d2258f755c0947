"""Simulated rigs of other physics: dealt by name, the same every time, and scored by what was said alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.machines import bearing_rigs, bearings  # noqa: E402


def test_a_record_is_the_same_every_time_and_each_rig_has_every_fault() -> None:
    first, rig = bearing_rigs.record("hall-001", 0)
    again, _ = bearing_rigs.record("hall-001", 0)
    assert np.array_equal(first, again)
    assert abs(bearing_rigs.told_rpm("hall-001", 0) / rig.rpm - 1) <= 0.01
    assert set(bearing_rigs.FAULTS) | {"healthy"} <= set(bearing_rigs.plan("hall-001"))
    assert len(bearing_rigs.plan("hall-001")) == bearing_rigs.RECORDS


def test_a_plain_defect_is_told_and_nothing_reads_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the plan replaced by noise after the samples are made, what is said stays what it was."""
    shown = list(bearings.simulated(["hall-001"]))[:1]
    before = bearings.predicted(shown[0])
    monkeypatch.setattr(bearing_rigs, "plan", lambda _: ["noise"] * bearing_rigs.RECORDS)
    assert bearings.predicted(shown[0]) == before
    assert set(before) == {"id", "ours", "ours without speed", "peer envelope"}


@pytest.mark.parametrize(
    ("said", "truth", "expected"),
    [
        (("outer_race", 0.9), "outer_race", "right"),
        (("outer_race", 0.9), "extended", "right"),
        (("outer_race", 0.5), "outer_race", "abstained"),
        (("inner_race", 0.6), "outer_race", "wrong"),
        (("ball", 0.6), "gear", "wrong"),
        (("ball", 0.4), "gear", "right"),
        (("none", 0.0), "ball", "abstained"),
        (("none", 0.0), "healthy", "right"),
    ],
)
def test_what_was_said_is_counted_once(said: tuple[str, float], truth: str, expected: str) -> None:
    assert bearings.outcome(said, truth) == expected


def test_rows_count_all_faults_and_none() -> None:
    case = {"ours": ("ball", 0.9), "ours without speed": ("none", 0.0), "peer envelope": ("ball", 1.0)}
    made = bearings.scored([{"id": "a", **case}, {"id": "b", **case}], ["ball", "healthy"])
    value = {(r["system"], r["metric"]): r["value"] for r in made}
    assert value["ours", "all: right"] == 0.5
    assert value["ours", "a bearing fault: right"] == 1.0
    assert value["ours", "none: wrong"] == 1.0
    assert value["ours without speed", "a bearing fault: abstained"] == 1.0
