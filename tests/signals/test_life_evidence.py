"""Remaining life in a diagnosis: told with its interval, a condition beside the cause and never the cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import aitia
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import NOT_SEEN, Baseline, Evidence, Incident, Report, Result, Window
from aitia.render.plots import plot
from aitia.settings import load_settings
from aitia.tools import SourceSet, ToolContext
from aitia.tools.signals import signals_detect
from aitia.tools.signals.life import store
from aitia.tools.signals.life.fleet import Fleet
from aitia.tools.signals.life.histories import History, cut
from aitia.tools.signals.life.machines import machine_of
from aitia.tools.sources import open_source
from aitia.tools.sources.base import Series
from aitia.tools.sources.signals.life_options import Life, life_of

from .test_envelope import FS, ORDERS, RPM, block
from .test_life import fitted, machine

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def model() -> Fleet:
    return fitted()


@pytest.fixture
def folder(tmp_path: Path, model: Fleet) -> Path:
    store.save(model, tmp_path / "fleet.npz", data="")
    return tmp_path


def rows(history: History, name: str) -> list[str]:
    """Long rows of a machine, an hour apart, its settings beside its sensors."""
    wide = np.hstack([history.settings, history.sensors])
    names = (*history.setting_names, *history.sensor_names)
    return [
        f"{(BEGAN + timedelta(hours=t)).isoformat()},{name},{m},{v:.6g}"
        for t, row in zip(history.t, wide, strict=True)
        for m, v in zip(names, row, strict=True)
    ]


def site(folder: Path, *machines: tuple[str, History], **options: Any) -> tuple[SourceConfig, Window]:
    """A table of machines, and the six hours that end after the last row of the first."""
    lines = [line for name, history in machines for line in rows(history, name)]
    (folder / "plant.csv").write_text("\n".join(["time,component,metric,value", *lines]) + "\n")
    end = BEGAN + timedelta(hours=float(machines[0][1].t[-1]), minutes=30)
    config = SourceConfig(
        name="plant", kind="metrics", type="table", path=str(folder / "plant.csv"), options=options
    )
    return config, Window(start=end - timedelta(hours=6), end=end)


def called(config: SourceConfig, window: Window, kept: dict[str, bytes] | None = None) -> Result:
    incident = Incident(
        id="i", title="C-1 is loud", started_at=window.start, window=window, hints=("C-1",),
        baselines=(Baseline(name="preceding", window=window.shift(-window.seconds)),),
    )  # fmt: skip

    def put(data: bytes, suffix: str) -> str:
        if kept is not None:
            kept[name := f"{len(kept)}{suffix}"] = data
            return name
        return ""

    sources = SourceSet([open_source(config, Path("/"))])
    return signals_detect(ToolContext(incident=incident, sources=sources, put_artifact=put))


def lives(result: Result | Report) -> list[Evidence]:
    return [e for e in result.evidence if e.kind == "signal.life"]


def near_end(seed: int = 200) -> History:
    history = machine(seed)
    return cut(history, history.t.size - 2)


def test_a_machine_near_its_end_is_told_with_its_interval_and_drawn(folder: Path) -> None:
    kept: dict[str, bytes] = {}
    config, window = site(folder, ("C-1", near_end()), life_model=str(folder / "fleet.npz"))
    result = called(config, window, kept)
    (fact,) = lives(result)
    assert result.status == "ok"
    assert fact.statement.startswith("Machine C-1: ")
    assert " h left (" in fact.statement
    assert "90 % interval), based on 20 machines that ran to failure" in fact.statement
    assert float(fact.values["low"]) <= 2 <= float(fact.values["high"])
    assert float(fact.values["life"]) < 8
    assert (fact.aspect, fact.direction, fact.onset, fact.unit) == ("condition.life", "down", None, "h")
    assert 0.2 < fact.strength <= 0.6
    assert plot(fact, window, kept) is not None


def test_a_machine_with_plenty_left_is_told_and_weighs_nothing(folder: Path) -> None:
    young = cut(machine(201), 25)
    (fact,) = lives(called(*site(folder, ("C-1", young), life_model=str(folder / "fleet.npz"))))
    assert "or more" in fact.statement
    assert "high" not in fact.values
    assert (fact.direction, fact.strength) == ("steady", 0.1)


def test_a_machine_unlike_the_fleet_is_a_note_and_no_fact(folder: Path) -> None:
    odd = replace(near_end(), sensors=near_end().sensors * 40)
    result = called(*site(folder, ("C-1", odd), life_model=str(folder / "fleet.npz")))
    assert not lives(result)
    assert "outside the fleet's range" in result.message.partition(NOT_SEEN)[2]


def test_without_options_nothing_is_told(folder: Path) -> None:
    result = called(*site(folder, ("C-1", near_end())))
    assert not lives(result)
    assert "life" not in result.message


def test_by_an_indicator_and_its_limit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(1.0, 101.0)
    worn = History(machine="C-1", t=t, settings=np.zeros((100, 0)), setting_names=(), sensor_names=("wear_mm",),
                   sensors=(0.02 * t + 0.02 * rng.standard_normal(100))[:, None])  # fmt: skip
    kept: dict[str, bytes] = {}
    config, window = site(tmp_path, ("C-1", worn), life_indicator="wear_mm", life_limit=2.2)
    (fact,) = lives(called(config, window, kept))
    assert "until wear_mm reaches 2.2" in fact.statement
    assert float(fact.values["low"]) <= 10 <= float(fact.values["high"])
    assert fact.direction == "down"
    assert b'"limit":2.2' in kept[fact.artifact]
    config, window = site(tmp_path, ("C-1", worn), life_indicator="wear_mm", life_limit=9.0)
    (far,) = lives(called(config, window))
    assert (far.direction, far.strength) == ("steady", 0.1)
    flat = replace(worn, sensors=0.02 * rng.standard_normal((100, 1)))
    config, window = site(tmp_path, ("C-1", flat), life_indicator="wear_mm", life_limit=2.2)
    assert not lives(called(config, window))
    assert "No trend towards the limit" in called(config, window).message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"life_model": "none.npz"}, "). Give a readable model file."),
        ({"life_model": "fleet.npz", "life_indicator": "heat", "life_limit": 1.0}, "give either life_model"),
        ({"life_indicator": "heat"}, "give either life_model"),
        ({"life_indicator": "heat", "life_limit": "hot"}, "life_limit"),
        ({"life_modell": "fleet.npz"}, "valid options: life_model"),
        ({"life_model": "fleet.npz", "life_unit": "cycles"}, "life_unit is one of"),
        ({"life_model": "fleet.npz", "life_time": "cycle"}, "estimate its life: cycle"),
        ({"life_indicator": "wear", "life_limit": 1.0}, "No component of plant has the signals"),
    ],
)
def test_bad_options_are_told_and_the_detectors_go_on(
    folder: Path, options: dict[str, Any], said: str
) -> None:
    plain = called(*site(folder, ("C-1", near_end())))
    given = options | ({"life_model": str(folder / options["life_model"])} if "life_model" in options else {})
    result = called(*site(folder, ("C-1", near_end()), **given))
    assert said in result.message
    assert result.evidence == plain.evidence


def test_a_table_without_the_fleets_signals_says_which_are_lacking(folder: Path) -> None:
    bare = near_end()
    bare = replace(bare, sensors=bare.sensors[:, :2], sensor_names=bare.sensor_names[:2])
    result = called(*site(folder, ("C-1", bare), life_model=str(folder / "fleet.npz")))
    assert "C-1" in result.message
    assert "estimate its life: idle, drift" in result.message


def test_what_was_last_seen_long_before_the_window_is_not_told(folder: Path) -> None:
    config, window = site(folder, ("C-1", near_end()), life_model=str(folder / "fleet.npz"))
    result = called(config, window.shift(40 * 3600.0))
    assert not lives(result)
    assert "its last row is from 2026-03" in result.message


def test_what_comes_after_the_window_is_not_looked_at(folder: Path) -> None:
    whole = machine(200)
    config, window = site(folder, ("C-1", whole), life_model=str(folder / "fleet.npz"))
    early = called(config, window.shift(-2 * 3600.0))
    config, window = site(folder, ("C-1", cut(whole, whole.t.size - 2)), life_model=str(folder / "fleet.npz"))
    assert lives(early)[0].values == lives(called(config, window))[0].values


# The history of a machine from its signals.


def signal(t: np.ndarray, v: np.ndarray, metric: str) -> Series:
    return Series(component="C-1", metric=metric, t=t, v=v)


CLOCKED = Life(indicator="wear", limit=1.0)
COUNTED = Life(indicator="wear", limit=1.0, time="cycle", unit="cycles")


def test_signals_at_other_times_are_put_together_with_the_last_known_value() -> None:
    a = signal(np.arange(0.0, 10.0) * 3600, np.arange(10.0), "wear")
    b = signal(np.array([0.0, 3.0, 6.0]) * 3600, np.array([1.0, np.nan, 2.0]), "load")
    made = machine_of("C-1", {"wear": a, "load": b}, CLOCKED, sensors=["wear"], settings=["load"]).history
    assert made.t.tolist() == list(range(10))
    assert made.settings[:, 0].tolist() == [1.0] * 6 + [2.0] * 4


def test_a_counter_that_was_set_back_begins_a_new_life() -> None:
    t = np.arange(20.0)
    counter = np.concatenate([np.arange(100.0, 110.0), np.repeat(np.arange(5.0), 2) + 1])
    series = {"wear": signal(t, t, "wear"), "cycle": signal(t, counter, "cycle")}
    with pytest.raises(BadInput, match="Give at least 6"):
        machine_of("C-1", series, COUNTED, sensors=["wear"])
    counter[10:] = np.arange(10) // 1.5 + 1
    made = machine_of("C-1", series, COUNTED, sensors=["wear"])
    assert made.history.t.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert made.at.tolist() == [11, 12, 14, 15, 17, 18, 19]  # the last row of each count
    counter[15] = 4.5
    counter[14] = 5.0
    with pytest.raises(BadInput, match="backwards"):
        machine_of("C-1", series, COUNTED, sensors=["wear"])


def test_rows_finer_than_the_fleets_are_taken_a_step_apart_and_coarser_ones_refused() -> None:
    t = np.arange(0.0, 3600.0 * 20, 60.0)
    series = {"wear": signal(t, t, "wear")}
    made = machine_of("C-1", series, CLOCKED, sensors=["wear"], step=1.0)
    assert np.diff(made.history.t) == pytest.approx(1.0)
    assert made.at[-1] == t[-1]
    coarse = signal(t[::180], t[::180], "wear")
    with pytest.raises(BadInput, match="as close as the fleet's"):
        machine_of("C-1", {"wear": coarse}, CLOCKED, sensors=["wear"], step=1.0)


def test_the_model_file_is_found_beside_the_settings(tmp_path: Path) -> None:
    source = {
        "name": "p",
        "kind": "metrics",
        "type": "table",
        "path": "p.csv",
        "options": {"life_model": "f.npz"},
    }
    (tmp_path / "aitia.yaml").write_text(yaml.safe_dump({"sources": [source]}))
    (config,) = load_settings(tmp_path / "aitia.yaml").sources
    life = life_of(config, Path("/elsewhere"))
    assert life is not None
    assert life.model == str(tmp_path / "f.npz")


def test_the_file_keeps_the_fleets_life_and_step(folder: Path, model: Fleet) -> None:
    assert 60 <= model.life <= 139
    assert model.step == 1.0
    again = store.load(folder / "fleet.npz")
    assert (again.life, again.step) == (model.life, model.step)


# Whole diagnoses.


def diagnosed(configs: list[SourceConfig], window: Window, home: Path) -> Report:
    return aitia.diagnose(
        "C-1 is loud", sources=configs, model=None, at=window.end, started_at=window.start, window=window, home=home
    )  # fmt: skip


def summary(report: Report) -> list[tuple[str, str, float]]:
    return [(s.component, s.fault, s.probability) for s in report.suspects]


@pytest.mark.parametrize("left", ["little", "plenty"])
def test_remaining_life_alone_changes_no_verdict(folder: Path, left: str) -> None:
    history = near_end() if left == "little" else cut(machine(201), 25)
    reports = []
    for options in ({}, {"life_model": str(folder / "fleet.npz")}):
        config, window = site(folder, ("C-1", history), **options)
        reports.append(diagnosed([config], window, folder / "home"))
    plain, told = reports
    assert not lives(plain)
    assert len(lives(told)) == 1
    assert (told.verdict, told.component, told.fault) == (plain.verdict, plain.component, plain.fault)
    assert summary(told) == summary(plain)


@pytest.mark.parametrize("left", ["little", "plenty"])
def test_a_bearing_stays_the_cause_and_its_age_is_a_line_of_its_ledger(folder: Path, left: str) -> None:
    history = near_end() if left == "little" else cut(machine(201), 25)
    config, window = site(folder, ("C-1", history), life_model=str(folder / "fleet.npz"))
    rng = np.random.default_rng(1)
    blocks = []
    for n in range(8):
        np.save(folder / f"{n}.npy", block(rng, fault="bpfo" if n >= 5 else "", size=1.5))
        at = window.start + timedelta(hours=n - 4.9)
        blocks.append({"at": at.isoformat(), "file": f"{n}.npy"})
    common = {"component": "C-1", "channel": "DE", "fs": FS, "rpm": RPM, "bearing": ORDERS}
    (folder / "signals.yaml").write_text(yaml.safe_dump({"defaults": common, "blocks": blocks}))
    vibration = SourceConfig(name="v", kind="signals", type="waveform", path=str(folder / "signals.yaml"))
    report = diagnosed([config, vibration], window, folder / "home")
    assert (report.verdict, report.component, report.fault) == (
        "cause",
        "C-1",
        "machine.bearing.outer_race",
    )
    (fact,) = lives(report)
    lines = [c for s in report.suspects for c in s.ledger if c.evidence == fact.id]
    assert bool(lines) == (left == "little")
    assert all(0 < c.log_odds <= 0.3 and "it has little remaining life" in c.why for c in lines)
    assert fact.id not in {i for s in report.chain for i in s.cites}
