"""What of the expected telemetry is not there: series that vanished, samples that are missing, windows of few points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from aitia.core.percent import percent
from aitia.core.words import NOT_SEEN, Window
from aitia.tools.series.gather import within
from aitia.tools.series.rates import step_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

SHARE: Final = 0.2  # of series or samples missing: less is no word in a report worth
FEW: Final = 5
Named = tuple[str, Series]


def unseen(raw: Sequence[Named], *, baseline: Window, window: Window) -> Iterator[str]:
    """What the raw series of each source lack in the window, compared with the baseline, as clauses."""
    for source in sorted({name for name, _ in raw}):
        counted = [_counts(s, baseline, window) for name, s in raw if name == source]
        before = [c for c in counted if c[0] >= FEW]
        if not before:
            continue
        vanished = sum(1 for _, now, _ in before if now == 0)
        if vanished >= 2 and vanished >= SHARE * len(before):
            yield (
                f"{vanished} of {len(before)} series of {source} have no sample in the window, although they "
                "had some before it"
            )
        held = [(now, expected) for _, now, expected in before if now]
        yield from _thin(source, held)


def _thin(source: str, held: Sequence[tuple[int, float]]) -> Iterator[str]:
    if not held:
        return
    points = float(np.median([now for now, _ in held]))
    present = float(np.median([min(1.0, now / expected) for now, expected in held]))
    if points <= FEW:
        yield f"a series of {source} has {points:g} samples in the window: shorter events are not seen"
    elif present <= 1.0 - SHARE:
        yield (
            f"{percent(1.0 - present)} of the samples expected from the step of {source} are missing in the window"
        )


def _counts(series: Series, baseline: Window, window: Window) -> tuple[int, int, float]:
    """Known samples in the baseline and in the window, and how many the series' own step lets expect there."""
    known = np.isfinite(series.v)
    t: Floats = series.t[known]
    before, now = within(t, baseline), within(t, window)
    step = step_of(t[before])
    expected = window.seconds / step if step > 0 else 0.0
    return before.stop - before.start, now.stop - now.start, max(1.0, expected)


def message(clauses: Sequence[str]) -> str:
    """The clauses as the part of a message that the report repeats; "" for none."""
    return f"{NOT_SEEN}{'; '.join(clauses)}." if clauses else ""
