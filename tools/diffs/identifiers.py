"""Identifiers of code and of messages as words that can be held against one another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,60}")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDINGS: Final = (
    "ations",
    "ation",
    "ings",
    "ing",
    "ions",
    "ion",
    "ied",
    "ies",
    "ed",
    "es",
    "er",
    "or",
    "s",
    "y",
    "e",
)
_SHORTEST: Final = 3
_ROOT: Final = 4  # letters that an ending leaves


def compounds(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each identifier of a text as it stands, in snake case, and the roots of its parts: camelCase and snake_case are alike."""
    for match in _NAME.finditer(text):
        parts = [part.lower() for part in _PART.findall(match[0])]
        told = tuple(root(part) for part in parts if len(part) >= _SHORTEST and part not in generic())
        if told:
            yield match[0], "_".join(parts), told


def terms(text: str) -> Iterator[str]:
    """The roots of all identifiers, and the compound ones whole: `zone_id` tells more than `zone`."""
    for _, whole, parts in compounds(text):
        yield from parts
        if "_" in whole:
            yield whole


def snake(name: str) -> str:
    """A name in snake case."""
    return "_".join(part.lower() for part in _PART.findall(name))


@lru_cache(maxsize=8192)
def root(word: str) -> str:
    """A word without its ending: `expired` and `expiry` are alike."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _ROOT:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=1)
def generic() -> frozenset[str]:
    """Words of code and of messages that tell nothing apart."""
    text = Path(__file__).with_name("generic_words.txt").read_text(encoding="utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())
