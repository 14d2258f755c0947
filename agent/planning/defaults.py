"""Symptom classes, target roles and what each tool can show: `defaults.yaml`, and how an incident is read with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from aitia.agent.topology import Topology
from aitia.core import aspects
from aitia.core.bounds import own_yaml
from aitia.core.words import ComponentType, Incident, Inventory, Word
from aitia.tools import ToolSpec

Role = Literal["", "alarmed", "callee", "caller", "node", "machine", "suspect"]
TARGETS: Final[tuple[Role, ...]] = ("alarmed", "callee", "caller", "node", "machine")
MACHINES: Final = frozenset({"machine", "asset"})
MAX_OF_ROLE: Final = 6
MAX_TEXT: Final = 4000  # characters that are searched for symptoms: a report may be long and hostile
CROWDED: Final = 0.6  # what one of many neighbours is worth beside an only one
SECOND: Final = 0.5  # share of the likeliest class from which a second one counts too
_TITLE, _TYPE = 2.0, 1.5
_GROUPS: Final = {
    "metric": aspects.METRIC,
    "log": aspects.LOG,
    "change": aspects.CHANGE,
    "vibration": aspects.VIBRATION,
    "cluster": aspects.CLUSTER,
    "rank": aspects.RANK,
    "memory": aspects.MEMORY,
}
_NAME = re.compile(r"[\w][\w./:-]*\w")


class Step(Word):
    """A tool, about whom."""

    tool: str
    role: Role = ""

    @model_validator(mode="before")
    @classmethod
    def _written(cls, given: Any) -> Any:
        """`metrics_component alarmed`, as it stands in the file."""
        if not isinstance(given, str):
            return given
        tool, _, role = given.partition(" ")
        return {"tool": tool, "role": role}


class SymptomClass(Word):
    """How a kind of symptom is recognised, and what is looked at first."""

    words: tuple[str, ...] = Field(min_length=1)
    types: tuple[ComponentType, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)


class Defaults(Word):
    """The whole file."""

    classes: dict[str, SymptomClass]
    always: tuple[Step, ...]
    aspects: dict[str, tuple[str, ...]]

    def classify(self, incident: Incident, types: Iterable[ComponentType] = ()) -> list[tuple[str, float]]:
        """The symptom classes that the report speaks of, each with its share of the likeliest one's points."""
        held = frozenset(types)
        title = incident.title[:MAX_TEXT]
        rest = " ".join([*(v for _, v in sorted(incident.labels.items())), incident.text])[:MAX_TEXT]
        points = {}
        for name, known in self.classes.items():
            patterns = _compiled(known.words)
            spoken = sum(_TITLE * bool(p.search(title)) + bool(p.search(rest)) for p in patterns)
            points[name] = spoken + (_TYPE if spoken and held & set(known.types) else 0.0)
        most = max(points.values(), default=0.0)
        found = [(name, round(p / most, 3)) for name, p in points.items() if p and p >= SECOND * most]
        return sorted(found, key=lambda pair: -pair[1])[:3]

    def shows(self, spec: ToolSpec) -> frozenset[str]:
        """The aspects that a tool can show: by its name, else by its family and what it produces."""
        keys = [spec.name] if spec.name in self.aspects else [spec.family, *spec.produces]
        named = [a for key in keys for a in self.aspects.get(key, ())]
        return frozenset(x for a in named for x in _GROUPS.get(a, (a,)))


@lru_cache(maxsize=1)
def bundled_defaults() -> Defaults:
    """The defaults that come with aitia."""
    text = Path(__file__).with_name("defaults.yaml").read_text(encoding="utf-8")
    return Defaults.model_validate(own_yaml(text))


@lru_cache(maxsize=64)
def _compiled(words: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(word, re.IGNORECASE) for word in words)


class Roles:
    """Who holds which role in an incident, best known first. Words of the report choose among known components only."""

    def __init__(self, incident: Incident, inventory: Inventory) -> None:
        self._components = inventory.components
        self._topology = Topology(inventory.components)
        self._type: dict[str, ComponentType] = {c.id: c.type for c in inventory.components}
        known = {n.casefold(): c.id for c in inventory.components for n in (*c.aliases, c.id)}
        told = f"{incident.title}\n{incident.text}\n" + "\n".join(incident.labels.values())
        spoken = dict.fromkeys(known[w] for w in _spoken(told) if w in known)
        self.named = tuple(c for c in spoken if c not in incident.cleared)
        hints = [known[h.casefold()] for h in incident.hints if h.casefold() in known]
        # What a person named in place of the words and nobody is: no word takes its place.
        unknown = incident.understood is not None and bool(incident.hints) and not hints
        self.alarmed = () if unknown else tuple(dict.fromkeys([*hints, *self.named]))[:MAX_OF_ROLE]

    @cached_property
    def types(self) -> tuple[ComponentType, ...]:
        """The types of what the alarm names."""
        return tuple(self._type[c] for c in self.alarmed)

    @cached_property
    def _held(self) -> dict[Role, tuple[str, ...]]:
        t = self._topology
        family = [x for a in self.alarmed for x in (a, *t.wholes(a), *t.parts(a))]
        hosts = [h for a in family for h in t.hosts(a)] or [
            c for c in self.alarmed if self._type[c] == "node"
        ]
        machines = [c for c in family if self._type.get(c) in MACHINES]
        return {
            "alarmed": self.alarmed,
            "callee": self._ordered(family, t.callees),
            "caller": self._ordered(family, t.callers),
            "node": self._first(hosts or self._all("node")),
            "machine": self._first(machines or self._all(*MACHINES)),
        }

    def of(self, role: Role) -> tuple[str, ...]:
        """The components of a role, those first that the report names; a suspect is known only from results."""
        return self._held.get(role, ())

    def nearest(self, role: str, most: int) -> tuple[str, ...]:
        """At most so many of a role: of several callees and callers those that are next to the first alarmed one."""
        held = next((self.of(r) for r in TARGETS if r == role), ())
        if most == 1:
            return held[:1]
        step = {"callee": self._topology.callees, "caller": self._topology.callers}.get(role)
        t = self._topology
        first = [x for a in self.alarmed[:1] for x in (a, *t.wholes(a), *t.parts(a))]
        near = {c for a in first for c in step(a)} if step else set()
        return tuple(c for c in held if c in near)[:most] or held[:1]

    def role_of(self, component: str) -> Role:
        """The first role that a component holds; of others it can only be said that they were suspected."""
        return next((role for role in TARGETS if component in self._held[role]), "suspect")

    def sure(self, component: str, role: Role) -> float:
        """How far a component stands out in its role: fully where the report names it, less among many neighbours."""
        if component in self.alarmed:
            return 1.0
        return max(CROWDED, 1.0 - 0.1 * (len(self.of(role)) - 1))

    def _ordered(self, starts: Sequence[str], step: Any) -> tuple[str, ...]:
        near = [c for s in starts for c in step(s)]
        far = [c for s in near for c in step(s)]
        return self._first([c for c in (*near, *far) if c not in self.alarmed[:1]])

    def _first(self, components: Iterable[str]) -> tuple[str, ...]:
        known = [c for c in dict.fromkeys(components) if c in self._type]
        return tuple(sorted(known, key=lambda c: c not in self.named)[:MAX_OF_ROLE])

    def _all(self, *types: str) -> list[str]:
        found = [c.id for c in self._components if c.type in types]
        return found if len(found) <= MAX_OF_ROLE else []


def _spoken(text: str) -> Iterator[str]:
    """The words of a text that may be names, as a whole and without a possessive."""
    for word in _NAME.findall(text):
        yield word.casefold()
        yield word.casefold().removesuffix("'s")
