"""What every rendering prints: entries in titled lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "read-only", "changing"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry: `lead` is a short first column (time, id, probability), `command` is copied by hand."""

    text: str
    lead: str = ""
    cites: tuple[str, ...] = ()
    mark: Mark = ""
    source: str = ""
    command: str = ""
    shell: bool = True  # the command is for a shell, not a query language
    short: bool = False  # may be cut to one line where room is scarce
    glance: bool = False  # so may the command: it tells what is asked, and stands whole elsewhere
    kept: bool = False  # stays longest where the list is cut
    curves: tuple[str, ...] = ()  # what its facts measured, a sparkline each
    look: str = ""  # the name of the line by which it is looked at again: `next 2`

    @property
    def does(self) -> str:
        """The mark in words."""
        return "makes changes" if self.mark == "changing" else self.mark


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled list; `more` counts what was left out."""

    title: str
    items: tuple[Item, ...]
    numbered: bool = False
    more: int = 0
    note: str = ""
