"""`aitia init` and pictures: folders with sidecars are proposed, screenshots are not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.core.words import Window, from_epoch
from aitia.probe import _places, probe_json, probe_logs
from aitia.probe_pictures import is_sidecar, picture_sources
from aitia.tools.sources import open_source

pytest.importorskip("PIL.Image")
PICTURES = Path("examples/pictures")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with its cameras' pictures in a folder of their own, the settings of the example left out."""
    for file in PICTURES.iterdir():
        if file.name not in ("aitia.yaml", "plant.yaml"):
            (tmp_path / "cameras").mkdir(exist_ok=True)
            shutil.copy(file, tmp_path / "cameras")
    return tmp_path


def test_a_folder_of_pictures_with_sidecars_is_one_source_that_can_be_read(site: Path) -> None:
    found = [p for p in probe_json(site) if p.what == "pictures"]
    assert [(p.state, p.source.path if p.source else "") for p in found] == [("found", "cameras")]
    assert "2 of 4 pictures have a sidecar" in found[0].reason
    assert "options.range" in found[0].reason  # the pump's pictures have no scale
    assert found[0].source is not None
    told = open_source(found[0].source, site).describe(Window(start=from_epoch(0), end=datetime.now(UTC)))
    assert set(told.components) == {"P101", "breaker", "run-up"}


def test_beside_tables_a_glob_names_the_pictures_alone(site: Path) -> None:
    (site / "cameras" / "tags.csv").write_text("time,a\n2026-01-01T00:00:00Z,1\n", encoding="utf-8")
    assert [s.path for s, _, _ in picture_sources(site / "cameras", site)] == ["cameras/*.png"]


def test_a_sidecar_is_no_log(site: Path) -> None:
    assert is_sidecar(site / "cameras" / "run-up.json")
    assert not [p for p in probe_logs(site) if p.source is not None and p.source.path.startswith("cameras")]


def test_pictures_without_sidecars_are_not_proposed(site: Path) -> None:
    for sidecar in ("breaker.yaml", "run-up.json"):
        (site / "cameras" / sidecar).unlink()
    assert [s for place in _places(site) for s in picture_sources(place, site)] == []


def test_a_file_of_the_same_name_that_says_nothing_of_a_picture_is_no_sidecar(site: Path) -> None:
    (site / "cameras" / "breaker.yaml").write_text("services: {web: {image: nginx}}\n", encoding="utf-8")
    (site / "cameras" / "run-up.json").unlink()
    assert list(picture_sources(site / "cameras", site)) == []
