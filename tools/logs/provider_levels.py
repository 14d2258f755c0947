"""A level that an event states in words: `469 of 500 connections`, `4 % of the storage is free`, `credits exhausted`.

Only what a provider says of what it runs is read so: a program's own line may count anything.
"""

from __future__ import annotations

import re
from typing import Final

FULL: Final = 0.9  # of a bound, from which on it is told as reached
FAR: Final = 0.75  # of a bound, below which it is not what is used up, whatever the words are; by hand
_UNIT: Final = r"(?:\s?(?:[kmgtp]i?)?(?:b|bytes?)\b)?"
_OF: Final = re.compile(
    rf"(?<![\w.])(\d+(?:\.\d+)?)({_UNIT})(?:\s+(?:remaining|left|free|available|used|in use))?\s*(?:/|of|out of)\s*"
    rf"(?:the |a |its )?(?:maximum |limit of )?(\d+(?:\.\d+)?)({_UNIT})(?!\w|\.\d)",
    re.I,
)
_PART: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*(?:%|percent)", re.I)
_LEFT: Final = re.compile(r"\b(?:free|left|remain\w*|available)\b", re.I)
_GONE: Final = re.compile(
    r"\b(?:exhausted|depleted|used up|ran out|run out|no .{0,30} (?:left|remaining)|critically low)\b", re.I
)
_WHAT: Final = (
    ("log.connection_limit", re.compile(r"\b(?:connection|session)s?\b", re.I)),
    ("log.quota", re.compile(r"\b(?:credit|burst|quota)s?\b", re.I)),
    ("log.disk_full", re.compile(r"\b(?:storage|disk|volume|space)\b", re.I)),
    ("log.oom", re.compile(r"\bmemory\b", re.I)),
    ("log.overload", re.compile(r"\b(?:cpu|processor)\b", re.I)),
)  # fmt: skip


def stated(text: str) -> str:
    """The aspect of a message that states that something is used up, or at its bound; "" where it does not."""
    if not (_GONE.search(text) or (_share(text) or 0.0) >= FULL):
        return ""
    return next((aspect for aspect, words in _WHAT if words.search(text)), "")


def far_from(text: str, aspect: str) -> bool:
    """Whether a message of this aspect, that something is used up, states a level at which much of it is left."""
    share = None if _GONE.search(text) else _share(text)
    return share is not None and share < FAR and any(aspect == of for of, _ in _WHAT)


def _share(text: str) -> float | None:
    """The share of a whole that is used, by the first pair of numbers or percentage; None where none is told."""
    if pair := _OF.search(text):
        part, whole = float(pair[1]), float(pair[3])
        if pair[2].strip().casefold() != pair[4].strip().casefold() or not whole:
            return None  # in other units, which nobody converts here
        used = part / whole
    elif part_of := _PART.search(text):
        used = float(part_of[1]) / 100.0
    else:
        return None
    if used > 1.0:
        return None
    return 1.0 - used if _LEFT.search(text) else used
