"""What a person's words say of the site's components, read once when the run is opened and kept with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from aitia.core.errors import ModelError
from aitia.core.llm import Classifier, Llm
from aitia.core.words import Component, Incident, Saying
from aitia.tools.meaning.incidents.asking import Answers, Reader
from aitia.tools.meaning.incidents.reading import read_components

ANSWERS: Final = "understood.jsonl"
_MOST: Final = 6  # components that are taken from one text


def understood(
    incident: Incident,
    components: Sequence[Component],
    llm: Llm | None,
    home: Path,
    *,
    watched: Collection[str] = (),
) -> Incident:
    """The incident with the components that its words complain of as hints; those given as hints stand instead.

    What an alert's text excludes does not count: only a person may say that something is not it. Words that name a component
    in part (`shop.service` of `shop-host`) do so only where it is `watched`: else the incident would be about a silent one.
    """
    if incident.understood is None:
        return incident
    text = incident.text or incident.title
    try:
        read = read_components(incident.understood, text, components, _reader(llm, home))
    except ModelError:  # its tokens cannot tell the labels apart: the words alone then
        read = read_components(incident.understood, text, components)
    if not read.typed:
        read = read.model_copy(update={"excluded": ()})
    names = {c.id: {n.casefold() for n in (c.id, *c.aliases)} for c in components}
    told = [
        s for s in read.affected if s.component in watched or s.words.casefold() in names.get(s.component, ())
    ]
    affected = tuple(Saying(component=h) for h in incident.hints) or tuple(told[:_MOST])
    named = {s.component for s in affected}
    excluded = tuple(s for s in read.excluded if s.component not in named)[:_MOST]
    return incident.model_copy(
        update={
            "hints": tuple(s.component for s in affected),
            "understood": read.model_copy(update={"affected": affected, "excluded": excluded}),
        }
    )


def _reader(llm: Llm | None, home: Path) -> Reader | None:
    if llm is None or not isinstance(llm, Classifier):
        return None
    return Reader(llm, sha256=llm.sha256, name=llm.name, answers=Answers(home / ANSWERS))
