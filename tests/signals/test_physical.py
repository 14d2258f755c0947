"""Heat at like flows, heat balances, twins, pressure drops and pump curves: which of them left tells machine from instrument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aitia.core.words import Window, from_epoch
from aitia.tools.signals.condition.exchangers import Exchanger, Signal, Stream, exchangers
from aitia.tools.signals.condition.head import head, is_pump
from aitia.tools.signals.condition.hindered import hindered
from aitia.tools.signals.condition.physical import Neighbours, physical
from aitia.tools.signals.condition.seat import is_valve
from aitia.tools.signals.condition.transfer import Transfer, transfer
from aitia.tools.signals.condition.twins import parted
from aitia.tools.sources.rows import Floats

ROWS, STEP = 4320, 600.0  # 30 days of ten minutes
T: Floats = np.asarray(1.78e9 + STEP * np.arange(ROWS), dtype=np.float64)
DAY = np.arange(ROWS) / 144
GROWS = np.clip((DAY - 12) / 14, 0, 1)
PER_MONTH = 0.05
WINDOW = Window(start=from_epoch(T[-1] - 1800), end=from_epoch(T[-1]))


def signal(name: str, v: NDArray[Any], said: str, unit: str = "°C") -> Signal:
    return Signal(name=name, t=T, v=np.asarray(v, dtype=np.float64), unit=unit, said=said)


def cooler(
    *, fouling: float = 0.0, load: Floats | float = 1.0, off: dict[str, float] | None = None
) -> dict[str, Signal]:
    """A cooler in counterflow whose UA goes with the 0.6th power of its water; `off`: what an instrument reads wrong at the end."""
    rng = np.random.default_rng(5)
    day = np.sin(2 * np.pi * DAY)
    hot = 40.0 * (1 + 0.1 * day + 0.03 * rng.standard_normal(ROWS)) * load
    water = 60.0 * (1 + 0.15 * np.sin(2 * np.pi * DAY / 3.3)) * np.ones(ROWS)
    ua = 45.0 * (1 - fouling * GROWS) * (water / 60) ** 0.6
    n, r = ua / hot, hot / water
    e = np.exp(-n * (1 - r))
    share = (1 - e) / (1 - r * e)
    warm, cold = 90 + 2 * day, 20 + 3 * np.sin(2 * np.pi * DAY / 9)
    heat = share * hot * (warm - cold)
    v = {
        "TT-1": warm,
        "TT-2": warm - heat / hot,
        "TT-3": cold,
        "TT-4": cold + heat / water,
        "FT-1": hot,
        "FT-2": water,
    }
    said = {"TT-1": "product inlet temperature", "TT-2": "product outlet temperature", "TT-3": "cooling water inlet temperature",
            "TT-4": "cooling water outlet temperature", "FT-1": "product flow", "FT-2": "cooling water flow"}  # fmt: skip
    wrong = off or {}
    return {
        n: signal(n, x + wrong.get(n, 0.0) * GROWS + 0.1 * rng.standard_normal(ROWS), said[n], "t/h" if n[0] == "F" else "°C")
        for n, x in v.items()
    }  # fmt: skip


def told(signals: dict[str, Signal]) -> Transfer:
    (one,) = exchangers(signals, "E-1")
    made = transfer(one, signals, ["FT-1", "FT-2"], healthy=None, now=float(T[-1]), per_month=PER_MONTH)
    assert made is not None
    return made


def facts(own: dict[str, Signal], linked: dict[str, Signal] | None = None, *, asset: str = "E-1", gone: str = "", called: str = ""):  # type: ignore[no-untyped-def]  # fmt: skip
    seen = Neighbours(asset=asset, own=own, linked=linked or {}, called=called)
    departed = frozenset({(asset, gone)})
    return physical(seen, departed, healthy=None, window=WINDOW, until=float(T[-1]), source="plant")


def test_streams_are_told_by_their_names_and_ends_by_their_levels() -> None:
    assert exchangers(cooler(), "E-1") == [
        Exchanger(hot=Stream(inlet="TT-1", outlet="TT-2", flow="FT-1"), cold=Stream(inlet="TT-3", outlet="TT-4", flow="FT-2"))
    ]  # fmt: skip


def test_what_is_called_alike_but_for_no_end_is_no_stream() -> None:
    bearings = {
        n: signal(n, 50 + x + 0 * T, f"bearing temperature {e}")
        for n, x, e in (("TT-1", 0, "DE"), ("TT-2", 9, "NDE"))
    }
    assert exchangers(bearings, "P-1") == []


def test_fouling_is_less_heat_at_like_flows_with_a_balance_that_closes() -> None:
    made = told(cooler(fouling=0.35))
    assert made.fouled
    assert made.ua.share == pytest.approx(0.65, abs=0.04)
    assert abs(made.ua.onset - T[12 * 144]) < 4 * 86_400


@pytest.mark.parametrize("load", [1.0, 1.0 + 0.25 * (DAY > 18)])
def test_a_clean_cooler_is_what_it_was_at_any_load(load: Floats | float) -> None:
    made = told(cooler(load=load))
    assert (made.fouled, made.opened, made.as_it_was) == (False, False, True)


@pytest.mark.parametrize(("point", "off"), [("TT-1", 4.0), ("TT-2", 4.0), ("TT-3", 3.0), ("TT-4", -4.0)])
def test_the_instrument_that_opens_the_balance_is_named_with_its_error(point: str, off: float) -> None:
    signals = cooler(off={point: off})
    made = told(signals)
    assert not made.fouled
    assert {w.point: w.off for w in made.wrong}[point] == pytest.approx(off, abs=0.6)
    (fact,) = facts(signals, gone=point).facts
    assert (fact.kind, fact.values["channel"]) == ("condition.drift", point)


def test_of_several_that_may_have_opened_it_none_is_named_where_none_left() -> None:
    """A hot inlet that reads high is as a flow that reads wrong, as far as heat tells."""
    signals = cooler(off={"TT-1": 4.0})
    assert len(told(signals).wrong) > 1
    assert not facts(signals).facts


def test_a_flow_of_the_asset_before_it_closes_the_balance() -> None:
    own = cooler(fouling=0.35)
    beside = {"K-1: FT-9": own.pop("FT-1")}
    (one,) = exchangers(own, "E-1", beside)
    made = transfer(
        one, {**own, **beside}, ["FT-2", *beside], healthy=None, now=float(T[-1]), per_month=PER_MONTH
    )
    assert made is not None
    assert made.exchanger.hot is not None
    assert (made.exchanger.hot.flow, made.fouled) == ("K-1: FT-9", True)


def condenser(*, fouling: float = 0.0, off: float = 0.0) -> dict[str, Signal]:
    rng = np.random.default_rng(8)
    cold = 22 + 2 * np.sin(2 * np.pi * DAY / 7)
    warm = cold + 5 + np.sin(2 * np.pi * DAY)
    over = np.exp(1.4 * (1 - fouling * GROWS))
    phase = (over * warm - cold) / (over - 1)
    values = {"TT-1": cold, "TT-2": warm + off * GROWS, "TT-3": phase}
    said = (
        "condenser water inlet temperature",
        "condenser water outlet temperature",
        "condensing temperature",
    )
    return {
        n: signal(n, v + 0.08 * rng.standard_normal(ROWS), s)
        for (n, v), s in zip(values.items(), said, strict=True)
    }


def test_a_condenser_is_judged_along_what_condenses() -> None:
    (one,) = exchangers(condenser(), "CH-1")
    assert one == Exchanger(hot=None, cold=Stream(inlet="TT-1", outlet="TT-2"), phase="TT-3")
    (fact,) = facts(condenser(fouling=0.4), asset="CH-1").facts
    assert (fact.aspect, fact.direction, fact.values["described"]) == ("efficiency", "down", "at like flow")
    (steady,) = facts(condenser(), asset="CH-1").facts
    assert (steady.kind, steady.direction) == ("signal.quiet", "steady")


def test_a_twin_that_stayed_makes_it_the_instruments_and_no_fouling() -> None:
    """A water outlet that reads low is less heat to the condenser alone; the tower behind it knows better."""
    own = condenser(off=-1.6)
    true = condenser()["TT-2"]
    beside = {"CT-1: TT-7": signal("TT-7", true.v - 0.2, "inlet temperature")}
    assert facts(own, asset="CH-1").facts[0].aspect == "efficiency"
    found = facts(own, beside, asset="CH-1", gone="TT-2")
    assert [(f.kind, f.component, f.values["channel"]) for f in found.facts] == [
        ("condition.drift", "CH-1", "TT-2")
    ]
    assert found.wrong == {("CH-1", "TT-2")}
    assert found.facts[0].statement.endswith("it showed what TT-7 of CT-1 shows, which stayed.")


def test_twins_that_never_showed_the_same_part_by_nothing() -> None:
    own = {"TT-1": signal("TT-1", 20 + 3 * np.sin(2 * np.pi * DAY) + 5 * GROWS, "inlet temperature")}
    other = {"CT-1: TT-7": signal("TT-7", 25 + 3 * np.cos(2 * np.pi * DAY / 5), "inlet temperature")}
    assert not list(parted(own, other, healthy=None, now=float(T[-1]), per_month=PER_MONTH))


def strainer(more: float) -> dict[str, Signal]:
    rng = np.random.default_rng(2)
    flow = 100 + 15 * np.sin(2 * np.pi * DAY) + 25 * (DAY > 20)
    drop = 0.1 * (flow / 100) ** 1.8 * (1 + more * GROWS)
    return {
        "PDT-1": signal(
            "PDT-1", drop * np.exp(0.03 * rng.standard_normal(ROWS)), "filter differential pressure", "bar"
        ),
        "FT-1": signal("FT-1", flow + rng.standard_normal(ROWS), "flow", "m3/h"),
    }


@pytest.mark.parametrize(("more", "blocked", "steady"), [(0.5, True, False), (0.0, False, True)])
def test_a_pressure_drop_that_rose_with_the_flow_alone_is_no_blockage(
    more: float, blocked: bool, steady: bool
) -> None:
    one = hindered("PDT-1", ["FT-1"], strainer(more), healthy=None, now=float(T[-1]), per_month=PER_MONTH)
    assert one is not None
    assert (one.blocked, one.as_it_was) == (blocked, steady)


def pump(worn: float, *, more: float = 0.0, speed: NDArray[Any] | None = None) -> dict[str, Signal]:
    rng = np.random.default_rng(4)
    n = np.ones(ROWS) if speed is None else speed
    flow = (200 + 30 * np.sin(2 * np.pi * DAY) + more * (DAY > 16)) * n
    lift = (5.0 * n**2 - 3e-5 * flow**2) * (1 - worn * GROWS)
    suction = 0.4 + 0.05 * np.sin(2 * np.pi * DAY / 4)
    made = {
        "FT-1": signal("FT-1", flow + rng.standard_normal(ROWS), "flow", "m3/h"),
        "PT-1": signal("PT-1", suction, "suction pressure", "bar"),
        "PT-2": signal(
            "PT-2", suction + lift + 0.02 * rng.standard_normal(ROWS), "discharge pressure", "bar"
        ),
    }
    return made if speed is None else made | {"ST-1": signal("ST-1", 1480 * n, "speed", "rpm")}


@pytest.mark.parametrize(
    ("made", "worn"),
    [
        (pump(0.2), True),
        (pump(0.0), False),
        (pump(0.0, more=70.0), False),
        (pump(0.0, speed=1 - 0.2 * (DAY > 16)), False),
        (pump(0.2, speed=1 - 0.1 * np.sin(2 * np.pi * DAY / 5)), True),
    ],
    ids=["worn", "well", "elsewhere on its curve", "slower", "worn at many speeds"],
)
def test_a_worn_pump_gives_less_head_at_like_flow_and_speed(made: dict[str, Signal], worn: bool) -> None:
    one = head(made, healthy=None, now=float(T[-1]), per_month=PER_MONTH)
    assert one is not None
    assert one.worn == worn
    assert one.as_it_was != worn


def test_only_what_is_called_a_pump_is_held_against_a_pumps_curve() -> None:
    assert is_pump("P-101A", "cooling water pump A")
    assert is_pump("P-1", "Speisewasserpumpe")
    assert not is_pump("K-1", "gas compressor")
    assert not facts(pump(0.2), asset="K-1", called="gas compressor").facts
    (fact,) = facts(pump(0.2), asset="P-1", called="feed pump").facts
    assert (fact.values["channel"], fact.direction) == ("head", "down")


def valve(passing: float, *, open_more: float = 0.0) -> dict[str, Signal]:
    rng = np.random.default_rng(6)
    place = np.clip(40 * np.sin(2 * np.pi * DAY / 1.7), 0, None) + open_more * (DAY > 18)
    flow = 2.0 * place + passing * (DAY > 18)
    return {
        "ZT-1": signal("ZT-1", place + 0.2 * rng.standard_normal(ROWS), "valve position", "%"),
        "FT-1": signal("FT-1", flow + 0.4 * rng.standard_normal(ROWS), "recirculation flow", "m3/h"),
    }


@pytest.mark.parametrize(
    ("made", "way"), [(valve(12.0), "up"), (valve(0.0), "steady"), (valve(0.0, open_more=8.0), "steady")]
)
def test_a_valve_passes_where_more_flows_at_the_same_position(made: dict[str, Signal], way: str) -> None:
    (fact,) = facts(made, asset="FV-1", called="minimum flow valve").facts
    assert (fact.aspect, fact.direction, fact.values["channel"]) == ("flow", way, "FT-1")


def test_a_position_and_a_flow_make_no_valve() -> None:
    assert is_valve("FV-1", "Regelventil")
    assert not facts(valve(12.0), asset="E-1", called="cooler").facts
