"""Histories of machines from a table: one row a time step, in time order, with their settings and sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.table import Table, read
from aitia.tools.sources.rows import Floats

MOST_BYTES: Final = 200 * 2**20  # of a headerless table
SETTINGS: Final = 3  # of that layout (Saxena et al. 2008, C-MAPSS): unit, cycle, 3 settings, sensors


@dataclass(frozen=True, kw_only=True)
class History:
    """One machine. `t` rises strictly, in the table's unit of time; `settings` are operating conditions."""

    machine: str
    t: Floats  # (rows,)
    settings: Floats  # (rows, settings)
    sensors: Floats  # (rows, sensors), without NaN unless a sensor never spoke
    setting_names: tuple[str, ...]
    sensor_names: tuple[str, ...]


def read_histories(
    path: Path, *, machine: str = "unit", time: str = "cycle", settings: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> list[History]:  # fmt: skip
    """The machines of a table, by name.

    CSV or Parquet with a header, or `.txt` in the headerless C-MAPSS layout. Rows may be unsorted; of several at one
    time the last one counts. A missing value is the sensor's last known one. Raises BadInput with what to mend.
    """
    if path.name.lower().endswith((".txt", ".dat")):
        table = _headerless(path)
        machine, time = "unit", "cycle"
        settings = [f"setting_{n + 1}" for n in range(SETTINGS)]
    else:
        table = read(path, texts=[machine], drop=drop)
    missing = [c for c in (time, *settings) if c not in table.numbers]
    if missing:
        raise BadInput(
            f"{path.name!r} has no column of numbers {missing[0]!r}. Name such columns with --time and "
            "--setting."
        )
    sensors = [c for c in table.numbers if c not in (time, *settings) and c not in drop]
    if not sensors:
        raise BadInput(f"{path.name!r} has only machine, time and settings. Give a table with sensors.")
    t = table.numbers[time]
    if not bool(np.all(np.isfinite(t))):
        raise BadInput(
            f"{int(np.sum(~np.isfinite(t)))} rows have no time. Fill in column {time!r} of {path.name!r}."
        )
    wide = np.stack([table.numbers[c] for c in (*settings, *sensors)], axis=1)
    names = np.array(table.texts[machine])
    return [
        _history(one, t[names == one], wide[names == one], tuple(settings), tuple(sensors))
        for one in sorted(set(table.texts[machine]), key=_natural)
    ]


def cut(history: History, rows: int) -> History:
    """The history as it stood after its first rows."""
    return replace(
        history, t=history.t[:rows], settings=history.settings[:rows], sensors=history.sensors[:rows]
    )


def _history(
    machine: str, t: Floats, wide: Floats, settings: tuple[str, ...], sensors: tuple[str, ...]
) -> History:
    order = np.argsort(t, kind="stable")
    t, wide = t[order], wide[order]
    last = np.append(t[1:] != t[:-1], True)
    t, wide = t[last], filled(wide[last])
    split = len(settings)
    return History(machine=machine, t=t, settings=wide[:, :split], sensors=wide[:, split:],
                   setting_names=settings, sensor_names=sensors)  # fmt: skip


def filled(wide: Floats) -> Floats:
    """Shape (rows, columns): the last known value where one is missing, the first known one before it."""
    known = np.isfinite(wide)
    row = np.arange(wide.shape[0])[:, None]
    last = np.maximum.accumulate(np.where(known, row, -1), axis=0)
    first = np.argmax(known, axis=0)
    return np.take_along_axis(np.where(known, wide, np.nan), np.where(last < 0, first, last), axis=0)


def _headerless(path: Path) -> Table:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(
                f"{str(path)!r} is larger than {MOST_BYTES // 2**20} MiB. Give a smaller CSV or Parquet file."
            )
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = np.array([[float(v) for v in line.split()] for line in lines if line.strip()], ndmin=2)
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r} ({error.strerror or error}). Give a readable table."
        ) from None
    except ValueError as error:
        raise BadInput(f"{str(path)!r} is not a table of numbers ({error}). Fix it.") from None
    if rows.shape[0] == 0 or rows.shape[1] < 3 + SETTINGS:
        raise BadInput(
            f"{str(path)!r} has no rows. Give rows of unit, cycle, {SETTINGS} settings and sensors."
        )
    names = ["cycle", *(f"setting_{n + 1}" for n in range(SETTINGS))]
    names += [f"sensor_{n + 1}" for n in range(rows.shape[1] - len(names) - 1)]
    return Table(texts={"unit": [f"{u:g}" for u in rows[:, 0]]},
                 numbers={c: rows[:, 1 + n] for n, c in enumerate(names)})  # fmt: skip


def _natural(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text
