"""Words of tools and of components, and how a component's name stands for the kind of thing that an argument takes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from aitia.tools.meaning.words import words_of

COLUMNS: Final = 1 << 16  # of hashed words (Weinberger et al. 2009)
_STEM: Final = 6  # letters of a word that count
_WORD: Final = re.compile(r"[a-z]{3,}")
_RUN: Final = re.compile(r"[^\W\d_]+|\d+")
_EMPTY: Final = re.compile(
    "ids?|names?|key|ref|no|number|code|object|resource|target|scope|entity|item|the|a|component"
)
"""Words of arguments that name no kind of thing."""
_WIDE: Final = re.compile(
    "site|plant|cluster|region|zone|fleet|tenant|account|org|project|env|environment|group|system|area|line|stack|domain|"
    "workspace|realm|farm|park|station|building|campus|facility"
)
"""Kinds of things that hold others."""
LONGEST: Final = 24  # letters of a word that are compared


@lru_cache(maxsize=4096)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name in any style, lower case, each cut at `LONGEST`."""
    return tokens_of(name[:80])


def tokens_of(text: str) -> tuple[str, ...]:
    """The words of a text, as `tokens` cuts those of a name."""
    found = (p for w in words_of(text, _no_compound) for p in _RUN.findall(w))
    return tuple(w[:LONGEST] for w in found)


def _no_compound(word: str) -> bool:
    """Nothing is taken for one word as it stands: `hostDisk` is two."""
    return False


def letters(name: str) -> list[str]:
    """Words of at least two letters and no digit."""
    return [t for t in tokens(name) if t.isalpha() and len(t) > 1]


def kind_words(argument: str) -> list[str]:
    """What an argument's name says of the kind of thing that it takes; nothing for `id` or `name`."""
    return [w for w in tokens(argument) if not _EMPTY.fullmatch(w)]


def holds_others(kinds: Iterable[str]) -> bool:
    """Whether an argument takes what holds other things, as `site` or `cluster`."""
    return any(_WIDE.fullmatch(w) for w in kinds)


def said_words(said: str) -> list[str]:
    """The words of a description in order, lower case."""
    return [w[:LONGEST] for w in _WORD.findall(said.lower())]


def columns(name: str, said: str, arguments: Sequence[str]) -> list[int]:
    """The hashed columns of a tool, sorted: each word counts once, however often it is said."""
    own = tokens(name)
    found = {f"n:{w[:_STEM]}" for w in own}
    found |= {f"d:{w[:_STEM]}" for w in said_words(said)}
    found |= {f"a:{w[:_STEM]}" for a in arguments for w in tokens(a)}
    found.add(f"takes {min(len(arguments), 3)}")
    if own:
        found |= {f"v:{own[0][:_STEM]}", f"l:{own[-1][:_STEM]}"}
    return sorted({zlib.crc32(w.encode("utf-8", "replace")) % COLUMNS for w in found})


def likest(parts: Iterable[str], kinds: Iterable[str]) -> float:
    """How well any word of a component's name stands for any of these words, 0..1."""
    of = list(kinds)
    return max((stands_for(p, k) for p in parts for k in of), default=0.0)


@lru_cache(maxsize=1 << 16)
def stands_for(part: str, kind: str) -> float:
    """1 for the same word, less for a beginning (`pub` of publisher) or an abbreviation (`gw` of gateway). By hand."""
    if part == kind or (len(part) > 3 and part.rstrip("s") == kind.rstrip("s")):
        return 1.0
    if len(part) >= 3 and kind.startswith(part):
        return 0.9
    if len(kind) >= 4 and part.startswith(kind):
        return 0.8
    if 2 <= len(part) <= 5 and abbreviates(part, kind):
        return 0.5 if len(part) >= 3 else 0.35
    return 0.0


@lru_cache(maxsize=1 << 16)
def abbreviates(part: str, kind: str) -> bool:
    """Whether the letters of `part` come in `kind` in this order, the first of both being the same."""
    if not part or not kind or part[0] != kind[0] or len(part) >= len(kind):
        return False
    rest = iter(kind)
    return all(letter in rest for letter in part)


def ends_with(part: str, kind: str) -> bool:
    """`ordersdb` of `db`."""
    return len(part) > len(kind) >= 2 and part.endswith(kind)


def ends_abbreviated(part: str, kind: str) -> bool:
    """`rentcl` of `cluster`."""
    return any(len(part) > n + 1 and len(kind) > n and abbreviates(part[-n:], kind) for n in (2, 3))


def initials(part: str, kinds: Sequence[str]) -> bool:
    """`ll` of `load lock`."""
    n = len(part)
    return 2 <= n <= 4 and any(
        "".join(w[0] for w in kinds[i : i + n]) == part for i in range(len(kinds) - n + 1)
    )
