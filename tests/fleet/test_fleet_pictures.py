"""A fleet's pictures: the last one of each asset is told and drawn, beside the ranking and without a say in it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.fleet.page import fleet_lines, render_fleet
from aitia.fleet.pictures import pictures_of
from aitia.fleet.words import Fleet, Judged, Ranked

pytest.importorskip("PIL.Image")
MADE = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "cameras").mkdir()
    for file in Path("examples/pictures").iterdir():
        if file.name not in ("aitia.yaml", "plant.yaml"):
            shutil.copy(file, folder / "cameras")
    (folder / "cameras" / "P101_2026-11-30_10-30.yaml").write_text("range: [17, 44]\n", encoding="utf-8")
    (folder / "cameras" / "P101_2026-11-20_09-00.yaml").write_text("range: [17, 44]\n", encoding="utf-8")
    return folder


def ranked(name: str) -> Ranked:
    judged = Judged(asset=name, source="t", status="ok")
    return Ranked(rank=1, asset=name, criticality=3, stated=False, risk=0.0, score=0.0, judged=judged)


def test_the_last_picture_of_an_asset_is_held_against_the_one_before(site: Path) -> None:
    told, errors = pictures_of(site)
    assert errors == {}
    by_asset = {p.asset: p for p in told}
    assert set(by_asset) == {"P101", "breaker", "run-up"}
    pump = by_asset["P101"]
    assert (pump.file, pump.before) == ("P101_2026-11-30_10-30.png", "P101_2026-11-20_09-00.png")
    assert "K over the reference picture" in pump.said[0]
    assert json.loads(pump.drawn)["marks"][0]["name"] == "1"


def test_a_later_picture_is_not_looked_at_before_its_time(site: Path) -> None:
    told, _ = pictures_of(site, now=datetime(2026, 11, 25, tzinfo=UTC).timestamp())
    assert {p.asset: p.file for p in told} == {"P101": "P101_2026-11-20_09-00.png"}
    assert told[0].before == ""


def test_the_page_shows_the_picture_outlined_and_the_lines_say_it(site: Path) -> None:
    told, _ = pictures_of(site)
    fleet = Fleet(assets=(ranked("P101"),), pictures=tuple(told))
    page = render_fleet(fleet, title="site", made=MADE)
    assert page.count("data:image/png;base64,") == len(told)
    assert "Pictures of other assets" in page  # P101 has no finding of its signals
    assert "over the reference picture" in page
    assert "hot spot" in "\n".join(fleet_lines(fleet))


def test_a_broken_picture_is_told_and_ends_nothing(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "s")
    (tmp_path / "s" / "cameras" / "fan.png").write_bytes(b"\x89PNG\r\n\x1a\njunk")
    told, errors = pictures_of(tmp_path / "s")
    assert len(told) == 3
    assert "no readable" in errors["fan.png"]


def test_names_and_sidecars_are_shown_as_text(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "s")
    (tmp_path / "s" / "cameras" / "breaker.yaml").write_text(
        "component: <script>x</script>\nrange: [20, 70]\n", encoding="utf-8"
    )
    told, _ = pictures_of(tmp_path / "s")
    page = render_fleet(Fleet(assets=(), pictures=tuple(told)), title="site", made=MADE)
    assert "<script>" not in page
