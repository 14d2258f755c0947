"""How much of a report goes into a page that must stay small: endless texts are cut, endless lists counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from aitia.render import text as t
from aitia.render.document import Document
from aitia.render.items import Item, Section

_COMMAND: Final = 2000  # characters
_SEE_JSON: Final = "the full text is in `aitia report RUN --json`"


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of a report goes into a page: characters of a text, entries of a list, facts, plots."""

    text: int
    source: int
    entries: int
    facts: int
    plots: int


# The most generous that makes a page small enough is taken; the last does whatever a report holds.
ROOMS: Final = (
    Room(text=4000, source=2000, entries=200, facts=400, plots=60),
    Room(text=1200, source=600, entries=100, facts=250, plots=30),
    Room(text=600, source=300, entries=50, facts=120, plots=12),
    Room(text=200, source=100, entries=25, facts=50, plots=0),
)


def fitted(document: Document, room: Room) -> Document:
    """The document with no more in it than there is room for."""
    head = document.headline
    return replace(
        document,
        headline=replace(
            head,
            incident=t.clip(head.incident, 300),
            understood=t.clip(head.understood, 400),
            subject=t.clip(head.subject, 160),
            context=tuple(t.clip(words, 120) for words in head.context),
        ),
        summary=fitted_items(document.summary, room),
        sections=tuple(_section(s, room) for s in document.sections),
    )


def _section(section: Section, room: Room) -> Section:
    most = room.facts if section.title == "Evidence" else room.entries
    left = max(len(section.items) - most, 0)
    return replace(section, items=fitted_items(section.items[:most], room), more=section.more + left)


def short(words: str, limit: int) -> str:
    """Clean words, cut where they are endless; only what can be shown is cleaned."""
    return t.clip(t.clean(words[: limit * 4]), limit)


def fitted_items(items: Sequence[Item], room: Room) -> tuple[Item, ...]:
    """Items whose texts are cut where they are endless."""
    return tuple(_item(item, room) for item in items[: max(room.entries, room.facts)])


def _item(item: Item, room: Room) -> Item:
    """Texts cut where they are endless; half a command is worse than none, so a long one is named instead."""
    words, command = t.clip(item.text, room.text), item.command
    if len(command) > _COMMAND:
        words += f" (its command has {t.count(len(command), 'character')}: {_SEE_JSON})"
        command = ""
    return replace(
        item, text=words, command=command, lead=short(item.lead, 60), source=t.clip(item.source, room.source),
        cites=tuple(short(c, 20) for c in item.cites[:12]),
    )  # fmt: skip
