"""What a person said of an incident while it was looked at, as facts: what it is not, and when it began."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from aitia.agent.facts import Facts
from aitia.agent.taxonomy_words import Fault
from aitia.core.aspects import CHANGE
from aitia.core.words import Correction, Evidence, Incident, Mitigation, SourceRef
from aitia.tools.meaning.incidents.denied import is_step

EXCLUDED: Final = -2.0
"""Log-odds of what a person says that it is not; by hand: it takes a suspect of 92 % to 60 %, and evidence can outweigh it."""
_NOT_IT: Final = "a person said that it is not the cause"
_NO_CHANGE: Final = "a person said that this change is not the cause"
_STRENGTH: Final = 0.9  # by hand: of a person's word
_QUOTED: Final = 160  # characters of it
_LEAST: Final = 3  # letters of a kind by which a step is known to mend it


def facts_of(incident: Incident) -> list[Evidence]:
    """A fact a correction and component, in the order in which they were said."""
    return [fact for said in incident.corrections for fact in _facts(said, incident)]


def said_not(facts: Iterable[Evidence], component: str) -> list[Evidence]:
    """The first fact by which a person excludes a component, if any: said twice it is not truer. No tool speaks for a person."""
    return [e for e in _excluding(facts) if e.component == component and not e.values.get("denied")][:1]


def denied_change(facts: Iterable[Evidence], component: str, aspect: str) -> list[Evidence]:
    """The first fact by which a person says of a kind of change that it was not the cause, if any."""
    return [e for e in _denying(facts, component) if e.values["denied"] == aspect][:1]


def denials(facts: Facts, component: str, fault: Fault) -> list[tuple[float, str, str]]:
    """What a person says against a suspect as (log-odds, why, fact), the weightiest first: that it is not the component, not
    that kind of fault, or not a change, as far as that speaks for it.
    """
    parts = set(re.split(r"[._]", fault.id))
    kinds = [e for e in _denying(facts.all, component) if e.values["denied"] in parts]
    told = [(EXCLUDED, _NOT_IT, e.id) for e in (*said_not(facts.all, component), *kinds)]
    needed = {p.aspect for p in (*fault.requires, *fault.requires_any)}
    for pattern in fault.patterns:
        fact = facts.about(component, pattern) if pattern.aspect in CHANGE and pattern.weight > 0 else None
        if fact is not None and (said := denied_change(facts.all, fact.component, pattern.aspect)):
            moved = EXCLUDED if pattern.aspect in needed else -pattern.weight * facts.strength(fact)
            told.append((max(EXCLUDED, moved), _NO_CHANGE, said[0].id))
    return sorted(told, key=lambda line: line[0])


def denied_kind(facts: Iterable[Evidence], component: str, fault: Fault) -> bool:
    """Whether a person says that it is not this kind of fault, there or anywhere: then it cannot be the verdict."""
    parts = set(re.split(r"[._]", fault.id))
    return any(e.values["denied"] in parts for e in _denying(facts, component))


def without_done(steps: Iterable[Mitigation], incident: Incident) -> list[Mitigation]:
    """The steps but for those to do now that a person says are done, that mend what it is not, or that would undo a change which
    is not the cause.
    """
    acts = {act for said in incident.corrections for act in said.done}
    if any(d.kind == "change.deploy" for said in incident.corrections for d in said.denied):
        acts.add("rollback")
    kinds = [d for said in incident.corrections for d in said.denied if not d.kind.startswith("change.")]
    words = {w.casefold() for d in kinds for w in (d.kind, d.words) if len(w) >= _LEAST}
    named = (
        re.compile("|".join(rf"\b{re.escape(w)}" for w in sorted(words)), re.IGNORECASE) if words else None
    )
    return [
        s
        for s in steps
        if s.when != "now"
        or not (any(is_step(act, s.text) for act in acts) or (named is not None and named.search(s.text)))
    ]


def _excluding(facts: Iterable[Evidence]) -> Iterator[Evidence]:
    return (e for e in facts if e.kind == "person.excluded" and not e.tool)


def _denying(facts: Iterable[Evidence], component: str) -> Iterator[Evidence]:
    return (e for e in _excluding(facts) if e.values.get("denied") and e.component in ("", component))


def _facts(said: Correction, incident: Incident) -> Iterator[Evidence]:
    words = said.text if len(said.text) <= _QUOTED else said.text[: _QUOTED - 1] + "…"
    source = SourceRef(source=said.by or "you", query=said.text)
    if said.start is not None:
        yield Evidence(
            kind="person.onset",
            aspect="person.onset",
            statement=f'You said: it began at {said.start:%Y-%m-%d %H:%M:%S} UTC ("{words}").',
            window=incident.window,
            onset=said.start,
            strength=_STRENGTH,
            source=source,
            taint=True,
        )
    for denied in said.denied:
        yield Evidence(
            component=denied.component,
            kind="person.excluded",
            aspect="person.excluded",
            statement=f'You said: not {denied.words or denied.kind} ("{words}").',
            values={"denied": denied.kind},
            window=incident.window,
            strength=_STRENGTH,
            source=source,
            taint=True,
        )
    for component in said.excluded:
        yield Evidence(
            component=component,
            kind="person.excluded",
            aspect="person.excluded",
            statement=f'You said: not {component} ("{words}").',
            window=incident.window,
            strength=_STRENGTH,
            source=source,
            taint=True,
        )
