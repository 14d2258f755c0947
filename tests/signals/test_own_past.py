"""A chiller whose water pump feeds its evaporator and whose valve keeps the superheat: what nobody else of a plant moves."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.facts import plant_told
from aitia.tools.signals.partners.own_past import left_their_past
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, FAULT = 620, 450, 540
NAMES = (
    ("SWP-1", "flow", "flow"), ("SWP-1", "input power", "power"), ("EVAP-1", "leaving temp", "temperature"),
    ("EVAP-1", "entering temp", "temperature"), ("EVAP-1", "low pressure", "pressure"), ("EXV-1", "superheat", "temperature"),
    ("COMP-1", "input power", "power"), ("COMP-1", "speed", "speed"), ("COMP-1", "discharge temp", "temperature"),
)  # fmt: skip
FLOW, PUMP_POWER, LEAVING, ENTERING, PRESSURE, SUPERHEAT, POWER, SPEED, DISCHARGE = range(9)
WHOLES = {"EVAP-1": ["CH-1"], "EXV-1": ["CH-1"], "COMP-1": ["CH-1"]}
FEEDS = {"SWP-1": ["EVAP-1"]}


def chiller(
    *, flow: float = 1.0, power: float = 1.0, meter: float = 1.0, superheat: float = 0.0, low: float = 0.0
) -> Floats:
    """Signals in the order of `NAMES`: from `FAULT` on the pump gives a share of its flow for a share of its power, its meter shows
    a share of what flows, superheat and low pressure are off.
    """
    rng, rows = np.random.default_rng(4), np.arange(ROWS)
    after = rows >= FAULT
    load = 200 + 60 * np.sin(rows / 40.0) + 5 * rng.standard_normal(ROWS)
    entering = 12 + 0.3 * np.sin(rows / 90.0)
    water = 14 * (1 + 0.004 * rng.standard_normal(ROWS)) * np.where(after, flow, 1.0)
    leaving = entering - load / (4.19 * water)
    pressure = 3 + 0.1 * leaving - 0.002 * load + low * after
    x = np.stack([
        water * np.where(after, meter, 1.0), 4.2 * (1 + 0.004 * rng.standard_normal(ROWS)) * np.where(after, power, 1.0),
        leaving, entering, pressure, 5 + superheat * after + 0.05 * rng.standard_normal(ROWS),
        0.2 * load - 4 * (pressure - 3), 0.3 * load, 50 + 0.1 * load - 5 * (pressure - 3),
    ], axis=1)  # fmt: skip
    return np.asarray(x + 0.01 * rng.standard_normal(x.shape) * np.std(x, axis=0))


def plant(x: Floats) -> Plant:
    t = 300.0 * np.arange(ROWS)
    channels = [
        Derived(component=c, metric=m, stat="gauge", about=Aspect(aspect=a, say=a), t=t, v=x[:, k])
        for k, (c, m, a) in enumerate(NAMES)
    ]
    return Plant(tuple(channels), Grid(t=t, x=x, reference=REFERENCE), WHOLES, FEEDS)


def told(x: Floats) -> list[Evidence]:
    of = plant(x)
    window = Window(start=from_epoch(float(of.grid.t[FAULT])), end=from_epoch(float(of.grid.t[-1])))
    return plant_told(of, Gathered(raw=(), derived=of.channels, baselines=(), window=window, problems=()))


def what(facts: list[Evidence]) -> set[tuple[str, str, str]]:
    return {(e.component, e.aspect, e.direction) for e in facts}


def test_only_what_is_to_the_end_where_it_never_was_left_its_past() -> None:
    assert left_their_past(plant(chiller()).grid) == {}
    left = left_their_past(plant(chiller(flow=0.7)).grid)
    assert set(left) == {FLOW}
    assert left[FLOW].times < 0
    assert abs(left[FLOW].since - FAULT) <= 2
    passing = chiller()
    passing[FAULT : FAULT + 20, FLOW] *= 0.7
    assert left_their_past(plant(passing).grid) == {}
    back = chiller()
    back[-9:-4, FLOW] = 0.0  # within the last hour on average, and as ever at the end
    assert left_their_past(plant(back).grid) == {}
    standing = chiller()
    standing[-9:, FLOW] = 0.0
    assert set(left_their_past(plant(standing).grid)) == {FLOW}


def test_a_setting_that_never_moved_says_nothing_of_how_far_it_may_go() -> None:
    x = chiller()
    x[:, SPEED] = np.where(np.arange(ROWS) < FAULT, 50.0, 60.0)
    assert SPEED not in left_their_past(plant(x).grid)


def test_a_worn_pump_is_named_and_not_the_exchanger_that_it_feeds() -> None:
    facts = told(chiller(flow=0.7, power=0.98))
    (apart,) = [e for e in facts if e.kind == "signal.apart"]
    assert (apart.component, apart.aspect) == ("SWP-1", "pattern.apart")
    assert {("SWP-1", "flow", "down"), ("SWP-1", "efficiency", "down")} <= what(facts)
    assert "EVAP-1" not in {e.component for e in facts}


def test_a_throttled_pump_saves_power_so_that_nothing_is_said_of_its_yield() -> None:
    facts = told(chiller(flow=0.7, power=0.8))
    assert {("SWP-1", "flow", "down"), ("SWP-1", "power", "down")} <= what(facts)
    assert "efficiency" not in {e.aspect for e in facts}


def test_of_a_pump_that_stood_for_most_of_its_past_no_share_of_power_is_told() -> None:
    x = chiller(flow=0.7, power=0.98)
    x[:REFERENCE, PUMP_POWER] *= np.arange(REFERENCE) % 5 == 0
    facts = told(x)
    assert "efficiency" not in {e.aspect for e in facts}
    assert not [e for e in facts if "inf" in e.statement or "nan" in e.statement]


def test_a_flow_meter_that_nothing_follows_is_the_instrument() -> None:
    (one,) = told(chiller(meter=0.7))
    assert (one.component, one.aspect, one.values["channel"]) == ("SWP-1", "pattern.offset", "flow")


@pytest.mark.parametrize(("superheat", "whose"), [(0.0, "EVAP-1"), (4.0, "CH-1")])
def test_a_part_is_named_unless_another_part_of_its_machine_left_its_past_more_plainly(
    superheat: float, whose: str
) -> None:
    facts = told(chiller(low=-0.4, superheat=superheat))
    (apart,) = [e for e in facts if e.kind == "signal.apart"]
    assert apart.component == whose
    assert (("EXV-1", "temperature", "up") in what(facts)) == bool(superheat)


def test_a_calm_plant_says_what_would_have_shown() -> None:
    facts = told(chiller())
    assert {e.kind for e in facts} == {"signal.quiet"}
    assert "EVAP-1" in {e.component for e in facts}
    assert all("would show" in e.statement for e in facts)
