"""Two instruments at one place that agreed before and do not now: one of them is wrong, or both are right of different things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from aitia.core.words import Evidence
from aitia.tools.series.numbers import text

_ALIKE: Final = 1.25  # times, up to which two readings of one vibration are the same; by hand
_APART: Final = 1.5  # times, from which on they are not; by hand
_MOVED: Final = ("metric.shift", "metric.trend")
_AXES: Final = frozenset("HVAXYZ")  # horizontal, vertical, axial, or by letters of a frame
_VELOCITY: Final = re.compile(r"(?i)(?:^|[_ ./-])mm[_ ./-]?s(?:$|[_ ./-])|velocity|schwinggeschw|velocidad")


class Odds(NamedTuple):
    """A signal of velocity and the vibration blocks beside it, whose highest velocity (mm/s) is another one."""

    signal: Evidence
    blocks: Evidence
    reads: float
    highest: float

    @property
    def told(self) -> str:
        """Both readings, in a clause."""
        name = self.signal.values.get("metric") or self.signal.values.get("channel")
        return (
            f"{name} of {self.signal.component} reads {text(self.reads)} mm/s and its vibration blocks"
            f" ({self.blocks.values.get('channel', '')}) {text(self.highest)} mm/s at most, where both agreed before"
        )


def axis_of(name: str) -> str:
    """The direction in which a signal's name says that it measures: a letter that stands alone; "" where none does."""
    return next((part for part in re.split(r"[^A-Za-z0-9]+", name)[::-1] if part in _AXES), "")


def at_odds(evidence: Sequence[Evidence]) -> Odds | None:
    """Where it shakes most: a signal of velocity, and vibration blocks of the same direction that show another velocity."""
    blocks = [e for e in evidence if e.kind == "vibration.zone"]
    for block in sorted(blocks, key=lambda e: (-_number(e, "highest"), e.statement)):
        for signal in _beside(block, evidence):
            before, after = (_number(signal, *keys) for keys in (("before", "from"), ("after", "to")))
            was, highest = _number(block, "baseline_velocity"), _number(block, "highest")
            if min(before, after, was, highest) <= 0.0:
                continue
            if _ratio(before, was) <= _ALIKE and _ratio(after, highest) >= _APART:
                return Odds(signal, block, after, highest)
    return None


def same_direction(signal: Evidence, block: Evidence) -> bool:
    """Whether a signal and vibration blocks of one place measure in one direction, or nothing says that they do not."""
    axes = {axis_of(str(e.values.get("metric") or e.values.get("channel") or "")) for e in (signal, block)}
    return len(axes - {""}) < 2


_OTHER: Final = re.compile(r"(?i)\bg\b|_g$|beschl|accel|acelera|temp|°c|celsius|\ba\b|current|strom")


def is_velocity(signal: Evidence) -> bool:
    """Whether a signal may be a velocity: its name and its unit say nothing else. An acceleration is none."""
    unit, name = (str(signal.values.get(k) or "") for k in ("unit", "channel"))
    if unit or _VELOCITY.search(name):
        return unit in ("", "mm/s")
    return not _OTHER.search(name)


def _beside(block: Evidence, evidence: Iterable[Evidence]) -> list[Evidence]:
    return [
        e for e in evidence
        if e.kind in _MOVED and e.aspect == "vibration" and e.component == block.component and same_direction(e, block)
        and (e.unit == "mm/s" or _VELOCITY.search(str(e.values.get("metric", ""))))
    ]  # fmt: skip


def _number(fact: Evidence, *keys: str) -> float:
    """The first of its values by these names; 0 where there is none."""
    return next((float(v) for k in keys if isinstance(v := fact.values.get(k), int | float)), 0.0)


def _ratio(one: float, other: float) -> float:
    return max(one, other) / min(one, other)
