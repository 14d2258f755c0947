"""`signals_detect` and `signals_changepoints` on a machine's table: what is wrong, since when, in which signal."""

from __future__ import annotations

import random
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Baseline, Evidence, Incident, Result, Window, from_epoch
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.signals import signals_changepoints, signals_detect
from aitia.tools.sources import open_source

T0, STEP = 1_767_225_600.0, 10.0
NAMES = ("discharge_pressure_bar", "water_flow_lpm", "motor_current_amps", "bearing_temperature_celsius")
FAULT = 700  # row


def machine(seed: int, *, fault: float = 0.0, rows: int = 900, before: int = 600) -> np.ndarray:
    """Four signals that follow one load; in a fault the flow alone leaves it."""
    rng = np.random.default_rng(seed)
    load = np.zeros(rows)
    for i in range(1, rows):
        load[i] = 0.95 * load[i - 1] + rng.normal(0, 0.3)
    x = load[:, None] * np.array([0.1, 2.0, 0.5, 0.3]) + np.array([4.0, 120.0, 11.0, 60.0])
    x += rng.normal(0, 1, x.shape) * np.array([0.02, 0.5, 0.1, 0.1])
    x[before + 100 :, 1] -= fault
    return x


def context(folder: Path, x: np.ndarray, *, before: int = 600, lines: list[str] | None = None) -> ToolContext:
    if lines is None:
        lines = [
            f"{T0 + STEP * i},P-1,{name},{x[i, k]:.5f}"
            for i in range(x.shape[0])
            for k, name in enumerate(NAMES)
        ]
    (folder / "plant.csv").write_text("\n".join(["time,component,metric,value", *lines]) + "\n")
    source = open_source(SourceConfig(name="plant", kind="metrics", type="table", path="plant.csv"), folder)
    start = from_epoch(T0 + STEP * before)
    window = Window(start=start, end=from_epoch(T0 + STEP * x.shape[0]))
    past = Baseline(name="preceding", window=Window(start=from_epoch(T0), end=start))
    incident = Incident(id="i", title="pump", started_at=start, window=window, baselines=(past,))
    return ToolContext(incident=incident, sources=SourceSet([source]))


def anomalies(result: Result) -> list[Evidence]:
    return [e for e in result.evidence if e.kind == "signal.anomaly"]


def test_onset_and_channel_of_a_broken_relation(tmp_path: Path) -> None:
    (found,) = anomalies(signals_detect(context(tmp_path, machine(0, fault=4.0))))
    assert found.component == "P-1"
    assert found.values["channel"] == "water_flow_lpm"
    assert found.values["contribution_percent"] > 50
    assert found.values["detector"] == "Ensemble"
    assert "600 rows" in str(found.values["because"])
    assert found.onset is not None
    late = found.onset.timestamp() - (T0 + STEP * FAULT)
    assert -found.onset_error_s <= late <= 100.0
    assert found.artifact == "" or len(found.artifact) > 8


def test_the_signal_that_moved_first_is_told(tmp_path: Path) -> None:
    x = machine(0)
    x[700:, 2] -= 2.0  # the current, and only later what follows it
    x[720:, 1] -= 12.0
    x[400:, 3] += 1.0  # had wandered off long before
    (found,) = anomalies(signals_detect(context(tmp_path, x)))
    assert found.values["first"] == "motor_current_amps"
    assert str(found.values["order"]).startswith("motor_current_amps, water_flow_lpm")
    said = re.search(
        r"; electric current \(motor_current_amps\) changed first, at (\S+) UTC within (\d+) s\.$",
        found.statement,
    )
    assert said is not None
    off = datetime.fromisoformat(f"2026-01-01T{said[1]}Z").timestamp() - (T0 + STEP * 700)
    assert abs(off) <= int(said[2]) < 200


def test_no_signal_is_told_to_be_first_where_several_move_at_once(tmp_path: Path) -> None:
    x = machine(0)
    x[700:, 1] -= 12.0
    x[700:, 2] -= 2.0
    (found,) = anomalies(signals_detect(context(tmp_path, x)))
    assert "changed first" not in found.statement
    assert set(str(found.values["first"]).split(", ")) == {"motor_current_amps", "water_flow_lpm"}


def test_normal_operation_is_quiet(tmp_path: Path) -> None:
    told = 0
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        told += bool(anomalies(signals_detect(context(folder, machine(seed)))))
    assert told <= 1


def test_a_short_reference_takes_principal_components(tmp_path: Path) -> None:
    x = machine(1, fault=6.0, rows=400, before=120)
    (found,) = anomalies(signals_detect(context(tmp_path, x, before=120)))
    assert found.values["detector"] == "PcaT2Spe"
    assert found.values["channel"] == "water_flow_lpm"


def test_order_and_duplicates_of_rows_do_not_matter(tmp_path: Path) -> None:
    x = machine(0, fault=4.0)
    lines = [f"{T0 + STEP * i},P-1,{n},{x[i, k]:.5f}" for i in range(x.shape[0]) for k, n in enumerate(NAMES)]
    mixed = lines + lines[:400]
    random.Random(0).shuffle(mixed)
    told = []
    for i, rows in enumerate((lines, mixed)):
        folder = tmp_path / str(i)
        folder.mkdir()
        told.append(anomalies(signals_detect(context(folder, x, lines=rows)))[0].statement)
    assert told[0] == told[1]


def test_signals_of_other_rates_are_laid_on_one_grid(tmp_path: Path) -> None:
    x = machine(0, fault=4.0)
    lines = [
        f"{T0 + STEP * i},P-1,{n},{x[i, k]:.5f}"
        for i in range(x.shape[0])
        for k, n in enumerate(NAMES)
        if k != 3 or i % 6 == 0
    ]
    (found,) = anomalies(signals_detect(context(tmp_path, x, lines=lines)))
    assert found.values["channel"] == "water_flow_lpm"


@pytest.mark.parametrize("kind", ["one row", "constant", "missing"])
def test_unusable_tables_are_no_data(tmp_path: Path, kind: str) -> None:
    x = machine(2)
    text = {"constant": "5.0", "missing": "NaN"}
    last = 1 if kind == "one row" else x.shape[0]
    lines = [
        f"{T0 + STEP * (i + 650 * (last == 1))},P-1,{n},{text.get(kind, x[i, k])}"
        for i in range(last)
        for k, n in enumerate(NAMES)
    ]
    result = signals_detect(context(tmp_path, x, lines=lines))
    assert result.status == "no_data"
    assert result.message
    assert signals_changepoints(context(tmp_path, x, lines=lines), component="P-1").status == "no_data"


def test_words_in_a_column_are_named(tmp_path: Path) -> None:
    lines = [f"{T0 + STEP * i},P-1,{n},off" for i in range(900) for n in NAMES]
    with pytest.raises(SourceError, match=r"in column 'value'.*is not a number"):
        signals_detect(context(tmp_path, machine(2), lines=lines))


def test_a_step_of_one_signal_is_a_changepoint_with_its_error(tmp_path: Path) -> None:
    result = signals_changepoints(context(tmp_path, machine(3, fault=40.0)), component="P-1")
    found = next(e for e in result.evidence if e.values["metric"] == "water_flow_lpm")
    assert found.direction == "down"
    assert found.onset is not None
    assert abs(found.onset.timestamp() - (T0 + STEP * FAULT)) <= found.onset_error_s


def wide(folder: Path, channels: int, *, rows: int = 900, before: int = 600, moved: int = -1) -> ToolContext:
    """A machine of many temperatures that follow one load; `moved` leaves it in the window."""
    rng = np.random.default_rng(5)
    load = np.cumsum(rng.normal(0, 0.3, rows)) * 0.05
    x = load[:, None] * rng.uniform(0.5, 2.0, channels) + rng.normal(0, 0.1, (rows, channels)) + 60.0
    if moved >= 0:
        x[before + 50 :, moved] += 4.0
    lines = [
        f"{T0 + STEP * i},P-1,t{k:03d}_temperature_celsius,{x[i, k]:.5f}"
        for i in range(rows)
        for k in range(channels)
    ]
    return context(folder, x, before=before, lines=lines)


def test_of_a_wide_machine_every_signal_is_looked_at(tmp_path: Path) -> None:
    (found,) = anomalies(signals_detect(wide(tmp_path, 70, moved=69)))
    assert found.statement.startswith("P-1: 35 of its 70 signals taken together left their normal pattern")
    assert found.values["channel"] == "t069_temperature_celsius"


def test_a_wide_machine_that_stays_is_told_once(tmp_path: Path) -> None:
    (quiet,) = signals_detect(wide(tmp_path, 70)).evidence
    assert (
        quiet.statement == "P-1: its 70 signals taken together, 35 at a time, stayed in their normal pattern."
    )


def test_a_short_past_bears_fewer_signals_at_a_time(tmp_path: Path) -> None:
    (found,) = anomalies(signals_detect(wide(tmp_path, 60, rows=250, before=150, moved=3)))
    assert found.statement.startswith("P-1: 30 of its 60 signals taken together left their normal pattern")
    assert found.values["channel"] == "t003_temperature_celsius"


@pytest.mark.parametrize("signals", [1, 4])
def test_too_short_a_past_is_not_called_usual(tmp_path: Path, signals: int) -> None:
    x, before = machine(0, rows=130, before=15), 15
    lines = [f"{T0 + STEP * i},P-1,{NAMES[k]},{x[i, k]:.5f}" for i in range(130) for k in range(signals)]
    told = signals_detect(context(tmp_path, x, before=before, lines=lines))
    assert told.status == "no_data"
    assert told.message.startswith("Add process signals or a longer baseline")
