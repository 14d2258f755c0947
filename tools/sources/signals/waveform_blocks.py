"""The entries of a `signals.yaml`, and which of them are the tachometers of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from aitia.core.words import Moment, Word
from aitia.tools.sources.rows import Floats

Place = tuple[str, str]  # component and channel


class Block(Word):
    """One entry of `signals.yaml`; `bearing` holds orders (multiples of the shaft speed), or is a designation (6309).

    `tachometer` names the channel (or COMPONENT/CHANNEL) whose pulses tell the speed where `rpm` is not given; an entry of
    that channel says how many `pulses_per_rev` there are. `load` is the machine's, in any unit that its
    entries share. `group` and `support` are the machine's in ISO 10816-3.
    """

    component: str
    channel: str
    at: Moment
    fs: float = Field(gt=0)
    file: str
    key: str = ""
    unit: str = "g"
    rpm: float | None = Field(default=None, ge=0)
    load: float | None = None
    bearing: dict[str, float] | str = {}
    tachometer: str = ""
    pulses_per_rev: int = Field(default=1, ge=1)
    group: Literal["1", "2", ""] = ""
    support: Literal["rigid", "flexible", ""] = ""

    @field_validator("group", "bearing", mode="before")
    @classmethod
    def _text(cls, given: object) -> object:
        return str(given) if isinstance(given, int) else given

    @property
    def place(self) -> Place:
        """Which channel of which component it is of."""
        return self.component, self.channel


@dataclass(frozen=True, kw_only=True)
class Tachometers:
    """The channels of a listing that are tachometers of others, and their entries in time order."""

    blocks: dict[Place, list[Block]]
    places: frozenset[Place]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Tachometers:
        """Those that some entry names."""
        by_place: dict[Place, list[Block]] = {}
        for block in sorted(blocks, key=lambda b: b.at):
            by_place.setdefault(block.place, []).append(block)
        found = {place for b in blocks if b.tachometer for place in _named(b, by_place)}
        return cls(blocks=by_place, places=frozenset(found))

    def beside(self, block: Block, seconds: float) -> Block | str:
        """The tachometer's entry that began last before a block of so many seconds ended, or why there is none."""
        named = _named(block, self.blocks)
        if len(named) != 1:
            return _unclear(block.tachometer, named)
        end = block.at + timedelta(seconds=seconds)
        before = [b for b in self.blocks[named[0]] if b.at < end]
        return before[-1] if before else "it has no samples at the time of the block"


def _named(block: Block, places: dict[Place, list[Block]]) -> list[Place]:
    """The channels that a block's `tachometer` may mean: that of its own component, else those of any."""
    own = (block.component, block.tachometer)
    if own in places:
        return [own]
    return [p for p in places if block.tachometer in (p[1], "/".join(p))]


def _unclear(name: str, named: Sequence[Place]) -> str:
    if not named:
        return "the listing has no such channel"
    return f"{name!r} is a channel of {', '.join(sorted((c for c, _ in named)))}: write COMPONENT/CHANNEL"


def shared(block: Block, seconds: float, pulses: Block, x: Floats) -> Floats:
    """The samples of a tachometer's entry that lie within a block of so many seconds; empty where none do."""
    begin = (block.at - pulses.at).total_seconds()
    first, last = round(max(begin, 0.0) * pulses.fs), round((begin + seconds) * pulses.fs)
    return x[first : max(last, first)]
