"""Shares as a person reads them: whole percent, with a blank before the sign, rounded the same way everywhere."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share in whole percent; 0 % and 100 % are said of none and of all alone."""
    if 0.0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1.0:
        return ">99 %"
    return f"{round(100.0 * share)} %"


def chance(probability: float) -> str:
    """A probability in whole percent; never 0 % or 100 %, which would claim certainty."""
    return percent(min(max(probability, 1e-9), 1.0 - 1e-9))
