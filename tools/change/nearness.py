"""How much the time of a change speaks for it."""

from __future__ import annotations

import math
from typing import Final

from aitia.core.words import Incident

_HOUR: Final = 3600.0
_ROUNDED_S: Final = 120.0


def near(before: float, incident: Incident) -> float:
    """Where a person told the moment, it is rounded: what came shortly after it may have come before the trouble."""
    told = incident.origin in ("cli", "slack", "api")
    return 0.0 if told and -_ROUNDED_S <= before < 0 else before


def proximity(before_s: float, *, history: bool = False) -> float:
    """How much a change's time speaks for it: .7 just before the alarm, .2 after hours, .05 after the alarm."""
    if before_s < 0:
        return 0.05
    if history:
        return 0.1
    if before_s >= 6 * _HOUR:
        return 0.15
    return 0.2 + 0.5 * math.pow(0.5, max(0.0, before_s - 120.0) / 900.0)
