"""Vibration channels: the blocks of an incident's window and of its baselines, put together by channel."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from aitia.core.errors import SourceError
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import baselines_of
from aitia.tools.signals.vibration.quality import unusable
from aitia.tools.sources.base import SignalSource, Waveform


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
        except SourceError as error:
            problems.append(str(error))
    channels = []
    for (component, name), by_time in sorted(blocks.items()):
        ordered = sorted(by_time.values(), key=lambda pair: pair[0].at)
        channels.append(Channel(component=component, name=name, blocks=tuple(b for b, _ in ordered),
                                inside=tuple(i for _, i in ordered)))  # fmt: skip
    return channels, problems


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
