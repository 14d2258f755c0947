"""What a measurement's name means by its own words: each word speaks for quantities, units say which are possible."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Literal

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.electrical_names import electrical_quantity
from aitia.tools.meaning.metadata import LONGEST
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.meaning.words import words_of

Direction = Literal["up", "down", "both", "none"]
UNKNOWN: Final = "unknown"
# The first of four words or more is mostly the product's name: `airflow.scheduler.tasks.killed`
_PREFIX: Final = 0.5
_LONG: Final = 4  # words
_MISFIT: Final = 0.5  # of the words for what is not told in the name's unit: `upstream_response_seconds`
_HEAD: Final = 1.25  # the last word that is neither a unit nor a statistic names the thing: `queue_wait_time`
_UNSEEN: Final = 1.2  # the score that "none of these words" has: below it nothing was understood
_TAG_SURE: Final = 0.95
_TABLE_SURE: Final = 0.97
BAR: Final = 0.5
"""Below this share of the words nothing is said."""
_WEAK: Final = 0.7  # a name whose words are less sure of a quantity is read with its source's text
_HELP: Final = 0.6
"""Of the words of that text beside the name's: set where a text alone is right as often as a name alone where they answer
(.78 and .77), on 142 names of benchmarks/meaning whose exporters' own HELP texts could be had. Names alone: right 90, wrong 27;
with the text 99 and 28. With 1 it is 98 and 32."""
# What such texts say of any quantity: `current number of`, `number of times`, `state of the`.
_USUAL: Final = frozenset(
    {"current", "currently", "time", "times", "whether", "state", "since", "set", "page", "value"}
)
# Statistics and the like, which tell nothing of what is measured.
_STATISTICS: Final = frozenset(
    {"total", "sum", "count", "avg", "average", "mean", "min", "max", "value", "val", "rate", "per", "ratio", "pv",
     "percent", "pct", "percentage", "mittelwert", "median", "stddev", "p50", "p75", "p90", "p95", "p99", "bucket", "of",
     "the", "number", "num", "1m", "5m", "15m", "usage", "used", "utilization", "actual", "ist", "raw", "now", "new"}
)  # fmt: skip
_ANNOTATION: Final = re.compile(r"\{([^{}]*)\}")
_TOLD: Final = 4.0  # what a plant's unit says of its quantity, as most of units.yaml
_UNIT_CHARS: Final = 40  # of a unit that is read
_TAG: Final = re.compile(r"^(?:\d{1,4}[-_.]?)?([A-Z]{2,4})[-_]?(\d{1,5})[A-Z]?\d?(?:[._-]([A-Za-z]{1,8}))?$")
_TAG_WITHIN: Final = re.compile(
    r"(?:^|[-_.])([TPFLS]D?[IT]C?)[-_]([A-Z]?\d{3,5})[A-Z]?(?:[.]([A-Za-z]{1,8}))?$"
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One of the quantities of `quantities.yaml`."""

    id: str
    aspect: str
    says: Mapping[str, str]  # by the direction of trouble; "" is the usual one
    bad: Direction
    unit: str
    floor: float
    relative: bool
    words: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]
    asked: bool = True  # whether a model may choose it; it was tuned on a fixed list

    def say(self, direction: Direction) -> str:
        """How a sentence names it, where trouble lies that way."""
        return (self.says.get(direction, "") if direction != self.bad else "") or self.says[""]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit: UCUM symbol, dimension, factor to the dimension's base, and what it alone says of the quantity."""

    symbol: str
    dimension: str
    scale: float
    says: Mapping[str, float]
    fits: frozenset[str]  # empty: all


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a name means. `confidence` 0..1 that the quantity is right; `by` who read it."""

    quantity: str
    direction: Direction
    unit: str
    confidence: float
    by: str
    words: tuple[str, ...] = ()


class Lexicon:
    """The words, pairs, units and tags that come with aitia."""

    def __init__(self) -> None:
        self.quantities = {id: _quantity(id, raw) for id, raw in _data("quantities").items()}
        self.units = dict(_units(_data("units")))
        self._symbols = {unit.symbol: unit for unit in self.units.values()}
        self._says: dict[str, dict[str, float]] = defaultdict(dict)
        for q in self.quantities.values():
            for word, weight in q.words.items():
                self._says[word][q.id] = weight
        self._pairs = [(pair, q.id, w) for q in self.quantities.values() for pair, w in q.pairs.items()]
        self._directions = {key: frozenset(words) for key, words in _data("directions").items()}
        self._tags = _data("isa51")
        self._table: dict[str, tuple[str, Direction]] = {
            name: (quantity, direction)
            for quantity, of in json.loads(_text("known.json")).items()
            for direction, names in of.items()
            for name in names
        }
        self._paired = {word for pair, _, _ in self._pairs for word in pair}
        self._english = {
            word: english
            for english, words in _data("translations").items()
            for word in words
            if word not in self._says and word not in self.units
        }

    @property
    def asked(self) -> list[str]:
        """The quantities that a model chooses among."""
        return [q.id for q in self.quantities.values() if q.asked]

    def known(self, word: str) -> bool:
        """Whether a word says anything here."""
        return (
            word in self._says or word in self.units or word in _STATISTICS or word in self._paired
            or word in self._english or any(base in self._says or base in self._paired for base in _bases(word))
        )  # fmt: skip

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a name, those of other languages by the English word that they stand for."""
        return tuple(self._english.get(word, word) for word in words_of(name, self.known))

    def shares(self, name: str, unit: str = "", help: str = "") -> dict[str, float]:
        """The probability of each quantity, and of `unknown`, by the name's words and what its metadata says.

        unit   as metadata states it
        help   a text of the source; its words count less, and only where the name alone is not plain
        """
        by_tag = self._tag(name)
        if by_tag:
            return {by_tag: _TAG_SURE, UNKNOWN: 1.0 - _TAG_SURE}
        words = self.words(name)
        scores = self._scores(words)
        stated = self.unit_of(words, unit)
        if stated:
            if stated.fits:
                scores.update({q: s * _MISFIT for q, s in scores.items() if q not in stated.fits})
            for quantity, weight in stated.says.items():
                scores[quantity] += weight
        shares = _shares(scores)
        help = _told(unit, help)
        if not help or max((p for q, p in shares.items() if q != UNKNOWN), default=0.0) >= _WEAK:
            return shares
        for quantity, weight in self._scores_of_text(help).items():
            scores[quantity] += _HELP * weight
        return _shares(scores)

    def _scores_of_text(self, text: str) -> dict[str, float]:
        """What the words of a sentence say, and its pairs of neighbours; a sentence has no head."""
        known = self.words(text[:LONGEST])
        words = [w for w in known if not (w in _STATISTICS or w in self.units or w in _USUAL)]
        scores: dict[str, float] = defaultdict(float)
        for word in dict.fromkeys(words):
            for quantity, weight in self._of(word).items():
                scores[quantity] += weight
        beside = {
            frozenset((a, b))
            for one, two in pairwise(words)
            for a in (one, *_bases(one))
            for b in (two, *_bases(two))
        }
        for pair, quantity, weight in self._pairs:
            if frozenset(pair) in beside:
                scores[quantity] += weight
        return scores

    def read(self, name: str, unit: str = "", help: str = "", *, bar: float = BAR) -> Meaning:
        """The meaning of a name by its words and metadata; unknown where no quantity is as probable as `bar`."""
        if name in self._table:
            return self._known(name, unit)
        shares = self.shares(name, unit, help)
        quantity = _likeliest(shares)
        known = quantity if shares[quantity] >= bar else UNKNOWN
        words = self.words(name)
        alone = self.shares(name) if unit or help else shares
        by_words = known == UNKNOWN or (_likeliest(alone) == known and alone[known] >= bar)
        if not by_words:
            words += self.words(_told(unit, help)[:LONGEST])  # which way trouble lies is in the same text
        stated = self.unit_of(words, unit)
        alarm = known == "state" and self._tag(name) == known
        return Meaning(
            quantity=known,
            direction="up" if alarm else self.direction(known, words),
            unit=stated.symbol if stated else "",
            confidence=shares[quantity],
            by="words" if by_words else "metadata",
            words=words,
        )

    def _known(self, name: str, unit: str) -> Meaning:
        """A name of a public list of its vendor's, as readers of that list have understood it."""
        quantity, direction = self._table[name]
        words = self.words(name)
        stated = self.unit_of(words, unit)
        return Meaning(
            quantity=quantity,
            direction=direction,
            unit=stated.symbol if stated else "",
            confidence=_TABLE_SURE,
            by="table",
            words=words,
        )

    def direction_of(self, name: str, quantity: str) -> Direction:
        """Which way trouble lies for a name that means this quantity."""
        return self.direction(quantity, self.words(name))

    def unit_of(self, words: tuple[str, ...], stated: str = "") -> Unit | None:
        """The unit that metadata states, else the last words of the name that are one (single letters only at its end)."""
        if found := self.stated_unit(stated):
            return found
        for a, per, b in zip(words, words[1:], words[2:], strict=False):
            if per == "per" and b in self.units and self.units[b].dimension == "time":
                return self.units.get(f"{a}/{self.units[b].symbol}") or self.units.get(
                    f"/{self.units[b].symbol}"
                )
        if len(words) > 1 and (found := self.units.get("/".join(words[-2:]))):
            return found  # `vibration_mm_s` counts no seconds
        for place, word in enumerate(reversed(words)):
            if word in self.units and (len(word) > 2 or place == 0 or words[-place] in _STATISTICS):
                return self.units[word]
        return None

    def stated_unit(self, stated: str) -> Unit | None:
        """The unit that metadata states: a UCUM symbol without its annotation (`{request}/s`), or words."""
        bare = _ANNOTATION.sub("", stated.strip()[:_UNIT_CHARS])
        plant = unit_named(bare)
        found = self._symbols.get(bare) or self.units.get(bare.lower())
        if found and not (plant and _by_letter_case(found.symbol, plant.symbol)):
            return found
        if plant:  # before its parts: `l/s` is no count of a second, `mPa.s` no time
            like = self.units.get(plant.symbol.lower())
            if like and _by_letter_case(like.symbol, plant.symbol):
                like = None
            return self._symbols.get(plant.symbol) or like or Unit(
                symbol=plant.symbol, dimension=f"{plant.dimension}, {plant.to}", scale=plant.factor,
                says={plant.quantity: _TOLD} if plant.quantity in self.quantities else {}, fits=frozenset(),
            )  # fmt: skip
        of, slash, per = bare.partition("/")
        if not slash:
            return next((self.units[w] for w in reversed(words_of(bare)) if w in self.units), None)
        over = self.units.get(per.strip().lower())
        if over is None or over.symbol != "s":
            return None
        counted = self.stated_unit(of)
        return self._symbols.get("/s" if counted is None or counted.symbol == "1" else f"{counted.symbol}/s")

    def _scores(self, words: tuple[str, ...]) -> dict[str, float]:
        scores: dict[str, float] = defaultdict(float)
        content = [w for w in words if w not in _STATISTICS and w not in self.units]
        head = content[-1] if content else ""
        seen: set[str] = set()
        for place, word in enumerate(words):
            if word in seen:
                continue
            seen.add(word)
            share = _HEAD if word == head else _PREFIX if place == 0 and len(words) >= _LONG else 1.0
            for quantity, weight in self._of(word).items():
                scores[quantity] += weight * share
        forms = {form for word in words for form in (word, *_bases(word))}
        for (a, b), quantity, weight in self._pairs:
            if a in forms and b in forms:
                scores[quantity] += weight
        return scores

    def _of(self, word: str) -> Mapping[str, float]:
        if word in self._says:
            return self._says[word]
        return next((self._says[base] for base in _bases(word) if base in self._says), {})

    def direction(self, quantity: str, words: tuple[str, ...]) -> Direction:
        """Which way trouble lies: by the name's words, else the quantity's own way."""
        if quantity == UNKNOWN:
            return "both"
        held = {form for word in words for form in (word, *_bases(word))}
        for way in ("up", "down"):
            if held & self._directions.get(f"{way}_{quantity}", frozenset()):
                return way
        resource = quantity in (
            "cpu",
            "memory",
            "disk",
            "connections",
            "threads",
            "io",
            "level",
            "errors",
            "file_descriptors",
        )
        if resource and held & self._directions["down"]:
            return "down"
        return self.quantities[quantity].bad

    def _tag(self, name: str) -> str:
        """The quantity of an ISA-5.1 tag such as `41-PT-101A.PV`, of an object of IEC 61850 such as `MMXU1.TotW`, or nothing."""
        if electrical := electrical_quantity(name):
            return electrical
        found = _TAG.match(name) or _TAG_WITHIN.search(name)
        if not found:
            return ""
        letters, _, part = found.groups()
        variable = self._tags["first"].get(letters[0], "")
        if not variable or any(c not in self._tags["functions"] for c in letters[1:]):
            return ""
        if part and part.lower() in self._tags["parts"] and self._tags["parts"][part.lower()]:
            return str(self._tags["parts"][part.lower()])
        if len(letters) > 1 and letters[1] in "SA" and all(c in self._tags["switches"] for c in letters[1:]):
            return "state"
        return "position" if letters[-1] == "V" and len(letters) > 1 else str(variable)


def _by_letter_case(one: str, other: str) -> bool:
    """Whether two units differ by their letters' case alone: kn is a knot, kN a force."""
    return one != other and one.lower() == other.lower()


def _told(unit: str, help: str) -> str:
    """What metadata says in words: what a unit counts (`{request}`), and the text."""
    return " ".join(filter(None, (*_ANNOTATION.findall(unit[:_UNIT_CHARS]), help)))


def _shares(scores: Mapping[str, float]) -> dict[str, float]:
    raised = {q: math.exp(s) for q, s in scores.items()}
    total = math.exp(_UNSEEN) + sum(raised.values())
    return {**{q: value / total for q, value in raised.items()}, UNKNOWN: math.exp(_UNSEEN) / total}


def _likeliest(shares: Mapping[str, float]) -> str:
    return max(sorted(shares), key=lambda q: shares[q])


def _bases(word: str) -> tuple[str, ...]:
    """The singular and the bare form of an English word."""
    found = []
    if len(word) > 3 and word.endswith("s"):
        found.append(word[:-1])
        if word.endswith("ies"):
            found.append(word[:-3] + "y")
        if word.endswith("es"):
            found.append(word[:-2])
    return tuple(found)


def _quantity(id: str, raw: Mapping[str, Any]) -> Quantity:
    pairs = {}
    for pair, weight in (raw.get("pairs") or {}).items():
        a, b = str(pair).split()
        pairs[a, b] = float(weight)
    return Quantity(
        id=id,
        aspect=str(raw["aspect"]),
        says={"": str(raw["say"]), "up": str(raw.get("say_up", "")), "down": str(raw.get("say_down", ""))},
        bad=raw["bad"],
        unit=str(raw.get("unit", "")),
        floor=float(raw.get("floor", 0.0)),
        relative=bool(raw.get("relative", True)),
        words={str(w): float(v) for w, v in raw["words"].items()},
        pairs=pairs,
        asked=bool(raw.get("asked", True)),
    )


def _units(raw: Mapping[str, Any]) -> list[tuple[str, Unit]]:
    return [
        (str(word), Unit(symbol=str(u["symbol"]), dimension=name, scale=float(u["scale"]), says=of["says"],
                         fits=frozenset(of.get("fits", ()))))
        for name, of in raw.items() for u in of["units"] for word in u["words"]
    ]  # fmt: skip


def _data(name: str) -> dict[str, Any]:
    return dict(own_yaml(_text(f"{name}.yaml")))


def _text(file: str) -> str:
    return files("aitia.tools.meaning").joinpath(file).read_text(encoding="utf-8")


@cache
def lexicon() -> Lexicon:
    """The bundled lexicon."""
    return Lexicon()
