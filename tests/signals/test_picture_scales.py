"""Colours become temperatures by the bar in the picture; without a scale nothing is told in degrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aitia.core.errors import AitiaError
from aitia.tools.signals.pictures.alike import named_regions
from aitia.tools.signals.pictures.bar import find_bar
from aitia.tools.signals.pictures.palettes import palette
from aitia.tools.signals.pictures.read import read_picture
from aitia.tools.signals.pictures.scale import field_of
from aitia.tools.sources.signals.picture_about import About, about_of, read_about, sidecar_of
from tests.signals.test_pictures import Array, looked, motor, refused

Image = pytest.importorskip("PIL.Image")


def camera(path: Path, values: Array, colours: Array, *, bar: str = "right", frame: int = 30) -> str:
    """A picture of values 0 to 1 in a palette, in a dark frame with its bar at the right or below; as large as four times."""
    level = np.round(255 * np.clip(values, 0, 1)).astype(int)
    seen = np.repeat(np.repeat(colours[level], 2, axis=0), 2, axis=1)
    high, wide = seen.shape[:2]
    canvas = np.full((high + frame, wide + frame, 3), 20.0)
    canvas[:high, :wide] = seen
    if bar == "right":
        canvas[20:220, wide + 10 : wide + 22] = colours[np.linspace(255, 0, 200).round().astype(int)][:, None]
    elif bar == "below":
        canvas[high + 10 : high + 22, 20:260] = colours[np.linspace(0, 255, 240).round().astype(int)][None]
    Image.fromarray(canvas.round().astype(np.uint8)).save(
        path, **({"quality": 85} if path.suffix == ".jpg" else {})
    )
    return str(path)


def odd() -> Array:
    """A palette that no maker has."""
    at = np.linspace(0, 1, 256)
    return np.stack([40 + 180 * at, 200 - 150 * at, 90 + 120 * np.abs(at - 0.5)], axis=1)


@pytest.mark.parametrize("name", ["ironbow", "rainbow", "hot metal", "viridis", "grey", "none of them"])
@pytest.mark.parametrize(("bar", "kind"), [("right", "png"), ("below", "png"), ("right", "jpg")])
def test_temperatures_are_read_off_the_bar(tmp_path: Path, name: str, bar: str, kind: str) -> None:
    colours = odd() if name == "none of them" else palette(name)
    values = motor(1, spot=0.3)
    path = Path(camera(tmp_path / f"a.{kind}", values, colours, bar=bar))
    field = field_of(read_picture(path), About(range=(20, 120)))
    x, y, w, h = field.box
    truth = 20 + 100 * np.repeat(np.repeat(values, 2, axis=0), 2, axis=1)[y : y + h, x : x + w]
    seen = field.values[: truth.shape[0], : truth.shape[1]]
    assert float(np.median(np.abs(seen - truth))) < (3 * field.error if kind == "jpg" else 1.5)
    assert field.palette == ("" if name == "none of them" else name)
    assert any("bar" in note for note in field.notes)
    assert any("±" in note for note in field.notes)


def test_a_scene_without_a_bar_has_none(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.png", motor(1, spot=0.3), palette("ironbow"), bar="")
    assert find_bar(read_picture(Path(path)).rgb) is None  # type: ignore[arg-type]
    told = looked(path, "--range", "20..120")
    assert any("nearest to ironbow" in note for note in told["notes"])


def test_colours_of_no_palette_without_a_bar_are_no_temperatures(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.png", motor(1, spot=0.3), odd(), bar="")
    assert "no temperatures" in refused(path, "--range", "20..120")
    told = looked(path)
    assert told["unit"] == ""
    assert all(s["degrees"] is None for s in told["spots"])


def test_counts_of_a_deep_tiff_become_degrees_by_gain_and_offset(tmp_path: Path) -> None:
    celsius = 20 + 60 * motor(1, spot=0.3)
    counts = np.round((celsius + 273.15) / 0.04).astype(np.uint16)
    Image.fromarray(counts).save(tmp_path / "a.tif")
    assert looked(str(tmp_path / "a.tif"))["unit"] == ""
    (tmp_path / "a.yaml").write_text("counts: [0.04, -273.15]\n", encoding="utf-8")
    told = looked(str(tmp_path / "a.tif"))
    assert told["hottest"] == pytest.approx(float(celsius.max()), abs=1.5)
    assert told["spots"][0]["degrees"] == pytest.approx(17, abs=4)


def test_a_numpy_matrix_is_in_degrees(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", temperature=20 + 60 * motor(1, spot=0.3), other=np.zeros(3))
    (tmp_path / "a.json").write_text('{"kind": "thermal"}', encoding="utf-8")
    assert looked(str(tmp_path / "a.npz"))["spots"][0]["degrees"] == pytest.approx(17, abs=4)


def test_what_is_written_on_a_picture_is_no_spot(tmp_path: Path) -> None:
    from PIL import ImageDraw

    path = camera(tmp_path / "a.png", motor(1), palette("ironbow"))
    image = Image.open(path)
    ImageDraw.Draw(image).text((6, 6), "e=0.95  2026", fill=(255, 255, 255))
    image.save(path)
    assert looked(path, "--range", "20..120")["spots"] == []


def three(hot: float) -> Array:
    rows, columns = np.mgrid[0:120, 0:160]
    made = 0.2 + 0.004 * np.random.default_rng(1).normal(size=rows.shape)
    for n in range(3):
        part = (np.abs(rows - 60) < 35) & (np.abs(columns - 30 - 50 * n) < 15)
        made[part] += 0.3 + (hot if n == 1 else 0.0)
    return made


REGIONS = {"L1": [14, 24, 32, 72], "L2": [64, 24, 32, 72], "L3": [114, 24, 32, 72]}


@pytest.mark.parametrize(("hot", "severity"), [(0.20, "major"), (0.08, "probable"), (0.0, "")])
def test_a_phase_is_held_against_the_others(tmp_path: Path, hot: float, severity: str) -> None:
    matrix = tmp_path / "a.csv"
    matrix.write_text(
        "\n".join(";".join(f"{100 * v:.2f}" for v in row) for row in three(hot)), encoding="utf-8"
    )
    (tmp_path / "boxes.yaml").write_text(
        json.dumps({"regions": REGIONS, "equipment": "electrical"}), encoding="utf-8"
    )
    first = looked(str(matrix), "--thermal", "--regions", str(tmp_path / "boxes.yaml"))["regions"][0]
    if hot:
        assert first["name"] == "L2"
        assert first["difference"] == pytest.approx(100 * hot, abs=0.7)
        assert severity in first["severity"]
    else:
        assert abs(first["difference"]) < 1.0
        assert first["severity"] == ""


def test_without_a_word_on_the_equipment_no_standard_is_named() -> None:
    about = about_of({"regions": REGIONS}, "a test")
    told = named_regions(100 * three(0.2), (0, 0, 160, 120), about, unit="°C", error=0.1)
    assert all(not n.severity for n in told)


def test_groups_of_like_are_told_by_names_or_by_hand() -> None:
    boxes = {"pump-1": [14, 24, 32, 72], "pump-2": [64, 24, 32, 72], "wall": [0, 0, 10, 10]}
    told = {n.name: n.others for n in named_regions(100 * three(0.2), (0, 0, 160, 120), about_of({"regions": boxes}, "a"),
                                                    unit="°C", error=0.1)}  # fmt: skip
    assert told == {"pump-1": ("pump-2",), "pump-2": ("pump-1",), "wall": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("range: [90, 20]", "lower and a higher"),
        ("range: [20, 90]\ncounts: [0.04, -273]", "range or counts"),
        ("regions: {L1: [0, 0, -3, 4]}", "x, y, width, height"),
        ("regions: {L1: [0, 0, 9, 9]}\nalike: [[L1, L9]]", "L9"),
        ("reference: /etc/passwd", "reference"),
        ("speed: [[5, 1500], [1, 1500]]", "order of time"),
        ("time: [0, 60]\nfrequency: [0, 900]\nscale: log", "above 0 Hz"),
        ("- 1\n- 2", "names and values"),
        ("{", "no YAML"),
        ("range: [.nan, 4]", "lower and a higher"),
    ],
)
def test_a_sidecar_that_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(AitiaError, match=said):
        read_about(tmp_path / "a.yaml")


def test_the_sidecar_of_the_full_name_goes_first(tmp_path: Path) -> None:
    for name in ("a.png", "a.json", "a.png.yaml"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert sidecar_of(tmp_path / "a.png") == tmp_path / "a.png.yaml"
    assert sidecar_of(tmp_path / "b.png") is None


def test_a_plot_outside_the_picture_is_refused(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.png", motor(1), palette("ironbow"))
    for text in ("plot: [0, 0, 9000, 40]", "bar: [0, 0, 9000, 40]", "regions: {x: [4000, 0, 9, 9]}"):
        (tmp_path / "a.yaml").write_text(f"range: [20, 90]\n{text}\n", encoding="utf-8")
        assert "outside" in refused(path)


def test_no_region_no_group(tmp_path: Path) -> None:
    told: Any = looked(camera(tmp_path / "a.png", motor(1), palette("ironbow")))
    assert told["regions"] == []
