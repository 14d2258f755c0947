"""What a story of an incident tells by what each of its sentences is for, where no heading says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aitia.core.llm import Classifier
from aitia.tools.meaning.passages.asking import Role, read_roles
from aitia.tools.meaning.passages.units import Unit, units_of
from aitia.tools.memory.importing.named import component_of
from aitia.tools.memory.words import PastIncident

_FIELDS: Final = ("symptoms", "cause", "mitigation", "outcome", "component")
LEAST: Final = 3  # units of a text from which it is a story
MOST: Final = 6  # sentences of one sort that are kept
_UNKNOWN: Final = re.compile(
    r"(?<!\w)(?:cause|why|reason|ursache|grund|warum|weshalb|causa|motivo|por qué|pourquoi|perché)\W+(?:\w+\W+){0,6}?"
    r"(?:unknown|not (?:yet )?known|unclear|not understood|unbekannt|unklar|nicht bekannt|inconnue?|pas connue?|desconocid|"
    r"no (?:se )?(?:sabe|conoce)|sconosciut|non (?:è )?not|desconhecid)|"
    r"(?:do not|don't|nobody|never) (?:know|found out|learned)s? why|"
    r"wissen (?:wir )?nicht,? w|不明|未知|不清楚|わかって?い?ま?せん|わからな",
    re.I,
)
"""A sentence that says that nobody knows why tells no cause."""
_NOT_TRIED: Final = re.compile(
    r"\b(?:considered|discussed|thought (?:of|about)|proposed|erwogen|überlegt|diskutiert|envisagé\w*|considera[dt]\w+)\b"
    r".{0,60}\b(?:not|never|nicht|nie|pas|no|non)\b|\b(?:was|were) not (?:done|tried|needed)\b",
    re.I,
)
"""A sentence of what somebody thought of and did not do: nobody knows whether it helps."""
LONGEST: Final = 600  # characters of a sentence that are kept
SURE: Final = 0.5
"""Probability from which a sentence counts as cause, remedy, failed try or ruled out: a wrong one is worse than none."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """The sentences of each sort, in order, and what they name."""

    symptoms: tuple[str, ...] = ()
    cause: str = ""
    mitigation: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    outcome: str = ""
    component: str = ""


def filled(incident: PastIncident, model: Classifier | None = None) -> PastIncident:
    """An incident with what its text tells where its own fields are empty, and a label that says so. Raises ModelError."""
    empty = [name for name in _FIELDS if not getattr(incident, name)]
    if incident.kind == "work_order" or not {"cause", "mitigation"} & set(empty):
        return incident
    story = story_of(incident.text, model)
    if story is None:
        return incident
    found = {name: getattr(story, name) for name in empty if getattr(story, name)}
    labels = {"read from the text": ", ".join(found)} if found else {}
    labels |= {
        label: " ".join(f"{text.rstrip('.')}." for text in said)
        for label, said in (("did not help", story.failed), ("ruled out", story.excluded))
        if said
    }
    return incident.model_copy(update={**found, "labels": incident.labels | labels})


def story_of(text: str, model: Classifier | None = None) -> Story | None:
    """What a text tells; None where it is too short to be a story. Raises ModelError."""
    units = [u for u in units_of(text) if u.style != "code"]
    if len(units) < LEAST:
        return None
    roles = read_roles(units, "postmortem", model)
    return told(units, roles)


def told(units: Sequence[Unit], roles: Sequence[Role]) -> Story:
    """The story of units whose roles are known."""

    def of(*names: str, sure: float = 0.0) -> tuple[str, ...]:
        return tuple(
            u.text[:LONGEST] for u, r in zip(units, roles, strict=True) if r.name in names and r.sure >= sure
        )[:MOST]

    return Story(
        symptoms=of("symptom"),
        cause=" ".join(c for c in of("cause", sure=SURE) if not _UNKNOWN.search(c)),
        mitigation=of("action", sure=SURE),
        failed=tuple(t for t in of("tried", sure=SURE) if not _NOT_TRIED.search(t)),
        excluded=of("ruledout", sure=SURE),
        outcome=" ".join(of("later")),
        component=component_of(units, [r.name for r in roles]),
    )
