"""What is wrong, by the words that people have for it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from aitia.tools.meaning.incidents.words import one_of, plain, table

SYMPTOMS: Final = (
    "latency", "errors", "unavailable", "restart", "saturation", "queue", "data", "vibration", "temperature",
    "pressure", "flow", "noise", "leak", "speed", "other",
)  # fmt: skip
PHYSICAL: Final = frozenset({"vibration", "pressure", "flow", "noise", "leak", "speed"})
_FURTHER: Final = 0.3  # what a further word for the same symptom is worth
_LATER: Final = 0.5  # how much less a word at the text's end is worth than one at its beginning
_UNIT: Final = re.compile(
    r"\s?(?:[mµun]?s|sec|seconds?|min|%|[kmgt]i?b|rpm|mm|bar|°|[kmg]?w|a|v|hz)(?![a-z])"
)
_CLEAR: Final = 0.4  # by how much the best leads where no model is asked


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """The main symptom, the words that tell it, whether nothing else comes near, and the points of each that may be."""

    name: str
    words: str
    sure: bool
    points: Mapping[str, float]


def symptom_of(text: str, quiet: tuple[tuple[int, int], ...] = (), *, plant: bool = True) -> Symptom:
    """The main symptom of a text; words in the `quiet` spans, where something is excluded, do not count.

    Where there is no `plant`, nothing vibrates or leaks.
    """
    points = {name: 0.0 for name in SYMPTOMS if plant or name not in PHYSICAL}
    told: dict[str, tuple[float, str]] = {}
    for begin, end, name, weight in symptom_words(plain(text)):
        if name not in points or any(a <= begin < b for a, b in quiet):
            continue
        worth = weight * (1 - _LATER * begin / max(1, len(text)))
        points[name] += worth * (_FURTHER if name in told else 1.0)
        if name not in told or worth > told[name][0]:
            told[name] = (worth, text[begin:end])
    best = sorted(points, key=lambda n: (-points[n], SYMPTOMS.index(n)))
    if points[best[0]] <= 0:
        return Symptom(name="other", words="", sure=False, points=points)
    lead = points[best[0]] - points[best[1]]
    return Symptom(name=best[0], words=told[best[0]][1], sure=lead >= _CLEAR, points=points)


def symptom_words(low: str) -> Iterator[tuple[int, int, str, float]]:
    """Span, symptom and weight of each word, longest words first where they overlap."""
    for found in _pattern().finditer(low):
        if found.group().isdigit() and _UNIT.match(low, found.end()):
            continue  # 500 ms is no status
        for name, weight in _weights(found.group()):
            yield found.start(), found.end(), name, weight


@cache
def _table() -> dict[str, list[tuple[str, float]]]:
    meant: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for name, held in table("symptoms").items():
        weights = held if isinstance(held, dict) else dict.fromkeys(held, 1.0)
        for word, weight in weights.items():
            meant[str(word)].append((name, float(weight)))
    return dict(meant)


def _weights(word: str) -> list[tuple[str, float]]:
    known = _table()
    plain_word = " ".join(word.split())
    if plain_word in known:
        return known[plain_word]
    numbered = re.sub(r"[\d.,-]*\d", "#", plain_word)
    if numbered in known:
        return known[numbered]
    return next((v for w, v in known.items() if "*" in w and w.strip("*") in plain_word), [])


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(one_of(_table()))
