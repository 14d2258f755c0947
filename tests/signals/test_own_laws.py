"""A tank, a pump that its level starts, and a main with gauges on both sides: what each keeps to itself, and who leaves it."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.signals.partners.asked import asked
from aitia.tools.signals.partners.between import stands_between
from aitia.tools.signals.partners.expect import Expectations, Grid
from aitia.tools.signals.partners.losing import HOURS, Place, loses
from aitia.tools.signals.partners.own_curve import own_departure
from aitia.tools.signals.partners.resistance import Conductor, changed_resistance
from aitia.tools.signals.partners.standstill import halted, idle
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, FAULT = 620, 450, 500
FLOW, HEAD, POWER, LEVEL = range(4)
PUMP = {"pump": [FLOW, HEAD, POWER], "tank": [LEVEL]}
MAINS = [
    Conductor(component="main 1", flow=0, behind=(2, 3), before=(4, 5)),
    Conductor(component="main 2", flow=1, behind=(4, 5), before=(2, 3, 6, 7)),
]


def grid(x: Floats) -> Grid:
    return Grid(t=300.0 * np.arange(len(x)), x=x, reference=REFERENCE)


def pumped(*, worn: float = 0.0, tripped: bool = False) -> Floats:
    """Flow, head and power of a pump that starts below 2 m of its tank and stops above 3 m, and that level."""
    rng = np.random.default_rng(3)
    level, runs, rows = 2.5, False, []
    for row in range(ROWS):
        runs = (runs or level < 2.0) and level < 3.0 and not (tripped and row >= FAULT)
        flow = 10.0 + 0.8 * float(rng.standard_normal()) if runs else 0.0
        less = worn * max(0.0, (row - FAULT) / (ROWS - FAULT))
        head = (40.0 - 0.1 * flow**2) * (1.0 - less) if runs else 0.0
        rows.append((flow, head, flow * head / (1.0 - less) / 7.0, level))
        level += 0.01 * flow - 0.05
    return np.array(rows) + np.array([0.02, 0.05, 0.1, 0.004]) * rng.standard_normal((ROWS, 4))


def town(*, closing: float = 0.0, wrong: float = 0.0) -> Floats:
    """Flows of two mains in a row, two gauges behind the second, two between them, two before both; a main may close by and by."""
    rng = np.random.default_rng(4)
    hour = 2 * np.pi * np.arange(ROWS) / 288
    near = 6.0 + 2.0 * np.sin(hour) + 0.4 * rng.standard_normal(ROWS)
    far = 4.0 + 1.5 * np.sin(hour + 1.0) + 0.4 * rng.standard_normal(ROWS)
    more = 1.0 + closing * np.clip((np.arange(ROWS) - FAULT) / 40, 0, 1)
    source = 60.0 - 0.05 * (near + far) ** 2
    between = source - 0.08 * (near + far) ** 2
    behind = between - 0.2 * more * far**2
    x = np.stack([far, near + far, behind, behind - 1, between, between + 2, source, source + 1], axis=1)
    x[FAULT:, 2] -= wrong
    return np.asarray(x + 0.05 * rng.standard_normal(x.shape))


def test_a_pump_that_keeps_its_curve_while_it_starts_and_stops_left_nothing() -> None:
    assert own_departure(grid(pumped()), PUMP) is None


@pytest.mark.parametrize("worn", [0.08, 0.2])
def test_wear_shows_against_the_curve_while_it_runs(worn: float) -> None:
    left = own_departure(grid(pumped(worn=worn)), PUMP)
    assert left is not None
    assert (left.component, left.signal, left.times < 0, left.lone) == ("pump", HEAD, True, False)
    assert FAULT - 12 <= left.since < ROWS


def test_a_pump_that_rests_below_the_level_that_starts_it_is_asked_for() -> None:
    assert asked(grid(pumped()), PUMP) == []
    (one,) = asked(grid(pumped(tripped=True)), PUMP)
    assert (one.component, one.signal) == ("pump", LEVEL)
    assert one.started == pytest.approx(2.0, abs=0.15)
    assert one.now < 1.5


def test_a_pump_that_still_rests_where_it_may_is_not() -> None:
    x = pumped(tripped=True)
    assert asked(grid(x[: FAULT + 10]), PUMP) == []


def test_a_main_that_closes_left_its_resistance_and_the_other_one_did_not() -> None:
    assert changed_resistance(grid(town()), MAINS) is None
    closed = town(closing=1.0)
    changed = changed_resistance(grid(closed), MAINS)
    assert changed is not None
    assert (changed.conductor.component, changed.times > 0) == ("main 1", True)
    assert changed.size == pytest.approx(0.2 * np.mean(closed[-12:, 0]) ** 2, rel=0.15)


def test_one_wrong_gauge_is_no_blockage() -> None:
    assert changed_resistance(grid(town(wrong=6.0)), MAINS) is None


def test_what_stands_between_what_fell_and_what_rose_is_named() -> None:
    rng = np.random.default_rng(8)
    hour = 2 * np.pi * np.arange(ROWS) / 100
    drive = np.stack([np.sin(hour), np.cos(0.7 * hour)], axis=1) + 0.3 * rng.standard_normal((ROWS, 2))
    mix = np.array([[1, 1, 0.5, 0.6, 0.7, 0.5, 0.3, 0.2], [0.2, 0.5, 1, 0.9, 0.4, 0.6, 0.8, 1]])
    x = drive @ mix + 0.05 * rng.standard_normal((ROWS, 8))
    told = Expectations(grid(x))
    assert stands_between(told, MAINS) is None
    x[FAULT:, [0, 2]] -= 0.3
    x[FAULT:, 4] += 0.3
    found = stands_between(Expectations(grid(x)), MAINS)
    assert found is not None
    assert (found.conductor.component, found.times < 0, found.behind, found.elsewhere) == (
        "main 1",
        True,
        2,
        4,
    )


def test_a_place_that_more_flows_into_and_that_holds_less_loses() -> None:
    rng = np.random.default_rng(12)
    drive = np.stack([np.sin(np.arange(ROWS) / 30), rng.standard_normal(ROWS)], axis=1)
    x = drive @ rng.uniform(0.4, 1.0, (2, 8)) + 0.2 * rng.standard_normal((ROWS, 8))
    some = [
        Place(component=name, held=held, inflow=(flow,), stores=())
        for name, held, flow in (("a", (2, 3), 0), ("b", (4, 5), 1))
    ]
    assert loses(Expectations(grid(x), HOURS), some) is None
    x[FAULT:, 2] -= 0.25
    assert loses(Expectations(grid(x), HOURS), some) is None
    x[FAULT:, 0] += 0.25
    found = loses(Expectations(grid(x), HOURS), some)
    assert found is not None
    assert (found.place.component, found.held, found.supply, found.stored) == ("a", 2, 0, False)
    x[ROWS - 60 :, [0, 2]] += (-0.25, 0.25)
    assert loses(Expectations(grid(x), HOURS), some) is None


def test_what_always_carried_something_and_carries_nothing_is_out() -> None:
    rng = np.random.default_rng(2)
    x = 5.0 + rng.standard_normal((ROWS, 4)) * 0.3
    members, carrying = {"line 1": [0, 1], "line 2": [2, 3]}, {0, 1, 2, 3}
    assert halted(grid(x), members, carrying) == {}
    x[FAULT:, :2] = 0.0
    assert set(halted(grid(x), members, carrying)) == {"line 1"}
    assert idle(grid(x), members) == {}
    assert set(halted(grid(x), members, {0, 2, 3})) == {
        "line 1"
    }  # whether others miss it is asked by who tells it
    assert halted(grid(x), members, {2, 3}) == {}


def test_a_dead_line_whose_meter_is_noisy_carries_nothing_and_one_that_carries_a_little_does() -> None:
    rng = np.random.default_rng(3)
    x = 20.0 + rng.standard_normal((ROWS, 2))
    x[FAULT:, 0] = 0.25 * rng.standard_normal(
        ROWS - FAULT
    )  # up to 3 % of its usual load, now above zero, now below
    x[FAULT:, 1] = 0.7
    members = {"line 1": [0], "line 2": [1]}
    assert set(halted(grid(x), members, {0, 1})) == {"line 1"}


def test_one_of_many_signals_of_a_machine_that_alone_left_is_an_instrument() -> None:
    rng = np.random.default_rng(9)
    load = np.sin(np.arange(ROWS) / 15) + 0.3 * rng.standard_normal(ROWS)
    cold = np.cos(np.arange(ROWS) / 40)
    shares = [(1, 0.2), (0.8, 0.3), (0.6, 1), (0.2, 1), (1, 0.7), (0.5, 0.4)]
    x = np.stack([a * load + b * cold for a, b in shares] + [rng.standard_normal(ROWS)] * 2, axis=1)
    x += 0.03 * rng.standard_normal(x.shape)
    members = {"unit": [0, 1, 2, 3, 4, 5], "other": [6, 7]}
    x[FAULT:, 3] += 0.6
    left = own_departure(grid(x), members)
    assert left is not None
    assert (left.component, left.signal, left.lone, left.drifts) == ("unit", 3, True, False)
    x[FAULT:, 4] -= 0.6
    both = own_departure(grid(x), members)
    assert both is not None
    assert not both.lone
