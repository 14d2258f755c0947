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
from aitia.tools.sources.arrays import check_arrays
from aitia.tools.sources.rows import Floats

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
        raise BadInput(f"Give --window, {LEAST_SAMPLES} samples or more: how long a window is.")
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
        raise BadInput(f"Split the data, or resample it: its arrays have {size / 2**30:.1f} GiB, over 1 GiB.")


def _folder(path: Path, label: str, group: str, labelled: bool) -> Iterator[Record]:
    try:
        with (path / INDEX).open(newline="", encoding="utf-8-sig") as held:
            rows = list(csv.DictReader(held))
    except OSError as error:
        raise BadInput(
            f"Put an {INDEX} (file, label, group) into {str(path)!r} ({error.strerror})."
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"Mend {str(path / INDEX)!r}: it is no CSV in UTF-8 ({error}).") from None
    if not rows:
        raise BadInput(f"Give {str(path / INDEX)!r} rows: it lists no record.")
    needed = ("file", group, *((label,) if labelled else ()))
    for column in needed:
        if column not in rows[0]:
            raise BadInput(
                f"Name the columns of {INDEX} with --label and --group: it lacks {column!r} (it has {', '.join(rows[0])})."
            )
    for row in rows:
        name = row["file"] or ""
        file = (path / name).resolve()
        if not file.is_relative_to(path.resolve()) or not file.is_file():
            raise BadInput(f"Mend {INDEX}: {name!r} is no file of {str(path)!r}.")
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
        raise BadInput(f"Mend {INDEX}: {column} of {row['file']!r} is {text!r}, no number.") from None
    if column in ("fs", *ORDERS) and value <= 0:
        raise BadInput(f"Mend {INDEX}: {column} of {row['file']!r} is {text}, not over 0.")
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
                        f"Give `key` in {INDEX}, one array of {path.name!r} ({', '.join(held.files)})."
                    )
                held = held[names[0]]
        return np.asarray(held, dtype=np.float64)
    except (OSError, ValueError, EOFError, AttributeError, BadZipFile) as error:
        raise BadInput(f"Mend {path.name!r}: it is no array of numbers ({error}).") from None


def _npz(path: Path, label: str, group: str, labelled: bool) -> Iterator[Record]:
    try:
        check_arrays(path, most=MOST_BYTES)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {n: held[n] for n in held.files}
        x = np.asarray(arrays["x"], dtype=np.float64)
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, BadZipFile) as error:
        raise BadInput(f"Mend {str(path)!r}: it holds no numbers `x` ({error}).") from None
    for needed in (group, *((label,) if labelled else ())):
        if needed not in arrays or len(arrays[needed]) != len(x):
            raise BadInput(f"Give {path.name!r} an array {needed!r} with one entry a window ({len(x)}).")
    x = x[:, :, None] if x.ndim == 2 else x
    if x.ndim != 3 or not len(x):
        raise BadInput(f"Give `x` as windows x samples [x channels]: {path.name!r} has {x.shape}.")
    names = tuple(f"channel {n + 1}" for n in range(x.shape[2]))
    try:
        fs = float(np.asarray(arrays.get("fs", np.nan)).item())
        rpm = np.broadcast_to(np.asarray(arrays.get("rpm", np.nan), dtype=np.float64), (len(x),))
    except ValueError:
        raise BadInput(f"Give {path.name!r} `fs` as one number, `rpm` as one or one a window.") from None
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
        raise BadInput(f"Name a column of numbers with --time: {time!r} is none of {path.name!r}.")
    names = tuple(n for n in held.numbers if n != time)
    if not names:
        raise BadInput(f"Give a table with channels: {path.name!r} has only labels and times.")
    x = np.stack([held.numbers[n] for n in names], axis=1)
    said = held.texts.get(label, [""] * held.rows) if labelled else [""] * held.rows
    machines = np.array(held.texts[group])
    for machine in dict.fromkeys(held.texts[group]):
        rows = np.flatnonzero(machines == machine)
        if time and bool(np.any(np.diff(held.numbers[time][rows]) <= 0)):
            raise BadInput(
                f"Sort {path.name!r} by {time!r} and remove duplicate times: machine {machine!r} has some."
            )
        ends = [n for n in range(1, rows.size) if said[rows[n]] != said[rows[n - 1]]]
        for turn, part in enumerate(np.split(rows, ends), 1):
            yield Record(
                name=f"{machine}/{turn}", label=said[part[0]], group=machine, x=x[part], channels=names
            )
