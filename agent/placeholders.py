"""Placeholders of a runbook's command: filled in where a name is beyond doubt, else named to the person who copies it.

A name comes from telemetry and the command is pasted into a shell: only a name that every shell, SQL and path reads as one
plain word is ever put in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aitia.core.commands import spoken
from aitia.core.words import Component, ComponentType, Evidence, Inventory

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")  # neither -x nor .. nor what must be quoted
_WORDS: Final[Mapping[ComponentType, tuple[str, ...]]] = {
    "service": ("service", "app", "application"), "app": ("app", "application", "workload"), "pod": ("pod",),
    "node": ("node", "host"), "namespace": ("namespace",), "machine": ("machine",), "asset": ("asset",),
}  # fmt: skip
_LINKED: Final[Mapping[str, ComponentType]] = {"runs_on": "node", "part_of": "namespace"}
_OWN: Final = frozenset(
    {"component", "alarmed", "callee", "caller", "service", "pod", "namespace", "node", "machine"}
)
_SPOKEN: Final = _OWN | {
    "app", "application", "workload", "asset", "container", "image", "tag", "version", "name", "deployment", "host", "instance",
    "pid", "port", "volume", "claim", "pvc", "cluster", "quota", "policy", "secret", "service-account", "variable",
}  # fmt: skip
_NAMED_BY: Final = {"k8s.secret": "secret"}  # what the `name` of a fact of the control plane is the name of
_FOUND: Final = re.compile(
    r"\{\{\s*(?P<twice>[A-Za-z_-]+)\s*\}\}"
    r"|(?<!\$)\{(?P<brace>[A-Za-z_-]+)\}"
    r"|\$\{(?P<inner>[A-Z_]+)\}|\$(?P<shell>[A-Z_]+)"
    r"|<(?P<angle>[A-Za-z](?:[A-Za-z0-9 ._-]{0,60}[A-Za-z0-9])?)>"
    r"|(?<![\w$-])(?<!\$\{)(?P<upper>[A-Z][A-Z_-]*[A-Z])(?![\w(-])"  # NAME( is a function
)
_ASSIGNED: Final = re.compile(
    r"(?:^|[;&|(\n]|\b(?:export|env|local|readonly|declare|do|then)\b)\s*([A-Z_]+)=|\bfor\s+([A-Z_]+)\s+in\b"
    r"|\bread((?:\s+-\w+)*(?:\s+[A-Z_]+)+)",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A command with its names put in: which placeholder became what, and which are left to a person."""

    command: str
    put: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What a reader is told of it, in brackets; "" where there is nothing to tell. `{component}` is aitia's own word."""
        told = [f"{p} filled in: {name}" for p, name in self.put if p != "{component}"]
        told += [f"fill in {', '.join(self.left)}"] if self.left else []
        return f" ({'; '.join(told)})" if told else ""


def names_of(component: str, inventory: Inventory, evidence: Sequence[Evidence]) -> dict[str, str]:
    """What a placeholder's word stands for where a component is the cause: only what all that is known agrees on.

    By the component's type (SERVICE is a component of type service), its links (the one node that it runs on) and the
    values of its facts; facts that quote outside text name nothing.
    """
    said: defaultdict[str, set[str]] = defaultdict(set)
    said["component"].add(component)
    types = {c.id: c.type for c in inventory.components}
    for own in (c for c in inventory.components if c.id == component):
        for word in _WORDS.get(own.type, ()):
            said[word].add(own.id)
        if own.type in ("part", "channel") and (machine := _machine_of(own, inventory)):
            said["machine"].add(machine)
        for link in own.links:
            if (wanted := _LINKED.get(link.relation)) and types.get(link.to) == wanted:
                said[wanted].add(link.to)
    known = {n for c in inventory.components for n in (c.id, *c.aliases)}
    for fact in (e for e in evidence if e.component == component and not e.taint):
        if (own_word := _NAMED_BY.get(fact.aspect)) and fact.kind.startswith("cluster."):
            said[own_word].add(str(fact.values.get("name") or ""))
        for key, value in fact.values.items():
            word = key.replace("_", "-")
            if word in _SPOKEN and word not in ("component", "name") and isinstance(value, str):
                # A label of telemetry may say anything; the control plane knows its own objects.
                said[word].add(value if value in known or fact.kind.startswith("cluster.") else "")
    return {word: name for word, (name, *others) in said.items() if not others and _PLAIN.fullmatch(name)}


def _machine_of(part: Component, inventory: Inventory) -> str:
    """The machine that a part belongs to, over the parts between; "" where the inventory names none."""
    known, at, seen = {c.id: c for c in inventory.components}, part, {part.id}
    while above := next((k for li in at.links if li.relation == "part_of" and (k := known.get(li.to))), None):
        if above.type in ("machine", "asset"):
            return above.id
        if above.id in seen:
            break
        at = above
        seen.add(above.id)
    return ""


def fill(command: str, names: Mapping[str, str]) -> Filled:
    """The command with its placeholders filled in as far as `names` go. A variable that it sets itself is none."""
    assigned = {name for found in _ASSIGNED.findall(command) for part in found for name in part.split()}
    put: dict[str, str] = {}
    left: dict[str, None] = {}

    def told(match: re.Match[str]) -> str:
        form, shown = str(match.lastgroup), match[0]
        word = _word(match[form])
        if match[form] in assigned or not (form == "angle" or word in (_OWN if form == "brace" else _SPOKEN)):
            return shown
        if word in names:
            put[shown] = names[word]
            return names[word]
        left[shown] = None
        return shown

    return Filled(command=_FOUND.sub(told, command), put=tuple(put.items()), left=tuple(left))


def fill_prose(
    text: str, component: str, machine: str = "", names: Mapping[str, str] = MappingProxyType({})
) -> str:
    """A step's words with the names of the component and of its machine (itself, where it is part of none); a pseudonym
    where a name is no plain words. Who alarmed, calls or is called is told in words where `names` has none.
    """
    told = text.replace("{component}", spoken(component)).replace("{machine}", spoken(machine or component))
    for word, otherwise in _PARTIES.items():
        told = told.replace(f"{{{word}}}", spoken(names[word]) if word in names else otherwise)
    return told


_PARTIES: Final = {
    "alarmed": "what the alarm is about",
    "callee": "the component that is called",
    "caller": "the component that calls",
    "signal": "the instrument in doubt",
}


def _word(placeholder: str) -> str:
    """`<my-pod-name>`, `POD_NAME` and `pod` are one word."""
    word = re.sub(r"[ _]", "-", placeholder.casefold())
    return re.sub(r"^(?:my|your|the)-|(?<=.)-name$", "", word)
