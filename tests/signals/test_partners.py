"""A plant of two machines and four instruments: what stands apart, stands still or rests, and what is only noise or load."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.signals.partners.culprit import APART, Departure, departure
from aitia.tools.signals.partners.expect import Expectations, Grid
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.partners.standstill import idle, stuck
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE = 600, 450
OWNERS = ["pump", "pump", "fan", "fan", "p1", "p2", "p3", "p4"]


@pytest.fixture
def x() -> Floats:
    """The flow and power of a pump and a fan that run on and off, and four pressures that follow both."""
    rng = np.random.default_rng(5)
    pump = (np.arange(ROWS) % 40 < 25) * (1.0 + 0.1 * rng.standard_normal(ROWS))
    fan = (np.arange(ROWS) % 56 < 30) * (1.0 + 0.1 * rng.standard_normal(ROWS))
    pressures = [4.0 + a * pump + b * fan for a, b in ((1, 0.2), (0.8, 0.4), (0.5, 0.7), (0.2, 1))]
    columns = [10 * pump, 3 * pump, 5 * fan, 2 * fan, *pressures]
    return np.stack([c + 0.02 * rng.standard_normal(ROWS) for c in columns], axis=1)


def grid(x: Floats) -> Grid:
    return Grid(t=60.0 * np.arange(ROWS), x=x, reference=REFERENCE)


def told(x: Floats) -> Departure | None:
    return departure(Expectations(grid(x)), OWNERS, lambda c: frozenset({c}), lambda c: "")


def test_nothing_departs_where_all_is_as_it_was(x: Floats) -> None:
    assert told(x) is None


def test_an_instrument_that_jumps_is_named_alone(x: Floats) -> None:
    x[500:, 6] += 0.3
    left = told(x)
    assert left is not None
    assert (left.component, left.signal, left.alone, left.drifts) == ("p3", 6, True, False)
    assert left.plain
    assert abs(left.since - 500) <= 12


def test_a_departure_says_what_it_reads_what_was_expected_and_whether_it_lasts(x: Floats) -> None:
    usual = float(np.mean(x[540:, 6]))
    x[500:, 6] += 0.3
    left = told(x)
    assert left is not None
    assert left.shows - left.expected == pytest.approx(0.3, abs=0.05)
    assert left.expected == pytest.approx(usual, abs=0.3)
    assert left.lasts
    x[560:, 6] -= 0.3
    over = told(x)
    assert over is not None
    assert not over.lasts


def test_an_instrument_that_drifts_drifts(x: Floats) -> None:
    x[470:, 4] += np.linspace(0.0, 1.0, ROWS - 470)
    left = told(x)
    assert left is not None
    assert (left.component, left.drifts, left.times > 0) == ("p1", True, True)


def test_a_machine_whose_power_no_longer_goes_with_its_flow_is_named(x: Floats) -> None:
    x[500:, 1] *= 1.5
    left = told(x)
    assert left is not None
    assert left.component == "pump"


def test_a_load_beyond_all_that_the_past_shows_is_no_plain_departure(x: Floats) -> None:
    rng = np.random.default_rng(6)
    more = 4.0 * (np.arange(ROWS) >= 500) * (1.0 + 0.05 * rng.standard_normal(ROWS))
    for column, share in enumerate((10.0, 3.0, 0.0, 0.0, 1.0, 0.8, 0.5, 0.2)):
        x[:, column] += share * more
    left = told(x)
    assert left is None or not left.plain or abs(left.times) < 2 * APART


def test_a_signal_that_stands_still_is_stuck_and_one_that_always_did_is_not(x: Floats) -> None:
    x[480:, 5] = x[480, 5]
    x[:, 7] = np.repeat(x[::60, 7], 60)
    assert set(stuck(grid(x), OWNERS)) == {5}


def test_a_plant_that_stands_still_as_a_whole_has_no_stuck_instrument(x: Floats) -> None:
    x[480:] = x[480]
    assert stuck(grid(x), OWNERS) == {}


def test_a_machine_at_rest_for_longer_than_ever_is_idle(x: Floats) -> None:
    members = {"pump": [0, 1], "fan": [2, 3]}
    assert idle(grid(x), members) == {}
    x[540:, :2] = 0.0
    assert set(idle(grid(x), members)) == {"pump"}


def test_of_two_that_tell_only_each_other_nobody_is_named(x: Floats) -> None:
    rng = np.random.default_rng(7)
    weather = np.cumsum(0.1 * rng.standard_normal(ROWS))
    pair = [20.0 + weather + 0.02 * rng.standard_normal(ROWS) for _ in range(2)]
    wide = np.column_stack([x, *pair])
    owners = [*OWNERS, "bearing 1", "bearing 2"]

    def left_of(x: Floats) -> Departure | None:
        return departure(Expectations(grid(x)), owners, lambda c: frozenset({c}), lambda c: "")

    assert left_of(wide) is None
    wide[500:, 8] += 2.0
    left = left_of(wide)
    assert left is not None
    assert (left.component, left.alone, left.rivalled) == ("", False, True)
    third = np.column_stack([wide, 20.0 + weather + 0.02 * rng.standard_normal(ROWS)])
    owners.append("bearing 3")
    left = left_of(third)
    assert left is not None
    assert (left.component, left.alone, left.rivalled) == ("bearing 1", True, False)


@pytest.mark.parametrize(
    ("owners", "wholes", "bodies", "may"),
    [
        (("p1", "p2", "t1"), {"p1": ["zone"], "p2": ["zone"], "t1": ["zone"]}, (), True),
        (
            ("p1", "t1", "t2"),
            {"p1": ["zone"], "t1": ["zone"], "t2": ["zone"]},
            (),
            False,
        ),  # nobody else measures a pressure
        (("p1", "p2", "t1"), {}, (), False),
        (
            ("p1", "p2", "t1"),
            {"p1": ["pump"], "p2": ["pump"], "t1": ["pump"]},
            ("p1",),
            False,
        ),  # a bearing, say
        (("p1", "p1", "t1"), {"p1": ["pump"], "t1": ["pump"]}, ("p1",), True),
    ],
)
def test_a_lone_signal_is_an_instruments_where_another_would_have_moved_with_what_it_measures(
    owners: tuple[str, ...], wholes: dict[str, list[str]], bodies: tuple[str, ...], may: bool
) -> None:
    quantities = ["temperature" if owner.startswith("t") else "pressure" for owner in owners]
    channels = tuple(
        Derived(component=c, metric=m, stat="gauge", about=bundled().of(m), t=np.arange(9.0), v=np.zeros(9))
        for c, m in zip(owners, quantities, strict=True)
    )
    plant = Plant(channels, grid(np.zeros((ROWS, len(owners)))), wholes, bodies=frozenset(bodies))
    assert plant.may_err(0) is may
