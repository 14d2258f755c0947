"""Whether a proposed name says nothing but what the template says."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml

MOST_WORDS: Final = 6
MOST_CHARS: Final = 60
_SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./'_-]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAP = re.compile(r"<[a-z*]+>")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"\d+")
_SHORTEST: Final = (
    4  # letters that two forms of a word share; plain inflections of shorter ones are taken too
)
_PLAIN: Final = frozenset(["", "s", "ed", "ing"])


@dataclass(frozen=True, kw_only=True)
class Words:
    """The closed lists of `words.yaml`."""

    endings: frozenset[str]
    free: frozenset[str]
    claims: dict[str, re.Pattern[str]]
    negative: tuple[str, ...]
    bad: frozenset[str]


@functools.cache
def closed() -> Words:
    """The lists, read once."""
    raw: dict[str, Any] = own_yaml(
        files("aitia.tools.logs.naming").joinpath("words.yaml").read_text(encoding="utf-8")
    )
    return Words(
        endings=frozenset(raw["endings"]),
        free=frozenset(raw["free"]),
        claims={word: re.compile(pattern) for word, pattern in raw["claims"].items()},
        negative=tuple(raw["negative"]),
        bad=frozenset(raw["bad"]),
    )


def words(text: str) -> list[str]:
    """Lower-case words without gaps and digits, CamelCase in its parts."""
    return _WORD.findall(_CAMEL.sub(" ", _GAP.sub(" ", text)).casefold())


def obvious(template: str) -> bool:
    """Whether a template is as short as a name: at most four words, gaps among them."""
    return len(template.split()) <= 4


def objection(name: str, template: str, *, redact: Callable[[str], str] = str) -> str:
    """Why a name is not taken; empty where it is.

    Each word has to be a form of one of the template's (`connection` of `connected`), free of a claim, or a claim whose
    pattern the template holds; numbers have to stand in the template as they are; a template that says that something
    is wrong or not done keeps that in its name.
    """
    said = name.split()
    if len(name) > MOST_CHARS or not 2 <= len(said) <= MOST_WORDS or not _SHAPE.fullmatch(name):
        return f"not a phrase of 2 to {MOST_WORDS} words"
    if redact(name) != name:
        return "something that is redacted"
    if strange := set(_NUMBER.findall(name)) - set(_NUMBER.findall(_GAP.sub(" ", template))):
        return f"a number that the template does not contain: {min(strange)}"
    known, lists, low = set(words(template)), closed(), template.casefold()
    content = [word for word in words(name) if word not in lists.free]
    for word in content:
        claim = lists.claims.get(word)
        if not any(same(word, other) for other in known) and not (claim and claim.search(low)):
            return f"a word that the template does not contain: {word}"
    if not any(same(word, other) for word in content for other in known):
        return "contains no word of the template"
    if said[0].casefold() in lists.free or said[-1].casefold() in lists.free - {"event", "message", "report"}:
        return "an incomplete phrase"
    if any(map(negative, known)) and not any(negative(w) or w in lists.bad for w in content):
        return "does not say that something is wrong"
    return ""


def same(one: str, other: str) -> bool:
    """Whether two words are forms of one: equal but for endings from a closed list."""
    if one == other:
        return True
    alike = [a == b for a, b in zip(one, other, strict=False)]
    shared = alike.index(False) if False in alike else len(alike)
    return any(
        one[at:] in endings and other[at:] in endings
        for at in range(_SHORTEST - 1, shared + 1)
        for endings in (closed().endings if at >= _SHORTEST else _PLAIN,)
    )


def negative(word: str) -> bool:
    """Whether a word says that something is wrong, missing or not done."""
    return any(word == start if len(start) <= 3 else word.startswith(start) for start in closed().negative)
