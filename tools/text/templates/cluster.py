"""Which masked messages are one statement: they differ only where a value stands.

Messages are grouped by their separators and split from the top at positions whose few words look like words of the
statement, as IPLoM (Makanju et al., KDD 2009) and Brain (Yu et al., TSC 2023) do. A position is a value where a mask
stands in one of the messages, where many words stand, after `=`, after a word that names a thing (`user`, `from`),
or where all its words are known as values from elsewhere in the stream.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from aitia.tools.text.templates.masks import NUMBER, masked, separator
from aitia.tools.text.templates.words import of_statement

WILDCARD: Final = "<*>"
FEW: Final = 5  # words at one position that still are words of the statement
STATES: Final = 15  # in capitals: states and event types
_PLAIN = re.compile(r"[A-Za-z]+(?:['’-][a-z]+)*\.*|[A-Z_]+|(?:[a-z]+\.)+[A-Z_]+|[A-Za-z][+-]")
_NAMING: Final = frozenset({"user", "host", "node", "device", "file", "for", "from", "by", "at", "on", "to"})

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Token sequences of one statement, and its tokens with the wildcard where they differ."""

    members: tuple[Key, ...]
    tokens: Key


def cluster(sequences: Iterable[Key], *, subject: Callable[[str], str] = lambda token: "") -> list[Cluster]:
    """Clusters of distinct token sequences; those that speak of different `subject`s (components) stay apart."""
    groups: dict[Key, list[Key]] = defaultdict(list)
    for tokens in sequences:
        groups[tuple(t if separator(t) else "" for t in tokens)].append(tokens)
    values = _known_values(groups.values())
    out: list[Cluster] = []
    for separators, group in groups.items():
        words = [i for i, t in enumerate(separators) if not t]
        out += _Splitter(words, values, subject).split(group) if len(group) > 1 else [_one(group)]
    return out


def _one(group: Sequence[Key]) -> Cluster:
    return Cluster(members=(group[0],), tokens=group[0])


def _known_values(groups: Iterable[Sequence[Key]]) -> frozenset[str]:
    """Words that stand after `=` somewhere."""
    return frozenset(
        after
        for group in groups
        for tokens in group
        for before, after in pairwise(tokens)
        if before == "=" and not separator(after)
    )


def variable(token: str) -> bool:
    """Whether a token stands for values by itself."""
    return NUMBER in token or masked(token)


class _Splitter:
    """Splits one group of sequences that have the same separators."""

    def __init__(self, words: Sequence[int], values: frozenset[str], subject: Callable[[str], str]) -> None:
        self._words, self._values, self._subject = words, values, subject

    def split(self, group: list[Key]) -> list[Cluster]:
        """From the top, at the position that looks most like words of the statement."""
        out, todo = [], [group]
        while todo:
            group = todo.pop()
            parts = self._parts(group) if len(group) > 1 else None
            if parts is None:
                first = group[0]
                tokens = tuple(_common(set(column)) for column in zip(*group, strict=True))
                out.append(Cluster(members=tuple(group), tokens=tokens if len(group) > 1 else first))
            else:
                todo += parts
        return out

    def _parts(self, group: list[Key]) -> list[list[Key]] | None:
        best: tuple[tuple[int, int, int], dict[str, str]] | None = None
        for i in self._words:
            found = dict.fromkeys(tokens[i] for tokens in group)
            if len(found) == 1:
                continue
            label = self._labels(i, list(found), group[0])
            if label is not None and (rank := (i != self._words[0], len(set(label.values())), i)) < (
                best[0] if best else (2, 0, 0)
            ):
                best = rank, label
        if best is None:
            return None
        (_, _, i), label = best
        parts: dict[str, list[Key]] = defaultdict(list)
        for tokens in group:
            parts[label[tokens[i]]].append(tokens)
        return list(parts.values())

    def _labels(self, i: int, found: Sequence[str], example: Key) -> dict[str, str] | None:
        """Which part each token of a position falls into; None where the position holds values."""
        # A number that masking left as it is (a failing status) says what the statement is about, as a component does.
        subjects = {token: token if token.isdigit() else self._subject(token) for token in found}
        words = [t for t in found if not variable(t)]
        if any(subjects.values()):
            label = {t: subjects[t] or WILDCARD for t in found}
        elif i == self._words[0]:
            label = {t: t if t in words and t not in self._values else WILDCARD for t in found}
        elif self._is_value(i, found, words, example):
            return None
        else:
            label = {t: t for t in found}
        return label if len(set(label.values())) > 1 else None

    def _is_value(self, i: int, found: Sequence[str], words: Sequence[str], example: Key) -> bool:
        before = example[i - 1]
        if before == "=" or len(words) < len(found):
            return True
        if all(word in self._values for word in words):
            return True
        states = all(_capitals(word) for word in words)
        if len(words) > (STATES if states else FEW) and (
            states or 2 * sum(map(of_statement, words)) <= len(words)
        ):
            return True
        if 2 * sum(map(of_statement, words)) > len(words) and not states:
            return False
        if before == " " and not states and _last_word(example, i).lower() in _NAMING:
            return True
        return 2 * sum(_PLAIN.fullmatch(word) is not None for word in words) < len(words)


def _common(column: set[str]) -> str:
    """What stands for the tokens of one position. A hexadecimal id may have no letter by chance."""
    if column == {NUMBER, "<hex>"}:
        return "<hex>"
    return next(iter(column)) if len(column) == 1 else WILDCARD


def _capitals(word: str) -> bool:
    last = word.rsplit(".", 1)[-1]
    return last == last.upper()


def _last_word(tokens: Key, i: int) -> str:
    return next((t for t in reversed(tokens[:i]) if not separator(t)), "")
