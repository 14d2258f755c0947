"""How much of a departure counts that began right after work: what the work brings about for a while passes, a fault stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aitia.agent.left_by_work import could_move, text_of
from aitia.core.words import Evidence
from aitia.tools.signals.quantities import named_aspect

BY_WORK: Final = 1 / 3  # of the strength that counts while it may still pass; by hand
PASSED: Final = 0.1  # the same, where it is back; by hand
STAYS_S: Final = (
    6 * 3600.0
)  # after which what a work brings about would have passed: grease settles in hours; by hand
BACK: Final = 0.25  # of how far off it was at its worst, within which it is back; by hand
OF_INSTRUMENT: Final = re.compile(
    r"(?i)transducer|transmitter|messumformer|wandler|\bmeters?\b|z(?:ä|ae)hler|\bsensor|\bprobe\b|thermomet"
    r"|calibrat|kalibrier|transductor|medidor"
)


def share(departure: Evidence, works: Iterable[Evidence], evidence: Iterable[Evidence]) -> float:
    """The share of its strength that counts: all of it where no such work moves it, where it stayed too long, or where the
    instrument that shows it was worked on: that may be what the work left behind.
    """
    texts = [text_of(w) for w in works]
    aspect = named_aspect(str(departure.values.get("channel", ""))) or departure.aspect
    aspect = "" if aspect.startswith("pattern.") else aspect
    moving = [t for t in texts if could_move(t, aspect, departure.direction)]
    if not moving or any(OF_INSTRUMENT.search(t) for t in moving):
        return 1.0
    if left_over(_with_now(departure, evidence)) < BACK:
        return PASSED
    onset, window = departure.onset, departure.window
    lasted = (window.end - onset).total_seconds() if onset and window else 0.0
    return 1.0 if lasted > STAYS_S + departure.onset_error_s else BY_WORK


def left_over(fact: Evidence) -> float:
    """How far off it still is, as a share of how far it was at its worst; 1 where that is not known."""
    told = [
        v for k in ("reads", "expected", "now", "due") if isinstance(v := fact.values.get(k), int | float)
    ]
    worst = abs(told[0] - told[1]) if len(told) == 4 else 0.0
    return abs(told[2] - told[3]) / worst if worst else 1.0


def _with_now(fact: Evidence, evidence: Iterable[Evidence]) -> Evidence:
    """The fact of the same signal that says where it is now and where it should be, if there is one."""
    channel = fact.values.get("channel")
    if "due" in fact.values or not channel:
        return fact
    same = (
        e
        for e in evidence
        if e.component == fact.component and e.values.get("channel") == channel and "due" in e.values
    )
    return next(same, fact)
