"""Labelled records from three layouts: a folder with an index, an npz file, a table of process signals."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.learned import table
from aitia.tools.signals.learned.store import sha256
from aitia.tools.signals.learned.windows import ORDERS, Record, Windows, cut
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.arrays import check_arrays

LEAST_SAMPLES: Final = 8
INDEX: Final = "index.csv"
MOST_BYTES: Final = 2**30  # of arrays; tables have a limit of their own


def read(
    path: Path, *, label: str = "label", group: str = "group", window: int = 0, rate: float = 0.0, time: str = "",
    drop: Sequence[str] = (), labelled: bool = True,
) -> Windows:  # fmt: skip
    """The windows of a folder (`index.csv`), an npz file or a table; raises BadInput that says what to mend.

    `window` is in samples (rows of a table); an npz file holds windows already. `rate` resamples every record to one
    sampling rate. Without `labelled` the label column may be missing.
    """
    records, digest = read_records(path, label=label, group=group, time=time, drop=drop, labelled=labelled)
    if path.suffix == ".npz" and not path.is_dir():
        window = window or records[0].x.shape[0]
    if window < LEAST_SAMPLES:
        raise BadInput(f"Set --window, the length of a window, to {LEAST_SAMPLES} samples or more.")
    return cut(records, window=window, rate=rate, digest=digest)


def read_records(
    path: Path, *, label: str = "label", group: str = "group", time: str = "", drop: Sequence[str] = (),
    labelled: bool = True,
) -> tuple[list[Record], str]:  # fmt: skip
    """The records of the same layouts, uncut, and the sha256 of their files; raises BadInput that says what to mend."""
    if path.is_dir():
        files = [
            path / INDEX,
            *sorted(f for f in path.iterdir() if f.suffix in (".npy", ".npz", ".csv") and f.name != INDEX),
        ]
        _held(files)
        records = list(_folder(path, label, group, labelled))
    elif path.suffix == ".npz":
        _held([path])
        files, records = [path], list(_npz(path, label, group, labelled))
    else:
        files, records = [path], list(_table(path, label, group, time, drop, labelled))
    return records, sha256(files)


def _held(files: Sequence[Path]) -> None:
    size = sum(f.stat().st_size for f in files if f.suffix in (".npy", ".npz") and f.is_file())
    if size > MOST_BYTES:
        raise BadInput(
            f"The arrays of the data take {size / 2**30:.1f} GiB, over the limit of 1 GiB. Split or "
            "resample the data."
        )


def _folder(path: Path, label: str, group: str, labelled: bool) -> Iterator[Record]:
    try:
        with (path / INDEX).open(newline="", encoding="utf-8-sig") as held:
            rows = list(csv.DictReader(held))
    except OSError as error:
        raise BadInput(
            f"{str(path)!r} has no readable {INDEX} ({error.strerror}). Add one with file, label and group."
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{str(path / INDEX)!r} is not CSV in UTF-8 ({error}). Fix it.") from None
    if not rows:
        raise BadInput(f"{str(path / INDEX)!r} lists no records. Add rows.")
    needed = ("file", group, *((label,) if labelled else ()))
    for column in needed:
        if column not in rows[0]:
            raise BadInput(
                f"{INDEX} has no column {column!r} (it has {', '.join(rows[0])}). Name the columns with "
                "--label and --group."
            )
    for row in rows:
        name = row["file"] or ""
        file = (path / name).resolve()
        if not file.is_relative_to(path.resolve()) or not file.is_file():
            raise BadInput(f"{name!r} is not a file in {str(path)!r}. Fix {INDEX}.")
        x, channels = _samples(file, row.get("key") or "")
        yield Record(
            name=name if not row.get("key") else f"{name}:{row['key']}", label=row.get(label) or "", group=row[group] or "",
            x=x, channels=channels, fs=_number(row, "fs"), rpm=_number(row, "rpm"),
            orders=tuple(_number(row, o) for o in ORDERS),
        )  # fmt: skip


def _number(row: dict[str, str], column: str) -> float:
    text = (row.get(column) or "").strip()
    try:
        value = float(text) if text else float("nan")
    except ValueError:
        raise BadInput(
            f"{column} of {row['file']!r} is {text!r}, which is not a number. Fix {INDEX}."
        ) from None
    if column in ("fs", *ORDERS) and value <= 0:
        raise BadInput(f"{column} of {row['file']!r} is {text}, but must be above 0. Fix {INDEX}.")
    return value


def _samples(file: Path, key: str) -> tuple[Floats, tuple[str, ...]]:
    if file.suffix == ".csv":
        held = table.read(file)
        return np.stack(list(held.numbers.values()), axis=1), tuple(held.numbers)
    x = _loaded(file, key)
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2:
        raise BadInput(f"Give samples, or samples x channels: {file.name!r} has shape {x.shape}.")
    return x, tuple(f"channel {n + 1}" for n in range(x.shape[1]))


def _loaded(path: Path, key: str) -> Floats:
    try:
        check_arrays(path, most=MOST_BYTES, only=key)
        with path.open("rb") as file:
            held: Any = np.load(file, allow_pickle=False)
            if path.suffix == ".npz":
                names = [n for n in held.files if not key or n == key]
                if len(names) != 1:
                    raise BadInput(
                        f"{path.name!r} has several arrays ({', '.join(held.files)}). Name one of them as `key` in "
                        f"{INDEX}."
                    )
                held = held[names[0]]
        return np.asarray(held, dtype=np.float64)
    except (OSError, ValueError, EOFError, AttributeError, BadZipFile) as error:
        raise BadInput(f"{path.name!r} is not an array of numbers ({error}). Fix it.") from None


def _npz(path: Path, label: str, group: str, labelled: bool) -> Iterator[Record]:
    try:
        check_arrays(path, most=MOST_BYTES)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {n: held[n] for n in held.files}
        x = np.asarray(arrays["x"], dtype=np.float64)
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, BadZipFile) as error:
        raise BadInput(f"{str(path)!r} has no array of numbers `x` ({error}). Fix it.") from None
    for needed in (group, *((label,) if labelled else ())):
        if needed not in arrays or len(arrays[needed]) != len(x):
            raise BadInput(f"{path.name!r} needs an array {needed!r} with one entry per window ({len(x)}).")
    x = x[:, :, None] if x.ndim == 2 else x
    if x.ndim != 3 or not len(x):
        raise BadInput(
            f"`x` of {path.name!r} has the shape {x.shape}. Give it as windows x samples [x channels]."
        )
    names = tuple(f"channel {n + 1}" for n in range(x.shape[2]))
    try:
        fs = float(np.asarray(arrays.get("fs", np.nan)).item())
        rpm = np.broadcast_to(np.asarray(arrays.get("rpm", np.nan), dtype=np.float64), (len(x),))
    except ValueError:
        raise BadInput(
            f"In {path.name!r}, `fs` must be one number, and `rpm` one number or one per window."
        ) from None
    records = arrays.get("record")
    for n in range(len(x)):
        said = str(arrays[label][n]) if label in arrays else ""
        machine = str(arrays[group][n])
        yield Record(name=str(records[n]) if records is not None else f"{machine}/{said}", label=said, group=machine,
                     x=x[n], channels=names, fs=fs, rpm=float(rpm[n]))  # fmt: skip


def _table(
    path: Path, label: str, group: str, time: str, drop: Sequence[str], labelled: bool
) -> Iterator[Record]:
    texts = [group, *((label,) if labelled else ())]
    held = table.read(path, texts=texts, drop=[d for d in drop if d != time])
    if time and time not in held.numbers:
        raise BadInput(f"{path.name!r} has no column of numbers {time!r}. Name one with --time.")
    names = tuple(n for n in held.numbers if n != time)
    if not names:
        raise BadInput(f"{path.name!r} has only labels and times. Give a table with channels.")
    x = np.stack([held.numbers[n] for n in names], axis=1)
    said = held.texts.get(label, [""] * held.rows) if labelled else [""] * held.rows
    machines = np.array(held.texts[group])
    for machine in dict.fromkeys(held.texts[group]):
        rows = np.flatnonzero(machines == machine)
        if time and bool(np.any(np.diff(held.numbers[time][rows]) <= 0)):
            raise BadInput(
                f"The times of machine {machine!r} are not sorted or not unique. Sort {path.name!r} by "
                f"{time!r} and remove duplicate times."
            )
        ends = [n for n in range(1, rows.size) if said[rows[n]] != said[rows[n - 1]]]
        for turn, part in enumerate(np.split(rows, ends), 1):
            yield Record(
                name=f"{machine}/{turn}", label=said[part[0]], group=machine, x=x[part], channels=names
            )
