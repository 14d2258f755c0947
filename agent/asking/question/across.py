"""Words of one meaning across languages: a question's "Räume" are the metric's `rooms_open`, its "points" are `cola_puntos`.

Systems are named in their makers' language and asked about in any. The table was written by authors who knew neither systems nor
questions; each entry is one meaning with its words in seven languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from aitia.agent.asking.question.stems import stem_of
from aitia.core.bounds import own_yaml
from aitia.tools.meaning.incidents.words import plain

_STEM: Final = 5  # letters of a beginning by which a word is looked for in a line
_LENGTH: Final = 3  # letters of a word of the table, at least


@cache
def _entries() -> tuple[tuple[str, ...], ...]:
    text = files("aitia.agent.asking.question").joinpath("across.yaml").read_text(encoding="utf-8")
    held = own_yaml(text)["meanings"]
    return tuple(tuple(dict.fromkeys(plain(str(w)) for ws in entry.values() for w in ws)) for entry in held)


@cache
def _meanings() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, words in enumerate(_entries()):
        for word in map(_bare, words):
            if len(word) >= _LENGTH:
                found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def _bare(word: str) -> str:
    """A word in small letters without accents, as names of metrics are written."""
    low = plain(word).replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))


@lru_cache(maxsize=16384)
def meanings_of(word: str) -> frozenset[int]:
    """The entries that have a word, in any language."""
    return _meanings().get(_bare(word), frozenset())


def alike(word: str, other: str) -> bool:
    """Whether two words have a meaning in common."""
    return bool(meanings_of(word) & meanings_of(other))


@lru_cache(maxsize=8192)
def stems_across(word: str) -> tuple[str, ...]:
    """The beginnings of the words of a word's meanings in all languages, that are long enough to tell them in a line."""
    found = (stem_of(w) for number in sorted(meanings_of(word)) for w in _entries()[number])
    return tuple(dict.fromkeys(s for s in found if len(s) >= _STEM))
