"""The benchmarks of single series read the answers in the scorer only, take any folder of their layout, and measure right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aitia.core.errors import BadInput

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.tools.signals.choose import Choice  # noqa: E402
from benchmarks.signals import nab, smap_msl  # noqa: E402
from benchmarks.signals.vus import buffer_length, vus_pr  # noqa: E402

HEADER = "chan_id,spacecraft,anomaly_sequences,class,num_values\n"


def nab_folder(root: Path) -> Path:
    spans = {}
    for k, name in enumerate(("one/a.csv", "one/b.csv", "two/c.csv")):
        rng = np.random.default_rng(k)
        v = np.sin(np.arange(1200) / 8) + rng.normal(0, 0.1, 1200)
        v[900:930] += 3.0
        stamps = [
            str(np.datetime64("2026-01-01T00:00:00") + np.timedelta64(5 * i, "m")).replace("T", " ")
            for i in range(1200)
        ]
        (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{t},{x}\n" for t, x in zip(stamps, v, strict=True))
        (root / "data" / name).write_text("timestamp,value\n" + lines)
        spans[name] = [[stamps[880] + ".000000", stamps[960] + ".000000"]]
    (root / "combined_windows.json").write_text(json.dumps(spans))
    return root


def smap_folder(root: Path) -> Path:
    arrays, lines = {}, HEADER
    for k, name in enumerate(("X-1", "X-2", "Y-1")):
        rng = np.random.default_rng(k)
        wave = lambda n, r=rng: np.sin(np.arange(n) / 8) + r.normal(0, 0.1, n)  # noqa: E731
        test = wave(1500)
        test[900:1100] = rng.normal(0, 0.1, 200)
        arrays[f"train_{name}"] = np.stack([wave(600), np.zeros(600)], axis=1)
        arrays[f"test_{name}"] = np.stack([test, np.zeros(1500)], axis=1)
        lines += f'{name},XMAP,"[[900, 1099]]",[point],1500\n'
    arrays |= {
        "train_Z-9": arrays["train_X-1"],
        "test_Z-9": arrays["test_X-1"],
    }  # a channel without an answer
    np.savez(root / "channels.npz", **arrays)
    (root / "labeled_anomalies.csv").write_text(lines)
    return root


def run(script: str, data: Path, *more: str) -> dict:
    out = data / "out.json"
    command = [
        sys.executable,
        f"benchmarks/signals/{script}.py",
        "--data",
        str(data),
        "--json",
        str(out),
        *more,
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return json.loads(out.read_text())


def test_nab_takes_any_folder_and_its_scores_do_not_see_the_answers(tmp_path: Path) -> None:
    data = nab_folder(tmp_path)
    told = run("nab", data)
    values = {(r["system"], r["metric"]): r for r in told["rows"]}
    ours = values["ours", "NAB standard, one threshold"]
    assert ours["n"] == 3
    assert ours["value"] > 80
    assert ours["value"] > values["trivial alarm every N", "NAB standard, one threshold"]["value"]
    assert ours["ci95"][0] <= ours["value"] <= ours["ci95"][1]
    noise = {
        n: [["2026-01-02 00:00:00", "2026-01-02 01:00:00"]] for n in ("one/a.csv", "one/b.csv", "two/c.csv")
    }
    (data / "combined_windows.json").write_text(json.dumps(noise))
    again = run("nab", data)
    assert again["per_case"] == told["per_case"]
    assert again["rows"] != told["rows"]
    (data / "combined_windows.json").unlink()
    assert set(nab.predictions(nab.read(data))["ours"]) == set(noise)


def test_nab_scores_use_the_past_only(tmp_path: Path) -> None:
    case = nab.read(nab_folder(tmp_path), "one/a.csv")[0]
    short = nab.Case(name=case.name, t=case.t[:1000], v=case.v[:1000])
    assert np.allclose(nab.ours(short), nab.ours(case)[:1000])
    assert np.allclose(nab.windowed_gaussian(short), nab.windowed_gaussian(case)[:1000])
    with pytest.raises(BadInput, match="Name a folder that holds"):
        nab.read(tmp_path, "none*")


def test_alarms_within_the_refractory_period_are_the_last_ones() -> None:
    s = np.zeros(100)
    s[[10, 12, 40, 90]] = 9.0
    assert np.flatnonzero(nab.onsets(s, 5.0, 30)).tolist() == [10, 40, 90]
    assert np.flatnonzero(nab.onsets(s, 5.0, 31)).tolist() == [10, 90]


def test_the_threshold_of_a_group_comes_from_the_others(tmp_path: Path) -> None:
    cases = nab.read(nab_folder(tmp_path))
    told = {c.name: nab.worth([], c.t) for c in cases}
    raw = {
        "one/a.csv": np.array([0.0, 5.0]),
        "one/b.csv": np.array([0.0, 5.0]),
        "two/c.csv": np.array([1.0, 0.0]),
    }
    found = nab.summary(raw, told, nab.PROFILES["standard"])
    assert found["one threshold"] == {"one/a.csv": 5.0, "one/b.csv": 5.0, "two/c.csv": 0.0}
    assert found["other groups"] == {"one/a.csv": 0.0, "one/b.csv": 0.0, "two/c.csv": 0.0}


def test_smap_takes_any_folder_and_chooses_without_the_answers(tmp_path: Path) -> None:
    data = smap_folder(tmp_path)
    told = run("smap_msl", data, "--cases", "X-*,Z-*")
    values = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert told["n"] == 2
    assert values["ours", "VUS-PR"] > 0.8 > values["trivial", "VUS-PR chance"]
    assert values["ours", "VUS-PR"] <= values["oracle", "VUS-PR best for each channel"]
    every = smap_msl.read(data, "X-*")
    first = smap_msl.predictions(every)
    (data / "labeled_anomalies.csv").write_text(
        HEADER + 'X-1,XMAP,"[[3, 900]]",[point],2500\nX-2,XMAP,"[[3, 9]]",[point],2500\n'
    )
    second = smap_msl.predictions(smap_msl.read(data, "X-*"))
    assert first[0] == second[0]
    for system in first[1]:
        for name in first[1][system]:
            assert np.array_equal(first[1][system][name], second[1][system][name])
    with pytest.raises(BadInput, match="Name channels that"):
        smap_msl.read(data, "Q*")


def test_several_detectors_are_averaged_by_rank() -> None:
    rng = np.random.default_rng(0)
    usual, v = (np.sin(np.arange(3000) / 8) + rng.normal(0, 0.1, 3000) for _ in range(2))
    v[2000:2060] = 0.3 + rng.normal(0, 0.1, 60)
    choice = Choice(detectors=("nearest", "kmeans"), learns="reference", window=50, reason="")
    told = smap_msl.scores(v, choice, usual)
    assert 0.0 < told.min() <= told.max() <= 1.0
    assert 1950 <= int(np.argmax(told)) <= 2110


def test_leaving_a_channel_out_does_not_look_at_it() -> None:
    choice = smap_msl.Choice(detectors=("nearest",), learns="both", window=100, reason="")
    choices = dict.fromkeys("abc", choice)
    measured = {
        "good for a": {"a": 1.0, "b": 0.0, "c": 0.0},
        "good for others": {"a": 0.2, "b": 0.9, "c": 0.9},
    }
    assert smap_msl.left_out(choices, measured)["a"] == 0.2
    assert smap_msl.left_out({"a": choice}, measured) == {}


def by_definition(y: np.ndarray, score: np.ndarray, buffer: int, thresholds: int) -> float:
    """VUS-PR sample by sample, as published."""
    spans = [
        (int(r[0]), int(r[-1]))
        for r in np.split(np.flatnonzero(y), np.flatnonzero(np.diff(np.flatnonzero(y)) > 1) + 1)
    ]
    n, ranked, areas = y.size, np.sort(score)[::-1], []
    for b in range(buffer + 1):
        weight = y.astype(float)
        for s, e in spans:
            for i in range(max(s - b // 2, 0), s):
                weight[i] += np.sqrt(1 - (s - i) / b)
            for i in range(e + 1, min(e + b // 2 + 1, n)):
                weight[i] += np.sqrt(1 - (i - e) / b)
        weight = np.minimum(weight, 1)
        grown: list[list[int]] = []
        for s, e in spans:
            if grown and grown[-1][1] >= s - b // 2:
                grown[-1][1] = e + b // 2
            else:
                grown.append([s - b // 2, e + b // 2])
        area, before = 0.0, 0.0
        for i in np.linspace(0, n - 1, thresholds).astype(int):
            over = score >= ranked[i]
            hit = float(np.sum(weight[over]))
            positives = (y.sum() + float(np.sum(np.where(y, 1.0, weight * over)))) / 2
            seen = np.mean([bool(over[max(s, 0) : e + 1].any()) for s, e in grown])
            recall = min(hit / positives, 1.0) * seen
            area += (recall - before) * hit / over.sum()
            before = recall
        areas.append(area)
    return float(np.mean(areas))


@pytest.mark.parametrize("seed", range(12))
def test_vus_pr_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.zeros(150, dtype=bool)
    for start in rng.integers(0, 140, rng.integers(1, 4)):
        y[start : start + int(rng.integers(1, 20))] = True
    score = np.round(rng.normal(0, 1, 150) + y, int(rng.integers(0, 4)))
    assert vus_pr(y, score, 17, thresholds=40) == pytest.approx(by_definition(y, score, 17, 40), abs=1e-12)


def test_vus_pr_of_perfect_and_empty_answers() -> None:
    y = np.zeros(400, dtype=bool)
    y[100:200] = True
    assert vus_pr(y, y.astype(float), 20) > 0.93
    assert vus_pr(y, np.zeros(400), 20) < 0.35
    with pytest.raises(ValueError, match="at least one anomalous"):
        vus_pr(np.zeros(10, dtype=bool), np.zeros(10), 5)


def test_the_buffer_is_the_period() -> None:
    assert buffer_length(np.sin(2 * np.pi * np.arange(3000) / 60)) == 60
    assert buffer_length(np.ones(3000)) == 125


def test_speed_measures_growth(tmp_path: Path) -> None:
    told = run("speed", tmp_path, "--sizes", "3000,6000", "--limit", "60", "--cases", "ours s*")
    metrics = {(r["system"], r["metric"]) for r in told["rows"]}
    assert ("ours seasonal", "seconds for 6,000 points") in metrics
    assert ("ours streaming", "growth to 6,000 (linear: 2)") in metrics
    assert all(r["value"] > 0 for r in told["rows"])
