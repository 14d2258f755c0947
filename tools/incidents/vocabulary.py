"""The word lists of `vocabulary.yaml`: closed, so that an unknown command counts as one that changes something."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Stop words, verbs that only look, and commands that only read."""

    stop: frozenset[str]
    look: frozenset[str]
    read_only: frozenset[str]
    subcommands: Mapping[str, frozenset[str]]
    redis: frozenset[str]
    redis_second: frozenset[str]


@functools.cache
def vocabulary() -> Vocabulary:
    """The lists, read once."""
    raw = yaml.safe_load(
        files("aitia.tools.incidents").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    )
    words = {
        key: frozenset(raw[key].split()) for key in ("stop", "look", "read_only", "redis", "redis_second")
    }
    subcommands = {verb: frozenset(text.split()) for verb, text in raw["subcommands"].items()}
    return Vocabulary(subcommands=subcommands, **words)
