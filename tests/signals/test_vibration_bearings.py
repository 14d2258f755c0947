"""The catalogue holds only what a source publishes and its own geometry reproduces."""

from __future__ import annotations

from typing import Any

import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.vibration import Geometry, catalogue, orders_of
from aitia.tools.signals.vibration.bearings import entry

GOOD: dict[str, Any] = {
    "name": "X", "rolling_elements": 9, "element_diameter": 0.3126, "pitch_diameter": 1.537,
    "published": {"bpfo": 3.5848, "bpfi": 5.4152}, "source": "A data sheet that can be looked up",
}  # fmt: skip


def test_every_entry_cites_a_source_and_follows_from_its_geometry() -> None:
    assert len(catalogue()) >= 2
    for name, made in catalogue().items():
        assert "http" in made.source
        assert made.orders.bpfo == pytest.approx(made.published["bpfo"], rel=1e-3)
        assert made.orders.bpfi == pytest.approx(made.published["bpfi"], rel=1e-3)
        assert orders_of(name) == made.orders


@pytest.mark.parametrize(
    "change",
    [{"source": ""}, {"source": None}, {"published": {}}, {"published": {"bpfo": 3.5848}},
     {"published": {"bpfo": 3.6, "bpfi": 5.4152}}, {"rolling_elements": 8}, {"pitch_diameter": -1}],
)  # fmt: skip
def test_unsourced_or_contradictory_entries_are_refused(change: dict[str, Any]) -> None:
    assert entry(GOOD).name == "X"
    with pytest.raises(BadInput, match="X"):
        entry(GOOD | change)
    with pytest.raises(BadInput, match="source"):
        entry({k: v for k, v in GOOD.items() if k != "source"})


def test_the_orders_of_a_bearing_obey_its_kinematics() -> None:
    for z, d, pitch, angle in ((9, 7.94, 39.04, 0), (16, 8.4, 71.5, 15.17), (8, 6.7, 28.5, 40)):
        geometry = Geometry(rolling_elements=z, element_diameter=d, pitch_diameter=pitch, contact_angle=angle)
        o = geometry.orders
        assert o.bpfo + o.bpfi == pytest.approx(z)
        assert o.bpfo == pytest.approx(z * o.ftf)


def test_an_unknown_name_says_what_is_known() -> None:
    with pytest.raises(BadInput, match="34 bearings, but not '6309'"):
        orders_of("6309")
