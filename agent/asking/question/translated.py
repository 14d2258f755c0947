"""How well a question's words fit a measurement's name, by a table of which words people use for which parts of names.

IBM Model 1 (Brown et al. 1993) as a ranking of names by the question that they would be asked with (Berger & Lafferty 1999,
"Information retrieval as statistical translation"). Beside the words stand the things that they are for (`#temperature`: by the
rules' tables in five languages, Chinese read into English, and by what a name's quantity and unit mean), so that one language
learns from another. `benchmarks/ask/translations_fit.py` fits the table on questions that were written of made-up sites.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from aitia.agent.asking.question.measure import name_of, things_of
from aitia.tools.meaning.incidents.words import plain

TABLE: Final = Path(__file__).with_name("translations.json")
STEM: Final = 6  # letters by which the forms of a word are one
_ALIKE: Final = 4  # first letters that a word shares with a part of a name
_TOLD: Final = 0.3  # share of a question's words that are about the measurement (docs/fitted.md)
_SAME: Final = 0.2  # the probability that a part of a name is said as it is written
_THING: Final = "#"  # before what a word stands for
_WORD: Final = re.compile(r"[a-zß-öø-ÿ]{2,}|[\u4e00-\u9fff]+")
_PART: Final = re.compile(r"[a-zß-öø-ÿ]+|[\u4e00-\u9fff]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Table:
    """`said` is the probability of a word by part of a name, `usual` that of a word in any question, `rare` of an unknown one."""

    said: Mapping[str, Mapping[str, float]]
    usual: Mapping[str, float]
    rare: float

    def score(self, words: Iterable[str], parts: frozenset[str]) -> float:
        """The log of how much likelier a question's words are where it asks for what has a name of these parts; 0 or more."""
        return sum(self._one(word, parts) for word in words)

    def _one(self, word: str, parts: frozenset[str]) -> float:
        said = sum(self.said.get(part, {}).get(word, 0.0) for part in parts) / len(parts)
        same = _SAME if any(_alike(word, part) for part in parts) else 0.0
        usual = self.usual.get(word, self.rare)
        return math.log1p(_TOLD / (1 - _TOLD) * (said + same) / usual)


def _alike(word: str, part: str) -> bool:
    if word == part or _THING in (word[0], part[0]):
        return word == part
    return min(len(word), len(part)) >= _ALIKE and word[:_ALIKE] == part[:_ALIKE]


def words_of(question: str, english: str = "") -> frozenset[str]:
    """The beginnings of its words (of Chinese, pairs of characters), and the things in it as it is read in English."""
    found: set[str] = set()
    for word in _WORD.findall(plain(question.casefold())):
        pairs = {word[i : i + 2] for i in range(len(word) - 1)} if word[0] >= "\u4e00" else {word[:STEM]}
        found |= pairs or {word}
    return frozenset(found | {_THING + thing for thing in things_of(english or question)})


@lru_cache(maxsize=8192)
def parts_of(name: str, unit: str = "", help: str = "") -> frozenset[str]:
    """The beginnings of the words in a measurement's name, and the things that they and its meaning stand for."""
    words = {p[:STEM] for p in _PART.findall(plain(_HUMP.sub(" ", name).casefold()))} or {name}
    return frozenset(words | {_THING + thing for thing in name_of(name, unit, help)[1]})


@cache
def table() -> Table:
    """The table that comes with aitia."""
    held: Any = json.loads(TABLE.read_text(encoding="utf-8"))
    return Table(said=held["said"], usual=held["usual"], rare=held["rare"])
