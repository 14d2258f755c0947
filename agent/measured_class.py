"""What an asset may be that no name tells: by what is measured at it, and by the logical nodes of IEC 61850 that it has.

A verdict names no kind of fault that such an asset cannot have: a voltage that stands is no valve that sticks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from aitia.agent.facts import Facts
from aitia.agent.machine_class import classes_of, table
from aitia.agent.taxonomy import Fault
from aitia.agent.witness_table import table as witness_table
from aitia.core.words import MACHINES, Component, Evidence
from aitia.tools.signals.measures import MEASURES, NODE
from aitia.tools.signals.quantities import named_aspect

OF_COMPUTERS: Final = ("software.", "resource.", "network.", "scheduling.", "storage.", "node.")
BEHIND: Final = "behind"
"""The value of a fact that names what lies dead behind the one that acted (`aitia.agent.tripped`)."""
_NAMES: Final = ("channel", "metric", "measured")  # values of a fact that name a signal


def kinds_by(components: Sequence[Component], evidence: Iterable[Evidence]) -> dict[str, tuple[str, ...]]:
    """What each machine may be called where a fault says of which machines it is; () where nothing at all tells."""
    named = classes_of(components)
    held: dict[str, list[Evidence]] = {c.id: [] for c in components if c.type in MACHINES}
    for fact in evidence:
        if fact.component in held:
            held[fact.component].append(fact)
    return {name: _kinds(named.get(name, ()), facts) for name, facts in held.items()}


def can_have(fault: Fault, kinds: Sequence[str]) -> bool:
    """Whether such an asset can have the fault: one of which nothing is known has faults of any machine alone."""
    return not fault.machines or any(m.casefold() in kinds for m in fault.machines)


def measured_at(component: str, evidence: Iterable[Evidence]) -> set[str]:
    """The quantities that are measured at a component, as its facts list them or the names of their signals say."""
    own = [e for e in evidence if e.component == component]
    listed = {q for e in own for q in str(e.values.get(MEASURES, "")).split(", ") if q}
    return listed | {a for e in own for k in _NAMES if (n := e.values.get(k)) and (a := named_aspect(str(n)))}


def _kinds(named: tuple[str, ...], facts: Sequence[Evidence]) -> tuple[str, ...]:
    said = [str(fact.values[MEASURES]).split(", ") for fact in facts if fact.values.get(MEASURES)]
    measured = {word for words in said for word in words}
    names = {str(e.values[k]) for e in facts for k in _NAMES if e.values.get(k)}
    nodes = measured | {found for n in names for found in NODE.findall(n)}
    has = tuple(name for name, of in table().measured.items() if set(of.nodes) & nodes)
    if any(e.values.get(BEHIND) for e in facts):  # the journal says that it switched off what lies behind it
        has = (*has, "switch")
    if named:
        return (*named, *has)
    quantities = {w for w in measured if w.islower()} or {a for n in names if (a := named_aspect(n))}
    return (*has, *_standing_for(quantities))


def _standing_for(quantities: set[str]) -> list[str]:
    """All classes at which this may be measured, and nothing else is."""
    return [
        name
        for name, of in table().measured.items()
        if of.some
        and all(quantities & set(group) for group in of.some)
        and quantities <= {q for group in (*of.some, of.may) for q in group}
    ]


def computers(facts: Facts) -> set[str]:
    """Whom somebody measures or reads as a computer, rightly or not: a series in seconds alone makes none of a machine."""
    computing = frozenset(witness_table().computing) - {"latency", "traffic"}
    return {e.component for e in facts.all if e.aspect in computing or e.aspect.startswith("log.")}


def may_have(
    component: str, fault: Fault, machinery: Collection[str], kinds: Mapping[str, Sequence[str]]
) -> bool:
    """Whether it is a fault of such a machine, by its names or what is measured at it: a valve does not cavitate, and no pump has
    a slow answer. An asset may be a computer.
    """
    if component in machinery and fault.id.startswith(OF_COMPUTERS):
        return False
    return component not in kinds or can_have(fault, kinds[component])
