"""One reader for what a person typed: rules read first, a model decides what they leave open, code puts it together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aitia.core.words import Component, Saying, Understood
from aitia.tools.meaning.incidents.asking import Reader
from aitia.tools.meaning.incidents.mentions import Mention, is_plant, mentions_of
from aitia.tools.meaning.incidents.standing import Said, standings
from aitia.tools.meaning.incidents.start import start_of
from aitia.tools.meaning.incidents.symptoms import symptom_of
from aitia.tools.meaning.incidents.tried import tried_in
from aitia.tools.meaning.incidents.words import clauses, plain


def read_start(text: str, now: datetime) -> Understood:
    """What can be told before the site's components are known: when it began, what is wrong, what was tried."""
    start, symptom = start_of(text, now), symptom_of(text)
    return Understood(
        start=start.at if start else None,
        start_words=start.words if start else "",
        symptom=symptom.name,
        symptom_words=symptom.words,
        tried=tried_in(text),
        by="words",
    )


def read_components(
    understood: Understood, text: str, components: Sequence[Component], reader: Reader | None = None
) -> Understood:
    """The same with the affected and the excluded components, and the symptom beside them."""
    mentions = mentions_of(text, components)
    said = standings(text, mentions)
    symptom = symptom_of(text, _quiet(text, mentions, said), plant=is_plant(components))
    name, words = symptom.name, symptom.words
    if reader is not None and (reader.tuned or not symptom.sure):
        name = reader.symptom(text, symptom.points)
        words = words if name == symptom.name else ""
    return understood.model_copy(
        update={
            "affected": _sayings(said, "affected"),
            "excluded": _sayings(said, "excluded"),
            "symptom": name,
            "symptom_words": words,
            "by": reader.name if reader is not None else "words",
        }
    )


def _sayings(said: Sequence[Said], standing: str) -> tuple[Saying, ...]:
    return tuple(Saying(component=s.component, words=s.words) for s in said if s.standing == standing)


def _quiet(text: str, mentions: Sequence[Mention], said: Sequence[Said]) -> tuple[tuple[int, int], ...]:
    """The clauses that speak of what is excluded only: "no errors on the database" tells no errors."""
    standing = {s.component: s.standing for s in said}
    spans = []
    for a, b in clauses(plain(text)):
        here = {standing[m.component] for m in mentions if a <= m.begin < b}
        if here == {"excluded"}:
            spans.append((a, b))
    return tuple(spans)
