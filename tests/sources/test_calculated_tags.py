"""Tags that a list calculates by a formula, and zones as limits of vibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.core.errors import BadInput
from aitia.core.words import Window, from_epoch
from aitia.tools.meaning.metadata import Metadata
from aitia.tools.signals.condition.limits import limits_of

from .exported import source

WINDOW = Window(start=from_epoch(0), end=from_epoch(4.1e9))
ROWS = "".join(f"2026-03-09 18:{n:02d}:00,{5.0 + n:.2f},{1.0 + n / 2:.2f},{200 + n}\n" for n in range(20))
HEAD = "time,P-101.PI101 [bar],P-101.PI102 [bar],P-101.FT [m3/h]\n"


def plant(folder: Path, tags: str) -> None:
    (folder / "export.csv").write_text(HEAD + ROWS, encoding="utf-8")
    (folder / "tags.csv").write_text(tags, encoding="utf-8")


def read(folder: Path, **options: object) -> dict[str, tuple[np.ndarray, Metadata]]:
    found = source(folder / "export.csv", **options).read(WINDOW)
    return {f"{s.component}.{s.metric}": (s.v, s.metadata) for s in found}


def test_a_formula_makes_a_point_of_its_asset_with_unit_and_limits(tmp_path: Path) -> None:
    plant(tmp_path, "tag,asset,formula,high\ndP,P-101,PI101 - PI102,12\n")
    v, said = read(tmp_path)["P-101.dP"]
    assert v == pytest.approx([4.0 + n / 2 for n in range(20)])
    assert (said.unit, said.quantity, said.high) == ("bar", "pressure", 12.0)


def test_a_formula_may_name_its_tag_before_the_sign(tmp_path: Path) -> None:
    plant(tmp_path, "tag,formula,unit\n,specific = (PI101 - PI102) * 100 / FT,kPa h/m3\n")
    v, said = read(tmp_path)["P-101.specific"]
    assert v[0] == pytest.approx(400 / 200)
    assert said.unit == "kPa h/m3"


def test_a_calculated_tag_is_listed_with_what_told_it(tmp_path: Path) -> None:
    plant(tmp_path, "tag,asset,formula\ndP,P-101,PI101 - PI102\n")
    opened = source(tmp_path / "export.csv")
    assert "dP" in opened.describe(WINDOW).items
    assert opened.read(WINDOW, component="P-101", metric="dP")[0].query.endswith("--samples 'dP'")


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("PI101 - PI199", "PI199"),
        ("PI101 - FT", "bar and m3/h"),
        ("__import__('os').system('x') + PI101", "numbers"),
        ("PI101 ** 2", "formula"),
        ("XI7 * 2", "names no tag"),
    ],
)
def test_a_formula_that_cannot_be_calculated_says_why(tmp_path: Path, formula: str, told: str) -> None:
    plant(tmp_path, f'tag,asset,formula\ndP,P-101,"{formula}"\n')
    with pytest.raises(BadInput, match=told.replace("/", ".")):
        read(tmp_path)


def test_a_formula_of_a_list_for_other_data_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(HEAD + ROWS, encoding="utf-8")
    before = read(tmp_path)
    (tmp_path / "site.csv").write_text("tag,asset,formula\ndT,E-9,TI901 - TI902\n", encoding="utf-8")
    after = read(tmp_path, options={"tags": "site.csv"})
    assert after.keys() == before.keys()


def test_zones_are_limits_in_the_unit_of_the_point() -> None:
    told = limits_of(Metadata(unit="in/s", zone="II"), "vibration")
    assert told is not None
    assert told.zones == pytest.approx((2.8 / 25.4, 7.1 / 25.4), rel=1e-5)
    assert "class II" in told.clause
    assert [told.above(level) for level in (0.05, 0.2, 0.9)] == pytest.approx([0.110236, 0.279528, 0.279528])


def test_a_limit_that_a_person_set_goes_before_a_zone() -> None:
    told = limits_of(Metadata(unit="mm/s", zone="1 rigid", high=6.0), "vibration")
    assert told is not None
    assert (told.high, told.origin, told.zones) == (6.0, "tag", ())


@pytest.mark.parametrize("unit", ["g", "°C", ""])
def test_a_zone_of_what_is_no_velocity_is_refused(unit: str) -> None:
    with pytest.raises(BadInput, match="zones are of RMS velocity"):
        limits_of(Metadata(unit=unit, zone="1 rigid"), "vibration")


def test_a_zone_that_is_no_class_is_told_with_those_there_are(tmp_path: Path) -> None:
    plant(tmp_path, "tag,zone\nP-101.PI101,V\n")
    with pytest.raises(BadInput, match="I, II, III or IV"):
        read(tmp_path)
