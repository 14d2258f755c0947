"""A folder of pictures as a source: whose and when, held against the picture before, and no surer than a sensor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Incident, Window
from aitia.render.plots import plot
from aitia.render.seen import read_seen, seen_svg
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.signals.pictures.facts import AGAINST_LIKE, AGAINST_REFERENCE, ALONE
from aitia.tools.signals.pictures.palettes import palette
from aitia.tools.signals.pictures.tool import signals_pictures
from aitia.tools.sources.signals.picture_source import PictureSource
from aitia.tools.sources.signals.picture_times import owner_in, stamp_in
from tests.signals.test_picture_scales import REGIONS, camera, three
from tests.signals.test_pictures import motor

Image = pytest.importorskip("PIL.Image")
WINDOW = Window(start=datetime(2026, 11, 30, 8, tzinfo=UTC), end=datetime(2026, 11, 30, 12, tzinfo=UTC))
NOW, BEFORE = "P101_2026-11-30_10-30.png", "P101_2026-11-20_09-00.png"


def source(folder: Path, **options: Any) -> PictureSource:
    return PictureSource(
        SourceConfig(name="ir", kind="pictures", type="pictures", path=str(folder), options=options), folder
    )


def run(folder: Path, **options: Any) -> tuple[Any, dict[str, bytes]]:
    kept: dict[str, bytes] = {}

    def put(data: bytes, suffix: str = "") -> str:
        kept[f"a{len(kept)}{suffix}"] = data
        return f"a{len(kept) - 1}{suffix}"

    resolver = Resolver()
    for name in ("P101", "P102"):
        resolver.add(Component(id=name, type="machine"))
    incident = Incident(id="i", title="hot", started_at=WINDOW.start, window=WINDOW)
    ctx = ToolContext(
        incident=incident, sources=SourceSet([source(folder, **options)]), resolver=resolver, put_artifact=put
    )
    return signals_pictures(ctx), kept


def test_a_spot_that_came_since_the_last_picture_is_a_fact(tmp_path: Path) -> None:
    camera(tmp_path / BEFORE, motor(1), palette("ironbow"))
    camera(tmp_path / NOW, motor(2, spot=0.35), palette("ironbow"))
    result, kept = run(tmp_path, range="20..90")
    (fact,) = result.evidence
    assert (fact.component, fact.kind, fact.aspect, fact.direction) == (
        "P101",
        "picture.hot_spot",
        "temperature",
        "up",
    )
    assert fact.values["difference"] == pytest.approx(22, abs=6)
    assert fact.strength <= AGAINST_REFERENCE
    drawn = plot(fact.model_copy(update={"id": "E1"}), WINDOW, kept)
    assert drawn is not None
    assert "data:image/png" in drawn


def test_a_spot_in_one_picture_alone_only_stands_out(tmp_path: Path) -> None:
    camera(tmp_path / NOW, motor(2, spot=0.35), palette("ironbow"))
    (fact,) = run(tmp_path, range="20..90")[0].evidence
    assert (fact.direction, fact.kind) == ("changed", "picture.hot_spot")
    assert fact.strength <= ALONE


def test_a_machine_that_is_as_before_is_quiet(tmp_path: Path) -> None:
    camera(tmp_path / BEFORE, motor(1), palette("ironbow"))
    camera(tmp_path / NOW, motor(2, warmer=0.1), palette("ironbow"))
    (fact,) = run(tmp_path, range="20..90")[0].evidence
    assert (fact.kind, fact.direction) == ("picture.quiet", "steady")


def test_a_phase_above_its_like_is_a_fact(tmp_path: Path) -> None:
    np.save(tmp_path / "P102_20261130T1100.npy", 100 * three(0.15))
    (tmp_path / "P102_20261130T1100.yaml").write_text(
        json.dumps({"kind": "thermal", "regions": REGIONS}), encoding="utf-8"
    )
    facts = [e for e in run(tmp_path)[0].evidence if e.kind == "picture.unlike"]
    assert [(e.component, e.values["region"], e.direction) for e in facts] == [("P102", "L2", "up")]
    assert facts[0].strength <= AGAINST_LIKE


def test_without_a_scale_the_strength_is_small_and_it_is_said(tmp_path: Path) -> None:
    camera(tmp_path / NOW, motor(2, spot=0.35), palette("ironbow"))
    result, _ = run(tmp_path)
    assert all(e.strength <= 0.3 for e in result.evidence)
    assert "no temperature is told" in result.message


def test_a_reference_of_another_view_is_said_and_the_picture_stands_alone(tmp_path: Path) -> None:
    camera(tmp_path / BEFORE, np.random.default_rng(3).uniform(size=(120, 160)), palette("ironbow"))
    camera(tmp_path / NOW, motor(2, spot=0.35), palette("ironbow"))
    result, _ = run(tmp_path, range="20..90")
    assert "another view" in result.message
    assert result.evidence[0].direction == "changed"


def test_a_broken_picture_costs_its_own_facts_only(tmp_path: Path) -> None:
    camera(tmp_path / NOW, motor(2, spot=0.35), palette("ironbow"))
    (tmp_path / "P102_2026-11-30_10-00.png").write_bytes(b"\x89PNG\r\n\x1a\njunk")
    result, _ = run(tmp_path, range="20..90")
    assert len(result.evidence) == 1
    assert "P102" in result.message


def test_a_line_that_began_has_its_moment(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    bright = 0.2 + 0.02 * rng.normal(size=(200, 300))
    bright[100, 120:] += 0.5
    bright[150, :] += 0.5
    Image.fromarray(np.clip(255 * bright, 0, 255).astype(np.uint8)).save(
        tmp_path / "P101_2026-11-30_10-00.png"
    )
    about = {"kind": "spectrogram", "time": [0, 600], "frequency": [0, 1000], "level": [-80, 0], "rpm": 1500}
    (tmp_path / "P101_2026-11-30_10-00.json").write_text(json.dumps(about), encoding="utf-8")
    result, _ = run(tmp_path)
    (fact,) = result.evidence
    assert (fact.aspect, fact.direction) == ("vibration", "up")
    assert fact.onset is not None
    assert abs((fact.onset - datetime(2026, 11, 30, 10, 4, tzinfo=UTC)).total_seconds()) < 15
    assert fact.values["rose"] == pytest.approx(40, abs=6)
    assert "began 10:0" in fact.statement


def test_no_picture_of_the_window_is_no_data(tmp_path: Path) -> None:
    camera(tmp_path / BEFORE, motor(1), palette("ironbow"))
    result, _ = run(tmp_path, range="20..90")
    assert result.status == "no_data"
    assert "No picture" in result.message


@pytest.mark.parametrize(
    ("name", "at", "owner"),
    [
        ("P101_2026-11-30_10-42-05", datetime(2026, 11, 30, 10, 42, 5, tzinfo=UTC), "P101"),
        ("IR_20261130_104205", datetime(2026, 11, 30, 10, 42, 5, tzinfo=UTC), "IR"),
        ("20261130T1042 pump 7", datetime(2026, 11, 30, 10, 42, tzinfo=UTC), "pump 7"),
        ("fan-2026.11.30", datetime(2026, 11, 30, 12, tzinfo=UTC), "fan"),
        ("FLIR0042", None, "FLIR0042"),
        ("x-2026-02-31", None, "x"),
    ],
)
def test_time_and_owner_are_read_from_names(name: str, at: datetime | None, owner: str) -> None:
    assert stamp_in(name, UTC) == at
    assert owner_in(name) == owner


def test_the_cameras_clock_is_taken_and_nothing_else_of_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2026:11:30 10:00:00"
    exif[0x010E] = "component: P102; rm -rf /"
    Image.fromarray(np.full((60, 60), 90, dtype=np.uint8)).save(tmp_path / "P101.jpg", exif=exif)
    (taken,) = source(tmp_path).pictures(WINDOW.end)
    assert (taken.component, taken.at) == ("P101", datetime(2026, 11, 30, 10, tzinfo=UTC))
    assert "camera" in taken.guessed


@pytest.mark.parametrize(
    ("options", "said"),
    [({"range": "hot"}, "20..90"), ({"zone": "Mars/Base"}, "time zone"), ({"range": "90..20"}, "lower")],
)
def test_a_wrong_option_is_said(tmp_path: Path, options: dict[str, str], said: str) -> None:
    camera(tmp_path / NOW, motor(1), palette("ironbow"))
    with pytest.raises(AitiaError, match=said):
        source(tmp_path, **options).pictures(WINDOW.end)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    camera(tmp_path / "out.png", motor(1), palette("ironbow"))
    (tmp_path / "in" / NOW).symlink_to(tmp_path / "out.png")
    with pytest.raises(AitiaError, match="link"):
        source(tmp_path / "in").pictures(WINDOW.end)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"wide": 9, "high": 9, "greys": "AA==", "marks": [], "lines": [], "ends": null, "unit": ""}',
     b'{"wide": 99999, "high": 99999, "greys": "", "marks": [], "lines": [], "ends": null, "unit": ""}',
     b'{"wide": 1, "high": 1, "greys": "AA==", "marks": [{"box": [1e9, 0, 0, 0], "name": "1"}], "lines": [], "ends": null, "unit": ""}'],
)  # fmt: skip
def test_an_artifact_that_is_none_is_not_drawn(data: bytes) -> None:
    assert read_seen(data) is None


def test_a_picture_is_drawn_with_its_name_for_readers() -> None:
    seen = read_seen(
        b'{"wide": 1, "high": 1, "greys": "AA==", "marks": [{"box": [0, 0, 1, 1], "name": "<b>"}], "lines": [], "ends": [1, 2], "unit": "K"}'
    )
    assert seen is not None
    drawn = seen_svg(seen, key="k", title="t", desc="d")
    assert 'role="img"' in drawn
    assert "<b>" not in drawn
