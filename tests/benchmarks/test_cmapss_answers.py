"""What the benchmarks of remaining life and learned diagnosis say of a case does not depend on its own answer."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.tools.signals.learned import train  # noqa: E402
from aitia.tools.signals.learned.features import rows_of  # noqa: E402
from aitia.tools.signals.learned.windows import cut  # noqa: E402
from aitia.tools.signals.life import fleet  # noqa: E402
from benchmarks.adapters.cmapss import engines_of  # noqa: E402
from benchmarks.signals import cmapss, cwru_learned, life_evidence  # noqa: E402

UNITS = 15


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fleet.BOOSTING, "n_estimators", 20)
    monkeypatch.setattr(train, "TREES", 20)


def turbofans(path: Path) -> Path:
    """A folder of the layout with another name, two operating conditions, and 15 engines of 40 to 80 cycles."""
    rng = np.random.default_rng(0)
    rows = []
    for unit in range(1, UNITS + 1):
        life = int(rng.integers(40, 80))
        for cycle in range(1, life + 1):
            high = rng.random() < 0.5
            wear = np.exp((cycle - life) / 12.0)
            sensors = np.array([wear, -wear, 1.0]) + 50.0 * high + 0.05 * rng.standard_normal(3)
            rows.append([unit, cycle, 20.0 * high, 0.7 * high, 100.0, *sensors])
    path.mkdir(parents=True, exist_ok=True)
    np.savetxt(path / "train_FD777.txt", rows, fmt="%.4f")
    seen = [row for row in rows if row[1] <= 35]
    np.savetxt(path / "test_FD777.txt", seen, fmt="%.4f")
    lives = [max(row[1] for row in rows if row[0] == unit) for unit in range(1, UNITS + 1)]
    np.savetxt(path / "RUL_FD777.txt", np.array(lives) - 35, fmt="%d")
    return path


def test_the_layout_becomes_histories_with_the_same_numbers(tmp_path: Path) -> None:
    rows = [
        [2, 1, 0.1, 0.2, 100.0, 0.1 + 0.2, 7.5],
        [1, 1, 0.0, 0.0, 100.0, 1 / 3, 8.0],
        [1, 2, 0.0, 0.0, 100.0, 2e-17, 9.0],
    ]
    text = "".join(
        "  ".join(map(repr, row)) + "  \n" for row in rows
    )  # two blanks apart and at the end, as in the set
    (tmp_path / "train_FD9.txt").write_text(text)
    one, two = engines_of(tmp_path / "train_FD9.txt")
    assert (one.machine, two.machine) == ("1", "2")
    assert one.t.tolist() == [1, 2]
    assert one.sensors.tolist() == [[1 / 3, 8.0], [2e-17, 9.0]]
    assert two.settings.tolist() == [[0.1, 0.2, 100.0]]
    assert (two.setting_names[0], two.sensor_names) == ("setting_1", ("sensor_1", "sensor_2"))


def test_what_comes_after_the_cut_changes_nothing(tmp_path: Path) -> None:
    engines = engines_of(turbofans(tmp_path) / "train_FD777.txt")
    part = cmapss.folds(len(engines))
    seen = cmapss.cuts([h.t.size for h in engines], 2)
    honest = cmapss.predictions(engines, part, seen)
    rng = np.random.default_rng(1)
    fold = 2
    noisy = []
    for n, h in enumerate(engines):
        if part[n] != fold:
            noisy.append(h)
            continue
        rows = int(seen[:, n].max())
        more = rng.standard_normal((200, h.sensors.shape[1])) * 100
        noisy.append(
            replace(
                h,
                t=np.concatenate([h.t[:rows], h.t[rows - 1] + 1 + np.arange(200.0)]),
                sensors=np.vstack([h.sensors[:rows], more]),
                settings=np.vstack([h.settings[:rows], np.zeros((200, h.settings.shape[1]))]),
            )
        )
    told = cmapss.predictions(noisy, part, seen)
    own = {engines[n].machine for n in np.flatnonzero(part == fold)}
    assert own
    assert [c for c in told if c["unit"] in own] == [c for c in honest if c["unit"] in own]


def test_any_folder_of_the_layout_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = turbofans(tmp_path / "data"), tmp_path / "out.json"
    monkeypatch.setattr(
        sys, "argv", ["cmapss", "--data", str(data), "--seeds", "2", "--jobs", "1", "--json", str(out)]
    )
    cmapss.main()
    told = json.loads(out.read_text())
    values = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert {"ours", "no_model", "trivial", "peer RF"} <= {r["system"] for r in told["rows"]}
    assert values["ours", "FD777 RMSE"] < values["trivial", "FD777 RMSE"]
    assert values["ours", "FD777 test RMSE"] < values["trivial", "FD777 test RMSE"]
    assert told["n"] == 2 * UNITS


def test_the_score_is_that_of_the_paper() -> None:
    """13 cycles too early cost e - 1, 10 too late as much; truth and prediction end at the cap."""
    same = dict.fromkeys(cmapss.POINTS, 50.0)
    cases = [
        {"unit": "1", "truth": 63.0, "low": 40.0, "high": 70.0, "trend shown": False, **same},
        {"unit": "2", "truth": 40.0, "low": 45.0, "high": 60.0, "trend shown": False, **same},
        {
            "unit": "3",
            "truth": 300.0,
            "low": 100.0,
            "high": 125.0,
            "trend shown": False,
            **(same | {"ours": 125.0}),
        },
    ]
    values = {(r["system"], r["metric"]): r["value"] for r in cmapss.scored("x", cases)}
    assert values["ours", "x score per 100"] == pytest.approx(100 * 2 * (np.e - 1) / 3, abs=1e-3)
    assert values["ours", "x RMSE"] == pytest.approx(np.sqrt((13**2 + 10**2) / 3), abs=1e-3)
    assert values["ours", "x 90 % coverage"] == pytest.approx(2 / 3, abs=1e-3)


def bearings(path: Path) -> Path:
    """A folder of the layout with other sizes: a race fault strikes at its order, the other shakes with the shaft."""
    path.mkdir(parents=True, exist_ok=True)
    rows = []
    for n in range(8):
        rng = np.random.default_rng(n)
        size, kind = (3, 30)[n // 4], ("outer_race", "shaft")[n % 2]
        x = 0.3 * rng.standard_normal(3 * cwru_learned.WINDOW)
        if kind == "outer_race":
            x[(np.arange(0, x.size, 12000 / (3.5848 * 30))).astype(int)] += 6.0
        else:
            x += np.sin(2 * np.pi * 30 * np.arange(x.size) / 12000)
        np.savez(path / f"{n}.npz", de=x)
        rows.append(
            {"file": f"{n}.npz", "fault": kind, "size_mil": size, "load_hp": n % 4, "rpm": 1800, "fs": 12000}
        )
    (path / "records.json").write_text(json.dumps(rows))
    return path


def test_labels_of_the_tested_size_change_nothing(tmp_path: Path) -> None:
    data = bearings(tmp_path)
    windows = cut(cwru_learned.records(data), window=cwru_learned.WINDOW)
    rows = rows_of(windows, healthy="")[0]
    part = cwru_learned.splits(data, windows)["by size"]
    honest = cwru_learned.predictions(windows, rows, part, windows.labels)
    noise = ["shaft" if p == "30" else label for p, label in zip(part, windows.labels, strict=True)]
    told = cwru_learned.predictions(windows, rows, part, noise)
    mine = [c for c in honest if c["part"] == "30"]
    assert mine == [c for c in told if c["part"] == "30"]
    assert {c["ours"] for c in mine} == {"outer_race", "shaft"}


def test_any_folder_of_bearings_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.json"
    monkeypatch.setattr(
        sys, "argv", ["cwru_learned", "--data", str(bearings(tmp_path / "b")), "--json", str(out)]
    )
    cwru_learned.main()
    told = json.loads(out.read_text())
    assert {"ours", "no_model", "trivial", cwru_learned.PEER} <= {r["system"] for r in told["rows"]}
    assert told["n"] == 8


def test_a_diagnosis_is_told_of_the_cut_and_nothing_after_it(tmp_path: Path) -> None:
    engines = engines_of(turbofans(tmp_path) / "train_FD777.txt")
    model, held = fleet.fit(engines[:12]), engines[12:]
    seen = np.array([[h.t.size - 4 for h in held], [20 for _ in held]])
    noisy = [
        replace(h, sensors=np.where(np.arange(h.t.size)[:, None] < h.t.size - 4, h.sensors, 999.0))
        for h in held
    ]
    honest = list(life_evidence.told(model, held, seen, "FD777"))
    assert list(life_evidence.told(model, noisy, seen, "FD777")) == honest
    assert [c["case"] for c in honest] == [f"FD777/{h.machine}" for h in held for _ in seen]
    assert all(c["as by the command"] for c in honest)
    assert any(c["shown"] for c in honest)
