"""Severity zones of ISO 10816-3 as facts, where the source names the machine's group and support."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from aitia.core.words import Direction, Evidence, SourceRef
from aitia.tools.registry import ToolContext
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.alarm_target import is_alarmed
from aitia.tools.signals.vibration.channels import Channel
from aitia.tools.signals.vibration.speed import Speed
from aitia.tools.signals.vibration.zones import Group, Support, Zone, severity, zone_at
from aitia.tools.sources.base import Waveform

_MEANING: Final = {
    "A": "as newly commissioned",
    "B": "long-term operation is unrestricted",
    "C": "operation for a restricted time",
    "D": "severe enough to cause damage",
}
_TOO_HIGH: Final = ("C", "D")
_ERROR: Final = (
    0.05  # of a velocity: the 10 % that ISO 2954 allows an instrument, taken as two standard deviations
)
_RESTRICTED, _DAMAGE, _CALM = 0.7, 0.2, 0.5


@dataclass(frozen=True, kw_only=True)
class _Assessed:
    """The zone of a channel's window and of its past, with the blocks that have one."""

    channel: Channel
    group: Group
    support: Support
    inside: tuple[tuple[Waveform, Zone], ...]
    now: Zone
    peak: Zone
    past: Zone | None
    past_blocks: int

    @property
    def risen(self) -> bool:
        """Whether the past was in a better zone."""
        return self.past is not None and self.past.letter < self.now.letter

    @property
    def knock(self) -> bool:
        """Whether only a few blocks, none of them the last, were out of what the standard allows."""
        return self.now.letter not in _TOO_HIGH and self.peak.letter in _TOO_HIGH


def zone_facts(
    ctx: ToolContext, channel: Channel, speeds: Sequence[Speed | str]
) -> tuple[list[Evidence], list[str]]:
    """The zone of a channel's usable blocks, or why there is none; nothing where neither group nor support is named."""
    known = next(((b.group, b.support) for b in channel.pick(inside=True) if b.group or b.support), None)
    if known is None:
        return [], []
    group: Group | None = known[0] or None
    support: Support | None = known[1] or None
    zones = [
        severity(b.x, b.fs, unit=b.unit, rpm=s.rpm if isinstance(s, Speed) else math.nan, group=group, support=support)
        for b, s in zip(channel.blocks, speeds, strict=True)
    ]  # fmt: skip
    pairs = list(zip(channel.blocks, zones, channel.inside, strict=True))
    inside = tuple((b, z) for b, z, i in pairs if i and z.letter)
    if not inside or group is None or support is None:
        return [], sorted({z.because for _, z, i in pairs if i})
    past = [z.velocity for _, z, i in pairs if not i and z.letter]
    velocities, last = [z.velocity for _, z in inside], inside[-1][1]
    now = zone_at(_reached(velocities), group=group, support=support, low=last.low)
    if last.letter in _TOO_HIGH and last.letter > now.letter:
        now = last  # how it runs now: no calm before speaks against that
    assessed = _Assessed(
        channel=channel, group=group, support=support, inside=inside, past_blocks=len(past),
        now=now, peak=zone_at(max(velocities), group=group, support=support, low=last.low),
        past=zone_at(float(np.median(past)), group=group, support=support, low=last.low) if past else None,
    )  # fmt: skip
    return [_fact(ctx, assessed)], []


def _reached(velocities: Sequence[float]) -> float:
    """What a third of the blocks reach, two at least where there are two: a fault grows, and one block may be a knock."""
    count = max(min(2, len(velocities)), -(-len(velocities) // 3))
    return sorted(velocities)[-count]


def _fact(ctx: ToolContext, found: _Assessed) -> Evidence:
    channel, now, direction = found.channel, found.now, _direction(ctx, found)
    onset, error = _onset(found) if found.risen and now.letter in _TOO_HIGH else (None, 0.0)
    since = "" if onset is None else f", since {clock(onset)}"
    values: dict[str, float | int | str | bool] = {
        "channel": channel.name, "zone": now.letter, "velocity": sig3(now.velocity), "clause": now.because,
        "group": found.group, "support": found.support, "limits": ", ".join(text(v) for v in now.limits),
        "blocks": len(found.inside), "highest": sig3(found.peak.velocity), "baseline_blocks": found.past_blocks,
    }  # fmt: skip
    if found.past is not None:
        values |= {"baseline_zone": found.past.letter, "baseline_velocity": sig3(found.past.velocity)}
    return Evidence(
        component=channel.component,
        kind="vibration.zone",
        aspect="vibration",
        statement=f"{channel.component}: RMS velocity of {channel.name} ({text(now.low)} to 1000 Hz) is"
        f" {text(now.velocity)} mm/s{since}: zone {now.letter} ({_MEANING[now.letter]}, {_range(now)}) of {now.because},"
        f" {found.support} support{_highest(found)}; {_before(found)}.",
        values=values,
        unit="mm/s",
        window=ctx.incident.window,
        onset=onset,
        onset_error_s=error,
        direction=direction,
        strength=_strength(found.peak if found.knock and direction == "changed" else now),
        source=found.inside[0][0].ref or SourceRef(source="", query=channel.name),
    )


def _range(zone: Zone) -> str:
    if zone.letter == "A":
        return f"up to {text(zone.limits[0])} mm/s"
    return f"over {text(zone.limits['BCD'.index(zone.letter)])} mm/s"


def _highest(found: _Assessed) -> str:
    if not found.knock:
        return ""
    return f"; the highest block reached {text(found.peak.velocity)} mm/s, zone {found.peak.letter}"


def _before(found: _Assessed) -> str:
    if found.past is None:
        return "there is no earlier data to compare it with"
    return f"in {found.past_blocks} baseline blocks it was {text(found.past.velocity)} mm/s, zone {found.past.letter}"


def _onset(found: _Assessed) -> tuple[datetime, float]:
    """The first block of the window over the limit that the window passed, and the time since the block before."""
    limit = found.now.limits[1 if found.now.letter == "C" else 2]
    first = next(b for b, z in found.inside if z.velocity > limit)
    before = [b.at for b in found.channel.blocks if b.at < first.at]
    return first.at, (first.at - before[-1]).total_seconds() if before else 0.0


def _direction(ctx: ToolContext, found: _Assessed) -> Direction:
    """`up` where the past was in a better zone. Zones A and B are steady.

    Else `changed`: out of what the standard allows, without a word on since when. Zone C that the past had as well is no news
    of a machine that the alarm does not name, and steady; of one that it names the alarm is not for nothing. So with a knock.
    """
    if found.now.letter not in _TOO_HIGH:
        return "changed" if found.knock and is_alarmed(ctx, found.channel.component) else "steady"
    if found.risen:
        return "up"
    old = found.past is not None and found.now.letter == "C"
    return "steady" if old and not is_alarmed(ctx, found.channel.component) else "changed"


def _strength(zone: Zone) -> float:
    """How surely the vibration is too high: 0.7 in zone C and 0.9 in zone D, less where the velocity lies near a limit.

    The standard itself calls C unsatisfactory for long and D damaging: neither needs a past, and neither may leave "nothing is
    wrong" as the answer. Which fault it is the standard does not say, so that neither convicts. Each limit counts by the
    probability that the true velocity is over it (normal, 5 %). A and B count 0.5 at most: a defect's lines may stand in them.
    These are the standard's words in numbers, not shares counted on recordings.
    """
    over_b, over_c = (_over(zone.velocity, limit) for limit in zone.limits[1:])
    if zone.letter in _TOO_HIGH:
        return round(_RESTRICTED * over_b + _DAMAGE * over_c, 3)
    return round(_CALM * (1.0 - over_b), 3)


def _over(velocity: float, limit: float) -> float:
    spread = max(_ERROR * velocity, 1e-9)
    return 0.5 * (1.0 + math.erf((velocity - limit) / (spread * math.sqrt(2.0))))
