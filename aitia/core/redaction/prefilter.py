"""Finds in a block of bytes the few places where a secret may stand, at a fraction of a microsecond a line.

Four neighbouring characters, each folded to five bits (that folds case as well), index a table that knows the four
characters in which every secret's shape has its place; a place found so is checked by one anchored expression.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from aitia.core.redaction.secrets import ANY_HEX, REACH, Rule, Tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[Any]
    Places = NDArray[Any]

_CHUNK: Final = 1 << 17  # bytes looked at at once: the arrays stay in the cache
_PADDING: Final = b"\n" * 16  # so that what ends with the block is seen
_ENCODED: Final = re.compile(rb"%(?:3[aAdD]|40|2[02fF]|7[bB])")  # : = @ blank " / {
_HEX: Final = "0123456789abcdef"
_GRAM_BYTES: Final = 8  # of the longest gram
_FOLD: Final = 0x1FFFFFFF  # three bytes, and five bits of the fourth: it may be any where a gram has three
_SPREAD: Final = (
    0x2545F491  # odd; of eleven tried the one by which the fewest fours of ordinary logs share an entry
)
_PAIR: Final = re.compile(
    rb"(?<=[\w.%+\\-]):(?=[^\s:@/\"'<>]{0,63}[\d!#$%^&*])[^\s:@/\"'<>]{4,64}@(?:[A-Za-z0-9][\w-]{0,62}[.:/]|localhost|\[)"
)
_HOST: Final = re.compile(rb"@(?:[A-Za-z0-9][\w-]{0,62}[.:/]|localhost|\[)")
_PAIR_BYTES: Final = 66  # of a password between a colon and an at sign, with both


Also = Callable[[Tail], object] | None


class _Block:
    """A block, and its lower case once that is asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def lower(self) -> bytes:
        return self.raw.lower()


class _Test:
    """What must stand at a place for some rules to find something there: a trigger, and more behind it in its line."""

    def __init__(self, trigger: str, alsos: dict[Also, list[int]]) -> None:
        self._plain = alsos.pop(None, None)  # where given the trigger alone tells, in any case
        self._told = trigger
        self._alsos = list(alsos.items())
        self.rules = tuple(self._plain or ()) + tuple(r for rules in alsos.values() for r in rules)

    @cached_property
    def _trigger(self) -> Callable[[bytes, int], re.Match[bytes] | None]:
        encoded = self._told.encode("utf-8" if self._plain else "latin-1")
        return re.compile(encoded, re.IGNORECASE if self._plain else 0).match

    def holds(self, block: _Block, place: int) -> Iterator[int]:
        """The rules of which all holds."""
        match = self._trigger(block.raw if self._plain else block.lower, place)
        if match is None:
            return
        if self._plain is not None:
            yield from self._plain
            return
        end = block.raw.find(b"\n", match.end(), match.end() + REACH)
        tail = Tail(match[0], block.lower[match.end() : end if end >= 0 else match.end() + REACH])
        for also, rules in self._alsos:
            if also is not None and also(tail):
                yield from rules


class Prefilter:
    """Where in a block the rules could find something. Safe for several threads."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(r for r in rules if r.grams)
        self._at = _either(r.trigger for r in rules if r.trigger.startswith("@"))
        self._pair = any(r.trigger.startswith(":(") for r in rules)
        self._url = _either(r.trigger for r in rules if r.trigger.startswith("://"))
        self._card = _either(r.trigger for r in rules if r.kind == "card")
        self._iban = _either(r.trigger for r in rules if r.kind == "iban")

    def places(self, block: bytes) -> Iterator[int]:
        """Offsets at which something may begin or be, ascending."""
        found = [self._known(block)]
        if self._at and b"@" in block:
            found.append(m.start() for m in self._at.finditer(block))
        if self._pair and b"@" in block:
            found.append(pairs(block))
        if self._url and b"://" in block:
            found.append(_each(block, b"://", self._url))
        if b"%" in block:
            found.append(m.start() for m in _ENCODED.finditer(block))
        return heapq.merge(*found) if len(found) > 1 else iter(found[0])

    def fired(self, text: bytes) -> dict[Rule, list[int]]:
        """The rules with known characters that could find something in a text, and where those stand."""
        block, kinds = _Block(text), self._tables[1]
        found: dict[int, list[int]] = {}
        for place, which in self._shapes(text + _PADDING):
            if not kinds[which].stands(text, place):
                continue
            for test in kinds[which].tests:
                for at in test.holds(block, place):
                    found.setdefault(at, []).append(place)
        return {self._rules[at]: found[at] for at in sorted(found)}

    def _known(self, block: bytes) -> Iterator[int]:
        import numpy as np

        whole, kinds = _Block(block), self._tables[1]
        for begin in range(0, len(block), _CHUNK):
            part = block[begin : begin + _CHUNK + 32] + _PADDING
            raw = np.frombuffer(part, dtype=np.uint8)
            places: list[int] = []
            for place, which in self._shapes(part):
                kind, at = kinds[which], begin + place
                if kind.stands(block, at) and any(True for test in kind.tests for _ in test.holds(whole, at)):
                    places.append(at)
            for expression, hits in ((self._card, _card_like), (self._iban, _iban_like)):
                if expression:
                    match = expression.match
                    places += [begin + p for p in hits(raw).tolist() if match(block, begin + p)]
            yield from sorted(p for p in places if p < begin + _CHUNK)

    def _shapes(self, padded: bytes) -> Iterator[tuple[int, int]]:
        """Places of known characters, and of which kind each is."""
        import numpy as np

        lower = padded.lower()
        fours = np.ndarray((len(lower) - 3,), np.uint32, lower, 0, (1,)) & np.uint32(_FOLD)
        fours *= np.uint32(_SPREAD)
        fours >>= 12
        which = self._table.take(fours)
        places = which.nonzero()[0]
        return zip(places.tolist(), which[places].tolist(), strict=True)

    @cached_property
    def _table(self) -> NDArray[Any]:
        return self._tables[0]

    @cached_property
    def _tables(self) -> tuple[NDArray[Any], list[_Kind]]:
        """For each four characters a number, 0 for none; and by the number the kind of place that they stand at."""
        import numpy as np

        table = np.zeros(1 << 20, dtype=np.uint16)
        numbers: dict[tuple[int, ...], int] = {}
        held: list[tuple[int, ...]] = [()]
        for at, rule in enumerate(self._rules):
            for gram in dict.fromkeys(rule.grams):
                entries = _entries(gram)
                before = table[entries]
                for number in np.unique(before).tolist():
                    if at in held[number]:
                        continue
                    both = (*held[number], at)
                    if both not in numbers:
                        numbers[both] = len(held)
                        held.append(both)
                    table[entries[before == number]] = numbers[both]
        return table, [_Kind(self._rules, which) for which in held]


class _Kind:
    """The rules of one kind of place, their grams and their tests."""

    def __init__(self, rules: Sequence[Rule], which: tuple[int, ...]) -> None:
        of: dict[str, dict[Also, list[int]]] = {}
        for at in which:
            of.setdefault(rules[at].trigger, {}).setdefault(rules[at].also, []).append(at)
        self.tests = [_Test(*each) for each in of.items()]
        self._grams = frozenset[bytes]().union(*(_spelt(gram) for at in which for gram in rules[at].grams))
        self._sizes = sorted({len(gram) for gram in self._grams})

    def stands(self, block: bytes, place: int) -> bool:
        """Whether a gram stands there indeed: others share its entry in the table."""
        four = block[place : place + _GRAM_BYTES].lower()
        return any(four[:size] in self._grams for size in self._sizes)


def pairs(block: bytes) -> Iterator[int]:
    """Where `:password@host` begins: the colons before at signs."""
    for host in _HOST.finditer(block):
        colon = block.rfind(b":", max(0, host.start() - _PAIR_BYTES), host.start())
        if colon >= 0 and _PAIR.match(block, colon):
            yield colon


@lru_cache(maxsize=4_096)
def _spelt(gram: str) -> frozenset[bytes]:
    """The bytes that a gram stands for."""
    return frozenset(
        "".join(letters).encode()
        for letters in itertools.product(*(_HEX if c == ANY_HEX else c for c in gram))
    )


@lru_cache(maxsize=16)
def prefilter(rules: tuple[Rule, ...]) -> Prefilter:
    """The prefilter of these rules, made once in a process: its tables take a quarter of a second."""
    return Prefilter(rules)


def _entries(gram: str) -> NDArray[Any]:
    """Which entries of the table a gram stands for: of fewer than four characters the others may be any."""
    import numpy as np

    fours = np.array(
        [
            (*known[:3], *free)
            for known in {spelt[:4] for spelt in _spelt(gram)}
            for free in itertools.product(
                *[range(256)] * (3 - len(known)), (known[3] & 31,) if len(known) > 3 else range(32)
            )
        ],
        dtype=np.uint8,
    )
    spread = fours.view(np.uint32).ravel() * np.uint32(_SPREAD)
    return np.asarray(spread >> 12)


def _either(triggers: Iterable[str], flags: int = 0) -> re.Pattern[bytes] | None:
    distinct = list(dict.fromkeys(triggers))
    return re.compile("|".join(distinct).encode(), flags) if distinct else None


def _each(block: bytes, what: bytes, check: re.Pattern[bytes]) -> Iterator[int]:
    at = block.find(what)
    while at >= 0:
        if check.match(block, at):
            yield at
        at = block.find(what, at + 1)


def _digit(raw: Bytes, at: Places) -> NDArray[Any]:
    found: NDArray[Any] = (raw[at] - 48) < 10
    return found


def _card_like(raw: Bytes) -> Places:
    """Where thirteen digits in a row, or groups of four, or of four and six, could begin."""
    import numpy as np

    words = raw[: len(raw) // 4 * 4].view(np.uint32)
    whole = ((words & 0xF0F0F0F0) == 0x30303030) & (((words + 0x06060606) & 0xF0F0F0F0) == 0x30303030)
    inside = np.flatnonzero(whole[:-1] & whole[1:]) * 4  # a long run holds two whole words in a row
    if len(inside):
        inside = inside[np.concatenate(([True], np.diff(inside) > 4))]
        inside = (inside[:, None] - np.arange(4)).ravel()  # the run began up to three bytes before
    gap = (raw == 32) | (raw == 45)
    apart = np.flatnonzero(gap[:-7] & (gap[5:-2] | gap[7:]))
    apart = apart[apart >= 4]
    apart = apart[_digit(raw, apart - 1) & _digit(raw, apart + 1)] - 4
    places = np.concatenate((inside, apart))
    places = places[places >= 0]
    places = places[(raw[places] - 50) < 5]  # 2 to 6
    kept: Places = places[(places == 0) | ~_joined()[raw[places - 1]]]
    return kept


@cache
def _joined() -> NDArray[Any]:
    """The bytes after which no number of a card begins."""
    import numpy as np

    return np.array([re.match(rb"[\w.-]", bytes([n])) is not None for n in range(256)])


def _iban_like(raw: Bytes) -> Places:
    import numpy as np

    capital = (raw - 65) < 26
    places = np.flatnonzero(capital[:-3] & capital[1:-2])
    kept: Places = places[_digit(raw, places + 2) & _digit(raw, places + 3)]
    return kept


def lines(block: bytes, places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The lines that hold the places, as [start, end) without the line end; each once, ascending."""
    end = -1
    for place in places:
        if place <= end:
            continue
        start = block.rfind(b"\n", 0, place) + 1
        end = block.find(b"\n", place)
        end = len(block) if end < 0 else end
        yield start, end
