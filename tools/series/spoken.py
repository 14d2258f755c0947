"""Tags of a plant in sentences: what is measured in words, the tag in brackets once; `discharge pressure (41-PT-201A.PV)`."""

from __future__ import annotations

import re
from typing import Final

from aitia.tools.meaning.plant_words import quantity_of_word
from aitia.tools.tags.equipment_words import is_part, is_place

_CODE: Final = re.compile(r"(?=[^a-z]*$|[^a-z]*[a-z]{0,3}[^a-z]*$).*\d{2}.*")  # figures, and hardly a word
_WORD: Final = re.compile(r"[^\W\d_]{2,20}|(?<![\w.-])\d(?![\w.-])")
_MOST: Final = 5  # words
_KNOWN: Final = frozenset(
    {"temperature", "pressure", "flow", "level", "vibration", "speed", "current", "voltage", "power", "energy", "position",
     "humidity", "concentration", "force", "frequency", "efficiency"}
)  # fmt: skip


def is_code(name: str) -> bool:
    """Whether a signal's name is a code of instruments that says nothing to who does not know it."""
    return len(name) <= 40 and " " not in name and bool(_CODE.fullmatch(name))


def words_of(described: str, aspect: str) -> str:
    """What a signal measures, in words of plants alone that its description has; else its quantity; "" where nothing tells it.

    Other words of a description, which is a stranger's text, are left out.
    """
    words = [
        w
        for w in _WORD.findall(described[:80].casefold())
        if w.isdecimal() or quantity_of_word(w) or is_part(w) or is_place(w)
    ]
    measured = [w for w in words if len(w) > 2 and quantity_of_word(w)]
    if measured and not words[0].isdecimal():
        return " ".join(words[:_MOST])
    return aspect.replace("_", " ") if aspect in _KNOWN else ""


def signal_spoken(name: str, aspect: str, described: str = "") -> str:
    """A signal in a sentence: words with its tag in brackets where the tag is a code, else its name."""
    words = words_of(described, aspect) if is_code(name) else ""
    return f"{words} ({name})" if words else name


def statement_spoken(statement: str, name: str, aspect: str, described: str = "") -> str:
    """A sentence in which the first mention of a tag has words before it, and each further one is the words alone."""
    words = words_of(described, aspect) if is_code(name) else ""
    if not words:
        return statement
    parts = re.split(rf"(?<![\w(.-]){re.escape(name)}(?![\w-]|\.\w)", statement)
    if len(parts) == 1 or f"({name})" in statement:
        return words.join(parts) if len(parts) > 1 else statement
    return f"{parts[0]}{words} ({name}){words.join(parts[1:])}" if len(parts) > 1 else statement
