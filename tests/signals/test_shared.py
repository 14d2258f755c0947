"""A room that warms with all modules in it: what they share is suspected, where no load explains it and instruments agree."""

from __future__ import annotations

import numpy as np
import pytest

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.facts import plant_told
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.partners.standstill import halted, stuck
from aitia.tools.signals.quantities import machine_aspect
from aitia.tools.sources.rows import Floats

ROWS, REFERENCE, FAULT, MODULES = 620, 450, 540, 5
OWNERS = ("hvac1", *(f"module0{k}" for k in range(1, MODULES + 1)), "rack1")
WHOLES = {f"module0{k}": ["rack1"] for k in range(1, MODULES + 1)}
FEEDS = {"hvac1": ["rack1"]}


def room(*, warmer: float = 0.0, current: float = 1.0, modules: int = MODULES) -> Floats:
    """The room's temperature, that of each module and the rack's current; from `FAULT` on the room warms and `modules` follow it."""
    rng, rows = np.random.default_rng(7), np.arange(ROWS)
    after = np.clip((rows - FAULT) / 10.0, 0.0, 1.0)
    load = (30 + 10 * np.sin(rows / 40.0)) * np.where(rows >= FAULT, current, 1.0)
    air = 23 + 0.3 * np.sin(rows / 60.0) + warmer * after + 0.03 * rng.standard_normal(ROWS)
    warm = [
        air - (0.0 if k < modules else 1.0) * warmer * after + 1.0 + 0.02 * load + 0.02 * rng.standard_normal(ROWS)
        for k in range(MODULES)
    ]  # fmt: skip
    return np.stack([air, *warm, load], axis=1)


def told(x: Floats, feeds: dict[str, list[str]] = FEEDS) -> list[Evidence]:
    t = 300.0 * np.arange(ROWS)
    names = ("room_air_c", *("temperature_max",) * MODULES, "current")
    about = [
        Aspect(aspect="other", say=""),
        *[Aspect(aspect="temperature", say="temperature")] * MODULES,
        Aspect(aspect="current", say="current"),
    ]
    channels = tuple(
        Derived(component=c, metric=m, stat="gauge", about=a, t=t, v=x[:, k])
        for k, (c, m, a) in enumerate(zip(OWNERS, names, about, strict=True))
    )
    plant = Plant(channels, Grid(t=t, x=x, reference=REFERENCE), WHOLES, feeds)
    window = Window(start=from_epoch(float(t[FAULT])), end=from_epoch(float(t[-1])))
    return plant_told(plant, Gathered(raw=(), derived=channels, baselines=(), window=window, problems=()))


def test_what_feeds_all_that_warmed_alike_is_told_with_how_many_agree() -> None:
    facts = told(room(warmer=12.0))
    (apart,) = [e for e in facts if e.kind == "signal.apart"]
    assert (apart.component, apart.aspect, apart.direction) == ("hvac1", "pattern.apart", "up")
    assert apart.values["agree"] == MODULES + 1
    assert "usually 23" in apart.statement
    assert ("hvac1", "temperature", "up") in {(e.component, e.aspect, e.direction) for e in facts}


@pytest.mark.parametrize(
    ("x", "feeds"),
    [
        (room(), FEEDS),  # nothing moved
        (room(warmer=12.0, current=6.0), FEEDS),  # a load that was never there explains it
        (room(warmer=12.0, modules=2), FEEDS),  # two may be chance
        (room(warmer=12.0), {}),  # nobody is known to be shared
    ],
    ids=["calm", "load", "two", "unknown"],
)
def test_nothing_is_shared_where_it_is_not_shown(x: Floats, feeds: dict[str, list[str]]) -> None:
    assert not [e for e in told(x, feeds) if e.values.get("by") == "what they share"]


@pytest.mark.parametrize(
    ("name", "aspect"),
    [
        ("room_air_c", "temperature"),
        ("return_water_degC", "temperature"),
        ("Wicklung.°C", "temperature"),
        ("phase_c", ""),
        ("voltage_c", "voltage"),
    ],
)
def test_a_name_that_ends_in_its_unit_is_a_temperature_where_its_medium_has_one(
    name: str, aspect: str
) -> None:
    assert machine_aspect(name) == aspect


def test_a_field_that_rests_each_night_is_neither_out_nor_stuck() -> None:
    rng, rows = np.random.default_rng(3), np.arange(400)
    sun = np.clip(np.sin(2 * np.pi * (rows - 36) / 144.0), 0.0, None) * 0.3
    field = sun + np.where(sun > 0, 0.01, 0.004) * rng.standard_normal(400)
    field[340:] = 0.0  # a historian keeps what moves
    other = np.stack([10 + rng.standard_normal(400) for _ in range(3)], axis=1)
    grid = Grid(t=600.0 * rows, x=np.column_stack([field, other]), reference=320)
    assert halted(grid, {"PV1": [0]}, {0}) == {}
    assert 0 not in stuck(grid, ["PV1", "A", "B", "C"])
    frozen = np.column_stack(
        [np.where(rows >= 340, 0.2, field), other]
    )  # but a value that it never rests at is
    assert 0 in stuck(Grid(t=600.0 * rows, x=frozen, reference=320), ["PV1", "A", "B", "C"])
