"""Clocks of two sources of one asset that differ: found by what both recorded, said with seconds and since when, and not used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Inventory, Window
from aitia.tools.sources import open_sources
from aitia.tools.sources.clock_drift import drift_of, lags
from aitia.tools.sources.opening import build_inventory

START = datetime(2026, 3, 9, tzinfo=UTC)
STEP_S, ROWS = 10.0, 3000
T = START.timestamp() + STEP_S * np.arange(ROWS)


def flow(seed: int = 1, width: int = 6) -> np.ndarray:
    """A flow that wanders, as a process does."""
    steps = np.random.default_rng(seed).normal(size=ROWS + width)
    return 100.0 + np.convolve(np.cumsum(steps), np.ones(width) / width, mode="valid")[:ROWS]


def seen(
    t: np.ndarray, v: np.ndarray, ahead: np.ndarray | float, seed: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """The same by another system: its noise, its sampling, its clock."""
    rng = np.random.default_rng(seed)
    own = t[:-1] + 3.0
    told = np.interp(own, t, v) + 0.05 * rng.normal(size=own.size)
    return own + (ahead if isinstance(ahead, float) else ahead[:-1]), told


@pytest.mark.parametrize("ahead", [-90.0, -20.0, 25.0, 300.0])
def test_a_clock_that_differs_throughout_is_told_with_its_seconds(ahead: float) -> None:
    found, step = lags((T, flow()), seen(T, flow(), ahead))
    told = drift_of(found, step, same=True)
    assert told is not None
    assert told.since is None
    assert told.seconds == pytest.approx(ahead, abs=step / 2)


def test_a_clock_that_is_set_wrong_on_the_way_is_told_since_when() -> None:
    jump = np.where(np.arange(ROWS) < 1500, 0.0, 120.0)
    found, step = lags((T, flow()), seen(T, flow(), jump))
    told = drift_of(found, step, same=True)
    assert told is not None
    assert told.since is not None
    assert told.seconds == pytest.approx(120.0, abs=step)
    assert abs(told.since - T[1500]) <= 240 * step


@pytest.mark.parametrize("ahead", [0.0, 3.0])
def test_clocks_that_agree_are_not_told(ahead: float) -> None:
    found, step = lags((T, flow()), seen(T, flow(), ahead))
    assert len(found) > 10
    assert drift_of(found, step, same=True) is None


def test_an_effect_that_follows_its_cause_is_no_clock() -> None:
    effect = np.interp(T - 60.0, T, flow()) * 0.3
    found, step = lags((T, flow()), seen(T, effect, 0.0))
    assert np.median([lag.seconds for lag in found]) == pytest.approx(60.0, abs=step)
    assert drift_of(found, step, same=False) is None
    assert drift_of(found, step, same=True) is not None


@pytest.mark.parametrize("what", ["periodic", "still", "other"])
def test_what_tells_no_lag_tells_none(what: str) -> None:
    periodic = np.sin(2 * np.pi * T / 300.0)
    one = {"periodic": periodic, "still": np.full(ROWS, 4.0), "other": flow(2)}[what]
    two = {"periodic": periodic, "still": np.full(ROWS, 4.0), "other": flow(3)}[what]
    found, step = lags((T, one), seen(T, two, 40.0))
    assert drift_of(found, step, same=True) is None


def plant(folder: Path, ahead: float) -> Inventory:
    """A historian with three points of P-101 and a PLC that logged one of them too."""
    v = flow()
    others = [flow(5), flow(6)]
    rows = [f"{_iso(t)},{a:.3f},{b:.3f},{c:.3f}" for t, a, b, c in zip(T, v, *others, strict=True)]
    (folder / "historian.csv").write_text(
        "time,P-101.flow_m3h,P-101.power_kw,P-101.level_m\n" + "\n".join(rows), encoding="utf-8"
    )
    t, w = (x[150:-40] for x in seen(T, v, ahead))
    rows = [f"{_iso(a)},{b:.3f},{1.0 + n % 7:.1f}" for n, (a, b) in enumerate(zip(t, w, strict=True))]
    (folder / "plc.csv").write_text(
        "time,P-101.flow_m3h,P-101.valve_pct\n" + "\n".join(rows), encoding="utf-8"
    )
    configs = [
        SourceConfig(name=n, kind="metrics", type="table", path=f"{n}.csv") for n in ("historian", "plc")
    ]
    end = START + timedelta(seconds=STEP_S * ROWS)
    return build_inventory(
        open_sources(configs, folder), Window(start=end - timedelta(hours=2), end=end), Resolver([])
    )


def _iso(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_inventory_says_it_and_onsets_of_the_smaller_source_are_uncertain_by_it(tmp_path: Path) -> None:
    by_name = {h.source: h for h in plant(tmp_path, 240.0).holdings}
    assert by_name["plc"].doubt_s == pytest.approx(240.0, abs=STEP_S)
    assert "min ahead of that of historian (both recorded flow_m3h of P-101)" in by_name["plc"].note
    assert by_name["historian"].doubt_s == 0.0


def test_sources_whose_clocks_agree_are_not_doubted(tmp_path: Path) -> None:
    assert all(h.doubt_s == 0.0 for h in plant(tmp_path, 0.0).holdings)
