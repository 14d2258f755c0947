"""Signals that tell nothing any more: all of a component's end early, or stand still as they never did before."""

from __future__ import annotations

import numpy as np

from aitia.core.words import Evidence, SourceRef, Window, from_epoch
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.series.rates import step_of
from aitia.tools.signals.tables import Table
from aitia.tools.sources.rows import Floats

_LEAST_ROWS = 20  # so many equal rows at least are no coincidence
_LONGER = 3.0  # than the longest standstill of the past
_SHARE = 0.5  # of the window that has to be seen


def stopped(table: Table, past: slice, part: slice, window: Window, until: float) -> Evidence | None:
    """A `signal.stopped` fact where the signals together end, or stand still, before half of the window is seen to `until`.

    Of whom it is told nobody knows how it is: what was seen before is no proof of health.
    """
    start, end = window.epoch[0], min(window.epoch[1], until)
    least = start + _SHARE * (end - start)
    last = float(table.t[part][-1])
    step = step_of(table.t)
    if last < least and end - last > 3.0 * step:
        said = f"none of its {table.of} signals has a sample after {clock(from_epoch(last))}"
        return _fact(table, window, since=last, said=said)
    still = _still(table.x[: part.stop])
    usual = max(_longest(table.x[past]), 1)
    if still >= max(_LEAST_ROWS, _LONGER * usual):
        since = float(table.t[part.stop - still])
        before = text(sig3(usual * step))
        said = f"none of its {table.of} signals has changed since {clock(from_epoch(since))}"
        return _fact(
            table, window, since=since, said=f"{said}, earlier for at most {before} s: they may be frozen"
        )
    return None


def _still(x: Floats) -> int:
    """How many rows at the end of (rows, channels) are equal."""
    moves = np.flatnonzero(np.any(np.diff(x, axis=0) != 0.0, axis=1))
    return int(x.shape[0] - 1 - moves[-1]) if moves.size else int(x.shape[0])


def _longest(x: Floats) -> int:
    """The longest run of equal rows."""
    moves = np.flatnonzero(np.any(np.diff(x, axis=0) != 0.0, axis=1))
    return int(np.max(np.diff(np.concatenate(([-1], moves, [x.shape[0] - 1])))))


def _fact(table: Table, window: Window, *, since: float, said: str) -> Evidence:
    lead = table.channels[0]
    return Evidence(
        component=table.component,
        kind="signal.stopped",
        aspect="pattern.stopped",
        statement=f"{table.component}: {said}.",
        values={"channels": table.of},
        window=window,
        onset=from_epoch(since),
        direction="none",
        strength=0.8,
        source=SourceRef(source=lead.source, query=lead.query),
    )
