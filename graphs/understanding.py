"""What is read once when a run is opened and kept with it: a person's words, and names that no word of theirs explains."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from aitia.core.deadline import TookTooLong, within
from aitia.core.errors import ModelError
from aitia.core.llm import Classifier, Llm
from aitia.core.words import Component, Incident, Saying, Word
from aitia.tools import ToolContext
from aitia.tools.meaning.answers import ANSWERS, Answers
from aitia.tools.meaning.asking import read_name
from aitia.tools.meaning.dictionary import Entry
from aitia.tools.meaning.incidents.asking import Reader
from aitia.tools.meaning.incidents.reading import read_components
from aitia.tools.series.gather import site_names
from aitia.tools.series.new_names import new_names

MOST_NAMES: Final = 40  # names that a model is asked about in one diagnosis: some 20 seconds on two cores
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
    return Reader(Answers(llm, llm.sha256, home / ANSWERS), name=llm.name)


class NamesRead(Word):
    """What a model said of names that no word explains, in the site's dictionary or now: `asked` questions in `seconds`.

    `left` are names that moved and were not read.
    """

    entries: dict[str, Entry] = {}
    asked: int = 0
    left: int = 0
    seconds: float = 0.0
    note: str = ""


def names_read(ctx: ToolContext, llm: Llm | None, home: Path) -> NamesRead:
    """What a model says of the names that no word explains and that moved.

    At most `MOST_NAMES` are read, by count and not by the clock: the same incident gives the same reading on a busy machine.
    """
    kept = {name: entry for name, entry in site_names(ctx).items() if entry.by.startswith("model ")}
    if llm is None or not isinstance(llm, Classifier):
        return NamesRead(entries=kept)
    began = time.monotonic()
    try:
        wanted = within(ctx.limits.seconds, partial(new_names, ctx), name="names")
    except TookTooLong as error:  # the tools will say what cannot be read in time
        return NamesRead(entries=kept, note=str(error))
    answers = Answers(llm, llm.sha256, home / ANSWERS)
    try:
        entries = {name: read_name(name, answers, llm.name) for name in wanted[:MOST_NAMES]}
    except ModelError as error:  # it cannot tell the labels apart: the words alone then
        return NamesRead(entries=kept, note=str(error))
    return NamesRead(
        entries=kept | entries,
        asked=answers.asked,
        left=len(wanted) - len(entries),
        seconds=round(time.monotonic() - began, 3),
    )
