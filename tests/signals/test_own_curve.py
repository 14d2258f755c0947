"""A machine against its own curve: wear is told, a new way of running is not, and of two machines the right one."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.own_curve import own_departure
from aitia.tools.signals.quantities import machine_aspect

ROWS, REFERENCE = 600, 420
MEMBERS = {"P-1": (0, 1, 2), "P-2": (3, 4, 5)}


def plant(*, wear: float = 0.0, faster: float = 0.0, seed: int = 3) -> Grid:
    """Two pumps whose head and power follow their flow; the first loses `wear` of its head, the demand rises by `faster`."""
    rng = np.random.default_rng(seed)
    t = np.arange(ROWS) * 300.0
    after = np.arange(ROWS) >= REFERENCE + 30
    columns = []
    for pump in range(2):
        flow = 100 + 25 * np.sin(t / 9_000 + pump) + np.cumsum(rng.normal(0, 0.4, ROWS)) + faster * after
        head = 40 - 0.0012 * flow**2
        power = 5 + 0.09 * flow
        if pump == 0:
            head = np.where(after, head * (1 - wear), head)
        columns += [flow, head, power]
    x = np.stack(columns, axis=1) + rng.normal(0, 0.15, (ROWS, 6))
    return Grid(t=t, x=x, reference=REFERENCE)


@pytest.mark.parametrize("seed", range(3))
def test_a_worn_pump_leaves_its_own_curve(seed: int) -> None:
    found = own_departure(plant(wear=0.15, seed=seed), MEMBERS)
    assert found is not None
    assert (found.component, found.signal) == ("P-1", 1)
    assert found.times < -4
    assert found.sizes[1] == pytest.approx(-0.15 * 27, rel=0.5)
    assert abs(found.since - (REFERENCE + 30)) <= 20


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_told_of_pumps_that_keep_their_curves(seed: int) -> None:
    assert own_departure(plant(seed=seed), MEMBERS) is None


@pytest.mark.parametrize("faster", [15.0, 80.0])
def test_more_demand_is_no_fault(faster: float) -> None:
    assert own_departure(plant(faster=faster), MEMBERS) is None


def test_two_signals_have_no_curve() -> None:
    assert own_departure(plant(wear=0.3), {"P-1": (0, 1), "P-2": (3, 4)}) is None


def test_noise_in_the_place_of_signals_changes_what_is_told() -> None:
    grid = plant(wear=0.15)
    noise = np.random.default_rng(9).normal(size=grid.x.shape)
    assert own_departure(Grid(t=grid.t, x=noise, reference=REFERENCE), MEMBERS) is None


@pytest.mark.parametrize(
    ("name", "unit", "aspect"),
    [("Differenzdruck Filter", "bar", "pressure_drop"), ("filter_dp", "kPa", "pressure_drop"), ("COP", "", "efficiency"),
     ("HEAD.PV", "mWC", "pressure"), ("flow_m3h", "m3/h", "flow"), ("bearing temperature", "°C", "temperature"),
     ("motor power", "kW", "power"), ("xmeas_9", "", "")],
)  # fmt: skip
def test_what_a_signal_of_a_machine_measures(name: str, unit: str, aspect: str) -> None:
    assert machine_aspect(name, unit) == aspect
