"""What a tool says of what it read, and why nothing could be compared."""

from __future__ import annotations

import numpy as np

from aitia.core.words import Window, from_epoch
from aitia.tools.change.levels import MIN_BASELINE, MIN_PERSIST
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, within
from aitia.tools.series.rates import step_of


def nothing(gathered: Gathered, component: str) -> str:
    """Why there is no series, and what to change."""
    if gathered.problems:
        return " ".join(gathered.problems)
    whose = f" of {component}" if component else ""
    return (
        f"No series{whose} has samples between {_span(gathered)}. Widen the window or check the "
        "metric sources."
    )


def too_short(gathered: Gathered) -> str:
    """Why nothing could be compared: how many samples there are, how many are needed, and what to change."""
    now, step = max((_known(d, gathered.window), step_of(d.t)) for d in gathered.derived)
    before = max(_known(d, b.window) for d in gathered.derived for b in gathered.baselines)
    told = []
    if now < MIN_PERSIST:
        apart = f", {step:g} s apart" if step else ""
        told.append(
            "Widen the window, or give sources that sample more often: a series has at most"
            f" {_samples(now)} in it{apart}, and {MIN_PERSIST} are needed."
        )
    first = min((float(d.t[0]) for d in gathered.derived if d.t.size), default=0.0)
    earliest = min(b.window.start.timestamp() for b in gathered.baselines)
    if before < MIN_BASELINE and first > earliest + step:
        told.append(
            f"The metrics begin at {from_epoch(first):%H:%M:%S} UTC, and the window at {gathered.window.start:%H:%M:%S}: tell "
            "when it began more closely (--since), or set a shorter window.lead_s, so that a baseline is left."
        )
    elif before < MIN_BASELINE:
        told.append(
            f"Give a longer baseline: a series has at most {_samples(before)} in it, and {MIN_BASELINE} are needed."
        )
    return (
        f"{' '.join(told) or 'Give a longer baseline or window.'} Too few samples to compare: no "
        f"series has at least {MIN_BASELINE} in a baseline and {MIN_PERSIST} in the window ({_span(gathered)})."
    )


def _known(d: Derived, window: Window) -> int:
    return int(np.sum(np.isfinite(d.v[within(d.t, window)])))


def _samples(number: int) -> str:
    return "1 sample" if number == 1 else f"{number} samples"


def _span(gathered: Gathered) -> str:
    start = min(b.window.start for b in gathered.baselines)
    return f"{start:%Y-%m-%d %H:%M:%S} and {gathered.window.end:%Y-%m-%d %H:%M:%S} UTC"


def queries(gathered: Gathered) -> str:
    """What was read, in short."""
    names = dict.fromkeys(name for name, _ in gathered.raw)
    return f"all series of {', '.join(names) or 'no source'} between {_span(gathered)}"
