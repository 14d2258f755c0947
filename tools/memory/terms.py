"""How a text becomes the terms of an index."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

from aitia.tools.memory.vocabulary import vocabulary

CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"\d+xx|[^\W\d_]+|\d+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9]+")
_LONGEST: Final = 40  # characters of a term; base64 and the like is no word


def terms(text: str) -> list[str]:
    """Lower-case terms of any script: CamelCase split, plural `s` dropped, stop words left out."""
    stop = vocabulary().stop
    words = (w.casefold() for w in _WORD.findall(CAMEL.sub(" ", unicodedata.normalize("NFKC", text))))
    return [_stem(w) for w in words if w not in stop and (len(w) > 1 or not w.isascii() or w.isdigit())]


def written(text: str) -> list[str]:
    """Lower-case words as they stand, of at least two characters: CamelCase as a whole and in its parts, no stop words."""
    stop = vocabulary().stop
    made = (part for word in _TOKEN.findall(text.replace("_", " ")) for part in _parts(word))
    return [word for word in made if len(word) > 1 and word not in stop]


@functools.lru_cache(maxsize=1 << 16)
def _parts(word: str) -> tuple[str, ...]:
    """The lower-case parts of a word, and the word itself where there are several."""
    parts = CAMEL.sub(" ", word).split()
    return tuple(part.casefold() for part in (parts if len(parts) == 1 else [*parts, word]))


@functools.lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word[:_LONGEST]
