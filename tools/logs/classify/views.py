"""What a classifier sees of a log line: its characters, its words without the variable parts, its template."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Literal

from aitia.tools.text.templates import Masker

View = Literal["chars", "words"]
MAX_CHARS: Final = 2000
_SIZES: Final = (2, 3, 4, 5)
_PSEUDONYM = re.compile(r"<(secret|email|card):[0-9a-f]{8}>")
_MASK = re.compile(r"<(\w+)>")
_PLACE = re.compile(r"(?:\b[A-Za-z]:)?(?:[/\\][\w.$-]+){2,}|[\w.+-]+@[\w.-]+")  # paths and addresses
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])")  # letters that no digit touches
_MASKER: Final = Masker()


def line(text: str) -> str:
    """The first 2,000 characters, blanks folded; a pseudonym keeps its kind, not its digits."""
    return _PSEUDONYM.sub(r"<\1>", " ".join(text[: 2 * MAX_CHARS].split())[:MAX_CHARS])


def template(text: str) -> str:
    """The line with its variable parts masked, case folded: near copies of a line are equal in it."""
    return _MASKER.text(line(text)).casefold()


def plain(text: str) -> str:
    """The words alone: no numbers, ids, paths or addresses; two letters or more; case folded."""
    return " ".join(_WORD.findall(_PLACE.sub(" ", _MASK.sub(" ", line(text))))).casefold()


def spoken(text: str) -> str:
    """The template with the kinds of its variable parts as words: `Took <num> ms` is `took num ms`."""
    return _MASK.sub(r"\1", template(text))


def grams(text: str, view: View) -> Counter[str]:
    """The line's features with their counts: character n-grams within words (2 to 5), or words and word pairs."""
    if view == "chars":
        return Counter(_character_grams(line(text).casefold()))
    found = plain(text).split()
    return Counter(found) + Counter(f"{a} {b}" for a, b in pairwise(found))


def _character_grams(text: str) -> Iterator[str]:
    for word in text.split():
        padded = f" {word} "
        for size in _SIZES:
            if size > len(padded):
                break
            for at in range(len(padded) - size + 1):
                yield padded[at : at + size]
