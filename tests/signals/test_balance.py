"""A flow that nothing follows: its meter is wrong, unless other flows balance with it or its own valve is told to be closed."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.signals.partners.balance import closes, reads_right, through_closed
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.partners.standstill import stuck
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, SINCE = 600, 400, 480
NAMES = (
    ("P-1", "flow_m3_h"), ("E-1", "flow_m3_h"), ("V-1", "flow_m3_h"), ("V-1", "position_percent"), ("P-1", "pressure_bar"),
)  # fmt: skip


def plant(x: Floats) -> Plant:
    about = bundled()
    channels = tuple(
        Derived(
            component=c,
            metric=m,
            stat="value",
            about=about.of(m),
            t=60.0 * np.arange(ROWS),
            v=x[:, k],
            source="plant",
        )
        for k, (c, m) in enumerate(NAMES)
    )
    return Plant(channels, Grid(t=60.0 * np.arange(ROWS), x=x, reference=REFERENCE), {})


def flows(*, through: bool, shown: bool = True) -> Floats:
    """A pump's flow, what goes on to an exchanger and what comes back through a valve: from SINCE on 26 of 240."""
    rng = np.random.default_rng(3)
    demand = 220.0 + 10.0 * np.sin(np.arange(ROWS) / 30.0)
    back = np.where(np.arange(ROWS) >= SINCE, 26.0, 0.0)
    noise = 0.5 * rng.standard_normal((ROWS, 3))
    pump = demand + (back if through else 0.0)
    meter = back if shown else np.zeros(ROWS)
    return np.stack(
        [pump + noise[:, 0], demand + noise[:, 1], meter + 0.1 * noise[:, 2], np.zeros(ROWS), 4.0 + 0 * pump],
        axis=1,
    )


def test_a_meter_that_closes_the_balance_reads_right() -> None:
    assert closes(plant(flows(through=True)), 2, SINCE, 26.0)


def test_one_that_the_other_flows_do_not_know_closes_none() -> None:
    assert not closes(plant(flows(through=False)), 2, SINCE, 26.0)


def test_flow_through_a_valve_that_is_told_to_be_closed_is_so() -> None:
    x = flows(through=True)
    assert through_closed(plant(x), 2, SINCE, 26.0)
    x[:, 3] = 40.0
    assert not through_closed(plant(x), 2, SINCE, 26.0)


@pytest.mark.parametrize(("through", "right"), [(True, True), (False, False)])
def test_with_its_valve_open_the_balance_tells(through: bool, right: bool) -> None:
    x = flows(through=through)
    x[:, 3] = 40.0
    assert reads_right(plant(x), 2, SINCE, 26.0) is right


def test_a_running_flag_is_never_stuck_nor_what_a_stretch_without_samples_holds() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((ROWS, 4))
    x[:, 0] = np.arange(ROWS) % 20 < 10  # a flag
    x[300:, 0] = 1.0
    x[500:, 1] = x[499, 1]  # an instrument that is stuck
    owners = ["a", "b", "c", "d"]
    grid = Grid(t=60.0 * np.arange(ROWS), x=x, reference=REFERENCE)
    assert set(stuck(grid, owners)) == {1}
    x[410:590] = x[409]  # nothing at all was read
    x[590:, 1] = x[409, 1]
    assert stuck(grid, owners) == {}
