"""Remaining life on fleets and trends whose answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aitia.cli.app import run
from aitia.core.errors import BadInput, ModelError
from aitia.tools.signals.learned.conformal import Band
from aitia.tools.signals.life import fleet, rolling, store
from aitia.tools.signals.life.histories import History, cut, read_histories
from aitia.tools.signals.life.regimes import Regimes
from aitia.tools.signals.life.report import remaining
from aitia.tools.signals.life.trend import trend_life

REGIMES = np.array([[0.0, 0.2], [20.0, 0.7], [42.0, 0.84]])


def machine(seed: int, *, regimes: bool = False) -> History:
    """Two of four sensors drift ever faster before the failure; regimes move every sensor by far more than wear does."""
    rng = np.random.default_rng(seed)
    life = int(rng.integers(60, 140))
    t = np.arange(1.0, life + 1)
    worn = np.exp((t - life) / 15.0)
    x = np.stack([worn, -2 * worn, 0 * t, 0.01 * t], axis=1) + 0.05 * rng.standard_normal((life, 4))
    settings = np.zeros((life, 2))
    if regimes:
        at = rng.integers(0, 3, life)
        settings = REGIMES[at] + 0.001 * rng.standard_normal((life, 2))
        x = x + 30.0 * at[:, None] * np.array([1.0, -2.0, 3.0, 1.0])
    return History(machine=str(seed), t=t, settings=settings, sensors=x, setting_names=("height", "speed"),
                   sensor_names=("heat", "pressure", "idle", "drift"))  # fmt: skip


@cache
def fitted(machines: int = 20) -> fleet.Fleet:
    """Machines that ran to failure after 60 to 139 hours, a row an hour."""
    return fleet.fit([machine(n) for n in range(machines)], cap=50.0)


def write(path: Path, machines: list[History]) -> Path:
    lines = ["unit,cycle,height,speed,heat,pressure,idle,drift"]
    for m in machines:
        lines += [",".join([m.machine, *(f"{v:.6g}" for v in (t, *s, *x))])
                  for t, s, x in zip(m.t, m.settings, m.sensors, strict=True)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("regimes", [False, True])
def test_remaining_life_beats_the_mean_and_its_interval_covers(regimes: bool) -> None:
    model = fleet.fit([machine(n, regimes=regimes) for n in range(30)], cap=50.0)
    off, inside, plain = [], [], []
    for n in range(100, 140):
        h = machine(n, regimes=regimes)
        told, low, high = model.predict(h)
        truth = np.minimum(h.t[-1] - h.t, 50.0)
        off.append(np.mean((told - truth) ** 2))
        plain.append(np.mean((truth - truth.mean()) ** 2))
        inside.append(np.mean((low <= truth) & (truth <= high)))
        assert bool(np.all((low >= 0) & (low <= told) & (told <= high) & (high <= 50)))
    assert np.sqrt(np.mean(off)) < 0.5 * np.sqrt(np.mean(plain))
    assert 0.84 <= np.mean(inside) <= 0.97


def test_what_comes_after_a_row_changes_nothing_before_it() -> None:
    h = machine(3)
    made = rolling.features(h.t, h.sensors, levels=(3, 5, 10), slopes=(8,))
    early = rolling.features(h.t[:40], h.sensors[:40], levels=(3, 5, 10), slopes=(8,))
    assert made.shape[1] == len(rolling.names(h.sensor_names, levels=(3, 5, 10), slopes=(8,)))
    assert np.allclose(made[:40], early, atol=1e-9)


def test_the_reason_is_a_sensor_that_wears() -> None:
    told = remaining(fitted(), machine(200))
    assert told.life is not None
    assert told.life < 6
    assert {r.sensor for r in told.reasons[:2]} <= {"heat", "pressure"}
    assert told.reasons[0].change < 0
    assert told.reasons[0].sensor in told.sentence


def test_a_machine_unlike_the_fleet_is_said_to_be() -> None:
    h = machine(200)
    worse = np.outer(4 * np.exp((h.t - h.t[-1]) / 15.0), [1.0, -2.0, 0.0, 0.0])
    told = remaining(fitted(), replace(h, sensors=h.sensors + worse))
    assert told.strange > 0.1
    assert "of its features are outside the fleet's range" in told.sentence


@pytest.mark.parametrize("sensor", ["heat", "idle"])
def test_a_failure_that_the_fleet_never_had_gets_no_number(sensor: str) -> None:
    """A sensor moves within its range, but without the one that it moved with, or where none moved."""
    told, kept = [], []
    for seed in range(200, 220):
        h = machine(seed)
        early = cut(h, h.t.size - 30)
        other = early.sensors.copy()
        other[:, h.sensor_names.index(sensor)] += np.linspace(0, 0.9, early.t.size) ** 2
        told.append(remaining(fitted(), replace(early, sensors=other)))
        kept += [remaining(fitted(), cut(h, n)) for n in (h.t.size - 30, h.t.size)]
    assert all(t.life is None and t.unseen == sensor for t in told)
    assert f"Its {sensor} is" in told[0].sentence
    assert "they did not fail like this" in told[0].sentence
    assert sum(k.life is None for k in kept) <= 4


def test_settings_that_explain_nothing_are_no_regimes() -> None:
    rng = np.random.default_rng(0)
    stepped = rng.integers(-3, 4, (900, 1)) * 1e-4
    assert len(Regimes.fit(stepped, rng.standard_normal((900, 3))).keys) == 1
    at = rng.integers(0, 3, 900)
    moved = rng.standard_normal((900, 3)) + 20.0 * at[:, None]
    found = Regimes.fit(REGIMES[at], moved)
    assert len(found.keys) == 3
    assert np.abs(found.standardise(REGIMES[at], moved).mean(axis=0)).max() < 1e-6


def test_missing_and_unsorted_rows(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("unit,cycle,a,b\n1,3,,7\n1,1,5,\n1,2,6,8\n1,2,9,8\n2,1,1,1\n")
    one, two = read_histories(path)
    assert one.t.tolist() == [1, 2, 3]
    assert one.sensors.tolist() == [
        [5, 8],
        [9, 8],
        [9, 7],
    ]  # the last of two rows at one time; the last known value
    assert two.machine == "2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("unit,cycle,a\n", "has only a header. Give a table with rows."),
        ("unit,cycle,a\n1,1,hot\n", "'a' (1 of 1 cells)"),
        ("unit,cycle\n1,1\n", "sensors"),
        ("machine,cycle,a\n1,1,1\n", "unit"),
        ("unit,cycle,a\n1,,1\n", "no time"),
        ("unit,cycle,a\n" + "".join(f"1,{n},1\n" for n in range(9)), "Give at least 10"),
        ("unit,cycle,a\n" + "".join(f"{m},{n},1\n" for m in range(12) for n in range(9)), "constant"),
        (
            "unit,cycle,a\n" + "".join(f"{m},{n},nan\n" for m in range(12) for n in range(9)),
            "constant or empty",
        ),
    ],
)
def test_bad_fleets_say_what_to_mend(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        fleet.fit(read_histories(path))
    assert said in str(error.value)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("1 1 0 0 0 5\n")
    with pytest.raises(BadInput, match="not a CSV or Parquet file"):
        read_histories(tmp_path / "train.txt")


def test_a_machine_that_lacks_a_sensor_is_refused() -> None:
    short = replace(machine(9), sensors=machine(9).sensors[:, 1:], sensor_names=("pressure", "idle", "drift"))
    with pytest.raises(BadInput, match="heat"):
        remaining(fitted(), short)


def test_a_kept_fleet_gives_the_same_answers(tmp_path: Path) -> None:
    model = fleet.fit([machine(n, regimes=True) for n in range(12)])
    path = tmp_path / "fleet.npz"
    store.save(model, path, data="0" * 64)
    asked = cut(machine(60, regimes=True), 50)
    assert remaining(store.load(path), asked) == remaining(model, asked)
    with np.load(path) as held:
        arrays = {n: held[n] for n in held.files}
    np.savez(path, **(arrays | {"low": arrays["low"][:3]}))
    with pytest.raises(ModelError, match="do not match"):
        store.load(path)
    np.savez(path, **(arrays | {"path_mean": arrays["path_mean"][:-1]}))
    with pytest.raises(ModelError, match="do not match"):
        store.load(path)


def test_the_narrowest_interval_uses_the_cap() -> None:
    """Where truth never exceeds the prediction the whole error is allowed below it."""
    rng = np.random.default_rng(0)
    truth = np.minimum(100.0, 80 + 40 * rng.random(4000))
    band = Band.fit(np.full(4000, 100.0), truth, np.ones(4000), groups=4000)
    low, high = band.interval(np.array([100.0]))
    assert high[0] == pytest.approx(100.0)
    assert np.mean(truth >= low[0]) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("paths", [20, pytest.param(60, marks=pytest.mark.long)])
def test_a_wiener_trend_covers_its_passage(paths: int) -> None:
    inside, count = 0, 0
    for seed in range(paths):
        rng = np.random.default_rng(seed)
        path = np.cumsum(1.0 + 2.0 * rng.standard_normal(2000))
        passed = int(np.argmax(path >= 200))
        seen = max(int(passed * rng.uniform(0.3, 0.9)), 20)
        told = trend_life(np.arange(float(seen)), (path + 3 * rng.standard_normal(2000))[:seen], limit=200.0)
        if told.life is not None:
            count += 1
            inside += told.low <= passed - seen + 1 <= told.high
    assert count > 5 / 6 * paths
    assert inside / count > 0.78


def test_an_exponential_trend_falls_or_rises_to_its_limit() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(100.0)
    y = np.exp(0.03 * t) + 0.1 * rng.standard_normal(100)
    told = trend_life(t, y, limit=50.0)
    assert told.shape == "exponential"
    assert told.life == pytest.approx(np.log(50) / 0.03 - 99, abs=2.0)
    assert told.low < np.log(50) / 0.03 - 99 < told.high
    wider = trend_life(t, y, limit=50.0, limit_error=10.0)
    assert wider.high - wider.low > 2 * (told.high - told.low)
    falling = trend_life(t, 100 - 0.5 * t + rng.standard_normal(100), limit=20.0)
    assert falling.life == pytest.approx(61, abs=4.0)


def test_a_trend_starts_at_its_bend_and_is_not_made_up() -> None:
    rng = np.random.default_rng(2)
    bent = np.concatenate([np.zeros(100), 0.5 * np.arange(60)]) + 0.5 * rng.standard_normal(160)
    told = trend_life(np.arange(160.0), bent, limit=60.0)
    assert told.since == pytest.approx(100, abs=5)
    assert told.life == pytest.approx(61, abs=5)
    flat = trend_life(np.arange(160.0), rng.standard_normal(160), limit=60.0)
    assert flat.life is None
    assert "No trend" in flat.why
    assert trend_life(np.arange(20.0), np.ones(20), limit=2.0).life is None
    assert trend_life(np.arange(40.0), np.arange(40.0), limit=20.0).life == 0.0


def test_trends_of_too_little_are_refused() -> None:
    with pytest.raises(BadInput, match="12 samples"):
        trend_life(np.zeros(50), np.arange(50.0), limit=60.0)
    with pytest.raises(BadInput, match="12 samples"):
        trend_life(np.arange(50.0), np.full(50, np.nan), limit=60.0)
    with pytest.raises(BadInput, match="limit"):
        trend_life(np.arange(50.0), np.arange(50.0), limit=float("nan"))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = write(tmp_path / "train.csv", [machine(n, regimes=True) for n in range(15)])
    asked, kept = write(tmp_path / "asked.csv", [cut(machine(50, regimes=True), 40)]), tmp_path / "f.npz"
    settings = ["--setting", "height", "--setting", "speed"]
    assert run(["signals", "life", str(train), str(asked), *settings, "-o", str(kept), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["machine"] == "50"
    assert told["low"] <= told["life"]
    assert run(["signals", "life", str(kept), str(asked), *settings]) == 0
    assert capsys.readouterr().out.strip() == told["sentence"]
    assert run(["signals", "life", str(asked)]) == 2
    assert "--indicator" in capsys.readouterr().err
    worn = tmp_path / "worn.csv"
    worn.write_text("unit,cycle,wear\n" + "".join(f"p,{n},{0.5 * n + (n % 3) * 0.1}\n" for n in range(40)))
    assert run(["signals", "life", str(worn), "--indicator", "wear", "--limit", "30"]) == 0
    assert "until wear reaches 30" in capsys.readouterr().out
    assert run(["signals", "life", str(worn), "--indicator", "age", "--limit", "30"]) == 2
