"""Clocks and time zones that do not agree, found from where each source's data begins and ends.

Sources of one site that are read up to the same moment end together. One that ends, and begins, whole half-hours away from
the others tells another time zone than it says; one that goes on after the moment at which all others stop has a clock that
is ahead. A source that merely ends early may be late, and one that begins earlier keeps its data longer: neither is a sign.
Only where no other source tells when it begins, an end that is whole half-hours early must do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final, Protocol, runtime_checkable

from aitia.core.words import Window, from_epoch

ZONE_STEP_S: Final = 1800.0  # the offsets of nearly all time zones are multiples of half an hour
FURTHEST_S: Final = 14 * 3600.0
SLACK_S: Final = 90.0
TOGETHER_S: Final = 20.0  # two ends that moved by the same, to this much, moved together
LEAST_S: Final = 60.0
AHEAD_S: Final = 120.0


@runtime_checkable
class Dated(Protocol):
    """A source that can tell when its data begins and ends, whatever the window."""

    def extent(self, near: datetime) -> tuple[float, float] | None:
        """First (or NaN) and last time of its data in epoch seconds, None where there is none. `near` tells years left out."""
        ...


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Why a source's times are doubtful: by how many seconds, whether by its zone, and the sentence that says so."""

    seconds: float
    zone: bool
    note: str


def doubts(
    extents: Mapping[str, tuple[float, float]], window: Window, now: float | None = None
) -> dict[str, Doubt]:
    """The sources whose times do not fit those of the others. `extents` are first and last times by source name, `now` in epoch
    s (the clock of this machine where not given).
    """
    now = datetime.now(tz=UTC).timestamp() if now is None else now
    found: dict[str, Doubt] = {}
    for name in sorted(extents):
        others = [extents[n] for n in sorted(extents) if n != name]
        if others and (doubt := _doubt(extents[name], others, window, now)) is not None:
            found[name] = doubt
    return found if len(found) < len(extents) else {}  # where all disagree, none tells which are right


def _doubt(
    own: tuple[float, float], others: Sequence[tuple[float, float]], window: Window, now: float
) -> Doubt | None:
    end = window.epoch[1]
    usual = median(last for _, last in others)
    begins = [begin for begin, _ in others if math.isfinite(begin)]
    first, last = own[0] - (median(begins) if begins else math.nan), own[1] - usual
    if abs(last) <= LEAST_S or abs(own[1] - end) <= abs(usual - end):
        return None  # of two that differ, the one that ends with the incident's window is believed
    zone = zone_of(last)
    if zone and abs(first - zone) <= SLACK_S:
        return _said(zone, own, zone=True, why="at both ends")
    if abs(first - last) <= TOGETHER_S:
        return _said(last, own, zone=False, why="at both ends")
    ahead = bool(own[1] - end > AHEAD_S) and (
        zone or last < ZONE_STEP_S
    )  # much more, and no zone: a longer recording
    if ahead and not zone and not begins and own[1] <= now:
        ahead = False  # asked about a moment long past: who is read by that moment alone ends with it, files go on
    if ahead and max(e for _, e in others) <= end + LEAST_S:
        return _said(
            zone or last, own, zone=bool(zone), why="at its end, where all others stop with the window"
        )
    if not begins and zone <= -2 * ZONE_STEP_S and abs(last - zone) <= SLACK_S / 2 and usual >= end - AHEAD_S:
        return _said(zone, own, zone=True, why="at its end")
    return None


def zone_of(seconds: float) -> float:
    """The multiple of half an hour that a difference is, to a minute and a half; 0 where it is none."""
    near = round(seconds / ZONE_STEP_S) * ZONE_STEP_S
    return near if abs(seconds - near) <= SLACK_S and abs(near) <= FURTHEST_S else 0.0


def _said(seconds: float, own: tuple[float, float], *, zone: bool, why: str) -> Doubt:
    way = "ahead of" if seconds > 0 else "behind"
    cause = "a time zone that is not stated" if zone else "a clock that is wrong"
    mend = (
        "write its times in UTC or with their zone" if zone else "set the clock of the machine that wrote it"
    )
    note = (
        f"doubtful times: they run from {_clock(own[0])} to {_clock(own[1])}, "
        f"{duration(abs(seconds))} {way} the other sources {why}, which looks like {cause}; its "
        f"onsets are uncertain by the same amount: {mend}"
    )
    return Doubt(seconds=abs(seconds), zone=zone, note=note)


def _clock(epoch: float) -> str:
    moment: datetime = from_epoch(epoch)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would say."""
    if seconds % ZONE_STEP_S == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s"
