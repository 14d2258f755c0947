"""Histories of machines from a table: one row a time step, in time order, with their settings and sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.table import read
from aitia.tools.sources.rows import Floats


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

    CSV or Parquet with named columns. Rows may be unsorted; of several at one time the last one counts. A missing value
    is the sensor's last known one. Raises BadInput with what to mend.
    """
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


def _natural(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text
