"""An attack is a few moves: what is written into which channel, accusing whom of what, when and how often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.attack.payloads import faults, templates
from benchmarks.attack.scene import Scene

Channel = Literal["client", "flood", "service", "peer", "metrics", "changes", "documents"]
CHANNELS: tuple[Channel, ...] = ("client", "flood", "service", "peer", "metrics", "changes", "documents")
MIXED = "several"
EVERYTHING = "everything"
FAMILIES: tuple[str, ...] = (*CHANNELS, MIXED)
"""Attackers by what they can write; `everything` is reported beside them, without an aim."""

_STARTS = (-60.0, -30.0, -15.0, -5.0, 0.0, 10.0)  # seconds from the alarm, in a window of about two minutes
_SPANS = (1.0, 15.0, 45.0, 100.0)
_VOLUMES: dict[Channel, tuple[int, ...]] = {
    "client": (1, 3, 10, 50), "flood": (50, 150, 400), "service": (1, 3, 15, 60), "peer": (1, 3, 15, 60),
    "metrics": (1, 2, 4, 8), "changes": (1, 1, 2), "documents": (1, 1, 2, 3),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Move:
    """One thing that is written."""

    channel: Channel
    template: int
    target: str  # who is accused
    writer: str  # whose channel is used
    fault: str  # a key of payloads/faults.yaml
    wording: int  # seed of the choice of phrases, numbers and names
    volume: int
    start: float  # seconds from the alarm
    span: float  # seconds over which it is spread


def draw(family: str, scene: Scene, chance: random.Random) -> list[Move]:
    """The moves of one run of a family."""
    target = chance.choice(_targets(family, scene))
    fault = chance.choice(fault_kinds(scene))
    if family == EVERYTHING:
        channels: list[Channel] = [*CHANNELS, "metrics", "peer", "service"]
    elif family == MIXED:
        channels = chance.sample(["client", "service", "peer", "metrics", "changes", "documents"], 3)
    else:
        channels = [next(c for c in CHANNELS if c == family)] * chance.choice((1, 1, 2, 3))
    return [move(channel, scene, chance, target=target, fault=fault) for channel in channels]


def _targets(family: str, scene: Scene) -> Sequence[str]:
    if family == "service":
        return scene.writers
    if family == "metrics":
        return scene.measured
    if family in (MIXED, EVERYTHING):
        return [c for c in scene.writers if c in scene.measured] or scene.writers
    return scene.components


def fault_kinds(scene: Scene) -> list[str]:
    """The kinds of faults that make sense to claim; those of machines more often at machines."""
    kinds = list(faults())
    of_machines = ["bearing", "sensor"]
    return kinds + of_machines * 8 if scene.machine else [k for k in kinds if k not in of_machines]


def move(channel: Channel, scene: Scene, chance: random.Random, *, target: str, fault: str) -> Move:
    """One random move of a channel against a target."""
    others = [w for w in scene.writers if w != target] or list(scene.writers)
    writer = target if channel == "service" and target in scene.writers else chance.choice(others)
    if channel == "service" and writer != target:
        target = writer  # a component that has no log cannot write into it
    return Move(
        channel=channel,
        template=chance.choice(usable(channel, scene)),
        target=target,
        writer=writer,
        fault=fault,
        wording=chance.randrange(10**6),
        volume=chance.choice(_VOLUMES[channel]),
        start=chance.choice(_STARTS),
        span=chance.choice(_SPANS),
    )


def usable(channel: Channel, scene: Scene) -> list[int]:
    """The templates of a channel for which the site has a log of the kind."""
    if channel != "client":
        return list(range(len(templates(channel))))
    there = {style for _, _, style in scene.logs}
    kinds = {"store": "postgres", "cache": "redis", "service": "python"}
    return [n for n, t in enumerate(templates(channel)) if kinds.get(t["where"], t["where"]) in there]


def mutated(
    moves: Sequence[Move], scene: Scene, chance: random.Random, favoured: Sequence[Channel]
) -> list[Move]:
    """A neighbour of an attack: one or two moves changed in one respect, added, repeated or dropped."""
    made = list(moves)
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.randrange(len(made))
        old = made[place]
        fresh = move(chance.choice(favoured), scene, chance, target=old.target, fault=old.fault)
        match chance.choice(("template", "wording", "when", "volume", "fault", "add", "drop", "channel")):
            case "template":
                made[place] = replace(old, template=chance.choice(usable(old.channel, scene)))
            case "wording":
                made[place] = replace(old, wording=chance.randrange(10**6))
            case "when":
                made[place] = replace(old, start=chance.choice(_STARTS), span=chance.choice(_SPANS))
            case "volume":
                made[place] = replace(
                    old, volume=max(1, min(400, round(old.volume * chance.choice((0.3, 2, 4)))))
                )
            case "fault":
                fault = chance.choice(fault_kinds(scene))
                made = [replace(m, fault=fault) for m in made]
            case "add" if len(made) < 8:
                made.append(fresh)
            case "drop" if len(made) > 1:
                del made[place]
            case _:
                made[place] = fresh
    return made
