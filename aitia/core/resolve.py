"""Component identity: the same thing has another name in every source. Shows why, and what stayed unresolved.

Rules, in this order, each exact: the id, an alias, a container id, then forms that name a component by construction
(host:port, Kubernetes pod and DNS names, namespace/name). A form is taken apart only where what is left is known, and never
where two components could be meant: two things under one name do more harm than one thing under two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aitia.core.words import Component, ComponentType

# Kubernetes: deployment-<replicaset hash>-<pod hash>, the hashes from the safe alphabet of apimachinery's rand.
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_POD = re.compile(rf"-[{_SAFE}]{{6,10}}-[{_SAFE}]{{5}}$")
_JOB_POD = re.compile(
    rf"-\d{{8,10}}-[{_SAFE}]{{5}}$"
)  # a cron job's pod: name-<minutes since 1970>-<pod hash>
_ONE_HASH = re.compile(rf"-(?=[{_SAFE}]*\d)[{_SAFE}]{{5}}$")  # daemon set or job; a word has no digit
_PORT = re.compile(r":\d{1,5}$")
_PARTS = re.compile(r"[-_.]")
_ORDINAL = re.compile(r"-\d{1,3}$")
_DNS = re.compile(
    r"^(?:(?P<pod>[a-z0-9-]+)\.)?(?P<name>[a-z0-9-]+)\.(?P<space>[a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$",
    re.IGNORECASE,
)
_SPACED = re.compile(r"^(?P<space>[a-z0-9-]+)/(?P<name>[a-z0-9.-]+)$", re.IGNORECASE)
# A file in /var/log/containers: pod_namespace_container-id.
_LOG_FILE = re.compile(r"^(?P<name>[a-z0-9.-]+)_(?P<space>[a-z0-9-]+)_[a-z0-9.-]+-[0-9a-f]{64}$")
_CONTAINER = re.compile(r"(?:^|[/:.-])([0-9a-f]{64})(?:\.scope)?$|^([0-9a-f]{12})$")
_LOOPBACK = re.compile(r"^(?:127\.\d+\.\d+\.\d+|localhost|0\.0\.0\.0|\[?::1?\]?)$", re.IGNORECASE)
_REPLICATED: Final[frozenset[ComponentType]] = frozenset(
    {"service", "app", "pod", "unknown"}
)  # of which -0, -1 are instances

Wanted = Callable[[Component], bool]


class Resolver:
    """Maps raw names to canonical component ids by exact rules, and says why."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._ids: dict[str, str] = {}
        self._aliases: dict[str, set[str]] = {}
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
        self._ids.setdefault(component.id.casefold(), component.id)
        for name in component.aliases:
            self._aliases.setdefault(name.casefold(), set()).add(component.id)

    def fork(self) -> Resolver:
        """One that knows the same and learns for itself."""
        made = Resolver()
        made._ids, made._types, made._why = dict(self._ids), dict(self._types), dict(self._why)
        made._aliases = {name: set(owners) for name, owners in self._aliases.items()}
        return made

    def resolve(self, raw: str) -> str:
        """The canonical id, or "" where the name is not known or could mean several."""
        for name, why, wanted in _candidates(raw):
            found = self._known(name)
            if found and wanted(self._types[found]):
                self._why.setdefault(raw, f"{raw!r} is {found!r}: {why}")
                return found
        if found := self._container(raw):
            self._why.setdefault(raw, f"{raw!r} is {found!r}: container id")
        return found

    def called(self, raw: str, by: str) -> str:
        """Whom a component means by the end of a name: a balancer's `n1` is `desk-n1`, if only one that it calls ends so."""
        wanted, caller = _PARTS.split(raw.casefold()), self._types.get(by)
        callees = {link.to for link in caller.links if link.relation == "calls"} if caller else set()
        found = {c for c in callees if _PARTS.split(c.casefold())[-len(wanted) :] == wanted}
        if len(found) != 1 or not raw:
            return ""
        self._why.setdefault(raw, f"{raw!r} is {min(found)!r}: so ends the name of one that {by!r} calls")
        return min(found)

    def learn(self, raw: str) -> str:
        """The canonical id; a name not seen before becomes a component of its own (its stripped form)."""
        found = self.resolve(raw)
        if found or not raw:
            return found
        claimed = sorted(self._aliases.get(raw.casefold(), ()))
        name = _POD.sub("", raw)
        self.add(Component(id=name, aliases=(raw,) if raw != name else ()))
        why = (
            f"an alias of {' and of '.join(claimed)}, so it is not used"
            if claimed
            else "no other source and no topology knows it"
        )
        told = (
            f"{raw!r} is {name!r}: {why}"
            if claimed or raw != name
            else f"{raw!r} is a component of its own: {why}"
        )
        self._why.setdefault(raw, told)
        return name

    def why(self, raw: str) -> str:
        """How a name was resolved, as a sentence; "" for a name never asked for."""
        return self._why.get(raw, "")

    @property
    def components(self) -> tuple[Component, ...]:
        """All known components, by id."""
        return tuple(self._types[key] for key in sorted(self._types))

    def _known(self, name: str) -> str:
        """The component of that id, else the only one of that alias."""
        key = name.casefold()
        if found := self._ids.get(key):
            return found
        owners = self._aliases.get(key, set())
        return next(iter(owners)) if len(owners) == 1 else ""

    def _container(self, raw: str) -> str:
        """The only component that has a container id among its aliases, by the whole id or its first twelve digits."""
        match = _CONTAINER.search(raw.casefold())
        if match is None:
            return ""
        digits = match[1] or match[2]
        if len(digits) == 64 and self._known(digits):
            return self._known(digits)
        near = {
            o
            for alias, owners in self._aliases.items()
            if _is_id(alias) and alias[:12] == digits[:12]
            for o in owners
        }
        return next(iter(near)) if len(near) == 1 and len(digits) == 12 else ""


def forms(raw: str) -> frozenset[str]:
    """The names, besides its own, under which something unknown would be found: without port, pod hash or ordinal."""
    return frozenset(name for name, _, _ in _candidates(raw)) - {raw}


def _any(component: Component) -> bool:
    return True


def _replicated(component: Component) -> bool:
    """Whether there are numbered instances of it: not of a machine, of which `-1` and `-2` are two."""
    return component.type in _REPLICATED


def _within(space: str) -> Wanted:
    """Whether a component belongs to a namespace, or none of its namespaces is known."""

    def wanted(component: Component) -> bool:
        holders = {link.to.casefold() for link in component.links if link.relation == "part_of"}
        return component.type in _REPLICATED and (not holders or space.casefold() in holders)

    return wanted


def _candidates(raw: str) -> Iterator[tuple[str, str, Wanted]]:
    """Names that may be the component's, how each came about, and what the component must be for it to count."""
    host = _PORT.sub("", raw)
    names = [(raw, "same name")]
    names += [(host, "port stripped")] if host != raw and not _LOOPBACK.match(host) else []
    for name, why in names:
        yield name, why, _any
        yield from _instances(name, _replicated)
        if dns := _DNS.match(name):
            space = dns["space"]
            yield f"{space}/{dns['name']}", "cluster DNS name", _within(space)
            yield dns["name"], "cluster DNS name", _within(space)
            if dns["pod"]:
                yield from _instances(dns["pod"], _within(space))
        if spaced := _SPACED.match(name) or _LOG_FILE.match(name):
            yield spaced["name"], "namespace stripped", _within(spaced["space"])
            yield from _instances(spaced["name"], _within(spaced["space"]))


def _instances(name: str, wanted: Wanted) -> Iterator[tuple[str, str, Wanted]]:
    """What a pod or a numbered instance is one of."""
    for pattern, why in (
        (_POD, "pod hash stripped"),
        (_JOB_POD, "cron job's pod hash stripped"),
        (_ONE_HASH, "pod hash stripped"),
        (_ORDINAL, "ordinal stripped"),
    ):
        if (stripped := pattern.sub("", name)) != name:
            yield stripped, why, wanted


def _is_id(alias: str) -> bool:
    return len(alias) == 64 and all(c in "0123456789abcdef" for c in alias)
