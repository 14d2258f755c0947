"""What stands in the gaps of a template in one message."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final

_WORD: Final = r"[^\s=:,;()\[\]{}\"'<>|]"
_GAP: Final = re.compile(rf"((?:{_WORD}*<(?:[a-z]+|\*)>)+{_WORD}*)")
_LONGEST: Final = 200


@functools.lru_cache(maxsize=5000)
def _pieces(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = _GAP.split(text)
    return tuple(parts[::2]), tuple(parts[1::2])


def kinds(text: str) -> tuple[str, ...]:
    """The gaps of a template's text, in order: a placeholder, or a word that holds some (`node-<num>`)."""
    return _pieces(text)[1]


def name(text: str, position: int) -> str:
    """What a gap is called where it stands: the word before it (`took`, `size=`), else its number from 1."""
    word = re.search(r"([\w.-]+)[\s=:(\[\"']*$", _pieces(text)[0][position])
    return word[1] if word else f"value {position + 1}"


def values(text: str, message: str) -> list[str] | None:
    """The values of a template's gaps in a message, each cut to 200 characters; None where the message does not fit.

    One pass from left to right: a gap ends where the text after it is found first.
    """
    first, *rest = _pieces(text)[0]
    message = " ".join(message.split())
    if not message.startswith(first):
        return None
    at, out = len(first), []
    for i, literal in enumerate(rest):
        if i == len(rest) - 1:
            end = len(message) - len(literal)
            if end < at or not message.endswith(literal):
                return None
        else:
            # A value has a character at least, or a list's second would be taken for the text after it.
            end = message.find(literal, at + 1) if literal else at
            if end < 0:
                return None
        out.append(message[at:end][:_LONGEST])
        at = end + len(literal)
    return out if rest or len(message) == len(first) else None


_ENDS: Final = ".,;:!?%"  # what may stand behind a value: a sentence ends, a share is told
_NAMES: Final = frozenset({"<path>", "<host>", "<addr>", "<url>", "<num>"})


def filled(text: str, messages: Iterable[str]) -> str:
    """The template with those numbers, paths, hosts and addresses in place that are the same in all messages.

    Messages may lack what follows ` | ` (an exception's line).
    """
    head = text.partition(" | ")[0]
    rows = [found for m in messages if (found := values(text, m) or values(head, m))]
    if not rows:
        return text
    columns = list(zip(*rows, strict=False))
    parts = _GAP.split(text)
    for i, column in enumerate(columns):
        if parts[2 * i + 1].rstrip(_ENDS) in _NAMES and len(set(column)) == 1:
            parts[2 * i + 1] = column[0]
    return "".join(parts)
