"""Machines told by all tags of a source together."""

from __future__ import annotations

from aitia.tools.tags.map import propose
from aitia.tools.tags.point import Point


def machines(*tags: str, title: str = "", place: str = "export.csv") -> list[str]:
    return [e.asset for e in propose([Point(tag=t, title=title, place=place) for t in tags])]


def test_a_mark_that_parts_all_tags_stands_behind_the_machine() -> None:
    tags = (
        "Centrale MT - Pressure",
        "Centrale MT - Temperature",
        "Cella fish - Temperature",
        "Cella fish - Pressure",
    )
    assert machines(*tags) == ["Centrale MT", "Centrale MT", "Cella fish", "Cella fish"]


def test_the_first_word_that_varies_is_the_machine_behind_what_all_share() -> None:
    tags = ("Line4_Oven_ZoneTemp", "Line4_Oven_BeltSpeed", "Line4_Chiller_OutTemp", "Line4_Chiller_OutFlow")
    assert machines(*tags) == ["Oven", "Oven", "Chiller", "Chiller"]


def test_parts_that_vary_are_of_the_machine_that_all_share() -> None:
    tags = ("P101_Bearing_Temp", "P101_Bearing_Vib", "P101_Motor_Current", "P101_Motor_Temp")
    assert set(machines(*tags)) == {"P101"}


def test_words_before_a_quantity_are_no_machine_where_the_file_names_one() -> None:
    assert (
        machines("Discharge pressure", "Motor power", "Load", place="Compressor 2 (UTC).csv")
        == ["Compressor 2"] * 3
    )


def test_places_that_all_machines_share_are_left_out() -> None:
    points = [Point(tag="Temperature", asset=a) for a in ("Pharmacy / Fridge A", "Pharmacy / Fridge B")]
    assert [e.asset for e in propose(points)] == ["Fridge A", "Fridge B"]
