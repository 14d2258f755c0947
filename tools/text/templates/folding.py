"""Ever coarser ways to fold forms into ones with wildcards, where there are more than memory is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from aitia.tools.text.templates.cluster import WILDCARD, Key, variable
from aitia.tools.text.templates.masks import separator

Folded = list[tuple[Key, tuple[Key, ...]]]  # tokens with wildcards, and what they stand for


def beginnings(forms: Iterable[Key]) -> Folded:
    """Sequences of equal separators and first word."""
    return _folded(forms, lambda tokens: (separators_of(tokens), _first(tokens)))


def lengths(forms: Iterable[Key]) -> Folded:
    """Sequences of equal separators."""
    return _folded(forms, separators_of)


def everything(forms: Iterable[Key]) -> Folded:
    """All of them as one."""
    return [((WILDCARD,), tuple(forms))]


def _folded(forms: Iterable[Key], key: Callable[[Key], Hashable]) -> Folded:
    parts: dict[Hashable, list[Key]] = defaultdict(list)
    for tokens in forms:
        parts[key(tokens)].append(tokens)
    return [
        (tuple(c[0] if len(set(c)) == 1 else WILDCARD for c in zip(*members, strict=True)), tuple(members))
        for members in parts.values()
    ]


def _first(tokens: Key) -> str:
    word = next((t for t in tokens if not separator(t)), "")
    return "" if variable(word) or word == WILDCARD else word


def separators_of(tokens: Key) -> Key:
    """The separators of tokens at their places, empty where words stand."""
    return tuple(t if separator(t) else "" for t in tokens)
