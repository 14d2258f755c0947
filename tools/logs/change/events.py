"""The events that changes are looked for in: sorted times, template numbers, and what stood in the templates' gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aitia.core.errors import BadInput
from aitia.tools.text.headers.levels import Level

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Slot = tuple[int, int]  # template, position of the parameter in it


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """The texts of one parameter and the events (positions in `Events`) that they stand in."""

    index: Ints
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Counts (templates, cells) from `start` (epoch s) on, in cells of `width` seconds."""

    start: float
    width: float
    counts: Ints

    @property
    def seconds(self) -> float:
        """The span that the cells cover."""
        return float(self.width * self.counts.shape[1])


@dataclass(frozen=True, kw_only=True, eq=False)
class Events:
    """Log events in order of time. Make them with `Events.of`.

    `levels` holds a level per template, `sessions` a number per event (-1: in none).
    """

    times: Floats  # epoch s
    ids: Ints
    levels: tuple[Level, ...] = ()
    columns: Mapping[Slot, Column] = field(default_factory=dict)
    sessions: Ints | None = None
    backward: int = 0  # events that the clock dated before the one above them
    undated: int = 0  # events that were left out, since their time is no number

    @classmethod
    def of(
        cls,
        times: ArrayLike,
        ids: ArrayLike,
        *,
        levels: Sequence[Level] = (),
        columns: Mapping[Slot, Column] | None = None,
        sessions: ArrayLike | None = None,
    ) -> Events:
        """Sort events by time; equal times keep the order of the file. Raises BadInput where lengths differ."""
        at, number = np.asarray(times, dtype=np.float64), np.asarray(ids, dtype=np.int64)
        group = None if sessions is None else np.asarray(sessions, dtype=np.int64)
        if at.shape != number.shape or at.ndim != 1 or (group is not None and group.shape != at.shape):
            raise BadInput("Give as many template ids (and sessions) as times, one for each event.")
        if number.size and number.min() < 0:
            raise BadInput("A template id is negative. Number the templates from 0.")
        dated = np.flatnonzero(np.isfinite(at))
        order = dated[np.argsort(at[dated], kind="stable")]
        place = np.full(at.size, -1, dtype=np.int64)
        place[order] = np.arange(order.size)
        return cls(
            times=at[order],
            ids=number[order],
            levels=tuple(levels),
            columns={slot: _moved(column, place) for slot, column in (columns or {}).items()},
            sessions=None if group is None else group[order],
            backward=int((np.diff(at[dated]) < 0).sum()),
            undated=int(at.size - dated.size),
        )

    @property
    def templates(self) -> int:
        """How many template numbers there are: the highest one that is used or has a level, plus one."""
        return max(len(self.levels), int(self.ids.max()) + 1 if self.ids.size else 0)

    def between(self, start: float, end: float) -> Events:
        """The events with start <= time < end."""
        a, b = (int(i) for i in np.searchsorted(self.times, (start, end)))
        place = np.full(self.times.size, -1, dtype=np.int64)
        place[a:b] = np.arange(b - a)
        return Events(
            times=self.times[a:b],
            ids=self.ids[a:b],
            levels=self.levels,
            columns={slot: _moved(column, place) for slot, column in self.columns.items()},
            sessions=None if self.sessions is None else self.sessions[a:b],
        )

    def cells(self, start: float, end: float, count: int, *, templates: int | None = None) -> Cells:
        """Counts of start <= time < end in `count` cells of equal width."""
        if not (np.isfinite(start) and np.isfinite(end) and end > start and count > 0):
            raise BadInput("Give a span that ends after its start and has at least one cell.")
        rows = max(self.templates, templates or 0)
        a, b = (int(i) for i in np.searchsorted(self.times, (start, end)))
        width = (end - start) / count
        cell = np.minimum(((self.times[a:b] - start) / width).astype(np.int64), count - 1)
        flat = np.bincount(self.ids[a:b] * count + cell, minlength=rows * count)
        return Cells(start=start, width=width, counts=flat.reshape(rows, count).astype(np.int64))


def _moved(column: Column, place: Ints) -> Column:
    """A column after its events moved to `place` (-1: they left), in the new order."""
    new = place[column.index]
    kept = np.flatnonzero(new >= 0)
    order = kept[np.argsort(new[kept], kind="stable")]
    return Column(index=new[order], values=tuple(column.values[i] for i in order))
