"""A component that stopped logging: the silence at the window's end against the baseline's longest one."""

from __future__ import annotations

from itertools import pairwise

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.logs.mine import CELLS, Mined

_EXPECTED = 10.0  # lines that the silence should have held
_BURSTS = 5.0  # and stretches with lines: a request that logs ten lines is one sign of life, not ten
_LONGER = 2.0  # times the longest silence of the baseline


def silence(mined: Mined, window: Window, *, load: float = 1.0) -> Evidence | None:
    """A fact where the component has been silent for much longer than it ever was before.

    `load` is how much all components log now in relation to before: where less is asked of all, each has less to say.
    """
    start, end = window.epoch
    if mined.old_exposure <= 0 or not mined.old_lines or min(mined.shares) < 1:
        return None
    rate = mined.old_lines / mined.old_exposure
    since = max(mined.last, start) if mined.lines else start
    gap = end - since
    if rate * gap < _EXPECTED or gap < _LONGER * _longest(mined, window.seconds / CELLS):
        return None
    bursts = load * gap * _occupied(mined) / mined.old_exposure
    if bursts < _BURSTS:
        return None
    last = max((c.old_last for c in mined.counts), default=0.0) if not mined.lines else mined.last
    return Evidence(
        component=mined.component,
        kind="log.vanished",
        aspect="availability",
        statement=(
            f"{mined.component} has logged nothing since {from_epoch(last):%H:%M:%S} UTC "
            f"({gap:.0f} s of the window); before that it logged {60 * rate:.3g} lines a minute."
        ),
        values={
            "silent_s": round(gap, 1),
            "rate_baseline_per_min": float(f"{60 * rate:.3g}"),
            "count_window": mined.lines,
            "count_baseline": mined.old_lines,
        },
        unit="lines",
        window=window,
        onset=from_epoch(last),
        onset_error_s=round(2 / rate, 1),
        direction="gone",
        strength=round(min(0.9, 0.5 + 0.1 * (rate * gap / _EXPECTED), 0.35 + 0.05 * bursts), 2),
        source=mined.reference(),
    )


def _occupied(mined: Mined) -> int:
    """Cells of the baselines that hold a line."""
    return len({cell for count in mined.counts for cell in count.old_cells})


def _longest(mined: Mined, width: float) -> float:
    """The longest stretch without a line in the baselines, in seconds."""
    cells = sorted({cell for count in mined.counts for cell in count.old_cells})
    return width * max((b - a for a, b in pairwise(cells)), default=0)
