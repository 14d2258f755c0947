"""What an asset may be by what is measured at it, and which kinds of faults a verdict then names."""

from __future__ import annotations

import pytest

from aitia.agent.announced import without_announced
from aitia.agent.measured_class import can_have, kinds_by
from aitia.agent.taxonomy import bundled
from aitia.core.words import Component, Evidence

from . import evidence as shop


def fact(component: str, measures: str, **values: str) -> Evidence:
    made = shop.fact(component, "current", "told", kind="signal.apart", direction="up", strength=0.9)
    return made.model_copy(update={"values": {"measures": measures, **values}})


@pytest.mark.parametrize(
    ("measures", "may_be"),
    [
        ("voltage", {"busbar"}),
        ("current", {"line"}),
        ("position, XCBR", {"breaker", "switch", "valve"}),
        ("flow, pressure, power", {"pump", "fan", "compressor"}),
        ("level", {"tank"}),
        ("humidity", set()),
    ],
)
def test_quantities_and_logical_nodes_stand_for_classes(measures: str, may_be: set[str]) -> None:
    assert set(kinds_by([Component(id="X 7", type="machine")], [fact("X 7", measures)])["X 7"]) == may_be


def test_a_name_goes_before_what_is_measured_but_a_node_is_had_beside_it() -> None:
    bay = Component(id="Q1", type="asset", aliases=("bay feeder 1",))
    kinds = kinds_by([bay], [fact("Q1", "position, XCBR")])["Q1"]
    assert {"line", "breaker"} <= set(kinds)
    assert "valve" not in kinds


def test_an_asset_of_which_nothing_is_known_has_faults_of_any_machine_alone() -> None:
    taxonomy = bundled()
    valve, instrument = taxonomy.get("machine.valve.stuck"), taxonomy.get("sensor.stuck")
    assert valve is not None
    assert instrument is not None
    assert not can_have(valve, ())
    assert can_have(instrument, ())
    assert not can_have(valve, ("busbar",))


def test_a_load_that_the_journal_announced_is_left_out_and_one_that_tripped_something_is_not() -> None:
    load = fact("L1-2", "current", by="balance of the network", area="N2").model_copy(
        update={"onset": shop.T0}
    )
    entry = shop.fact(
        "N2", "condition.alarms", "told", kind="journal.entry", direction="changed", strength=0.3
    )
    said = entry.model_copy(
        update={"onset": shop.T0, "values": {"text": "customer announces start", "acted": "no"}}
    )
    assert without_announced([load, said]) == [said]
    tripped = said.model_copy(update={"values": {"text": "PTOC1.Op", "acted": "yes"}})
    assert without_announced([load, tripped]) == [load, tripped]
    elsewhere = said.model_copy(update={"component": "N9"})
    assert without_announced([load, elsewhere]) == [load, elsewhere]
