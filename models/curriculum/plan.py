"""Incidents and tools that nobody has seen before: whether a tool is asked at once, perhaps or not, and about what.

Each item is one tool beside one incident, as a pointwise reranker reads them (Nogueira and Cho 2019, "Passage Re-ranking with
BERT"): what follows is a probability for each tool of a registry, however many there are, and no list that a small model writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split, dealt, distinct, of_split

SYSTEM: Final = "Incident:"
LABELS: Final = ("first", "maybe", "no")
SIGNATURE: Final = 60  # characters of a tool's arguments that are told
SAID: Final = 160  # and of what it says of itself
_PARTS: Final = 7  # of the registries: one part is held out, one is for the checks
_SHARES: Final[Mapping[str, float]] = {"first": 0.4, "maybe": 0.2, "no": 0.4}
_NEAR: Final = 0.6  # of those that tell nothing, share of those that look as if they did
_RENAMED: Final = 0.7  # of incidents whose components get other names
_ABOUT: Final = (
    0.1  # of each token of a component's name, in the loss: it is copied, and would drown what is asked
)
_UNSEEN: Final = 0.3  # of incidents that nobody has looked into yet
NOTHING: Final = "nothing yet"  # what stands for first findings then
Call = tuple[str, str]  # a tool and the component that it is asked about, "" for none


class Plan:
    """The curriculum of plans."""

    role: Role = "plan"
    about = "incident, first findings and a tool with its description → asked first, maybe or not, and about which component"
    size = 4800

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different pairs of incident and tool; a split's registries and their incidents are its own."""
        random, desk = Random(f"plan {seed} {split}"), _Desk(split)
        return distinct(lambda: desk.one(random), size)


class _Desk:
    """Registries and incidents of a split."""

    def __init__(self, split: Split) -> None:
        self._split = split
        held = list(sites())
        kept = set(dealt([s["registry"] for s in held], split, _PARTS))
        self._sites = [s for s in held if s["registry"] in kept]
        self._things = {k: of_split(map(str, v), split) for k, v in _things().items()}

    def one(self, random: Random) -> Item:
        """A tool beside an incident of its registry."""
        while True:
            site = random.choice(self._sites)
            incident = random.choice(site["incidents"])
            label = random.choices(list(_SHARES), list(_SHARES.values()))[0]
            if found := _drawn(random, site, incident, label):
                return self._item(random, site, incident, label, found)

    def _item(
        self, random: Random, site: Mapping[str, Any], incident: Mapping[str, Any], label: str, call: Call
    ) -> Item:
        named = self._renamed(random, incident["components"])
        tool = site["tools"][call[0]]
        known = sorted(named.values())
        answer = [Segment(text=f" {label}", name="helps", labels=LABELS)]
        if call[1]:
            answer += [
                Segment(text=ABOUT, weight=0.0),
                Segment(text=f" {named[call[1]]}\n", weight=_ABOUT, name="about"),
            ]
        seen = _with(incident["seen"], named) if random.random() >= _UNSEEN else NOTHING
        told = head(_with(incident["text"], named), seen, known)
        return Item(
            role="plan",
            system=SYSTEM,
            prompt=told + question(call[0], list(tool["args"]), tool["description"]),
            answer=tuple(answer),
            split=self._split,
            vendor=site["registry"],
            author=site["author"],
        )

    def _renamed(self, random: Random, components: Sequence[str]) -> dict[str, str]:
        """Another name for each component, of the same make, so that names themselves teach nothing."""
        if random.random() >= _RENAMED:
            return {c: c for c in components}
        made: dict[str, str] = {}
        for component in components:
            while (name := self._named(random, component)) in made.values():
                pass
            made[component] = name
        return made

    def _named(self, random: Random, component: str) -> str:
        """Letters of a name that stand for a place or a product change, what tells its kind (`db`, `pump`, `-01`) stays."""
        first, *rest = re.split(r"(?<=[-_.\s])", component)
        if rest and first.strip("-_. ").isalpha():
            return f"{random.choice(self._things['areas'])}{first[-1]}{''.join(rest)}"
        if re.fullmatch(r"[A-Z]{1,4}-?\d{1,4}[A-Z]?", component):
            return re.sub(r"\d+", str(random.randint(10, 989)), component)
        return component


ABOUT: Final = "\nAbout:"


def head(told: str, seen: str, known: Sequence[str]) -> str:
    """What all tools of an incident are asked with, on one line."""
    line = " ".join(f"{told} Seen: {seen}".split())
    return f" {line} Known: {', '.join(known)}"


def question(name: str, arguments: Sequence[str], said: str) -> str:
    """One tool, after `head`."""
    takes = ", ".join(arguments)[:SIGNATURE]
    return f"\nTool: {name}({takes}): {' '.join(said.split())[:SAID]}\nHelps:"


def _drawn(random: Random, site: Mapping[str, Any], incident: Mapping[str, Any], label: str) -> Call | None:
    """A call of an incident that deserves a label; None where it has none."""
    calls = {"first": incident["calls"], "maybe": incident["also_good"]}
    if label in calls:
        found = random.choice(calls[label]) if calls[label] else None
        if not found:
            return None
        return found["tool"], next((v for v in found["args"].values() if v in incident["components"]), "")
    good = {c["tool"] for c in (*incident["calls"], *incident["also_good"])}
    near = [t for t in incident["useless"] if t not in good]
    far = [t for t in site["tools"] if t not in good and t not in near]
    pool = near if near and (random.random() < _NEAR or not far) else far
    return (random.choice(pool), "") if pool else None


def _with(text: str, named: Mapping[str, str]) -> str:
    """A text with other names in it; a name that is part of a longer one stays."""
    if not named:
        return text
    longest = sorted(named, key=len, reverse=True)
    found = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])")
    return found.sub(lambda m: named[m.group()], text)


@cache
def sites() -> tuple[Mapping[str, Any], ...]:
    """Registries with their tools and incidents, written by nine language models for this."""
    text = files("aitia.models.curriculum").joinpath("plan_sites.jsonl").read_text("utf-8")
    return tuple(map(json.loads, text.splitlines()))


@cache
def _things() -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath("things.yaml").read_text("utf-8")))
