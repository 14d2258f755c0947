"""What a person says of tags, kept in the site's dictionary or in a list, and the tree of assets that tags spell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.readers import configured_readers
from aitia.settings import load_settings
from aitia.tools.meaning.dictionary import read_dictionary
from aitia.tools.sources import open_source
from aitia.tools.sources.base import MetricSource
from aitia.tools.tags.map import propose
from aitia.tools.tags.point import Point
from aitia.tools.tags.tree import placed_in, tree_lines, tree_of

from .conftest import Aitia

EVER = Window(start=from_epoch(0), end=from_epoch(4.1e9))
CSV = "time,TI3301,FI3302\n" + "".join(f"2026-03-09 18:{n:02}:00,{40 + n},{n}\n" for n in range(30))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "export.csv"
    path.parent.mkdir()
    path.write_text(CSV)
    return path


def test_a_correction_is_kept_and_every_door_reads_it(aitia: Aitia, export: Path, tmp_path: Path) -> None:
    file = tmp_path / "dictionary.yaml"
    said = ("--set", "TI3301 asset=P-101 point=bearing temperature high=85", "--dictionary", str(file))
    told = json.loads(aitia("tags", str(export), *said, "--json").out)
    by_tag = {row["tag"]: row for row in told["tags"]}
    assert (by_tag["TI3301"]["asset"], by_tag["TI3301"]["high"]) == ("P-101", 85.0)
    assert read_dictionary(file).tags["TI3301"].point == "bearing temperature"
    (tmp_path / "aitia.yaml").write_text(
        "sources:\n  - {name: dictionary, kind: dictionary, type: dictionary, path: dictionary.yaml}\n"
        "  - {name: h, kind: metrics, type: table, path: data/export.csv}\n"
    )
    (source,) = (
        r
        for r in configured_readers(load_settings(tmp_path / "aitia.yaml"), [])[0]
        if isinstance(r, MetricSource)
    )
    series = {(s.component, s.metric): s for s in source.read(EVER)}
    assert series["P-101", "bearing temperature"].metadata.high == 85.0


def test_other_entries_of_the_dictionary_stay(aitia: Aitia, export: Path, tmp_path: Path) -> None:
    file = tmp_path / "dictionary.yaml"
    for said in (("tags", str(export), "--set", "TI3301 asset=P-1", "--dictionary", str(file)),
                 ("dictionary", "set", "zq_lng", "queue", "--file", str(file)),
                 ("dictionary", "set", "pump starved", "fault", "--file", str(file))):  # fmt: skip
        assert aitia(*said).code == 0
    held = read_dictionary(file)
    assert (set(held.tags), set(held.names), len(held.messages)) == ({"TI3301"}, {"zq_lng"}, 1)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("TI9999 asset=P-1", "There is no tag 'TI9999'"),
        ("TI3301 quantity=tempersture", "is no quantity"),
        ("TI3301 high=warm", "Fix high"),
        ("TI3301", "Write --set as"),
    ],
)
def test_a_wrong_correction_says_what_to_change(
    aitia: Aitia, export: Path, tmp_path: Path, said: str, why: str
) -> None:
    result = aitia("tags", str(export), "--set", said, "--dictionary", str(tmp_path / "d.yaml"))
    assert result.code == 2
    assert why in " ".join(result.err.split())
    assert not (tmp_path / "d.yaml").exists()


def test_a_list_that_is_missing_or_names_nothing_is_an_error(export: Path, tmp_path: Path) -> None:
    def read(tags: Path) -> None:
        config = SourceConfig(
            name="h", kind="metrics", type="table", path=str(export), options={"tags": str(tags)}
        )
        source = open_source(config, Path("/"))
        assert isinstance(source, MetricSource)
        source.read(EVER)

    with pytest.raises(SourceError, match=r"Fix options\.tags"):
        read(tmp_path / "none.csv")
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="Name the columns"):
        read(tmp_path / "wrong.csv")


def test_the_tree_is_of_paths_systems_areas_and_work_orders(tmp_path: Path) -> None:
    tags = (
        "Site/Area 1/Pump 3/Flow",
        "10LAC10AP001.XQ01",
        "41-P-101.flow",
        "P-500.flow",
        "P-500 Motor.current",
    )
    entries = propose([Point(tag=t) for t in tags])
    orders = tmp_path / "orders.csv"
    orders.write_text("order;Equipment;Functional Location\n1;P-500;PLANT-WATER\n2;P-500;PLANT-WATER\n")
    tree = tree_of(entries, placed_in(orders))
    of = {c.id: link.to for c in tree for link in c.links}
    assert of == {
        "Pump 3": "Area 1", "Area 1": "Site", "10LAC10AP001": "10LAC10", "41-P-101": "area 41",
        "P-500": "PLANT-WATER", "P-500 Motor": "P-500",
    }  # fmt: skip
    assert "    Pump 3" in list(tree_lines(tree))
    orders.write_text("order;text\n1;seal\n")
    with pytest.raises(BadInput, match="functional location"):
        placed_in(orders)


def test_names_that_make_a_ring_are_no_tree() -> None:
    entries = propose([Point(tag="P-1.flow"), Point(tag="P-2.flow")])
    assert all(not c.links for c in tree_of(entries, [("P-1", "P-2"), ("P-2", "P-1")]))


def test_a_written_tree_is_a_topology(aitia: Aitia, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(
        "time,41-P-101.flow,41-P-102.flow\n" + "".join(f"2026-03-09 18:0{n}:00,{n},{n}\n" for n in range(9))
    )
    assert aitia("tags", str(path), "--topology", str(tmp_path / "t.yaml")).code == 0
    source = open_source(SourceConfig(name="t", kind="topology", type="topology", path="t.yaml"), tmp_path)
    links = {c.id: [k.to for k in c.links] for c in source.components()}  # type: ignore[attr-defined]
    assert links == {"41-P-101": ["area 41"], "41-P-102": ["area 41"], "area 41": []}
    assert aitia("tags", str(path), "--topology", str(tmp_path / "t.yaml")).code == 2
