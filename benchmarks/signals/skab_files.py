"""SKAB's files: `;`-separated, `datetime` first, any sensors, and the columns `anomaly` and `changepoint`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ANSWERS = ("anomaly", "changepoint")
TRAIN = 400  # rows of a file that SKAB gives as its training part


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One file without its answers."""

    name: str
    group: str
    channels: tuple[str, ...]
    t: Floats
    x: Floats


def paths(data: Path) -> dict[str, Path]:
    """Name (folder/file) -> path of every labelled file."""
    found = {p.relative_to(data).with_suffix("").as_posix(): p for p in sorted(data.rglob("*.csv"))}
    return {name: path for name, path in found.items() if set(ANSWERS) <= set(_head(path))}


def _head(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file, delimiter=";"), [])


def _body(path: Path) -> Iterator[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        yield from rows


def read(path: Path, data: Path) -> Recording:
    """The sensors of one file; the answers' columns are not looked at."""
    head = _head(path)
    kept = [i for i, name in enumerate(head) if i and name not in ANSWERS]
    rows = list(_body(path))
    times = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() for row in rows]
    return Recording(
        name=path.relative_to(data).with_suffix("").as_posix(),
        group=path.parent.name,
        channels=tuple(head[i] for i in kept),
        t=np.array(times),
        x=np.array([[float(row[i]) for i in kept] for row in rows]),
    )


def answer(path: Path, column: str) -> NDArray[np.bool_]:
    """One of the answers' columns, a truth value per row; only a scorer calls this."""
    place = _head(path).index(column)
    return np.array([float(row[place]) != 0.0 for row in _body(path)], dtype=np.bool_)
