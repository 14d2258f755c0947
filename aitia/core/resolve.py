"""Component identity: the same thing has another name in every source. Shows why, and what stayed unresolved."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aitia.core.words import Component

# Kubernetes: deployment-<replicaset hash>-<pod hash>, the hashes from the safe alphabet of apimachinery's rand.
_POD = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$")
_PORT = re.compile(r":\d{1,5}$")
_ORDINAL = re.compile(r"-\d{1,3}$")


class Resolver:
    """Maps raw names to canonical component ids by alias, exact name, pod-hash stripping and ordinal stripping."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._ids: dict[str, str] = {}
        self._why: dict[str, str] = {}
        self._types: dict[str, Component] = {}
        for component in components:
            self.add(component)

    def add(self, component: Component) -> None:
        """Make a component and its aliases known; what was known of it before is kept."""
        known = self._types.get(component.id)
        if known is not None:
            component = Component(
                id=component.id,
                type=component.type if component.type != "unknown" else known.type,
                aliases=tuple(dict.fromkeys((*known.aliases, *component.aliases))),
                links=tuple(dict.fromkeys((*known.links, *component.links))),
            )
        self._types[component.id] = component
        for name in (component.id, *component.aliases):
            self._ids.setdefault(name.casefold(), component.id)

    def resolve(self, raw: str) -> str:
        """The canonical id, or "" where the name is not known."""
        for name, why in _candidates(raw):
            found = self._ids.get(name.casefold())
            if found:
                self._why.setdefault(raw, f"{raw!r} is {found!r}: {why}")
                return found
        return ""

    def learn(self, raw: str) -> str:
        """The canonical id; a name not seen before becomes a component of its own (its stripped form)."""
        found = self.resolve(raw)
        if found or not raw:
            return found
        name = _POD.sub("", raw)
        self.add(Component(id=name, aliases=(raw,) if raw != name else ()))
        self._why.setdefault(raw, f"{raw!r} is {name!r}: first seen under this name")
        return name

    def why(self, raw: str) -> str:
        """How a name was resolved, as a sentence; "" for a name never asked for."""
        return self._why.get(raw, "")

    @property
    def components(self) -> tuple[Component, ...]:
        """All known components, by id."""
        return tuple(self._types[key] for key in sorted(self._types))


def _candidates(raw: str) -> Iterable[tuple[str, str]]:
    host = _PORT.sub("", raw)
    for name, why in ((raw, "same name"), (host, "port stripped")):
        yield name, why
        if (stripped := _POD.sub("", name)) != name:
            yield stripped, "pod hash stripped"
        if (stripped := _ORDINAL.sub("", name)) != name:
            yield stripped, "ordinal stripped"
