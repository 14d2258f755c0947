"""Words of several languages as patterns, and a text in the form in which they are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml

LONGEST: Final = 4000  # characters of a text that are read: a report may be long and hostile
_LETTER: Final = "a-z0-9à-öø-ÿœ"  # of scripts that put blanks between words; Japanese does not
_SWAPPED: Final = {
    ord("　"): " ",
    ord("\xa0"): " ",
    ord("’"): "'",
    ord("‘"): "'",
    ord("："): ":",
    ord("～"): "~",
}
_SWAPPED.update({0xFF10 + n: str(n) for n in range(10)})
_HOWEVER: Final = "but|and then|while|though|although|aber|jedoch|sondern|mais|pero|sino|mientras"
_BREAK: Final = re.compile(
    r"[.;!?](?=\s|$)|[。；！？、\n]|,(?=\s)|\s[-–—/|]+\s|—|\.{2,}|…|[()\[\]\"“”«»]"
    rf"|(?<![a-z])(?:{_HOWEVER})(?![a-z])"
)


def plain(text: str) -> str:
    """The text in lower case with plain digits and blanks, each character at its place."""
    swapped = text[:LONGEST].translate(_SWAPPED)
    return "".join(low if len(low := c.lower()) == 1 else c for c in swapped)


def one_of(words: Iterable[str]) -> str:
    """A pattern of any of the words, longest first; `deploy*` takes what begins so, `*stau` what ends so.

    `works$` stands at a clause's end, `#` is a number.
    """
    return "(?:" + "|".join(_word(w) for w in sorted(words, key=lambda w: (-len(w), w))) + ")"


def _word(word: str) -> str:
    bare = word.removesuffix("*").removesuffix("$").removeprefix("*")
    spaced = re.escape(bare).replace(r"\ ", r"\s+").replace(r"\#", r"[\d.,-]+")
    left = rf"(?<![{_LETTER}])" if word[0] != "*" and re.match(rf"[{_LETTER}]", bare) else ""
    right = rf"(?![{_LETTER}])" if not word.endswith("*") and re.search(rf"[{_LETTER}]$", bare) else ""
    right += r"(?=\W*$)" if word.endswith("$") else ""
    return left + spaced + right


def meaning_of(table: Mapping[Any, Iterable[str]]) -> dict[str, Any]:
    """From each word to the key that it stands under."""
    return {word: key for key, words in table.items() for word in words}


def clauses(text: str) -> list[tuple[int, int]]:
    """The spans between punctuation and words such as "but", in order."""
    places = [0, *(p for m in _BREAK.finditer(text) for p in m.span()), len(text)]
    return [(a, b) for a, b in zip(places[::2], places[1::2], strict=True) if text[a:b].strip()]


@cache
def table(name: str) -> dict[str, Any]:
    """A file of words that comes with aitia."""
    found = files("aitia.tools.meaning.incidents").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return dict(own_yaml(found))
