"""Names of components as replicas share them and as labels of series write them."""

from __future__ import annotations

import re
from collections.abc import Iterable


def stem_of(name: str) -> str:
    """The name without what tells replicas apart."""
    return re.sub(r"[-_.]?(?:\d{1,3}|[a-z]|left|right|north|south|east|west)$", "", name)


def by_label(called: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Components by their names and aliases, and by the first words of a host's name."""
    found: dict[str, str] = {}
    for name, aliases in called:
        for word in (name, *aliases):
            word = word.lower()
            found.setdefault(word, name)
            if "." in word and not word[0].isdigit():
                for part in word.split(".")[:2]:
                    if len(part) > 3:
                        found.setdefault(part, name)
    return found
