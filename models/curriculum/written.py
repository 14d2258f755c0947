"""Messages, texts, questions and cases as real sites have them, with what they mean: by language models, dealt by site.

No product of theirs is one of the benchmarks' (tests/models/test_curriculum.py looks): what is measured there was never learned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.models.curriculum.items import Split, split_of

CALM: Final = "normal"  # kind of a message that is no sign of a fault
LEFT_OUT: Final = (
    "author 5",
    "author 8",
    "author 16",
)  # whose messages no adapter learns: what it is worth is told of them


@cache
def messages() -> tuple[tuple[str, str, str, str], ...]:
    """(message, product, kind of trouble or `CALM`, whose it is or ""), of the first authors and of the further ones."""
    return _rows("messages_written.jsonl") + tuple(
        (text, product, kind, whose)
        for text, product, kind, whose, author in map(_strings, _lines("messages_further.jsonl"))
        if author not in LEFT_OUT
    )


@cache
def texts() -> tuple[tuple[str, str, str, str], ...]:
    """(what somebody wrote, site, main symptom, language)."""
    return _rows("texts_written.jsonl")


@cache
def questions() -> tuple[tuple[str, list[str], list[str], list[list[str]]], ...]:
    """(site, its components, what is measured there, (question, line, language, line before it or "")...)."""
    return tuple((str(a), b, c, d) for a, b, c, d in _lines("questions_written.jsonl"))


@cache
def further_questions() -> tuple[tuple[str, list[str], list[str], list[list[str]]], ...]:
    """As `questions`, by other authors: no adapter learned them (more of them gained nothing there), a table of words did."""
    return tuple((str(a), b, c, d) for a, b, c, d in _lines("questions_further.jsonl"))


@cache
def cases() -> tuple[Mapping[str, Any], ...]:
    """Cases of suspects: system, facts, began, suspects, cause (None for nobody)."""
    return tuple(_lines("judge_written.jsonl"))


def of(rows: tuple[tuple[str, str, str, str], ...], split: Split) -> list[tuple[str, str, str, str]]:
    """The rows of a split's products."""
    return [row for row in rows if split_of(row[1].lower()) == split]


def _rows(file: str) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in _lines(file))


def _strings(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, row))


def _lines(file: str) -> Iterator[Any]:
    text = files("aitia.models.curriculum").joinpath(file).read_text("utf-8")
    return map(json.loads, text.splitlines())
