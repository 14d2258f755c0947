"""A name taken apart into words: at separators, camelCase and digits, and compounds of known words (`Vorlauftemperatur`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_SPLIT = re.compile(r"[^A-Za-z0-9%°µ²³]+")
_CAMEL = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z]{3})(?=\d)|(?<=\d)(?=[A-Za-z]{3})"
)
_SHORTEST = 3  # letters of a part of a compound: shorter ones are found everywhere
_HEAD = 5  # letters of the last part of a compound whose first part is no known word

Known = Callable[[str], bool]


def words_of(name: str, known: Known = lambda _: True) -> tuple[str, ...]:
    """The words of a name, lower case, without accents, in order; words that are not `known` are taken apart."""
    found: list[str] = []
    for piece in _SPLIT.split(_plain(name)):
        if piece and known(piece.lower()):  # `SoC`, `pH`, `kWh`, `IOPS`
            found.append(piece.lower())
            continue
        for word in _CAMEL.split(piece):
            low = word.lower()
            if low:
                found += [low] if known(low) else _parts(low, known)
    return tuple(found)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """Accents and umlauts go: `Füllstand` is `Fullstand`."""
    swapped = name.replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFKD", swapped) if not unicodedata.combining(c)).replace(
        "μ", "µ"
    )


def _parts(word: str, known: Known) -> list[str]:
    """The fewest known words that a word is made of, else its longest known ending, else the word itself."""
    if len(word) < 2 * _SHORTEST or not word.isalpha():
        return [word]
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 20), end - _SHORTEST + 1):
            before = best[start]
            if before is None or not known(word[start:end]):
                continue
            made = [*before, word[start:end]]
            here = best[end]
            if here is None or len(made) < len(here):
                best[end] = made
    whole = best[len(word)]
    if whole:
        return whole
    for start in range(1, len(word) - _HEAD + 1):
        if known(word[start:]):
            return [word[start:]]
    return [word]
