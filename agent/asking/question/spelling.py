"""Slips of the finger in a question: a word that nobody knows and that differs by one letter from one known word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from aitia.agent.asking.question.tables import data
from aitia.agent.asking.question.translated import STEM
from aitia.agent.asking.question.translated import table as table_of_words
from aitia.tools.meaning.incidents.mentions import one_slip
from aitia.tools.meaning.incidents.words import plain, table

_WORD: Final = re.compile(r"(?<![\w./=\"'`-])[a-zà-öø-ÿœ]{4,}(?![\w/=\"'`-]|\.\w)")
_SHORTEST: Final = 5  # letters of the word that is meant
_SHORT: Final = 4  # and of one of which a letter makes another word: chat, pass
_TABLES: Final = (
    "verbs",
    "functions",
    "order",
    "levels",
    "resources",
    "states",
    "parts",
    "relations",
    "concepts",
)


def spelled(text: str, names: Iterable[str]) -> str:
    """The text with slips put right; `names` are words of the site, which are known."""
    if len(plain(text)) != len(text):
        return text
    known, near = _vocabulary()
    own = {part for name in names for part in re.split(r"[^a-zà-ÿ]+", plain(name)) if part}
    low = plain(text)
    for m in reversed(list(_WORD.finditer(low))):
        word = m[0]
        if (
            len(word) <= _SHORT
            or word in known
            or word in own
            or any(word.startswith(k) for k in _prefixes() if len(k) >= 4)
        ):
            continue
        meant = {w for w in near.get(word[0], ()) if abs(len(w) - len(word)) <= 1 and one_slip(w, word)}
        meant |= {w for w in own if len(w) >= _SHORTEST and w[0] == word[0] and one_slip(w, word)}
        meant = {w for w in meant if _is_form(w, word)} or (set() if _is_word(word) else meant)
        if len(meant) == 1:
            text = text[: m.start()] + meant.pop() + text[m.end() :]
    return text


def is_known(word: str) -> bool:
    """Whether a word is in the tables of the rules, or people write it in questions of their languages."""
    return word in _vocabulary()[0] or _is_word(word)


def _is_form(one: str, other: str) -> bool:
    """Whether two words differ by their ending or an accent alone: the same word, or another language's."""
    shorter, longer = sorted((_bare(one), _bare(other)), key=len)
    return longer.startswith(shorter) or one[:-1] == other[:-1]


def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _is_word(word: str) -> bool:
    """Whether people write a word in questions, by its beginning: "storm" is no slip for "Strom"."""
    return word[:STEM] in table_of_words().usual


@cache
def _vocabulary() -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """Every word of the tables, and by first letter those that may be meant."""
    words = set(_words(data())) | set(_words(table("times"))) | set(_words(table("roles")))
    meant: dict[str, list[str]] = {}
    for name in _TABLES:
        for word in _words(data()[name]):
            if len(word) >= _SHORTEST and word.isascii():
                meant.setdefault(word[0], []).append(word)
    return frozenset(words), {k: tuple(dict.fromkeys(v)) for k, v in meant.items()}


@cache
def _prefixes() -> tuple[str, ...]:
    found = [p for t in _phrases(data()) for p in plain(t).split() if p.endswith("*")]
    return tuple({p.strip("*") for p in found})


def _words(held: Any) -> Iterable[str]:
    for text in _phrases(held):
        yield from (w for w in re.findall(r"[a-zà-öø-ÿœ]+", plain(text)))


def _phrases(held: Any) -> Iterable[str]:
    if isinstance(held, dict):
        for key, value in held.items():
            yield str(key).replace("_", " ") if isinstance(value, list) else ""
            yield from _phrases(value)
    elif isinstance(held, list):
        yield from (str(x) for x in held)
