"""`aitia look PICTURE`: hot spots of a thermal image, ridges of a spectrogram."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aitia.tools.signals.pictures.ridges import Ridge
    from aitia.tools.signals.pictures.thermal import Heat

PICTURES: Final = (".png", ".tif", ".tiff", ".jpg", ".jpeg")


def look_at_picture(
    file: Path, *, reference: Path | None, scale: str, axes: str, rpm: float | None, as_json: bool
) -> None:
    """Print what a picture shows: ridges where `axes` are given, else hot spots."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.core.errors import BadInput
    from aitia.render.text import clean
    from aitia.tools.signals.pictures.read import read_picture
    from aitia.tools.signals.pictures.ridges import ridges
    from aitia.tools.signals.pictures.thermal import hot_spots

    if axes and (reference or scale):
        raise BadInput(
            "--axes is for a spectrogram, --range and --reference are for a thermal image. Give one or the other."
        )
    picture = read_picture(file)
    if axes:
        told = ridges(picture, _four(axes), rpm=rpm)
        lines, data = _ridge_lines(told), {"ridges": [asdict(r) for r in told]}
    else:
        low_high = _numbers(scale, 2, "--range", "20,80") if scale else None
        if low_high and not low_high[0] < low_high[1]:
            raise BadInput(f"Give --range as a lower and a higher value: 20,80, not {scale!r}.")
        heat = hot_spots(
            picture,
            reference=read_picture(reference) if reference else None,
            scale=(low_high[0], low_high[1]) if low_high else None,
        )
        lines, data = _heat_lines(heat), asdict(heat)
    if as_json:
        print_json({"file": file.name, **data})
        return
    console = stdout_console()
    for line in (file.name, *lines):
        console.print(clean(line), markup=False)


def _four(text: str) -> tuple[float, float, float, float]:
    a, b, c, d = _numbers(text, 4, "--axes", "0,60,0,1000")
    return a, b, c, d


def _numbers(text: str, count: int, option: str, example: str) -> list[float]:
    from aitia.core.errors import BadInput

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not all(map(math.isfinite, found)):
        raise BadInput(f"Give {option} as {count} numbers: {example}, not {text!r}.")
    return found


def _heat_lines(heat: Heat) -> list[str]:
    lines = []
    for number, spot in enumerate(heat.spots, start=1):
        degrees = (
            ""
            if spot.degrees is None
            else f", {spot.degrees:g} degrees over it, {spot.peak_degrees:g} at its peak"
        )
        lines.append(
            f"  hot spot {number}: {100 * spot.across:.0f} % from the left, {100 * spot.down:.0f} % from the top,"
            f" {100 * spot.area:.2g} % of the picture; {100 * spot.over:.0f} % of the picture's range over"
            f" {heat.against}{degrees}"
        )
    return [*(lines or [f"  no spot stands out over {heat.against}"]), *(f"  {note}" for note in heat.notes)]


def _ridge_lines(found: list[Ridge]) -> list[str]:
    lines = []
    for ridge in found:
        hertz = (
            f"{ridge.begin_hz:g}"
            if abs(ridge.begin_hz - ridge.end_hz) <= ridge.error_hz
            else f"{ridge.begin_hz:g} to {ridge.end_hz:g}"
        )
        order = "" if ridge.order is None else f", {ridge.order:g} times the shaft speed"
        multiple = f", {ridge.multiple}× the lowest ridge" if ridge.multiple > 1 else ""
        lines.append(
            f"  {hertz} Hz (± {ridge.error_hz:g}) from {ridge.begin_s:g} to {ridge.end_s:g} s{order}{multiple}"
        )
    return lines or ["  no ridge lasts a third of the picture"]
