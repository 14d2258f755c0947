"""What the lines of a layout mean, by their shapes: forms and levels, and where the time stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.tools.logs.count import Count
from aitia.tools.logs.known import CONTINUED, EXACT, JOINS, SHAPES, Entry, Memory, Time, layout, memory_of
from aitia.tools.logs.lines import MAX_WIDTH, Lines
from aitia.tools.logs.moments import SCALES
from aitia.tools.logs.tally import MESSAGE, Tally
from aitia.tools.text.headers import Header, Level, Place, worst
from aitia.tools.text.reading.joining import exception_in, frame
from aitia.tools.text.reading.record import text_of
from aitia.tools.text.templates import Form
from aitia.tools.text.templates.masks import Tokens
from aitia.tools.text.templates.shape import shape, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]

_ZONE: Final = re.compile(r" ?[+-]\d\d:?\d\d")  # may change from line to line


class Meanings:
    """What shapes mean to a tally. Files, pieces and tallies of one miner share what was learned of one layout."""

    def __init__(self, tally: Tally, header: Header | None) -> None:
        self._tally, self._header = tally, header
        self._key = (layout(header), tally.redact, tally.access)
        self._folds = tally.miner.folds

    @property
    def _memory(self) -> Memory:
        return memory_of(self._tally.miner.memory, self._key)

    def of(self, lines: Lines) -> tuple[list[Entry], Numbers]:
        """The distinct entries of the lines, and which of them each line has."""
        miner, memory = self._tally.miner, self._memory
        if len(memory.entries) >= SHAPES:
            memory.clear()
        if miner.folds != self._folds:
            self._folds = miner.folds
            self._tally.fold()
        keys = shapes(lines.data)[: len(lines)]
        numbers = np.fromiter(map(memory.numbers.__getitem__, keys), dtype=np.int32, count=len(keys))
        for i in np.flatnonzero(numbers < 0).tolist():
            number = memory.numbers[keys[i]]
            numbers[i] = number if number >= 0 else memory.learn(keys[i], self._parsed(lines.raw(i)))
        if miner.folds != self._folds:  # what was known may speak of forms that are gone
            return self.of(lines)
        present = np.flatnonzero(np.bincount(numbers))
        place = np.zeros(int(present[-1]) + 1, dtype=np.int32)
        place[present] = np.arange(len(present))
        return [memory.entries[k] for k in present.tolist()], place[numbers]

    def _parsed(self, raw: bytes) -> Entry:
        """What a new shape means."""
        text, tally = text_of(raw), self._tally
        found = self._read(text)
        if found is None:
            return CONTINUED
        level, message = found
        place = None
        if self._header is not None and (place := self._header.locate(text)) is None:
            return EXACT
        tokens = tally.miner.masker.tokens(message)
        if tokens.exact or tally.access(message):
            return EXACT
        form = tally.miner.take(tokens, (level,))
        tally.count(form, level, message)
        if place is None:
            return Entry(1, form, level)
        if not self._fixed(text, place):
            return Entry(2, form, level)
        width = place.frac_end - place.frac_start
        fraction = (place.frac_start, place.frac_end, SCALES[width]) if width else (0, 0, 0.0)
        return Entry(1, form, level, Time(place.start, place.end, *fraction))

    def _read(self, text: str) -> tuple[Level, str] | None:
        """Level and redacted message; None where a line goes on from the one above, as one with a frame of a trace does."""
        level: Level = ""
        if self._header is not None:
            parsed = self._header(text)
            if parsed is None or frame(parsed[2]):
                return None
            _, level, text = parsed
        return level, self._tally.redact(text[:MESSAGE])

    def _fixed(self, text: str, place: Place) -> bool:
        """Whether the time of every line of this shape stands at the same bytes."""
        width = place.frac_end - place.frac_start
        before = text[: place.start]
        return (
            self._header is not None
            and self._header.fixed
            and before.isascii()
            and b"0" not in shape(before.encode())
            and 0 < place.end - place.start <= MAX_WIDTH
            and (not width or width in SCALES)
            and not _ZONE.match(text, place.frac_end)
        )

    def count(self, entry: Entry, raw: bytes) -> Count:
        """The count of an entry's form. A tally that has not met it takes its text from a line of it."""
        assert entry.form is not None
        count = self._tally.counts.get(entry.form)
        if count is None:
            found = self._read(text_of(raw))
            count = self._tally.count(entry.form, entry.level, found[1] if found else "")
        return count

    def exact(self, raw: bytes, entry: Entry) -> tuple[float, Count, str] | None:
        """Moment (0 without a header), count and message of a line that is parsed; None where it has no header."""
        text = text_of(raw)
        parsed = self._header(text) if self._header is not None else (0.0, "", text)
        if parsed is None:
            return None
        at, level, message = parsed
        message = message[:MESSAGE]
        if entry.form is not None:
            return at, self.count(entry, raw), message
        message = self._tally.redact(message)
        return at, self._tally.form(message, level), message

    def joined(self, raw: bytes, count: Count, below: Sequence[bytes]) -> Count:
        """The count of a record with an exception in the lines below it; its own where there is none."""
        named = list(filter(None, (exception_in(text_of(line)) for line in below)))
        if not named:
            return count
        joins = self._memory.joins
        key = (count.form, shape(named[-1].encode("utf-8", "replace")))
        found = joins.get(key)
        if found is None:
            if len(joins) >= JOINS:
                joins.clear()
            found = joins[key] = self._with_exception(raw, count, named[-1])
        form, level = found
        return self._tally.counts.get(form) or self._tally.count(form, level, f"{count.text} | {named[-1]}")

    def _with_exception(self, raw: bytes, count: Count, exception: str) -> tuple[Form, Level]:
        miner = self._tally.miner
        below = miner.masker.tokens(f"| {self._tally.redact(exception)}")
        if len(count.form.group) > 1 or self._header is None:
            above = Tokens(count.form.tokens, ("",) * len(count.form.tokens))
        else:
            parsed = self._header(text_of(raw))
            above = miner.masker.tokens(self._tally.redact(parsed[2][:MESSAGE] if parsed else ""))
        tokens = Tokens((*above.masked, " ", *below.masked), (*above.values, "", *below.values))
        level = worst(count.level, "error")
        return miner.take(tokens, (level, *count.form.group[1:])), level
