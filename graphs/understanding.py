"""What is read once when a run is opened and kept with it: a person's words, and names that no word of theirs explains."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from aitia.core.errors import ModelError
from aitia.core.llm import Classifier, Llm, Readers
from aitia.core.words import Component, Incident, Saying, Word
from aitia.tools import ToolContext
from aitia.tools.logs.heard import unheard
from aitia.tools.meaning.answers import ANSWERS, Answers
from aitia.tools.meaning.asking import read_name
from aitia.tools.meaning.dictionary import Entry, Message
from aitia.tools.meaning.incidents.asking import Reader
from aitia.tools.meaning.incidents.reading import read_components
from aitia.tools.meaning.messages_asking import read_message
from aitia.tools.registry import attempt
from aitia.tools.series.gather import site_names
from aitia.tools.series.new_names import new_names
from aitia.tools.text.classes import reading

MOST_NAMES: Final = 40  # names that a model is asked about in one diagnosis: some 20 seconds on two cores
MOST_MESSAGES: Final = 30  # and messages: some 6 to 12 seconds
_TAG: Final = re.compile(r"(?<![\w/.-])[A-Z]{1,3}-\d{1,5}[A-Z]?(?![\w/-])")
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


def tag_not_met(incident: Incident, components: Sequence[Component]) -> str:
    """The plant tag that a person asks about (`P-101`) where no component has that name; "" where there is none.

    Of a machine that no source holds nothing was seen, whatever all others show.
    """
    if incident.understood is None or incident.hints:
        return ""
    names = " ".join(n for c in components for n in (c.id, *c.aliases)).casefold()
    found = _TAG.findall(f"{incident.title} {incident.text}")
    return next((tag for tag in found if tag.casefold() not in names), "")


def _reader(llm: Llm | None, home: Path) -> Reader | None:
    if llm is None or not isinstance(llm, Classifier):
        return None
    return Reader(Answers(llm, llm.sha256, home / ANSWERS), name=llm.name)


class Read(Word):
    """What models said of names that no word explains and of messages of which nobody tells whether they mean a fault.

    `names` and `messages` are what they were asked about now, in `seconds`; of the rest nothing was read.
    """

    entries: dict[str, Entry] = {}
    heard: dict[str, Message] = {}
    names: int = 0
    messages: int = 0
    seconds: float = 0.0
    note: str = ""
    given_up: tuple[str, ...] = ()


def read(ctx: ToolContext, readers: Readers, home: Path) -> Read:
    """What models say of the names that no word explains and that moved, and of messages that are new and tell nothing by words.

    At most `MOST_NAMES` and `MOST_MESSAGES` are read, by count and not by the clock: the same incident gives the same reading on
    a busy machine.
    """
    began, notes = time.monotonic(), list[str]()
    kept = {name: entry for name, entry in site_names(ctx).items() if entry.by.startswith("model ")}
    found = Read(entries=kept)
    for part, reader in ((_names, readers.names), (_messages, readers.messages)):
        if reader is not None and isinstance(reader, Classifier):
            answers = Answers(reader, reader.sha256, home / ANSWERS)
            try:
                found, note = part(ctx, found, answers, reader.name)
            except ModelError as error:  # it cannot tell the labels apart: the words alone then
                note = str(error)
            notes.append(note)
    seconds = round(time.monotonic() - began, 3) if found.names or found.messages else 0.0
    return found.model_copy(
        update={"seconds": seconds, "note": "; ".join(dict.fromkeys(filter(None, notes)))}
    )


def _names(ctx: ToolContext, found: Read, answers: Answers, name: str) -> tuple[Read, str]:
    made = attempt("the search for new names", ctx.limits.seconds, partial(new_names, ctx))
    entries = {n: read_name(n, answers, name) for n in (made.value or [])[:MOST_NAMES]}
    more = {"given_up": (*found.given_up, *made.given_up)}
    return found.model_copy(
        update={"entries": found.entries | entries, "names": answers.asked, **more}
    ), made.why


def _messages(ctx: ToolContext, found: Read, answers: Answers, name: str) -> tuple[Read, str]:
    asked = partial(unheard, ctx, classes=answers.role == "messages")
    made = attempt("the search for new messages", ctx.limits.seconds, asked)
    wanted, note = made.value or ({}, made.why)
    chosen = list(wanted.items())[:MOST_MESSAGES]
    heard = {key: read_message(text, reading(text, answers=False), answers, name) for key, text in chosen}
    more = {"given_up": (*found.given_up, *made.given_up)}
    return found.model_copy(update={"heard": heard, "messages": answers.asked, **more}), note
