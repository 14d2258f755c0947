"""The bearing benchmark reads its answers in the scorer only, on any folder of its layout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.signals import cwru  # noqa: E402
from benchmarks.signals.synthetic import coloured, healthy  # noqa: E402

BEARING = "6205-2RS JEM SKF"
IMPACTS = {"outer_race": 3.5848, "inner_race": 5.4152}


def made(folder: Path) -> Path:
    """Two faulty records of two sizes at 12 kHz and a healthy one at 48 kHz, with other names than the real ones."""
    records = []
    for name, fault, size, fs in (
        ("a", "outer_race", 3, 12_000),
        ("b", "inner_race", 5, 12_000),
        ("c", "normal", 0, 48_000),
    ):
        rng = np.random.default_rng(len(records))
        t = np.arange(2 * fs) / fs
        x = 0.1 * coloured(rng, t.size, fs)
        if fault in IMPACTS:
            for moment in np.arange(0.001, 1.97, 1 / (IMPACTS[fault] * 29.0)):
                at = int(moment * fs)
                x[at : at + 120] += np.exp(-900 * t[:120]) * np.sin(2 * np.pi * 3100 * t[:120])
        np.savez(folder / f"{name}.npz", de=x)
        records.append({"record": name, "file": f"{name}.npz", "source": fault, "fault": fault, "size_mil": size,
                        "load_hp": size, "rpm": 29.0 * 60, "fs": fs})  # fmt: skip
    (folder / "records.json").write_text(json.dumps(records))
    return folder


def test_predictions_do_not_change_when_the_answers_are_noise(tmp_path: Path) -> None:
    data = made(tmp_path)
    before = cwru.predictions(data, "*", BEARING)
    listing = json.loads((data / "records.json").read_text())
    for n, record in enumerate(listing):
        record |= {"fault": f"noise{n}", "source": "x", "size_mil": n, "load_hp": -n, "record": n}
    (data / "records.json").write_text(json.dumps(listing))
    assert repr(cwru.predictions(data, "*", BEARING)) == repr(before)


def test_the_scorer_counts_types_and_false_alarms(tmp_path: Path) -> None:
    data = made(tmp_path)
    table, cases = cwru.scored(data, cwru.predictions(data, "*", BEARING), [False, True])
    value = {(r["system"], r["metric"]): r["value"] for r in table}
    assert value["ours", "fault type"] == 1.0
    assert value["ours", "fault type in one second"] == 1.0
    assert value["ours", "healthy second flagged"] == 0.0
    assert value["ours", "synthetic healthy flagged"] == 0.5
    assert value["trivial", "fault type"] == 0.5
    assert value["peer envelope full", "healthy record flagged"] == 1.0
    assert [c["prediction"] for c in cases] == ["outer_race", "inner_race", "none"]


def test_a_wrong_answer_costs(tmp_path: Path) -> None:
    data = made(tmp_path)
    found = cwru.predictions(data, "a", BEARING)
    listing = json.loads((data / "records.json").read_text())
    (data / "records.json").write_text(json.dumps([r | {"fault": "ball"} for r in listing]))
    table, _ = cwru.scored(data, found, [])
    assert next(r["value"] for r in table if (r["system"], r["metric"]) == ("ours", "fault type")) == 0.0


def test_the_held_out_threshold_never_sees_its_own_group(tmp_path: Path) -> None:
    def one(name: str, outer: float, inner: float) -> cwru.Prediction:
        base = {
            "order": 3.0,
            "found": 3.0,
            "hz": 90.0,
            "base": float("nan"),
            "spread": 1.5,
            "family": 3,
            "supported": True,
        }
        lines = (cwru.Summary(name="bpfo", db=outer, **base), cwru.Summary(name="bpfi", db=inner, **base))
        return cwru.Prediction(name=name, ours="", confidence=0, lines=lines, seconds=(), peers={})

    found = [one("a", 30, 18), one("b", 30, 12), one("c", 30, 14)]
    truths = [
        {"fault": "ball", "size_mil": 1},
        {"fault": "outer_race", "size_mil": 1},
        {"fault": "outer_race", "size_mil": 2},
    ]
    assert cwru.held_out(found, truths, "size_mil") == [
        False,
        True,
        True,
    ]  # without its own group nothing tells of balls
    assert cwru.held_out(found[:2], truths[:2], "size_mil") == []


def test_synthetic_records_differ_by_seed_and_repeat() -> None:
    (a, _), (b, _), (c, _) = (healthy(seed, fs=12_000, seconds=0.5) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
