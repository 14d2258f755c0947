"""The benchmarks of process signals never let an answer into a prediction, and take any folder of their layout."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.tools.signals.signatures import Signatures  # noqa: E402
from benchmarks.signals import batadal, skab, skab_changepoints, tep, tep_open  # noqa: E402
from benchmarks.signals.rates import counts, f1, false_alarms, missed_alarms, pooled  # noqa: E402

ROWS = 620


def pump(folder: Path, seed: int, *, noise: bool = False) -> None:
    """A file in SKAB's layout with a step in one of three sensors; with `noise` the answers mean nothing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (ROWS, 3)) + np.array([1.0, 20.0, 300.0])
    x[500:580, seed % 3] += 6.0
    anomaly, change = np.zeros(ROWS), np.zeros(ROWS)
    anomaly[500:580], change[[500, 580]] = 1.0, 1.0
    if noise:
        anomaly, change = rng.integers(0, 2, (2, ROWS)).astype(float)
    lines = ["datetime;flow;current;heat;anomaly;changepoint"]
    for i in range(ROWS):
        stamp = f"2021-05-01 10:{i // 60:02d}:{i % 60:02d}"
        lines.append(";".join([stamp, *(f"{v:.4f}" for v in x[i]), str(anomaly[i]), str(change[i])]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"run{seed}.csv").write_text("\n".join(lines) + "\n")


def pumps(data: Path, *, noise: bool = False) -> Path:
    for seed, group in enumerate(("rig", "rig", "bench")):
        pump(data / group, seed, noise=noise)
    (data / "free.csv").write_text("datetime;flow\n2021-05-01 10:00:00;1\n")  # not labelled: left out
    return data


def network(data: Path, *, noise: bool = False) -> Path:
    """Two files in BATADAL's layout: a clean one, and one with an attack on a level."""
    data.mkdir(exist_ok=True)
    for seed, (name, rows) in enumerate((("set1", 1200), ("set2", 500))):
        rng = np.random.default_rng(seed)
        level = np.sin(np.arange(rows) * 2 * np.pi / 24)[:, None] * [1.0, 0.5, 2.0]
        x = level + rng.normal(0, 0.1, (rows, 3)) + [3.0, 50.0, 1.0]
        flag = np.full(rows, 0.0 if seed == 0 else -999.0)
        if seed:
            x[300:320, 0] += 3.0
            flag[300:320] = 1.0
        flag = rng.choice([1.0, -999.0], rows) if noise else flag
        with (data / f"{name}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["DATETIME", " L_T1", " P_1", " F_1", " ATT_FLAG"])
            out.writerows([f"01/01/20 {i % 24:02d}", *x[i], flag[i]] for i in range(rows))
    return data


def same(a: dict[object, np.ndarray], b: dict[object, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_skab_predicts_without_the_answers(tmp_path: Path) -> None:
    told = skab.predictions(pumps(tmp_path / "a"), "*")
    again = skab.predictions(pumps(tmp_path / "b", noise=True), "*")
    assert [p.name for p in told] == ["bench/run2", "rig/run0", "rig/run1"]
    for one, two in zip(told, again, strict=True):
        assert same(dict(one.configured), dict(two.configured))
        assert same(dict(one.fixed), dict(two.fixed))


def test_skab_chooses_from_other_groups_only(tmp_path: Path) -> None:
    found = skab.predictions(pumps(tmp_path), "*")
    truths = [skab.answer(tmp_path / f"{p.name}.csv", "anomaly")[skab.TRAIN :] for p in found]
    chosen = skab.by_other_groups(found, truths, skab.RETROSPECTIVE)
    rng = np.random.default_rng(0)
    for i, prediction in enumerate(found):
        noise = [
            rng.random(t.size) < 0.5 if p.group == prediction.group else t
            for p, t in zip(found, truths, strict=True)
        ]
        assert skab.by_other_groups(found, noise, skab.RETROSPECTIVE)[i] == chosen[i]
    made, cases = skab.scored(tmp_path, found)
    value = {(r["system"], r["metric"]): r["value"] for r in made}
    assert value["ours", "F1"] > 0.9
    assert value["trivial", "false alarm rate"] == 1.0
    assert len(cases) == 3


def test_an_alarm_is_a_majority_of_the_last_rows() -> None:
    over = np.array([0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    assert np.flatnonzero(skab.persistent(over, 3)).tolist() == [5, 6, 7, 8]


def test_changepoints_are_predicted_without_the_answers(tmp_path: Path) -> None:
    told = skab_changepoints.predictions(pumps(tmp_path / "a"), "rig/*")
    again = skab_changepoints.predictions(pumps(tmp_path / "b", noise=True), "rig/*")
    for one, two in zip(told, again, strict=True):
        assert all(same(dict(one.alarms[s]), dict(two.alarms[s])) for s in one.alarms)
    made, _ = skab_changepoints.scored(tmp_path / "a", told)
    value = {(r["system"], r["metric"]): r["value"] for r in made}
    assert value["ours", "NAB standard"] > 80
    assert value["ours", "recall"] == 1.0


def test_batadal_predicts_without_the_flags(tmp_path: Path) -> None:
    told = batadal.predictions(network(tmp_path / "a"), "*", "*")
    again = batadal.predictions(network(tmp_path / "b", noise=True), "*", "*")
    for system in batadal.SYSTEMS:
        assert np.array_equal(told.alarms["set2"][system], again.alarms["set2"][system])
        assert np.array_equal(np.concatenate(told.clean[system]), np.concatenate(again.clean[system]))
    made, cases = batadal.scored(tmp_path / "a", told)
    value = {(r["system"], r["metric"]): r["value"] for r in made}
    assert value["ours", "stretches found"] == 1.0
    assert [c["id"] for c in cases] == ["set2:300"]


def test_batadal_wants_the_same_columns(tmp_path: Path) -> None:
    data = network(tmp_path)
    text = (data / "set2.csv").read_text().replace("L_T1", "L_T9")
    (data / "set2.csv").write_text(text)
    with pytest.raises(ValueError, match=r"Give set2 the columns of set1"):
        batadal.predictions(data, "*", "*")


def test_a_fault_is_named_without_its_own_label() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(0, 1, (300, 6))
    found = []
    for name in ("d01", "d01_te", "d02", "d02_te", "d03"):
        faulty = rng.normal(0, 1, (200, 6))
        faulty[:, int(name[2])] += 4.0
        found.append(tep.Run(name=name, quiet=faulty[:0], faulty=faulty))
    labels = {r.name: tep.fault(r.name) for r in found}
    told = tep.named(reference, found, labels, 150)
    assert all(told[r.name][0] == labels[r.name] for r in found[:4])
    for run in found:
        hidden = labels | {run.name: "noise"}
        assert tep.named(reference, found, hidden, 150)[run.name] == told[run.name]
        assert (
            tep.named_by_lda(found, hidden, 150)[run.name] == tep.named_by_lda(found, labels, 150)[run.name]
        )


def test_an_unknown_fault_is_not_named_and_no_run_by_its_own_label() -> None:
    rng = np.random.default_rng(0)
    reference, pulls = rng.normal(0, 1, (400, 6)), rng.normal(0, 4, (9, 6))
    found = []
    for n in range(8):
        for name in (f"d{n:02d}", f"d{n:02d}_te"):
            faulty = rng.normal(0, 1, (200, 6)) + pulls[n] * rng.uniform(0.8, 1.2)
            found.append(tep.Run(name=name, quiet=faulty[:0], faulty=faulty))
    labels = {r.name: tep.fault(r.name) for r in found}
    quiet = [rng.normal(0, 1, (200, 6))]
    made, said = tep.open_world(reference, quiet, found, labels)
    value = {(r["system"], r["metric"]): r["value"] for r in made}
    assert value["ours", "known fault named right, 120 samples"] > 0.7
    assert value["ours", "known fault named wrong, 120 samples"] == 0.0
    assert value["ours", "unknown fault named, 120 samples"] < 0.3
    assert value["ours", "no fault named as one, 120 samples"] == 0.0
    signatures = Signatures().fit(reference)
    for run in found[:6:2]:
        others = [r for r in found if r.name != run.name]
        hidden = labels | {run.name: "noise"}
        told = tep_open.open_name(signatures, run.faulty[:120], others, hidden)
        assert told == said[run.name]["ours, known, 120"]
        foreign = [r for r in others if labels[r.name] != labels[run.name]]
        told = tep_open.open_name(signatures, run.faulty[:120], foreign, hidden)
        assert told == said[run.name]["ours, unknown, 120"]


def test_pooled_rates_by_hand() -> None:
    truth, alarm = np.array([1, 1, 1, 0, 0], dtype=bool), np.array([1, 0, 0, 1, 0], dtype=bool)
    part = counts(truth, alarm)
    assert part.tolist() == [1, 1, 2, 1]
    assert f1(part) == pytest.approx(1 / 2.5)
    assert false_alarms(part) == pytest.approx(0.5)
    assert missed_alarms(part) == pytest.approx(2 / 3)
    (row, _, _) = pooled("ours", [part, part])
    assert (row["value"], row["n"], row["ci95"]) == (0.4, 2, [0.4, 0.4])


def test_a_script_runs_on_a_folder_of_its_layout(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [sys.executable, str(ROOT / "benchmarks/signals/skab_changepoints.py")]
    done = subprocess.run(
        [*command, "--data", str(pumps(tmp_path / "d")), "--json", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"task": "signals/skab_changepoints"' in out.read_text()
