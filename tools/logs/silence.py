"""A component that stopped logging: the silence at the window's end against the baseline's longest one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.logs.mine import CELLS, Mined

_EXPECTED = 10.0  # lines that the silence should have held
_BURSTS = 5.0  # and stretches with lines: a request that logs ten lines is one sign of life, not ten
_LONGER = 2.0  # times the longest silence of the baseline


def ended(mined: Mined, others: Sequence[Mined], window: Window) -> float:
    """When the records of a component's source end, epoch seconds: before the window does, where all others fell silent too.

    At least two others must be known, and together have been due 20 lines since: a source that stopped tells of nobody. Where
    each log is a source of its own, all of them together are one: a recording ends where the last of its logs does.
    """
    start, end = window.epoch
    known = [o for o in others if o is not mined and o.old_lines and o.old_exposure]
    beside = [o for o in known if o.source == mined.source]
    beside = beside if len(beside) >= 2 else known
    newest = max((o.last for o in beside), default=end)
    due = sum(o.old_lines / o.old_exposure for o in beside) * (end - max(newest, start))
    return max(newest, start) if len(beside) >= 2 and due >= 2 * _EXPECTED else end


def silence(mined: Mined, window: Window, *, load: float = 1.0, end: float | None = None) -> Evidence | None:
    """A fact where the component has been silent for much longer than it ever was before.

    load  how much all components log now in relation to before: where less is asked of all, each has less to say
    end   when the records end, where that is before the window does (epoch seconds)
    """
    start, end = window.epoch[0], window.epoch[1] if end is None else end
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
            f"({_long(gap)} of the window); before that it logged {60 * rate:.3g} lines a minute."
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


def _long(seconds: float) -> str:
    """Seconds as a person says them; beyond ten minutes to the minute."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _occupied(mined: Mined) -> int:
    """Cells of the baselines that hold a line."""
    return len({cell for count in mined.counts for cell in count.old_cells})


def _longest(mined: Mined, width: float) -> float:
    """The longest stretch without a line in the baselines, in seconds."""
    cells = sorted({cell for count in mined.counts for cell in count.old_cells})
    return width * max((b - a for a, b in pairwise(cells)), default=0)
