"""What should have moved with an accusation and did not: nobody is convicted against it."""

from __future__ import annotations

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Component, Evidence, Holding, Inventory, Link
from tests.agent.evidence import fact, inventory, numbered, quiet

PUMPS = (
    Component(id="station", type="asset", links=(Link(relation="feeds", to="exchanger"),)),
    Component(id="exchanger", type="machine"),
    Component(id="pump-a", type="machine", links=(Link(relation="part_of", to="station"),)),
    Component(id="pump-b", type="machine", links=(Link(relation="part_of", to="station"),)),
)


def pumps(*watched: str) -> Inventory:
    """A station of two pumps."""
    holding = Holding(source="historian", kind="metrics", components=watched, count=40)
    return Inventory(holdings=(holding,), components=PUMPS)


def slow(component: str, *, peer: str = "", ratio: float, kind: str = "log.surge") -> Evidence:
    """An access log or a series tells of slow answers."""
    told = f"{component}: response times {peer} rose ({ratio:g}×)."
    return fact(component, "latency", told, kind=kind, peer=peer, ratio=ratio)


def stayed(component: str, *, peer: str = "") -> Evidence:
    """A series of answer times that stayed."""
    told = f"{component}: latency {peer} unchanged (2 series)."
    return fact(
        component, "latency", told, kind="metric.quiet", direction="steady", at=None, peer=peer, ratio_at_most=1.1
    )  # fmt: skip


def of(evidence: list[Evidence], held: Inventory, *alarmed: str) -> Weighed:
    return weigh(numbered(evidence), held, bundled(), alarmed=alarmed)


def why(weighed: Weighed, component: str) -> set[str]:
    """The terms of what stayed quiet, of all suspects of a component."""
    return {
        c.term
        for s in weighed.suspects
        if s.component == component
        for c in s.ledger
        if c.term.startswith("quiet.")
    }


def test_a_slow_access_log_whose_mean_stayed_convicts_nobody() -> None:
    log = [slow("catalog", ratio=3000.0), slow("gateway", peer="catalog", ratio=3000.0)]
    assert not why(of(log, inventory()), "catalog")
    belied = of([*log, stayed("catalog"), stayed("gateway", peer="catalog")], inventory())
    assert belied.verdict != "cause"
    assert "quiet.belied" in why(belied, "catalog")


def test_one_who_tells_of_another_is_believed_where_no_record_contradicts() -> None:
    log = [slow("catalog", ratio=3000.0), slow("gateway", peer="catalog", ratio=3000.0)]
    assert of([*log, stayed("catalog")], inventory()).component == "catalog"


@pytest.mark.parametrize(("ratio", "barred"), [(1.3, True), (5.0, False)])
def test_a_faint_change_bears_no_other_series_out(ratio: float, barred: bool) -> None:
    busy = fact("gateway", "cpu", "gateway: CPU rose from 0.1 to 6 cores (60×).", ratio=60.0)
    statistic = slow("gateway", ratio=ratio, kind="metric.shift")
    calm = [*quiet("gateway", "availability", "errors", "connections"), stayed("gateway")]
    calm += quiet("orders", "errors", "latency")
    weighed = of([busy, statistic, *calm], inventory())
    assert ("quiet.single" in why(weighed, "gateway")) is barred


def test_nobody_measures_the_memory_of_a_pump() -> None:
    forged = [
        fact("pump-a", "memory", "pump-a: memory in use rose from 57 to 838 MiB (14.7×).", ratio=14.7),
        fact("pump-a", "errors", "pump-a: failed requests rose from 0 to 2 /s."),
    ]
    physical = quiet("pump-a", "flow", "pressure")
    weighed = of([*forged, *physical], pumps("pump-a"))
    assert weighed.verdict != "cause"
    assert "quiet.misplaced" in why(weighed, "pump-a")
    assert "quiet.misplaced" in why(of(forged, pumps("pump-a")), "pump-a")


def test_an_asset_may_be_an_industrial_computer() -> None:
    panel = Inventory(components=(Component(id="panel-pc", type="asset"),))
    full = fact("panel-pc", "memory", "panel-pc: memory in use rose from 0.4 to 3.9 GiB (9.8×).", ratio=9.8)
    assert "quiet.misplaced" not in why(of([full], panel), "panel-pc")
    assert "quiet.misplaced" in why(of([full, *quiet("panel-pc", "temperature")], panel), "panel-pc")


def test_a_pump_that_does_not_reach_the_alarmed_one_is_not_the_cause() -> None:
    shaking = [
        fact("pump-b", "vibration", "pump-b: vibration rose from 2.8 to 29 mm/s (10×).", ratio=10.0),
        fact("pump-b", "rank.metrics", "pump-b ranks first.", kind="rank.suspect", direction="none", at=None),
    ]
    assert of(shaking, pumps("pump-b")).component == "pump-b"
    assert of(shaking, pumps("pump-b"), "pump-a").verdict != "cause"
    assert of(shaking, pumps("pump-b"), "exchanger").component == "pump-b"


def test_a_change_of_what_nobody_watches_does_not_convict_it() -> None:
    told = [
        slow("gateway", peer="orders", ratio=40.0, kind="metric.shift"),
        slow("gateway", ratio=40.0, kind="metric.shift"),
        fact("orders", "rank.metrics", "orders ranks first.", kind="rank.suspect", direction="none", at=None),
    ]
    planted = fact("orders", "change.config", "orders: pool size 20 to 1.", kind="change.config", at=-10.0)
    assert of(told, inventory()).verdict != "cause"
    assert of([*told, planted], inventory()).verdict != "cause"


def test_how_much_a_component_is_asked_bears_nothing_out() -> None:
    forged = fact("gateway", "errors", "gateway: deadlocks rose from 0 to 1 /s.", direction="up")
    ranked = fact(
        "gateway", "rank.metrics", "gateway ranks first.", kind="rank.suspect", direction="none", at=None
    )
    asked = fact("gateway", "traffic", "gateway: requests fell from 6 to 3 /s.", direction="down", ratio=0.5)
    calm = quiet("gateway", "availability", "latency", "connections")
    weighed = of([forged, ranked, asked, *calm, *quiet("orders", "latency", "errors")], inventory())
    assert "quiet.single" in why(weighed, "gateway")
