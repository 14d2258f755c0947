"""Which kind of machine a component is: by the words of its id and aliases, else by the letters that its id begins with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from aitia.core.bounds import own_yaml
from aitia.core.words import MACHINES, Component

_WORD: Final = re.compile(r"[^\W\d_]+")
_LETTERS: Final = re.compile(r"(?:^|[-_.=+])([A-Z]{1,4})[-_. ]?\d")
_INSTRUMENT: Final = "sensor"


class Measured(NamedTuple):
    """What is measured at an asset of a class: logical nodes, groups of which one quantity at least is, and what else may be."""

    nodes: tuple[str, ...]
    some: tuple[tuple[str, ...], ...]
    may: tuple[str, ...]


class Classes(NamedTuple):
    """The table of classes: words (longest first), letters, and what is measured, each with its class."""

    words: tuple[tuple[str, str], ...]
    letters: Mapping[str, str]
    measured: Mapping[str, Measured]


def class_of(component: Component) -> str:
    """The component's class by itself; "" where neither its names nor its id say it."""
    if component.type == "channel":
        return _INSTRUMENT
    said = " ".join(_WORD.findall(" ".join((component.id, *component.aliases)).replace("_", " ").casefold()))
    for word, of in table().words:
        if re.search(rf"\b{re.escape(word)}s?\b", said):
            return of
    found = [m for m in _LETTERS.findall(component.id.upper()) if m in table().letters]
    return table().letters[found[-1]] if found else ""


def classes_of(components: Iterable[Component]) -> dict[str, tuple[str, ...]]:
    """What each machine may be called where a fault says of which machines it is: its class, id and aliases.

    A part without a class of its own is of its whole's class: an impeller has the faults of its pump. A machine of which nobody
    knows what it is has no entry.
    """
    machines = {c.id: c for c in components if c.type in MACHINES}
    own = {name: class_of(c) for name, c in machines.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name, component in machines.items():
        kind = own[name] or next((k for w in _wholes(component, machines) if (k := own[w.id])), "")
        if kind:
            found[name] = tuple(n.casefold() for n in (kind, component.id, *component.aliases))
    return found


def _wholes(component: Component, machines: Mapping[str, Component]) -> list[Component]:
    """All that it is part of, nearest first."""
    found: list[Component] = []
    near = [component]
    while near:
        to = [k.to for c in near for k in c.links if k.relation == "part_of"]
        near = [machines[t] for t in to if t in machines and machines[t] not in found]
        found += near
    return found


@cache
def table() -> Classes:
    """The classes of machine_classes.yaml."""
    raw = own_yaml((files("aitia.agent") / "machine_classes.yaml").read_text(encoding="utf-8"))
    words = [(word.casefold(), name) for name, of in raw.items() for word in of["words"]]
    letters = {letter: name for name, of in raw.items() for letter in of["letters"]}
    measured = {
        name: Measured(
            tuple(of.get("nodes", ())), tuple(map(tuple, of.get("some", ()))), tuple(of.get("may", ()))
        )
        for name, of in raw.items()
    }
    return Classes(tuple(sorted(words, key=lambda w: -len(w[0]))), letters, measured)
