"""The word lists of `vocabulary.yaml`: what retrieval leaves out, and the verbs that only look."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

from aitia.core.bounds import own_yaml


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Stop words, and verbs that only look."""

    stop: frozenset[str]
    look: frozenset[str]


@functools.cache
def vocabulary() -> Vocabulary:
    """The lists, read once."""
    raw = own_yaml(files("aitia.tools.memory").joinpath("vocabulary.yaml").read_text(encoding="utf-8"))
    return Vocabulary(**{key: frozenset(raw[key].split()) for key in ("stop", "look")})
