"""A small grid: a transformer, two lines in a row and a wind turbine. What opens, trips, stands, warms, or takes more than it should."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.facts import plant_told
from aitia.tools.signals.partners.network import network_of
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, FAULT = 400, 300, 340
STEP_S = 600.0
NAMES = (
    ("T1", "MMXU1.TotW"), ("T1", "STMP1.Tmp"), ("T1", "YLTC1.TapPos"), ("L1-2", "MMXU1.A.phsA"), ("L2-3", "MMXU1.A.phsA"),
    ("W2", "MMXU1.TotW"), ("N1", "MMXU1.PPV.phsAB"), ("N2", "MMXU1.PPV.phsAB"), ("N3", "MMXU1.PPV.phsAB"),
    ("Q1", "XCBR1.Pos.stVal"), ("S1", "MMET1.EnvTmp"),
)  # fmt: skip
FEEDS = {
    "T1": ["N1"], "N1": ["Q1"], "Q1": ["L1-2"], "L1-2": ["N2"], "N2": ["L2-3"], "L2-3": ["N3"], "W2": ["N2"],
}  # fmt: skip
Loads = dict[str, Floats]
KV = 20.0


def grid(
    change: Callable[[Loads], None] = lambda made: None, after: Callable[[Floats], None] = lambda x: None
) -> Plant:
    """The plant; `change` acts on loads, wind, tap and cooling before the flows are worked out, `after` on what meters show."""
    rng = np.random.default_rng(3)
    t = STEP_S * np.arange(ROWS)
    day = 1.0 + 0.4 * np.sin(2 * np.pi * t / 86_400.0)
    made = {
        name: usual * day * (1.0 + 0.02 * rng.standard_normal(ROWS))
        for name, usual in (("n1", 100.0), ("n2", 20.0), ("n3", 30.0))
    }
    made |= {"wind": np.clip(15.0 + 5.0 * np.cumsum(rng.standard_normal(ROWS)) / 20.0, 8.0, 25.0)}
    made |= {"lost": np.zeros(ROWS), "cooling": np.ones(ROWS), "closed": np.ones(ROWS)}
    made |= {"tap": np.round(-4.0 * np.sin(2 * np.pi * t / 86_400.0))}
    made |= {"supply": 0.6 * np.sin(2 * np.pi * t / 86_400.0)}
    change(made)
    second = made["n3"] * made["closed"]
    first = (second + made["n2"] + made["lost"] - made["wind"]) * made["closed"]
    total = first + made["n1"]
    air = 10.0 + 5.0 * np.sin(2 * np.pi * (t - 30_000.0) / 86_400.0)
    oil, share = np.empty(ROWS), 1.0 - np.exp(-STEP_S / 7200.0)
    oil[0] = 40.0
    for k in range(1, ROWS):
        target = air[k] + 20.0 + made["cooling"][k] * 0.0025 * total[k] ** 2
        oil[k] = oil[k - 1] + share * (target - oil[k - 1])
    volts = KV - made["supply"] - 0.15 * made["tap"]
    noise = 0.01 * rng.standard_normal((ROWS, len(NAMES)))
    noise[:, 5] *= 0.1  # megawatts
    noise[:, [2, 9]] = 0.0
    mega = 3.0**0.5 * KV / 1000.0
    columns = [total * mega, oil, made["tap"], first, second, made["wind"] * mega, volts, volts - 0.1, volts - 0.2 * made["closed"],
               made["closed"], air]  # fmt: skip
    x = np.stack(columns, axis=1) + noise
    after(x)
    channels = tuple(
        Derived(component=c, metric=m, stat="gauge", about=bundled().of(m), t=t, v=x[:, k])
        for k, (c, m) in enumerate(NAMES)
    )
    return Plant(channels, Grid(t=t, x=x, reference=REFERENCE), {}, FEEDS)


def told(of: Plant) -> list[Evidence]:
    t = of.grid.t
    window = Window(start=from_epoch(float(t[FAULT])), end=from_epoch(float(t[-1])))
    return plant_told(of, Gathered(raw=(), derived=of.channels, baselines=(), window=window, problems=()))


def of_kind(facts: list[Evidence], kind: str) -> set[tuple[str, str]]:
    return {(e.component, e.aspect) for e in facts if e.kind == kind}


def test_the_parts_between_meters_and_their_loads_are_read_of_the_topology() -> None:
    network = network_of(grid())
    assert network is not None
    areas = {(a.components, a.inward, a.outward) for a in network.areas}
    assert areas == {
        (frozenset({"N1", "Q1"}), ("T1",), ("L1-2",)),
        (frozenset({"N2"}), ("L1-2", "W2"), ("L2-3",)),
        (frozenset({"N3"}), ("L2-3",), ()),
    }
    usual = sorted(float(np.median(load[:REFERENCE])) for load in network.loads.values())
    assert usual == pytest.approx([20.0, 30.0, 100.0], rel=0.15)  # megawatts and amperes on one scale


def test_a_healthy_grid_takes_what_it_should() -> None:
    facts = told(grid())
    assert {e.kind for e in facts} == {"signal.quiet"}
    assert {e.component for e in facts} == {"T1", "L1-2", "L2-3"}


def test_a_load_that_is_new_is_told_of_the_branch_that_feeds_it_with_both_figures() -> None:
    def lossy(made: Loads) -> None:
        made["lost"][FAULT:] = 25.0

    facts = told(grid(lossy))
    assert of_kind(facts, "signal.apart") == {("L1-2", "pattern.apart")}
    assert of_kind(facts, "signal.quantity") == {("L1-2", "current")}
    apart = next(e for e in facts if e.kind == "signal.apart")
    assert float(apart.values["reads"]) - float(apart.values["expected"]) == pytest.approx(25.0, rel=0.25)
    assert apart.values["area"] == "N2"


def test_a_load_that_came_and_went_is_nothing_that_is_wrong_now() -> None:
    def passing(made: Loads) -> None:
        made["n2"][310:330] += 25.0

    assert of_kind(told(grid(passing)), "signal.apart") <= {("L1-2", "pattern.unlike")}


def test_a_breaker_that_opened_is_told_and_not_the_line_behind_it() -> None:
    def opened(made: Loads) -> None:
        made["closed"][FAULT:] = 0.0

    assert of_kind(told(grid(opened)), "signal.idle") == {("Q1", "pattern.idle")}
    assert ("Q1", "position") in of_kind(told(grid(opened)), "signal.quantity")


def test_a_turbine_that_gives_nothing_is_told_and_a_dead_meter_of_it_is_not() -> None:
    def tripped(made: Loads) -> None:
        made["wind"][FAULT:] = 0.0

    def dead(x: Floats) -> None:
        x[FAULT:, 5] = 0.0

    assert of_kind(told(grid(tripped)), "signal.idle") == {("W2", "pattern.idle")}
    assert of_kind(told(grid(after=dead)), "signal.idle") == set()


def test_oil_that_is_warmer_than_load_and_air_explain_is_told_and_oil_under_more_load_is_not() -> None:
    def fans(made: Loads) -> None:
        made["cooling"][FAULT:] = 1.8

    def loaded(made: Loads) -> None:
        made["n1"][FAULT:] *= 1.3

    assert ("T1", "temperature") in of_kind(told(grid(fans)), "signal.quantity")
    assert ("T1", "temperature") not in of_kind(told(grid(loaded)), "signal.quantity")
    assert ("T1", "power") in of_kind(told(grid(loaded)), "signal.quantity")


def test_a_tap_that_stands_while_its_voltage_leaves_is_stuck() -> None:
    def stuck(made: Loads) -> None:
        made["tap"][FAULT:] = made["tap"][FAULT]
        made["supply"][FAULT:] += 0.8

    facts = told(grid(stuck))
    assert of_kind(facts, "signal.stuck") == {("T1", "pattern.stuck")}
    assert "TapPos" in facts[0].statement
