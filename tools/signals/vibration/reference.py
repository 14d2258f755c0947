"""Which records of a healthy machine a record may be held against: those at the same speed and load, as far as they tell.

Forces of the shaft go with the square of the speed, every line moves through the resonances with it, and impacts, noise and
gear mesh grow with the load: what rose with either is no defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aitia.tools.signals.vibration import quality
from aitia.tools.signals.vibration.speed import Speed, estimated, refined
from aitia.tools.sources.rows import Floats

SAME_SPEED: Final = 0.05  # relative, by hand: 10 % in a force that goes with the square of the speed
SAME_LOAD: Final = 0.1  # relative, by hand


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Samples of the healthy machine; its speed and its load (in the unit of the tested record's), None where unknown."""

    x: Any
    rpm: float | None = None
    load: float | None = None


@dataclass(frozen=True, kw_only=True)
class Past:
    """A reference that counts: its samples and its own speed."""

    x: Floats
    shaft_hz: float


def same_speed(one: float, other: float) -> bool:
    """Whether two speeds, both above 0, are near enough to compare vibration."""
    return abs(one / other - 1.0) <= SAME_SPEED


def same_load(one: float | None, other: float | None) -> bool:
    """Whether two loads are near enough; an unknown one is taken to be."""
    return one is None or other is None or abs(one - other) <= SAME_LOAD * max(abs(one), abs(other))


def fitting(references: Sequence[Reference], *, fs: float, speed: Speed, load: float | None) -> list[Past]:
    """The references that count for a record at this speed and load, each at its own speed."""
    found = []
    for one in references:
        x = quality.samples(one.x)
        if quality.unusable(x) or not same_load(one.load, load):
            continue
        own = _speed(x, fs, one.rpm, speed)
        if same_speed(own.rpm, speed.rpm) and not quality.too_short(x, fs, own.hz):
            found.append(Past(x=x, shaft_hz=own.hz))
    return found


def _speed(x: Floats, fs: float, rpm: float | None, speed: Speed) -> Speed:
    """A reference's speed as told; else the tested record's, unless its own lines show another."""
    found = refined(x, fs, speed.rpm if rpm is None else rpm)
    if rpm is not None or found.origin != "given":
        return found
    return estimated(x, fs) or speed
