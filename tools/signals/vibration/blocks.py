"""The blocks of a vibration channel that can be analysed by order: their speeds, envelope lines and shaft orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.series.numbers import sig3
from aitia.tools.signals.vibration import quality
from aitia.tools.signals.vibration.bearings import Orders
from aitia.tools.signals.vibration.channels import Channel
from aitia.tools.signals.vibration.lines import Measured, measure
from aitia.tools.signals.vibration.reference import same_load, same_speed
from aitia.tools.signals.vibration.shaft import ShaftOrders, shaft_orders
from aitia.tools.signals.vibration.speed import Speed
from aitia.tools.signals.vibration.tracking import tracked
from aitia.tools.sources.base import Waveform

_ELSEWHERE: Final = "baseline at another speed or load"


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """A channel's blocks with the speed, the envelope's lines and the shaft orders of each.

    elsewhere  the shaft orders of blocks of the past at another speed, each with that speed in rpm
    """

    channel: Channel
    speeds: tuple[Speed, ...]
    measured: tuple[Measured, ...]
    shaft: tuple[ShaftOrders, ...]
    elsewhere: tuple[tuple[float, ShaftOrders], ...] = ()

    @property
    def rpm(self) -> float:
        """The median speed of the window's blocks."""
        return float(np.median([s.rpm for s, i in zip(self.speeds, self.channel.inside, strict=True) if i]))

    def split(self) -> tuple[list[Measured], list[Measured]]:
        """The measurements of the window, and of the past."""
        pairs = list(zip(self.measured, self.channel.inside, strict=True))
        return [m for m, i in pairs if i], [m for m, i in pairs if not i]

    @property
    def tachometer(self) -> dict[str, float | int | str | bool]:
        """What a fact says of the speed where a tachometer told it: its largest error in rpm within the window."""
        inside = [s for s, i in zip(self.speeds, self.channel.inside, strict=True) if i]
        if any(s.origin != "tachometer" for s in inside):
            return {}
        return {"speed_by": "tachometer", "rpm_error": sig3(max(s.error for s in inside))}

    def heights(self, name: str) -> list[float]:
        """A defect line's height in every block."""
        return [m.lines[name].db for m in self.measured]


def measured_blocks(
    channel: Channel, speeds: Sequence[Speed | str], orders: Orders
) -> tuple[Blocks | None, list[str]]:
    """The blocks that can be analysed by order at their speeds, and why others cannot.

    Those of the past count where they are at the speed and the load of the window's, as far as the blocks tell.
    """
    within = [(b, s) for b, i, s in zip(channel.blocks, channel.inside, speeds, strict=True) if i]
    turned = [s.rpm for _, s in within if isinstance(s, Speed)]
    loads = [b.load for b, _ in within if b.load is not None]
    usual = float(np.median(turned)) if turned else float("nan")
    load = float(np.median(loads)) if loads else None
    kept: list[tuple[Waveform, bool, Speed, Measured, ShaftOrders]] = []
    reasons: dict[str, int] = {}
    elsewhere: list[tuple[float, ShaftOrders]] = []
    for block, inside, speed in zip(channel.blocks, channel.inside, speeds, strict=True):
        reason = speed if isinstance(speed, str) else _unfit(block, speed, orders)
        if not reason and not inside and isinstance(speed, Speed) and turned:
            reason = "" if same_speed(speed.rpm, usual) and same_load(block.load, load) else _ELSEWHERE
            if reason and same_load(block.load, load):
                x, own, _ = tracked(block.x, block.fs, speed)
                elsewhere.append((own.rpm, shaft_orders(x, block.fs, own.hz)))
        if reason or isinstance(speed, str):
            reasons[reason] = reasons.get(reason, 0) + 1
            continue
        x, speed, _ = tracked(block.x, block.fs, speed)
        kept.append((block, inside, speed, measure(x, block.fs, speed.hz, orders),
                     shaft_orders(x, block.fs, speed.hz)))  # fmt: skip
    told = [f"{count} blocks cannot be diagnosed: {reason}" for reason, count in reasons.items()]
    if not any(inside for _, inside, *_ in kept):
        return None, told
    blocks, insides, known, measured, shaft = zip(*kept, strict=True)
    made = Channel(component=channel.component, name=channel.name, blocks=blocks, inside=insides)
    return Blocks(
        channel=made, speeds=known, measured=measured, shaft=shaft, elsewhere=tuple(elsewhere)
    ), told


def _unfit(block: Waveform, speed: Speed, orders: Orders) -> str:
    fastest = max(orders.impacts.values(), default=3.0) * speed.hz
    return quality.too_short(block.x, block.fs, speed.hz) or quality.too_narrow(block.x, block.fs, fastest)
