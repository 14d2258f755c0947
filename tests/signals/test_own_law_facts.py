"""The plant of `test_own_laws` with its topology: what is told of a main that closes, a pump that is missed, a gauge that jumps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.series.aspects import Aspect
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.partners.conductors import conductors, places
from aitia.tools.signals.partners.facts import plant_told
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.sources.rows import Floats

from .test_own_laws import FAULT, REFERENCE, grid, pumped, town

ABOUT = {
    "FT": Aspect(aspect="flow", say="flow", unit="l/s"),
    "PT": Aspect(aspect="pressure", say="pressure", unit="bar"),
    "LT": Aspect(aspect="level", say="level", unit="m"),
    "POWER": Aspect(aspect="power", say="power", unit="kW"),
}
TOWN = (("FT-1", "PV"), ("FT-2", "PV"), *((f"PT-{k}", "PV") for k in range(1, 7)))
WHOLES = {
    "FT-1": ["XV-1"], "XV-1": ["DMA-A"], "PT-1": ["DMA-A"], "PT-2": ["DMA-A"],
    "FT-2": ["XV-2"], "XV-2": ["DMA-B"], "PT-3": ["DMA-B"], "PT-4": ["DMA-B"], "PT-5": ["TK-1"], "PT-6": ["TK-1"],
}  # fmt: skip
FEEDS = {"TK-1": ["DMA-B"], "DMA-B": ["DMA-A"]}
PUMP = (("PU-1", "FLOW.FT"), ("PU-1", "HEAD"), ("PU-1", "POWER"), ("LT-1", "PV"))


def plant(
    x: Floats, names: Sequence[tuple[str, str]], wholes: Mapping[str, Sequence[str]] = {},
    feeds: Mapping[str, Sequence[str]] = {},
) -> Plant:  # fmt: skip
    held = grid(x)
    channels = []
    for k, (component, metric) in enumerate(names):
        about = ABOUT.get(metric[-2:]) or ABOUT.get(metric) or ABOUT.get(component[:2]) or ABOUT["PT"]
        channels.append(
            Derived(component=component, metric=metric, stat="gauge", about=about, t=held.t, v=x[:, k])
        )
    return Plant(tuple(channels), held, wholes, feeds)


def told(of: Plant) -> list[Evidence]:
    t = of.grid.t
    window = Window(start=from_epoch(float(t[FAULT])), end=from_epoch(float(t[-1])))
    return plant_told(of, Gathered(raw=(), derived=of.channels, baselines=(), window=window, problems=()))


def test_where_a_main_lies_is_read_of_the_topology() -> None:
    of = plant(town(), TOWN, WHOLES, FEEDS)
    first, second = conductors(of, near=True)
    assert (first.component, first.behind, first.before) == ("XV-1", (2, 3), (4, 5))
    assert (second.component, second.behind, second.before) == ("XV-2", (4, 5), (6, 7))
    anywhere = conductors(of, near=False)[1]
    assert anywhere.before == (2, 3, 6, 7)
    assert [p.component for p in places(of)] == ["DMA-A", "DMA-B"]


def test_a_main_that_closes_is_told_with_both_gauges_and_its_unit() -> None:
    assert [e for e in told(plant(town(), TOWN, WHOLES, FEEDS)) if e.aspect == "pattern.apart"] == []
    apart, drop = told(plant(town(closing=1.0), TOWN, WHOLES, FEEDS))
    assert (apart.component, apart.kind, apart.aspect) == ("XV-1", "signal.apart", "pattern.apart")
    assert (drop.component, drop.aspect, drop.direction) == ("XV-1", "pressure_drop", "up")
    assert "the difference between PT-" in drop.statement
    assert "bar larger than its flow explains since" in drop.statement
    assert drop.onset is not None
    assert abs(drop.onset.timestamp() - 300.0 * FAULT) <= 300.0 * 40


def test_a_gauge_that_is_wrong_is_the_instrument_and_no_main() -> None:
    (one,) = told(plant(town(wrong=6.0), TOWN, WHOLES, FEEDS))
    assert (one.component, one.aspect) == ("PT-1", "pattern.offset")
    assert " bar expected from the other signals of the plant, since " in one.statement
    assert float(one.values["reads"]) - float(one.values["expected"]) < -3.0


def test_a_pump_that_is_missed_is_told_with_the_level_that_starts_it() -> None:
    facts = told(plant(pumped(tripped=True), PUMP))
    (missed,) = [e for e in facts if e.kind == "signal.idle"]
    assert missed.component == "PU-1"
    assert "it rests though LT-1 is at" in missed.statement
    assert missed.values["reference_rows"] == REFERENCE


def test_wear_is_told_in_the_quantity_that_is_lost() -> None:
    facts = told(plant(pumped(worn=0.15), PUMP))
    assert {e.component for e in facts} == {"PU-1"}
    assert ("signal.quantity", "pressure", "down") in {(e.kind, e.aspect, e.direction) for e in facts}
