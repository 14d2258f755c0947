"""Finds in a block of bytes the few places where a secret may stand, at a fraction of a microsecond a line.

Four neighbouring characters, each folded to five bits (that folds case as well), index a table that knows the four
characters in which every secret's shape has its place; a place found so is checked by one anchored expression.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from aitia.core.redaction.secrets import ANY_HEX, Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[Any]
    Places = NDArray[Any]

_CHUNK: Final = 1 << 17  # bytes looked at at once: the arrays stay in the cache
_PADDING: Final = b"\n" * 16  # so that what ends with the block is seen
_ENCODED: Final = re.compile(rb"%(?:3[aAdD]|40|2[02fF]|7[bB])")  # : = @ blank " / {
_HEX: Final = "0123456789abcdef"


class Prefilter:
    """Where in a block the rules could find something. Safe for several threads."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(r for r in rules if r.grams)
        self._at = _either(r.trigger for r in rules if r.trigger.startswith("@"))
        self._pair = _either(r.trigger for r in rules if r.trigger.startswith(":("))
        self._url = _either(r.trigger for r in rules if r.trigger.startswith("://"))
        self._card = _either(r.trigger for r in rules if r.kind == "card")
        self._iban = _either(r.trigger for r in rules if r.kind == "iban")

    def places(self, block: bytes) -> Iterator[int]:
        """Offsets at which something may begin or be, ascending."""
        found = [self._known(block)]
        if self._at and b"@" in block:
            found.append(m.start() for m in self._at.finditer(block))
        if self._pair and b"@" in block:
            found.append(m.start() for m in self._pair.finditer(block))
        if self._url and b"://" in block:
            found.append(_each(block, b"://", self._url))
        if b"%" in block:
            found.append(m.start() for m in _ENCODED.finditer(block))
        return heapq.merge(*found) if len(found) > 1 else iter(found[0])

    def fired(self, text: bytes) -> set[Rule]:
        """The rules with known characters that could find something in a text."""
        import numpy as np

        found: set[int] = set()
        done: set[int] = set()
        for place, which in self._shapes(np.frombuffer(text + _PADDING, dtype=np.uint8)):
            if which in done or not self._checks[which].match(text, place):
                continue
            rules = self._tables[2][which]
            found.update(r for r in rules if r not in found and self._each[r].match(text, place))
            if found.issuperset(rules):
                done.add(which)
        return {self._rules[r] for r in found}

    @cached_property
    def _each(self) -> list[re.Pattern[bytes]]:
        return [re.compile(rule.trigger.encode(), re.IGNORECASE) for rule in self._rules]

    def _known(self, block: bytes) -> Iterator[int]:
        import numpy as np

        for begin in range(0, len(block), _CHUNK):
            part = block[begin : begin + _CHUNK + 32] + _PADDING
            raw = np.frombuffer(part, dtype=np.uint8)
            places: list[int] = []
            for place, which in self._shapes(raw):
                if self._checks[which].match(block, begin + place):
                    places.append(begin + place)
            for expression, hits in ((self._card, _card_like), (self._iban, _iban_like)):
                if expression:
                    match = expression.match
                    places += [begin + p for p in hits(raw).tolist() if match(block, begin + p)]
            yield from sorted(p for p in places if p < begin + _CHUNK)

    def _shapes(self, raw: Bytes) -> Iterator[tuple[int, int]]:
        """Places of known characters, and by which expression each is checked."""
        import numpy as np

        folded = (raw & 31).astype(np.uint16)
        pairs = (folded[:-1] << 5) | folded[1:]
        which = self._table.take((pairs[:-2].astype(np.uint32) << 10) | pairs[2:])
        places = np.flatnonzero(which)
        return zip(places.tolist(), which[places].tolist(), strict=True)

    @cached_property
    def _checks(self) -> list[re.Pattern[bytes]]:
        """The expressions by the number in the table: each knows the rules of one kind of place."""
        return self._tables[1]

    @cached_property
    def _table(self) -> NDArray[Any]:
        return self._tables[0]

    @cached_property
    def _tables(self) -> tuple[NDArray[Any], list[re.Pattern[bytes]], list[tuple[int, ...]]]:
        """For each four characters the number of the expression that checks the place, 0 for none; and the expressions."""
        import numpy as np

        table = np.zeros(1 << 20, dtype=np.uint16)
        numbers: dict[tuple[int, ...], int] = {}
        held: list[tuple[int, ...]] = [()]
        for at, rule in enumerate(self._rules):
            for start, end in (span for gram in dict.fromkeys(rule.grams) for span in _spans_of(gram)):
                for before in np.unique(table[start:end]).tolist():
                    if at in held[before]:
                        continue
                    both = (*held[before], at)
                    if both not in numbers:
                        numbers[both] = len(held)
                        held.append(both)
                    part = table[start:end]
                    part[part == before] = numbers[both]
        nothing = re.compile(b"(?!)")
        checks = [
            nothing,
            *(
                _either((self._rules[r].trigger for r in which), re.IGNORECASE) or nothing
                for which in held[1:]
            ),
        ]
        return table, checks, held


def _spans_of(gram: str) -> Iterator[tuple[int, int]]:
    """Which entries of the table a gram stands for: of fewer than four characters the others may be any."""
    for letters in itertools.product(*(_HEX if c == ANY_HEX else c for c in gram)):
        folds = [byte & 31 for byte in "".join(letters).encode()[:4]]
        start = 0
        for fold in folds:
            start = start << 5 | fold
        free = 5 * (4 - len(folds))
        yield start << free, (start + 1) << free


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
