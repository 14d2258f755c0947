"""When a picture was taken: its name, the camera's clock in EXIF, else when the file was written; and whose it is."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from aitia.core.bounds import check_regular

_DAY: Final = r"(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
_HOUR: Final = r"[-_T. ]+([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?"
_STAMP: Final = re.compile(rf"(?<!\d){_DAY}(?:{_HOUR})?(?!\d)")
_EXIF: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)\Z")
_TAKEN: Final = 0x9003
_WRITTEN: Final = 0x0132
_SUB: Final = 0x8769
_EXIF_MOST: Final = 50 << 20


def stamp_in(name: str, zone: tzinfo) -> datetime | None:
    """The time that a file's name tells (2026-11-30_10-42, 20261130T104205); a day alone is its noon."""
    found = _STAMP.search(name)
    return None if found is None else _moment([*found.groups()], zone)


def _moment(parts: list[str | None], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second = (None if p is None else int(p) for p in parts)
    try:
        if hour is None:
            return datetime(year or 0, month or 0, day or 0, 12, tzinfo=zone)
        return datetime(year or 0, month or 0, day or 0, hour, minute or 0, second or 0, tzinfo=zone)
    except ValueError:  # the 31st of February
        return None


def owner_in(name: str) -> str:
    """What a file's stem says besides the time."""
    return re.sub(r"^[-_. ]+|[-_. ]+$", "", _STAMP.sub("", name))


def exif_time(path: Path, zone: tzinfo) -> datetime | None:
    """The camera's clock, where EXIF holds one in the standard's form; nothing else of EXIF is looked at."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        return None
    try:
        check_regular(path)
        if path.stat().st_size > _EXIF_MOST:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(path, formats=("PNG", "TIFF", "JPEG")) as image:
                exif = image.getexif()
                told = (exif.get_ifd(_SUB).get(_TAKEN), exif.get(_WRITTEN))
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Warning,
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        TypeError,
    ):
        return None  # whoever reads its points says what is wrong with it
    for text in told:
        found = _EXIF.fullmatch(text.strip("\0 ")) if isinstance(text, str) and len(text) < 40 else None
        if found is not None and (moment := _moment([*found.groups()], zone)) is not None:
            return moment
    return None


def written(path: Path) -> datetime:
    """When the file was last written."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
