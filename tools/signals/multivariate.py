"""Several signals of one machine taken together: when they left their normal pattern, whose part it is, who moved first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.channel_blame import Onset, onset_order, shares
from aitia.tools.signals.detectors import Ensemble, Limited, PcaT2Spe
from aitia.tools.signals.detectors.thresholds import Truths, hysteresis, smoothed
from aitia.tools.sources.rows import Floats

# `PERSIST`, `_FALL` and the 1.1 of the highest usual score are by hand; SKAB, the only set that judged them, was looked at.
PERSIST: Final = 5  # samples in a row over the limit
LEAD: Final = 20  # rows before the window that a window of features and an autoregression look back on
_ENOUGH_ROWS, ROWS_A_CHANNEL = 200, 20  # what windows, neighbours and an autoregression need of a reference
_LEVEL = 200  # rows right before a departure that show the level which channels leave
_FALL = 0.82  # an alarm begins and ends at this share of its limit


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A lasting departure from the pattern of a reference, in rows of what was looked at.

    `began` is where the score left its usual range, `passed` where it passed the limit for good; `blame` each channel's
    share of the contributions; `order` the onsets of the channels around `began`, the earliest first.
    """

    score: Floats
    limit: float
    over: Truths
    began: int
    passed: int
    blame: Floats
    order: list[Onset]
    detector: str
    because: str


def departure_from(reference: Floats, x: Floats, start: int) -> Departure | None:
    """What left the pattern of `reference` in the rows of `x` from `start` on; None where nothing lasts.

    Both are (rows, channels) without NaN. The rows of `x` before `start` are what came right before.
    """
    model, why = detector_for(reference)
    lead = min(LEAD, start)
    seen = x[start - lead :]
    score = smoothed(model.decision_function(seen), PERSIST, ahead=True)[lead:]
    usual = float(np.max(smoothed(model.decision_function(reference), PERSIST, ahead=True)))
    limit = max(model.threshold_, 1.1 * usual)
    over = score > limit
    passed = _lasting(over)
    if passed is None:
        return None
    usual_rows = np.flatnonzero(~hysteresis(score, limit, _FALL * limit, back=True)[:passed])
    began = max(int(usual_rows[-1]) + 1 if usual_rows.size else 0, passed - LEAD)
    return Departure(
        score=score,
        limit=limit,
        over=over,
        began=began,
        passed=passed,
        blame=shares(model.contributions(seen)[lead:], over & (np.arange(over.size) >= passed)),
        order=_order(reference, x, start, began),
        detector=type(model).__name__,
        because=why,
    )


def _order(reference: Floats, x: Floats, start: int, began: int) -> list[Onset]:
    """The channels' onsets from `LEAD` rows before the departure on, against the level right before: one that had
    wandered off its reference long ago did not move first.
    """
    first = max(0, start + began - LEAD)
    level = np.concatenate((reference, x[:first]))[-_LEVEL:]
    found = onset_order(x[first:], level)
    return [Onset(channel=o.channel, row=o.row + first - start, error=o.error) for o in found]


def detector_for(reference: Floats) -> tuple[Limited, str]:
    """The fitted detector for a clean reference (samples, channels), and the rule that chose it."""
    rows, channels = reference.shape
    needed = max(_ENOUGH_ROWS, ROWS_A_CHANNEL * channels)
    if rows >= needed:
        return Ensemble().fit(reference), f"{rows} rows of reference, {needed} are enough for the ensemble"
    return PcaT2Spe().fit(reference), f"{rows} rows of reference, fewer than the {needed} of the ensemble"


def _lasting(over: Truths) -> int | None:
    """The first sample from which on at least five in a row are over the limit."""
    runs = np.convolve(over.astype(int), np.ones(PERSIST, dtype=int), mode="valid")
    found = np.flatnonzero(runs == PERSIST)
    return int(found[0]) if found.size else None
