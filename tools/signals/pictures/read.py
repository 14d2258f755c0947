"""A picture or a radiometric matrix as numbers: colours, counts, or the camera's own values.

Nothing is unpacked before its size is known.
Only points are taken from a file: what stands in its comments, tags or profiles is neither read nor shown.
"""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.bounds import check_regular, read_text
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import MATRICES, PICTURES

__all__ = ["LEAST_SIDE", "MATRICES", "MOST_BYTES", "MOST_PIXELS", "PICTURES", "Picture", "read_picture"]

MOST_PIXELS: Final = 16_000_000
MOST_BYTES: Final = 200 << 20
LEAST_SIDE: Final = 16
_MOST_MEMBERS: Final = 64  # of an archive
_GREY: Final = 6  # of 255: channels of a grey picture differ by no more (JPEG rounds)
_DEEP: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Rows from the top. `rgb` where there are colours or 8-bit greys, else None.

    `values`: brightness 0 to 1 of a picture, counts of a deep one (`deep`), the camera's own values of a matrix (`valued`).
    """

    values: Floats
    rgb: NDArray[np.uint8] | None = None
    coloured: bool = False
    valued: bool = False
    deep: bool = False
    lossy: bool = False  # JPEG: colours are off by a few steps
    notes: tuple[str, ...] = ()


def read_picture(path: Path) -> Picture:
    """The picture in a file. Raises SourceError for what cannot be read, BadInput without the extra `vision`."""
    try:
        check_regular(path)
        if path.is_dir():
            raise SourceError(f"{str(path)!r} is a folder. Give one picture.")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise SourceError(f"{path.name!r} has {size >> 20} MiB, at most {MOST_BYTES >> 20} are read.")
        ending = path.suffix.lower()
        made = (
            _array(path)
            if ending in (".npy", ".npz")
            else _matrix(path)
            if ending in MATRICES
            else _image(path)
        )
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
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a suspicious size or a damaged tag is no picture to trust
            with Image.open(path, formats=("PNG", "TIFF", "JPEG")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise SourceError(
                        f"{path.name!r} has {image.width} × {image.height} points, more than {MOST_PIXELS:,}. Make it smaller."
                    )
                deep = image.mode in _DEEP
                array = np.asarray(image if deep else image.convert("RGB"))
                kind = image.format or ""
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Warning,
        SyntaxError,
        ValueError,
        EOFError,
    ) as error:
        raise SourceError(
            f"{path.name!r} is no readable PNG, TIFF or JPEG picture: {_short(error)}."
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise SourceError(f"{path.name!r} cannot be decoded, it may be cut: {_short(error)}.") from None
    notes = _renamed(path, kind)
    if array.ndim == 2:
        values = array.astype(np.float64)
        if not bool(np.all(np.isfinite(values))):
            raise SourceError(f"{path.name!r} has points without a number.")
        return Picture(values=values, deep=True, notes=notes)
    spread = np.ptp(array.astype(np.int16), axis=2)
    coloured = float(np.percentile(spread, 99)) > _GREY
    brightness = array @ np.array((0.299, 0.587, 0.114), dtype=np.float32) / np.float32(255.0)
    return Picture(
        values=brightness.astype(np.float64), rgb=array, coloured=coloured, lossy=kind == "JPEG", notes=notes
    )


def _renamed(path: Path, kind: str) -> tuple[str, ...]:
    ending = {"PNG": (".png",), "JPEG": (".jpg", ".jpeg"), "TIFF": (".tif", ".tiff")}.get(kind, ())
    return () if path.suffix.lower() in ending else (f"the file is {kind}, whatever its name says",)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__


def _array(path: Path) -> Picture:
    """A two-dimensional array of a NumPy file; its size is read before its points."""
    try:
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                _check_header(path, file)
                file.seek(0)
                array = np.load(file, allow_pickle=False)
        else:
            array = _of_archive(path)
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, RuntimeError, NotImplementedError) as error:
        raise SourceError(
            f"{path.name!r} is no NumPy file of one matrix of numbers: {_short(error)}."
        ) from None
    values = np.asarray(array, dtype=np.float64)
    if not bool(np.all(np.isfinite(values))):
        raise SourceError(f"{path.name!r} has points without a number.")
    return Picture(values=values, valued=True)


def _of_archive(path: Path) -> NDArray[np.generic]:
    with zipfile.ZipFile(path) as archive:
        fit = []
        if len(archive.namelist()) > _MOST_MEMBERS:
            raise ValueError(f"it has more than {_MOST_MEMBERS} arrays")
        for member in archive.namelist():
            with archive.open(member) as file:
                if _dimensions(file) == 2:
                    fit.append(member)
        named = [m for m in fit if "temp" in m.lower()] or fit
        if len(named) != 1:
            raise ValueError(f"it has {len(fit)} matrices; name one of them 'temperature'")
        with archive.open(named[0]) as file:
            _check_header(path, file)
        with archive.open(named[0]) as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(file)
    return shape, kind


def _dimensions(file: IO[bytes]) -> int:
    shape, kind = _header(file)
    return len(shape) if kind.kind in "iuf" else 0


def _check_header(path: Path, file: IO[bytes]) -> None:
    shape, kind = _header(file)
    if len(shape) != 2 or kind.kind not in "iuf":
        raise ValueError(f"it holds {len(shape)} dimensions of {kind}")
    if int(np.prod([float(n) for n in shape])) > MOST_PIXELS:
        raise SourceError(
            f"{path.name!r} has {shape[1]} × {shape[0]} points, more than {MOST_PIXELS:,}. Make it smaller."
        )


def _matrix(path: Path) -> Picture:
    """Rows of numbers, separated by `;`, tab, comma or blanks; a decimal comma where another character separates."""
    rows: list[list[float]] = []
    try:
        text = read_text(path, most=64 << 20)
    except UnicodeDecodeError:
        raise SourceError(f"{path.name!r} is no text of numbers.") from None
    for number, line in enumerate(text.splitlines(), start=1):
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
