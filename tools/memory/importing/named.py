"""Which of the names in a story is what was at fault: by where each is named, as a conditional logit that may say nobody."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import numpy as np

from aitia.tools.meaning.passages.units import Unit

SURE: Final = 0.5
"""Probability from which a name is told: a record of another component is worse than one of none."""
FEATURES: Final = (
    "often", "cause", "action", "symptom", "change", "look", "tried", "ruledout", "later", "recovered", "digit", "parts", "upper",
    "late",
)  # fmt: skip
_ROLES: Final = FEATURES[1:10]
_TOKEN: Final = re.compile(r"[^\W_]\w*(?:[-_./]\w+)*")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SPAN: Final = re.compile(r"`([^`\s]{2,60})`")
_NO_NAME: Final = re.compile(
    r"\d.*|.*/(?:s|h|min|day|d)|v\d.*|.*\.(?:com|org|net|de|md|ya?ml|json|log|conf|txt|py|sh|csv)", re.I
)
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(kw_only=True)
class Named:
    """A name, how often each sort of sentence has it, and where it stands first, 0 to 1."""

    text: str
    roles: Counter[str] = field(default_factory=Counter)
    place: float = 0.0

    @property
    def features(self) -> list[float]:
        """In the order of `FEATURES`."""
        return [
            math.log(max(self.roles.total(), 1)),
            *(float(min(self.roles[r], 2)) for r in _ROLES),
            float(any(c.isdigit() for c in self.text)),
            float(any(c in "-_." for c in self.text)),
            float(self.text[0].isupper()),
            self.place,
        ]


def component_of(units: Sequence[Unit], roles: Sequence[str]) -> str:
    """The name of what was at fault, as it stands in the text; "" where none is likelier than `SURE`."""
    found = names_in(units, roles, common())
    weights, nobody = bundled()
    if not found:
        return ""
    scores = [sum(w * v for w, v in zip(weights, n.features, strict=True)) for n in found]
    best = max(range(len(found)), key=lambda i: scores[i])
    share = 1.0 / (sum(math.exp(s - scores[best]) for s in scores) + math.exp(nobody - scores[best]))
    return found[best].text if share >= SURE else ""


def names_in(units: Sequence[Unit], roles: Sequence[str], known: Collection[int]) -> list[Named]:
    """The words that could be names: in code spans, with parts or numbers, or such as are no common word (by hash, `known`)."""
    marked = {s for u in units for s in _SPAN.findall(u.text)}
    found: dict[str, Named] = {}
    for unit, role in zip(units, roles, strict=True):
        for text in _tokens(unit.text, marked, known):
            named = found.setdefault(text.casefold(), Named(text=text, place=unit.place))
            named.roles[role] += 1
    return list(found.values())


def word_hash(word: str) -> int:
    """What stands for a word in the list of common ones."""
    return zlib.crc32(word.encode("utf-8", "replace"))


@cache
def common() -> frozenset[int]:
    """Hashes of the words that several authors of stories use."""
    with as_file(files("aitia.tools.memory.importing").joinpath("named.npz")) as path, np.load(path) as kept:
        return frozenset(map(int, kept["common"]))


@cache
def bundled() -> tuple[list[float], float]:
    """The weight of each feature, and the score of nobody."""
    raw: Mapping[str, Any] = json.loads(
        files("aitia.tools.memory.importing").joinpath("named.json").read_text("utf-8")
    )
    return [float(raw["weights"][name]) for name in FEATURES], float(raw["nobody"])


def _tokens(text: str, marked: Collection[str], known: Collection[int]) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        token = found[0]
        if len(token) < 2 or _NO_NAME.fullmatch(token) or _IDEOGRAPH.search(token):
            continue
        words = [w.lower() for w in _LETTERS.findall(token)]
        strange = any(len(w) > 2 and word_hash(w) not in known for w in words)
        digit = any(c.isdigit() for c in token)
        numbered = digit and token[0].isalpha() and (token[0].isupper() or "-" in token or len(words[0]) > 3)
        if token in marked or strange or numbered or "_" in token:
            yield token
