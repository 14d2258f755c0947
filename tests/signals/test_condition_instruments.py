"""Instruments against the process: what one point does alone, what several do together, and what the site calculates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.words import AssetSignals, Finding, Point
from aitia.tools.sources.exports.formula import calculated

POINTS, ROWS, ONSET = 14, 600, 400
STEP_S = 180.0
Change = Callable[[np.ndarray], np.ndarray]


def plant(seed: int, changed: dict[int, Change] | None = None) -> AssetSignals:
    """A plant of pressures and temperatures that tremble about their levels, two of them by a common wander."""
    rng = np.random.default_rng(seed)
    wander = np.convolve(rng.normal(size=ROWS + 20), np.ones(20) / 20**0.5, mode="valid")[:ROWS]
    points = {}
    for k in range(POINTS):
        v = 50.0 + 5.0 * k + rng.normal(size=ROWS) + (wander if k < 2 else 0.0)
        v = (changed or {}).get(k, lambda x: x)(v)
        kind = ("pressure", "bar") if k % 2 else ("temperature", "°C")
        points[f"point {k}"] = Point(t=1.7e9 + STEP_S * np.arange(ROWS), v=v, quantity=kind[0], unit=kind[1])
    return AssetSignals(name="PL-1", points=points)


def first(asset: AssetSignals) -> Finding:
    return assess(asset).findings[0]


def by(amount: float, begin: int = ONSET, end: int = ROWS) -> Change:
    return lambda v: v + amount * ((np.arange(ROWS) >= begin) & (np.arange(ROWS) < end))


def growing(amount: float) -> Change:
    return lambda v: v + amount * np.clip((np.arange(ROWS) - ONSET) / (ROWS - ONSET), 0.0, None)


def test_a_plant_that_only_trembles_raises_nothing() -> None:
    assert [assess(plant(seed)).findings for seed in range(4)] == [()] * 4


@pytest.mark.parametrize("end", [ROWS, ONSET + 100], ids=["to the end", "for a while"])
def test_a_step_of_one_point_alone_is_its_instruments(end: int) -> None:
    found = first(plant(1, {4: by(5.0, end=end)}))
    assert (found.cls, found.kind, found.point) == ("sensor", "bias", "point 4")
    assert abs(found.onset.timestamp() - 1.7e9 - ONSET * STEP_S) <= 3 * STEP_S


def test_a_drift_of_one_point_among_many_is_its_instruments() -> None:
    found = first(plant(2, {5: growing(8.0)}))
    assert (found.cls, found.kind, found.point) == ("sensor", "drift", "point 5")


def test_one_spike_that_no_other_point_shows_is_an_instruments() -> None:
    found = first(plant(3, {6: by(15.0, ONSET, ONSET + 2)}))
    assert (found.cls, found.kind, found.point) == ("sensor", "spike", "point 6")


@pytest.mark.parametrize("changed", [(3, 6, 9), (2, 7)], ids=["three", "two"])
def test_a_step_of_several_points_is_the_process(changed: tuple[int, ...]) -> None:
    found = first(plant(4, {k: by(4.0) for k in changed}))
    assert found.cls == "process"
    assert {f"point {k}" for k in changed} <= set(found.channels)


@pytest.mark.parametrize("seed", [20, 21, 23])
def test_a_shift_too_small_for_any_one_point_is_seen_in_eight(seed: int) -> None:
    small = {k: growing(1.5) for k in range(3, 11)}
    assert assess(plant(seed, {4: small[4]})).findings == ()
    found = first(plant(seed, small))
    assert found.cls == "process"
    assert len(found.channels) >= 4


def test_swings_that_grow_wider_on_several_points_are_the_process() -> None:
    def wider(v: np.ndarray) -> np.ndarray:
        return np.where(np.arange(ROWS) >= ONSET, v.mean() + 2.5 * (v - v.mean()), v)

    found = first(plant(6, {3: wider, 8: wider, 11: wider}))
    assert (found.cls, found.kind) == ("process", "swing")
    assert found.now_level is not None
    assert found.before is not None
    assert found.now_level > 1.5 * found.before


def test_a_speed_in_another_unit_is_no_machine_at_rest() -> None:
    asset = plant(7)
    rng = np.random.default_rng(70)
    speed = 1480.0 + 3.0 * rng.normal(size=ROWS)
    t = asset.points["point 0"].t
    wrong = Point(
        t=t, v=np.where(np.arange(ROWS) >= ONSET, speed / 60.0, speed), quantity="speed", unit="rpm"
    )
    found = first(AssetSignals(name="PL-1", points={**asset.points, "shaft speed": wrong}))
    assert (found.cls, found.kind, found.point) == ("sensor", "unit", "shaft speed")


def _tags() -> dict[str, Point]:
    t = np.arange(6.0)
    return {
        "motor power": Point(t=t, v=np.array([0.5, 90.0, 100.0, 110.0, np.nan, 100.0]), unit="kW"),
        "flow": Point(t=t, v=np.array([0.0, 9.0, 10.0, 10.0, 10.0, 10.0]), unit="m³/min"),
        "pressure - inlet": Point(t=t + 0.5, v=np.arange(6.0), unit="bar"),
    }


def test_a_calculated_point_follows_its_formula_and_says_nothing_at_rest() -> None:
    made = calculated("motor power [kW] / (flow [m³/min] * 60)", _tags())
    assert np.isnan(made.v[[0, 4]]).all()
    assert made.v[[1, 2, 3]] == pytest.approx([1 / 6, 1 / 6, 11 / 60])


def test_a_calculated_point_takes_the_last_value_of_points_sampled_at_other_times() -> None:
    made = calculated("flow * 1 - pressure - inlet [bar]", _tags())
    assert np.isnan(made.v[0])
    assert made.v[1:] == pytest.approx([9.0, 9.0, 8.0, 7.0, 6.0])


@pytest.mark.parametrize(
    "formula",
    ["heat [W] / area 45 m²", "flow * __import__('os')", "flow ** 2", "(flow", "60", "flow.real", ""],
)
def test_a_formula_that_is_no_arithmetic_of_points_is_refused(formula: str) -> None:
    with pytest.raises(BadInput, match="formula"):
        calculated(formula, _tags())
