"""A picture or a radiometric matrix as numbers: brightness 0 to 1 of a picture, the values themselves of a text matrix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.bounds import check_regular, read_text
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.rows import Floats

PICTURES: Final = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
MOST_PIXELS: Final = 40_000_000
LEAST_SIDE: Final = 16
_GREY: Final = 6  # of 255: channels of a grey picture differ by no more (JPEG rounds)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Rows from the top; `coloured` where brightness stands for colours, `valued` where the numbers are the camera's own."""

    values: Floats
    coloured: bool = False
    valued: bool = False


def read_picture(path: Path) -> Picture:
    """The picture in a file. Raises SourceError for what cannot be read, BadInput without the extra `vision`."""
    try:
        check_regular(path)
        made = _matrix(path) if path.suffix.lower() in (".csv", ".txt", ".tsv") else _image(path)
    except OSError as error:
        raise SourceError(f"Cannot read {str(path)!r} as a picture: {error.strerror or error}.") from None
    if min(made.values.shape) < LEAST_SIDE:
        rows, columns = made.values.shape
        raise SourceError(
            f"{path.name!r} has {columns} × {rows} points, at least {LEAST_SIDE} each way are needed."
        )
    return made


def _image(path: Path) -> Picture:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise BadInput("Pictures need Pillow. Install it: pip install 'aitia[vision]'.") from None
    try:
        with Image.open(path, formats=("PNG", "TIFF", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise SourceError(f"{path.name!r} has more than {MOST_PIXELS:,} points. Make it smaller.")
            deep = image.mode in ("I;16", "I;16B", "I", "F")
            array = np.asarray(image if deep else image.convert("RGB"), dtype=np.float64)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise SourceError(f"{path.name!r} is no readable PNG, TIFF or JPEG picture: {error}.") from None
    if array.ndim == 2:  # counts of a camera: only their order and ratio to the range is known
        low, high = float(np.min(array)), float(np.max(array))
        return Picture(values=(array - low) / max(high - low, 1e-12))
    coloured = float(np.percentile(np.ptp(array, axis=2), 99)) > _GREY
    return Picture(values=np.asarray(array @ (0.299, 0.587, 0.114) / 255.0), coloured=coloured)


def _matrix(path: Path) -> Picture:
    """Rows of numbers, separated by `;`, tab, comma or blanks; a decimal comma where another character separates."""
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(_numbers(line))
        except ValueError:
            if rows:
                raise SourceError(
                    f"Line {number} of {path.name!r} is no row of numbers. Cut what stands there."
                ) from None
    width = {len(row) for row in rows}
    if len(width) != 1 or not rows:
        raise SourceError(f"{path.name!r} is no matrix of temperatures: its rows have {len(width)} lengths.")
    values = np.array(rows, dtype=np.float64)
    if not bool(np.all(np.isfinite(values))):
        raise SourceError(f"{path.name!r} has points without a number.")
    return Picture(values=values, valued=True)


def _numbers(line: str) -> list[float]:
    for separator in (";", "\t"):
        if separator in line:
            return [float(cell.replace(",", ".")) for cell in line.strip(f"{separator}\r ").split(separator)]
    return [float(cell) for cell in line.replace(",", " ").split()]
