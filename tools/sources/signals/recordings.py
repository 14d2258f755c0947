"""Single vibration recordings as instruments and loggers write them: WAV, CSV, NumPy, TDMS and Universal File Format 58.

What a file does not say (rate, unit, speed) stays unknown; nothing is assumed.
"""

from __future__ import annotations

import logging
import math
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from aitia.core.bounds import check_regular
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.duck import database
from aitia.tools.sources.metrics.table_sql import has_comma, name, number, quote
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.arrays import check_arrays
from aitia.tools.sources.text_form import NATIVE, TextForm, converted, form_of, head_of, separated

T = TypeVar("T")

MOST_SAMPLES: Final = 20_000_000  # of all channels
UNSCALED: Final = "whole-number samples: 1 is the converter's full scale (--scale says what that is)"
LEAST_SAMPLES: Final = 16  # of an array or column: fewer are values beside the record
_JITTER: Final = 0.01  # of a step by which the times of evenly spaced samples may differ from it
_NUMBER: Final = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?"
_RATE: Final = re.compile(
    rf"(?:sampl\w*[ _-]*(?:rate|freq\w*)|\bfs\b|abtastrate)\W{{0,12}}(?P<value>{_NUMBER})\s*(?P<kilo>k?)(?:hz|s/s)?",
    re.I,
)
_SPEED: Final = re.compile(
    rf"(?:\brpm\b|shaft[ _-]*speed|drehzahl)\W{{0,12}}(?P<value>{_NUMBER})\s*(?P<unit>hz|rpm|1/min|min-1)?",
    re.I,
)
_UNIT: Final = re.compile(r"[\[(]\s*([^\[\]()]{1,12}?)\s*[\])]\s*$")
_TIME: Final = re.compile(r"^(t|time|zeit|seconds?|timestamp|x)\b", re.I)
_TIME_UNITS: Final = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
_UNITS: Final = {
    "g": "g",
    "m/s2": "m/s2",
    "m/s²": "m/s2",
    "m/s^2": "m/s2",
    "m/s**2": "m/s2",
    "mm/s": "mm/s",
    "m/s": "m/s",
}


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Samples of one channel; `fs` in Hz, `rpm` of the shaft, both NaN where the file does not say; `unit` "" likewise.

    `scaled` is false where a sample is a share of a converter's full scale, of which no unit and no zone follow.
    """

    name: str
    x: Floats
    fs: float = math.nan
    unit: str = ""
    rpm: float = math.nan
    scaled: bool = True


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The channels of a file, how it was read, and what a reader of the figures should know of it."""

    form: str
    channels: tuple[Channel, ...]
    notes: tuple[str, ...] = ()


def read_recording(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        SourceError: a file that cannot be read, holds no samples, too many of them, or times that are not evenly spaced.
        BadInput: an ending that is none of these formats; TDMS or UFF without the extra `vibration`.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            f"Cannot look at {path.name!r}: the name must end in one of {', '.join(sorted(_READERS))}."
        )
    try:
        check_regular(path)
        found = reader(path)
    except OSError as error:
        raise SourceError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from None
    if not found.channels:
        raise SourceError(f"{path.name!r} holds no channel of at least {LEAST_SAMPLES} numbers.")
    if (size := sum(c.x.size for c in found.channels)) > MOST_SAMPLES:
        raise SourceError(
            f"{path.name!r} holds {size:,} samples, more than the limit of {MOST_SAMPLES:,}. Cut it."
        )
    return found


def known_unit(text: str) -> str:
    """g, m/s2, mm/s or m/s; "" for anything else."""
    return _UNITS.get(text.strip().lower(), "")


def _wav(path: Path) -> Recording:
    from scipy.io import wavfile

    if path.stat().st_size > 8 * MOST_SAMPLES:
        raise SourceError(f"{path.name!r} is larger than the limit of {8 * MOST_SAMPLES >> 20} MiB. Cut it.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that are not samples
            rate, data = wavfile.read(path)
    except (ValueError, EOFError, IndexError, ZeroDivisionError, UnboundLocalError, struct.error) as error:
        raise SourceError(f"{path.name!r} is no readable WAV file: {error}.") from None
    x = np.asarray(data, dtype=np.float64)
    notes = []
    if data.dtype.kind in "iu":
        if data.dtype == np.uint8:
            x = (x - 128.0) / 128.0
        else:
            x = x / -float(np.iinfo(data.dtype).min)
        notes.append(UNSCALED)
    columns = x.reshape(x.shape[0], -1).T
    named = ["channel"] if columns.shape[0] == 1 else [f"channel {n}" for n in range(1, columns.shape[0] + 1)]
    return Recording(
        form=f"WAV, {data.dtype}",
        channels=tuple(
            Channel(name=n, x=c.copy(), fs=float(rate), scaled=not notes)
            for n, c in zip(named, columns, strict=True)
        ),
        notes=tuple(notes),
    )


def _arrays(path: Path) -> Recording:
    try:
        check_arrays(path, most=8 * MOST_SAMPLES)
        loaded = np.load(path, allow_pickle=False)
        held = {"samples": loaded} if isinstance(loaded, np.ndarray) else {k: loaded[k] for k in loaded.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path.name!r} is no readable .npy or .npz file: {error}.") from None
    fs = rpm = math.nan
    channels: list[Channel] = []
    for key, array in sorted(held.items()):
        if array.dtype.kind not in "iuf":
            continue
        if array.size == 1:
            value = float(array.ravel()[0])
            if re.fullmatch(r"(fs|rate|sampl\w*)", key, re.I):
                fs = value
            elif re.fullmatch(r"(rpm|\w*_rpm|rpm_\w*)", key, re.I):
                rpm = value
        elif array.ndim <= 2 and array.size >= LEAST_SAMPLES:
            channels += _rows_of(key, np.asarray(array, dtype=np.float64))
    told = [Channel(name=c.name, x=c.x, fs=fs, rpm=rpm, unit=c.unit) for c in channels]
    return Recording(form="NumPy", channels=tuple(told))


def _rows_of(key: str, array: Floats) -> Iterator[Channel]:
    if array.ndim == 1 or 1 in array.shape:
        yield Channel(name=key, x=array.ravel())
        return
    rows = array if array.shape[0] < array.shape[1] else array.T
    for n, row in enumerate(rows, start=1):
        yield Channel(name=f"{key} {n}", x=row.copy())


def _text(path: Path) -> Recording:
    import tempfile

    import duckdb

    form = form_of(path)
    head = head_of(path, form.encoding)
    first = separated(head, form)
    if len(first) < 2:  # one column: its name is the last line before the first number
        words = next(
            (n for n, line in enumerate(head.splitlines()) if re.fullmatch(rf"\s*{_NUMBER}\s*", line)), 0
        )
        form = replace(form, skip=max(words - 1, 0))
        first = separated(head, form)
    titled = not all(re.fullmatch(rf"\s*{_NUMBER}\s*", cell) for cell in first if cell.strip())
    names = first if titled else [f"column {n}" for n in range(1, len(first) + 1)]
    comma = has_comma(re.findall(r"[^;\t|\s\"]+", head[:20_000]), form)
    with tempfile.TemporaryDirectory() as folder, database() as db:
        text = path if form.encoding in NATIVE else converted(path, form.encoding, Path(folder))
        columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(names)))
        table = (
            f"read_csv({quote(str(text))}, auto_detect = false, columns = {{{columns}}}, header = false, "
            f"delim = {quote(form.delimiter)}, skip = {form.skip + titled}, null_padding = true, strict_mode = false"
            + (f", encoding = {quote(form.encoding)}" if form.encoding in NATIVE[1:] else "")
            + ")"
        )
        wanted = ", ".join(
            number(f"c{n}", "VARCHAR", comma=comma) + f" AS {name(f'v{n}')}" for n in range(len(names))
        )
        try:
            db.execute(f"CREATE TABLE held AS SELECT * FROM {table} LIMIT {MOST_SAMPLES + 1}")
            found = db.execute(f"SELECT {wanted} FROM held").fetchnumpy()
        except duckdb.Error as error:
            raise SourceError(f"{path.name!r} is no readable table: {str(error).splitlines()[0]}") from None
    return _table(path, form, head, names, [_filled(found[f"v{n}"]) for n in range(len(names))], comma=comma)


def _filled(column: Any) -> Floats:
    values = column.filled(np.nan) if isinstance(column, np.ma.MaskedArray) else column
    return np.asarray(values, dtype=np.float64)


def _table(
    path: Path, form: TextForm, head: str, names: list[str], columns: list[Floats], *, comma: bool
) -> Recording:
    above = "\n".join(head.splitlines()[: form.skip])
    fs, rpm = _told(_RATE, above, path, "sampling rate"), _told(_SPEED, above, path, "speed")
    notes = list(form.said) + ["decimal comma"] * comma
    channels: list[Channel] = []
    for title, x in zip(names, columns, strict=True):
        known = np.isfinite(x)
        if int(known.sum()) < LEAST_SAMPLES:
            continue
        last = int(np.flatnonzero(known)[-1]) + 1  # rows after the last number are remarks
        unit = found[1] if (found := _UNIT.search(title)) else ""
        if _TIME.match(title.strip()) or (not channels and len(columns) > 1 and _is_clock(x[known])):
            fs = _rate(x[:last], _TIME_UNITS.get(unit.lower(), 1.0), path, title)
            continue
        label = _UNIT.sub("", title).strip() or title
        channels.append(Channel(name=label, x=x[:last], unit=known_unit(unit)))
    told = tuple(Channel(name=c.name, x=c.x, unit=c.unit, fs=fs, rpm=rpm) for c in channels)
    return Recording(form="text", channels=told, notes=tuple(notes))


def _told(pattern: re.Pattern[str], text: str, path: Path, what: str) -> float:
    """A figure of the lines above the column names. SourceError where they give two."""
    found = set()
    for match in pattern.finditer(text):
        value = float(match["value"].replace(",", "."))
        parts = match.groupdict()
        found.add(
            value
            * (1000.0 if parts.get("kilo") else 60.0 if (parts.get("unit") or "").lower() == "hz" else 1.0)
        )
    if len(found) > 1:
        told = " and ".join(f"{value:g}" for value in sorted(found))
        raise SourceError(
            f"The first lines of {path.name!r} give two values of its {what}: {told}. Correct them."
        )
    return found.pop() if found else math.nan


def _is_clock(x: Floats) -> bool:
    """Whether a first column without a telling name counts up evenly: times, not samples."""
    steps = np.diff(x)
    return bool(steps.size and np.all(steps > 0) and np.ptp(steps) <= 2 * _JITTER * float(np.median(steps)))


def _rate(x: Floats, second: float, path: Path, title: str) -> float:
    steps = np.diff(x)
    step = float(np.median(steps)) if steps.size else math.nan
    if not step > 0 or float(np.max(np.abs(steps - step))) > max(_JITTER * step, 2.0 * _grain(x)):
        raise SourceError(
            f"The times of {path.name!r} (column {title!r}) are not evenly spaced: samples are missing or out of order. Cut "
            "the record at the gap, or take that column out and give --rate."
        )
    # Of a column with few digits, a single step is coarse; the whole span is not.
    return (x.size - 1) / (float(x[-1] - x[0]) * second)


def _grain(x: Floats) -> float:
    """The place of the last digit that the times are written with."""
    for digits in range(10):
        if np.allclose(x[:1000], np.round(x[:1000], digits), rtol=0, atol=1e-12):
            return float(10.0**-digits)
    return 0.0


def _not_installed(package: str, path: Path) -> BadInput:
    return BadInput(f"{path.name!r} needs the package {package}: pip install '.[vibration]'.")


def _parsed(path: Path, form: str, parse: Callable[[], T]) -> T:
    """What a library makes of a file. Both raise whatever they like on bytes that are none of their format, `Exception` too."""
    try:
        return parse()
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"{path.name!r} is no readable {form} file: {error}.") from None


def _tdms(path: Path) -> Recording:
    try:
        from nptdms.log import log_manager
    except ImportError:
        raise _not_installed("npTDMS", path) from None
    log_manager.set_level(logging.CRITICAL)  # it is said once, in the error
    return _parsed(path, "TDMS", lambda: Recording(form="TDMS", channels=tuple(_tdms_channels(path))))


def _tdms_channels(path: Path) -> Iterator[Channel]:
    from nptdms import TdmsFile

    with path.open("rb") as raw, TdmsFile.open(raw) as file:
        listed = [channel for group in file.groups() for channel in group.channels()]
        if sum(len(channel) for channel in listed) > MOST_SAMPLES:
            raise SourceError(f"{path.name!r} holds more than the limit of {MOST_SAMPLES:,} samples. Cut it.")
        for channel in listed:
            x = np.asarray(channel[:])
            if x.dtype.kind not in "iuf" or x.size < LEAST_SAMPLES:
                continue
            step = float(channel.properties.get("wf_increment", 0.0))
            yield Channel(
                name=channel.name,
                x=x.astype(np.float64),
                fs=1.0 / step if step > 0 else math.nan,
                unit=known_unit(str(channel.properties.get("unit_string", ""))),
            )


def _uff(path: Path) -> Recording:
    try:
        from pyuff import UFF
    except ImportError:
        raise _not_installed("pyuff", path) from None
    if path.stat().st_size > 16 * MOST_SAMPLES:
        raise SourceError(f"{path.name!r} is larger than the limit of {16 * MOST_SAMPLES >> 20} MiB. Cut it.")
    sets = _parsed(path, "UFF", lambda: UFF(str(path)).read_sets())
    return _parsed(path, "UFF", lambda: _uff_records(sets if isinstance(sets, list) else [sets]))


def _uff_records(sets: Sequence[Mapping[str, Any]]) -> Recording:
    found = []
    for one in sets:
        samples = np.asarray(one.get("data", ()))
        if one.get("type") != 58 or one.get("func_type") != 1 or samples.dtype.kind not in "iuf":
            continue
        step = float(one.get("abscissa_inc") or 0.0)
        named = str(one.get("id1", "")).strip()
        entity = str(one.get("rsp_ent_name", "")).strip()
        point = f"{'' if entity == 'NONE' else entity} {one.get('rsp_node', '')}:{one.get('rsp_dir', '')}"
        found.append(
            Channel(
                name=named if named and named != "NONE" else point.strip(),
                x=samples.astype(np.float64),
                fs=1.0 / step if step > 0 else math.nan,
                unit=known_unit(str(one.get("ordinate_axis_units_lab", ""))),
            )
        )
    others = len(sets) - len(found)
    note = f"{others} data sets that are no time records were passed over" if others else ""
    return Recording(form="UFF 58", channels=tuple(found), notes=(note,) if note else ())


_READERS: Final[dict[str, Callable[[Path], Recording]]] = {
    ".wav": _wav, ".csv": _text, ".txt": _text, ".tsv": _text, ".npz": _arrays, ".npy": _arrays, ".tdms": _tdms,
    ".uff": _uff, ".unv": _uff,
}  # fmt: skip
