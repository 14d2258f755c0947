"""`aitia look PICTURE`: hot spots of a thermal image, lines of a spectrogram."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aitia.tools.sources.signals.picture_about import About

PICTURES: Final = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
_MATRICES: Final = (".csv", ".txt", ".tsv", ".npy", ".npz")


def is_picture(file: Path) -> bool:
    """Whether a file is looked at as a picture without a word: by its ending, or a matrix whose sidecar says so."""
    from aitia.tools.sources.signals.picture_about import read_about, sidecar_of

    if file.suffix.lower() in PICTURES:
        return True
    beside = sidecar_of(file) if file.suffix.lower() in _MATRICES else None
    return beside is not None and bool(read_about(beside).kind)


def look_at_picture(
    file: Path,
    *,
    reference: Path | None,
    scale: str,
    axes: str,
    rpm: float | None,
    as_json: bool,
    regions: Path | None = None,
    html: Path | None = None,
) -> None:
    """Print what a picture shows: lines where the axes of a spectrogram are known, else hot spots."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.core.errors import BadInput
    from aitia.render.seen import page, read_seen, seen_svg, seen_text
    from aitia.render.text import clean

    if axes and (reference or scale or regions):
        raise BadInput(
            "--axes is for a spectrogram, --range, --reference and --regions are for a thermal image. Give one or the other."
        )
    about = _about(file, scale=scale, axes=axes, rpm=rpm, regions=regions)
    spectrum = about.kind == "spectrogram" or (about.time is not None and about.frequency is not None)
    lines, notes, data, artifact = _spectrogram(file, about) if spectrum else _thermal(file, about, reference)
    seen = read_seen(artifact)
    form = "spectrogram" if spectrum else "thermal picture"
    if html:
        drawing = (
            seen_svg(seen, key="seen", title=f"{form} {file.name}", desc="; ".join(lines)) if seen else None
        )
        _write(
            html,
            str(drawing or "")
            if html.suffix.lower() == ".svg"
            else page(file.name, form, lines, notes, drawing),
        )
    if as_json:
        print_json({"file": file.name, "form": form, **data, "notes": notes})
        return
    console = stdout_console()
    console.print(clean(file.name), markup=False, highlight=False, style="bold")
    for line in lines:
        console.print(f"  {clean(line)}", markup=False, highlight=False)
    for line in seen_text(seen) if seen and not spectrum else ():
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    for note in notes:
        console.print(f"  {clean(note)}", markup=False, highlight=False, style="dim")


def _thermal(
    file: Path, about: About, reference: Path | None
) -> tuple[list[str], list[str], dict[str, Any], bytes]:
    from aitia.tools.signals.pictures.drawn import heat_artifact
    from aitia.tools.signals.pictures.read import read_picture
    from aitia.tools.signals.pictures.thermal import hot_spots
    from aitia.tools.signals.pictures.words import heat_lines
    from aitia.tools.sources.signals.picture_about import read_about, sidecar_of

    then = read_picture(reference) if reference else None
    beside = sidecar_of(reference) if reference else None
    then_about = read_about(beside) if beside else about.model_copy(update={"regions": {}, "alike": ()})
    heat = hot_spots(read_picture(file), reference=then, about=about, reference_about=then_about)
    data = {
        "against": heat.against,
        "unit": heat.unit,
        "error": round(heat.error, 3),
        "hottest": heat.hottest and round(heat.hottest, 2),
        "spots": [asdict(s) for s in heat.spots],
        "bodies": [asdict(s) for s in heat.bodies],
        "regions": [asdict(r) for r in heat.regions],
    }
    return heat_lines(heat), list(heat.notes), data, heat_artifact(heat)


def _spectrogram(file: Path, about: About) -> tuple[list[str], list[str], dict[str, Any], bytes]:
    from aitia.tools.signals.pictures.drawn import plane_artifact
    from aitia.tools.signals.pictures.plane import plane_of
    from aitia.tools.signals.pictures.read import read_picture
    from aitia.tools.signals.pictures.ridges import ridges
    from aitia.tools.signals.pictures.scale import field_of
    from aitia.tools.signals.pictures.words import notes_of, ridge_lines

    picture = read_picture(file)
    field = field_of(picture, about, level=True)
    plane = plane_of(field, about)
    found = ridges(plane, about)
    unscaled = (
        ()
        if field.unit
        else ("how much a line rose is not told: give level (dB of the bar's ends) in a sidecar",)
    )
    kept = [n for n in field.notes if "no temperature" not in n]
    data = {"speed": found.speed, "unit": found.unit, "ridges": [asdict(r) for r in found.ridges]}
    return (
        ridge_lines(found, about.taken),
        notes_of(picture.notes, kept, found.notes, unscaled),
        data,
        plane_artifact(plane, found),
    )


def _about(file: Path, *, scale: str, axes: str, rpm: float | None, regions: Path | None) -> About:
    """What the sidecar says, and over it what the options say."""
    from aitia.core.errors import BadInput
    from aitia.tools.sources.signals.picture_about import About, about_of, read_about, sidecar_of

    beside = sidecar_of(file)
    about = read_about(beside) if beside else About()
    told: dict[str, Any] = about.model_dump(exclude_unset=True)
    if regions:
        told |= read_about(regions).model_dump(exclude_unset=True)
    if scale:
        low, high = _numbers(scale.replace("..", ","), 2, "--range", "20..80")
        if not low < high:
            raise BadInput(f"Give --range as a lower and a higher value: 20..80, not {scale!r}.")
        told |= {"range": (low, high), "counts": None}
    if axes:
        left, right, bottom, top = _numbers(axes, 4, "--axes", "0,60,0,1000")
        if not (left < right and 0 <= bottom < top):
            raise BadInput("Give --axes as rising seconds and rising Hz: 0,60,0,1000.")
        told |= {"time": (left, right), "frequency": (bottom, top)}
    if rpm is not None:
        told |= {"rpm": rpm, "speed": ()}
    return about_of(told, "the options")


def _write(place: Path, text: str) -> None:
    from aitia.core.errors import BadInput

    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(place)!r} ({error.strerror}). Give --html a file that can be written."
        ) from None


def _numbers(text: str, count: int, option: str, example: str) -> list[float]:
    from aitia.core.errors import BadInput

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not all(map(math.isfinite, found)):
        raise BadInput(f"Give {option} as {count} numbers: {example}, not {text!r}.")
    return found
