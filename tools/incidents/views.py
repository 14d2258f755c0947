"""What a document is read by: all of it, its opening (title, named fields, first section), and the word pairs of that."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from aitia.tools.sources.base import Document

OPENING = (
    1000  # characters: what fits into one sentence embedding, and where an author says what a text is about
)
_HEADING = re.compile(r"^#{1,6}\s")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_FIELDS = ("alerts", "symptoms", "services", "component")


def whole(document: Document) -> str:
    """All that a document says; its cause and outcome too."""
    rest = " ".join(document.meta.get(key, "") for key in ("cause", "outcome"))
    return f"{_named(document)}\n{document.text}\n{rest}\n{document.id.replace('-', ' ')}"


def opening(document: Document) -> str:
    """Title, alerts, symptoms, services and component, then the first section's text, cut at a word."""
    text = " ".join(f"{_named(document)} {first_section(document.text)}".split())
    return text if len(text) <= OPENING else text[:OPENING].rpartition(" ")[0] or text[:OPENING]


def first_section(markdown: str) -> str:
    """The text up to the second heading that has text above it; without its headings."""
    kept: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fenced ^= _FENCE.match(line) is not None
        if not fenced and _HEADING.match(line):
            if any(part.strip() for part in kept):
                break
        else:
            kept.append(line)
    return "\n".join(kept)


def pairs(terms: Sequence[str]) -> list[str]:
    """Neighbouring terms, joined: what tells "queue full" from "full scan of a queue"."""
    return [f"{a} {b}" for a, b in itertools.pairwise(terms)]


def _named(document: Document) -> str:
    return " ".join([document.title, *(document.meta.get(key, "") for key in _FIELDS)])
