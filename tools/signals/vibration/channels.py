"""Vibration channels: the blocks of an incident's window and of its baselines, put together by channel."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import baselines_of
from aitia.tools.signals.vibration.quality import unusable
from aitia.tools.sources.base import SignalSource, Waveform

_BACK_D: Final = (35, 10, 3, 1)
"""Days before the window in which the last block of a route is looked for: by hand, a month and some."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """All blocks of one channel, in time order, and which of them are in the window."""

    component: str
    name: str
    blocks: tuple[Waveform, ...]
    inside: tuple[bool, ...]

    def pick(self, *, inside: bool) -> list[Waveform]:
        """The blocks of the window, or those of the baselines."""
        return [b for b, i in zip(self.blocks, self.inside, strict=True) if i == inside]


def channels_of(ctx: ToolContext) -> tuple[list[Channel], list[str]]:
    """All channels with their blocks of the window and its baselines, by name; unreadable sources become messages."""
    window = ctx.incident.window
    blocks: dict[tuple[str, str], dict[object, tuple[Waveform, bool]]] = defaultdict(dict)
    problems: list[str] = []
    for source in ctx.sources.of("signals"):
        if not isinstance(source, SignalSource):
            continue
        try:
            for inside, span in [(False, b.window) for b in baselines_of(ctx.incident)] + [(True, window)]:
                for block in source.waveforms(span):
                    component = ctx.resolver.resolve(block.component) or block.component
                    blocks[component, block.channel][block.at] = (block, inside or window.contains(block.at))
            if not any(i for of in blocks.values() for _, i in of.values()):
                problems += _latest(ctx, source, blocks)
        except SourceError as error:
            problems.append(str(error))
    channels = []
    for (component, name), by_time in sorted(blocks.items()):
        ordered = sorted(by_time.values(), key=lambda pair: pair[0].at)
        channels.append(Channel(component=component, name=name, blocks=tuple(b for b, _ in ordered),
                                inside=tuple(i for _, i in ordered)))  # fmt: skip
    return channels, problems


def _latest(
    ctx: ToolContext,
    source: SignalSource,
    blocks: dict[tuple[str, str], dict[object, tuple[Waveform, bool]]],
) -> list[str]:
    """Add, where no block starts in the window, those of a route: the last one of each channel as the window's, earlier ones as
    its past; and say how old it is. Vibration is measured once in hours or weeks, an alarm comes in between.
    """
    window = ctx.incident.window
    found: list[Waveform] = []
    for days in _BACK_D:  # a source that holds more samples than a read may have is read less far
        try:
            found = list(
                source.waveforms(Window(start=window.start - timedelta(days=days), end=window.start))
            )
        except SourceError:
            continue
        break
    last: dict[tuple[str, str], Waveform] = {}
    for block in sorted(found, key=lambda b: b.at):
        key = (ctx.resolver.resolve(block.component) or block.component, block.channel)
        blocks[key][block.at] = (block, False)
        last[key] = block
    for key, block in last.items():
        blocks[key][block.at] = (block, True)
    if not last:
        return []
    newest = max(block.at for block in last.values())
    ago = (window.start - newest).total_seconds() / 3600.0
    return [
        f"No block of {source.name} starts in the window: the last one of each channel was read, of {newest:%Y-%m-%d %H:%M} UTC"
        f" at the latest, {ago:.0f} h before it."
    ]


def usable_blocks(channel: Channel) -> tuple[Channel, list[str]]:
    """The blocks at the window's sampling rate whose samples can be used, and why others were left out."""
    rates = [b.fs for b, i in zip(channel.blocks, channel.inside, strict=True) if i]
    reasons = [unusable(b.x) if b.fs == rates[0] else "another rate" for b in channel.blocks]
    kept = [(b, i) for b, i, r in zip(channel.blocks, channel.inside, reasons, strict=True) if not r]
    left = sorted({r.split(":")[0] for r in reasons if r})
    note = (
        [f"{len(reasons) - len(kept)} blocks of {channel.name} were left out ({', '.join(left)})."]
        if left
        else []
    )
    return Channel(component=channel.component, name=channel.name, blocks=tuple(b for b, _ in kept),
                   inside=tuple(i for _, i in kept)), note  # fmt: skip
