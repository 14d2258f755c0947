"""Pictures: hot spots and ridges that were drawn are found where they are, and nothing is where nothing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core.errors import AitiaError, BadInput
from aitia.tools.signals.pictures.read import Picture, read_picture
from aitia.tools.signals.pictures.thermal import hot_spots

Array = np.ndarray[Any, Any]
Image = pytest.importorskip("PIL.Image")


def motor(seed: int = 0, *, spot: float = 0.0, warmer: float = 0.0, shift: int = 0) -> Array:
    """Brightness of a motor before a wall, 120 × 160: a body that is warm all over, and a bearing seat that may be hot."""
    rows, columns = np.mgrid[0:120, 0:160]
    body = 0.25 * np.exp(-(((rows - 60) / 45.0) ** 4) - ((columns - 80 - shift) / 60.0) ** 4)
    seat = spot * np.exp(-(((rows - 70) / 5.0) ** 2) - ((columns - 120 - shift) / 5.0) ** 2)
    return 0.2 + warmer + body + seat + 0.004 * np.random.default_rng(seed).normal(size=rows.shape)


def save(path: Path, values: Array) -> str:
    Image.fromarray(np.clip(255 * values, 0, 255).astype(np.uint8)).save(path)
    return str(path)


def looked(*args: str) -> Any:
    done = CliRunner().invoke(app, ["look", *args, "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def refused(*args: str) -> str:
    done = CliRunner().invoke(app, ["look", *args])
    assert isinstance(done.exception, AitiaError), (done.output, done.exception)
    return str(done.exception)


@pytest.mark.parametrize("compared", [False, True], ids=["against what lies around", "against a reference"])
def test_a_hot_bearing_is_found_where_it_is(tmp_path: Path, compared: bool) -> None:
    now = save(tmp_path / "now.png", motor(1, spot=0.3, warmer=0.05))
    then = ("--reference", save(tmp_path / "then.png", motor(2))) if compared else ()
    spot = looked(now, "--range", "0,100", *then)["spots"][0]
    assert spot["across"] == pytest.approx(120 / 160, abs=0.02)
    assert spot["down"] == pytest.approx(70 / 120, abs=0.02)
    assert spot["degrees"] == pytest.approx(25, abs=8)
    if compared:
        assert len(looked(now, *then)["spots"]) == 1


def test_a_warmer_room_or_load_is_no_spot(tmp_path: Path) -> None:
    then, now = save(tmp_path / "a.png", motor(1)), save(tmp_path / "b.png", motor(2, warmer=0.2))
    told = looked(now, "--reference", then)
    assert told["spots"] == []
    assert any("brighter than the reference" in note for note in told["notes"])


def test_a_moved_camera_is_brought_back() -> None:
    told = hot_spots(Picture(values=motor(1, spot=0.3, shift=3)), reference=Picture(values=motor(2)))
    assert len(told.spots) == 1


def test_no_scale_no_degrees(tmp_path: Path) -> None:
    told = looked(save(tmp_path / "a.png", motor(1, spot=0.3)))
    assert told["spots"][0]["degrees"] is None
    assert any("no temperature is told" in note for note in told["notes"])


def test_a_matrix_of_temperatures_is_in_degrees(tmp_path: Path) -> None:
    rows = "\n".join(
        ";".join(f"{20 + 50 * v:.2f}".replace(".", ",") for v in row) for row in motor(1, spot=0.3)
    )
    (tmp_path / "a.csv").write_text(f"Kamera;T\n{rows}\n", encoding="utf-8")
    told = looked(str(tmp_path / "a.csv"), "--thermal")
    assert told["spots"][0]["degrees"] == pytest.approx(13, abs=4)


def spectrogram(seed: int = 0) -> Array:
    """0 to 60 s across, 0 to 1000 Hz from the bottom: a steady line at 250 Hz, its second harmonic, one that climbs from 700 to 900 Hz."""
    bright = 0.15 + 0.02 * np.random.default_rng(seed).normal(size=(200, 300))
    for column in range(300):
        for hertz in (250.0, 500.0, 700.0 + 200.0 * column / 300):
            bright[199 - int(hertz / 5), column] += 0.5
    return bright


def test_ridges_are_read_off_the_axes(tmp_path: Path) -> None:
    path = save(tmp_path / "s.png", spectrogram())
    told = looked(path, "--axes", "0,60,0,1000", "--rpm", "1500")["ridges"]
    assert [round(r["begin_hz"], -1) for r in told] == [250, 500, 700]
    assert told[2]["end_hz"] == pytest.approx(900, abs=8)
    assert [(r["kind"], r["multiple"]) for r in told] == [("constant", 1), ("constant", 2), ("order", 1)]
    assert told[0]["order"] == pytest.approx(10.1, abs=0.2)
    assert told[2]["order"] is None  # it moves though the given speed does not


def test_noise_has_no_ridges(tmp_path: Path) -> None:
    path = save(tmp_path / "n.png", 0.15 + 0.02 * np.random.default_rng(1).normal(size=(200, 300)))
    assert looked(path, "--axes", "0,60,0,1000")["ridges"] == []


def coloured(path: Path) -> str:
    values = np.clip(255 * motor(1, spot=0.3), 0, 255).astype(np.uint8)
    Image.fromarray(np.stack([values, 255 - values, values // 2], axis=2)).save(path)
    return str(path)


def test_colours_are_no_temperatures(tmp_path: Path) -> None:
    path = coloured(tmp_path / "c.png")
    assert "colours" in refused(path, "--range", "20,80")
    assert any("rainbow" in note for note in looked(path)["notes"])


@pytest.mark.parametrize(
    ("write", "options", "said"),
    [
        (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\njunk"), (), "no readable"),
        (lambda p: save(p, np.zeros((8, 8))), (), "at least 16"),
        (lambda p: save(p, motor()), ("--range", "80,20"), "lower and a higher"),
        (lambda p: save(p, motor()), ("--axes", "0,60"), "4 numbers"),
        (lambda p: save(p, motor()), ("--axes", "60,0,0,9"), "rising"),
        (lambda p: save(p, motor()), ("--axes", "0,1,0,9", "--range", "1,2"), "one or the other"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path: Path, write: Any, options: tuple[str, ...], said: str) -> None:
    write(tmp_path / "a.png")
    assert said in refused(str(tmp_path / "a.png"), *options)


def test_another_view_is_no_reference(tmp_path: Path) -> None:
    here = Picture(values=motor(1))
    with pytest.raises(BadInput, match="another view"):
        hot_spots(here, reference=Picture(values=np.random.default_rng(0).uniform(size=(120, 160))))
    with pytest.raises(BadInput, match="same size"):
        hot_spots(here, reference=Picture(values=motor(1)[:60]))


def test_a_ragged_matrix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["1;2;3"] * 20 + ["1;2"]), encoding="utf-8")
    with pytest.raises(AitiaError, match="2 lengths"):
        read_picture(tmp_path / "a.csv")
