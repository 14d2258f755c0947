"""What a person said of an incident while it was looked at, as facts: what it is not, and when it began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from aitia.core.words import Correction, Evidence, Incident, SourceRef

EXCLUDED: Final = -2.0
"""Log-odds of what a person says that it is not; by hand: it takes a suspect of 92 % to 60 %, and evidence can outweigh it."""
_STRENGTH: Final = 0.9  # by hand: of a person's word
_QUOTED: Final = 160  # characters of it


def facts_of(incident: Incident) -> list[Evidence]:
    """A fact a correction and component, in the order in which they were said."""
    return [fact for said in incident.corrections for fact in _facts(said, incident)]


def said_not(facts: Iterable[Evidence], component: str) -> list[Evidence]:
    """The first fact by which a person excludes a component, if any: said twice it is not truer. No tool speaks for a person."""
    return [e for e in facts if e.kind == "person.excluded" and e.component == component and not e.tool][:1]


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
