"""A unit that metadata states keeps its size: no spelling is told as a unit of another size or of another kind."""

from __future__ import annotations

import pytest

from aitia.tools.meaning.metadata import Metadata
from aitia.tools.meaning.names import lexicon
from aitia.tools.meaning.unit_table import _table, unit_named
from aitia.tools.series.kinds import stated_unit

_ALIKE = {"% RH": "%"}  # of another quantity only


def test_no_spelling_of_a_plant_unit_is_told_as_another_size() -> None:
    exact, folded = _table()
    assert len(folded) > 300
    wrong = []
    for word, known in (folded | exact).items():
        told = lexicon().stated_unit(word)
        shown = unit_named(told.symbol) if told else None
        if shown and (shown.factor, shown.offset, shown.dimension) != (
            known.factor,
            known.offset,
            known.dimension,
        ):
            wrong.append((word, told.symbol if told else ""))
    assert {w for w in wrong if _ALIKE.get(unit_named(w[0]).symbol) != w[1]} == set()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("t/h", "t/h"), ("kg/h", "kg/h"), ("m/s²", "m/s²"), ("kN", "kN"), ("ppb", "ppb"), ("l/s", "l/s"), ("mPa.s", "mPa.s"),
        ("mm s-1", "mm/s"), ("Nm3/h", "Nm3/h"), ("degF", "°F"), ("gpm", "gpm"), ("MWh", "MWh"), ("requests/s", "/s"),
    ],
)  # fmt: skip
def test_a_unit_is_told_as_it_was_written(written: str, shown: str) -> None:
    assert stated_unit("zq", Metadata(unit=written)) == shown


def test_a_floor_is_told_in_tonnes_as_in_kilograms() -> None:
    of = {unit: lexicon().stated_unit(unit) for unit in ("t/h", "kg/h", "m3/h")}
    assert of["t/h"]
    assert of["kg/h"]
    assert of["m3/h"]
    assert of["t/h"].scale == 1000 * of["kg/h"].scale
    assert of["t/h"].dimension == of["kg/h"].dimension != of["m3/h"].dimension
