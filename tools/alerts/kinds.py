"""What an alert is about, by its name and text: `kinds.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from aitia.core.bounds import own_yaml
from aitia.core.words import Direction, Word
from aitia.tools.meaning.phrases import Phrases, plain
from aitia.tools.meaning.words import words_of

Role = Literal["gone", "down", "resource", "state", "restart", "waiting", "symptom", "edge", "upkeep"]
_SENTENCE = 300  # characters of the text that are read


class Kind(Word):
    """What an alert says: which aspect of its component went which way, and how near to a cause that is."""

    role: Role
    aspect: str
    direction: Direction
    words: tuple[str, ...] = ()


class Table(Word):
    """The file `kinds.yaml`."""

    weights: dict[Role, float]
    severities: dict[str, float]
    kinds: tuple[Kind, ...]
    edge: frozenset[str]
    store: frozenset[str]


@cache
def table() -> Table:
    """The bundled table."""
    return Table.model_validate(own_yaml(Path(__file__).with_name("kinds.yaml").read_text(encoding="utf-8")))


@cache
def _phrases() -> Phrases:
    return Phrases((str(n), phrase) for n, kind in enumerate(table().kinds) for phrase in kind.words)


OTHER = Kind(role="symptom", aspect="other", direction="changed")


@cache
def kind_of(name: str, text: str = "") -> Kind:
    """By the name, where it says nothing by the text; `other` where neither does. Which quota it is, the text says too."""
    named, told = (
        table().kinds[min(found)]
        if (found := [int(mark) for mark in _phrases().found(plain(part))])
        else None
        for part in (name, text[:_SENTENCE])
    )
    if named is None:
        return told or OTHER
    return told if told is not None and named.role == told.role == "state" else named


def severity_weight(severity: str) -> float:
    """How much an alert of this severity counts, 1 where it is not one of the weak ones."""
    return table().severities.get(severity.strip().casefold(), 1.0)


@cache
def depth(component: str) -> int:
    """Where a name says that it stands in a request's way: -1 at the edge, 1 a store, 0 where it does not say."""
    words = set(words_of(component)) | set(re.split(r"[^a-z0-9]+", component.casefold()))
    if words & table().store:
        return 1
    return -1 if words & table().edge else 0


def weights() -> Mapping[Role, float]:
    """How much an alert of each role says of where the cause is."""
    return table().weights
