"""What the lines of a layout mean, by their shapes: forms and levels, where the time stands, and the moments of many at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from aitia.tools.logs.count import MAX_WIDTH, Count, Lines
from aitia.tools.logs.tally import MESSAGE, Tally
from aitia.tools.text.headers import Header, Level, Place, worst
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.reading.joining import exception_in, frame
from aitia.tools.text.reading.record import headed
from aitia.tools.text.templates import Form
from aitia.tools.text.templates.masks import Tokens
from aitia.tools.text.templates.shape import shape, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aitia.tools.logs.count import Rows

    Moment = NDArray[np.float64]
    Numbers = NDArray[np.int32]


_CALM: Final = frozenset({"debug", "info"})
"""Levels of a record of which an exception below it says nothing: the process wrote it without a header of its own."""
SHAPES: Final = 150_000
JOINS: Final = 50_000
_LAYOUTS: Final = 16


class Time(NamedTuple):
    """The bytes of a line where its time stands, to the second, and those of its fraction, in units of `scale` s."""

    start: int = 0
    end: int = 0
    frac: int = 0
    frac_end: int = 0
    scale: float = 0.0


UNKNOWN: Final = Time()


class Entry:
    """What is known of a shape.

    how  0: no header; 1: its form, and where its time stands; 2: its form; 3: nothing, it is parsed each time
    """

    __slots__ = ("form", "how", "level", "time")

    def __init__(self, how: int, form: Form | None = None, level: Level = "", time: Time = UNKNOWN) -> None:
        self.how, self.form, self.level, self.time = how, form, level, time


CONTINUED: Final = Entry(0)
EXACT: Final = Entry(3)


class _Numbers(dict[bytes, int]):
    """Numbers by shape; -1 where it is not known."""

    def __missing__(self, key: bytes) -> int:
        return -1


class Memory:
    """What passes over lines of one layout have learned of shapes, and of records with an exception below."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = _Numbers()
        self.entries: list[Entry] = []
        self.joins: dict[tuple[Form, bytes], tuple[Form, Level]] = {}

    def learn(self, shape: bytes, entry: Entry) -> int:
        """The number of a new shape."""
        number = self.numbers[shape] = len(self.entries)
        self.entries.append(entry)
        return number

    def clear(self) -> None:
        """Forget all of it: forms were folded, or it is too much."""
        self.numbers.clear()
        self.entries.clear()
        self.joins.clear()


def memory_of(kept: dict[object, Any], key: object) -> Memory:
    """The memory of a layout among those that a miner keeps; of many layouts the oldest is forgotten."""
    if key not in kept:
        if len(kept) >= _LAYOUTS:
            del kept[next(iter(kept))]
        kept[key] = Memory()
    found: Memory = kept[key]
    return found


def layout(header: Header | None) -> object:
    """What headers have in common that read every line alike, but for the zone of a time that names none."""
    parts = getattr(header, "headers", (header,))
    return tuple((getattr(h, "regex", h), h and (h.fixed, h.zone_text)) for h in parts)


_CLOCK: Final = 50_000
SCALES: Final = {3: 1e-3, 6: 1e-6, 9: 1e-9}  # s of the last digit of a fraction with so many


class Clock:
    """Epoch seconds of the lines of one file. Each text of a time is read once."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._known: dict[bytes, float] = {b"": 0.0}

    def moments(self, lines: Lines, rows: Rows, time: Time) -> Moment:
        """Epoch seconds of some lines; NaN where the text is no date after all, the fraction alone then being lost."""
        at = self._seconds(lines, rows, time)
        if time.scale:
            at += _fractions(lines, rows, time)
        return at

    def _seconds(self, lines: Lines, rows: Rows, time: Time) -> Moment:
        """To the second: lines in a row mostly have the same."""
        if time.end == time.start:
            return np.zeros(len(rows))
        texts = lines.column(rows, time.start, time.end)
        first = np.concatenate(([0], np.flatnonzero(texts[1:] != texts[:-1]) + 1))
        sizes = np.diff(first, append=len(rows))
        known = [self._known.get(text) for text in texts[first].tolist()]
        out: Moment = np.repeat(np.array(known, dtype=np.float64), sizes)  # None becomes NaN
        for i, begin, size in zip(range(len(known)), first.tolist(), sizes.tolist(), strict=True):
            if known[i] is None:
                self._read(lines, rows, time, out, begin, begin + size)
        return out

    def _read(self, lines: Lines, rows: Rows, time: Time, out: Moment, begin: int, end: int) -> None:
        """Read a text that is new; the first lines that have it may be no lines with a date."""
        for i in range(begin, end):
            raw = lines.raw(int(rows[i]))
            text = raw[time.start : time.end]
            if (at := self._known.get(text)) is None and (parsed := self._header(text_of(raw))) is not None:
                at = parsed[0]
                if time.scale:
                    fraction = raw[time.frac : time.frac_end]
                    at = float(round(at - int(fraction) * time.scale)) if fraction.isdigit() else at
                if len(self._known) >= _CLOCK:
                    self._known.clear()
                self._known[text] = at
            if at is not None:
                out[i:end] = at
                return


def _fractions(lines: Lines, rows: Rows, time: Time) -> Moment:
    """What stands after the second, in s; 0 where it is not all digits."""
    width = time.frac_end - time.frac
    digits = lines.column(rows, time.frac, time.frac_end).view(np.uint8).reshape(-1, width) - 48
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    whole = (digits < 10).all(axis=1)
    out: Moment = np.where(whole, digits.astype(np.int64) @ powers, 0) * time.scale
    return out


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
        """The count of a record with an exception in the lines below it; its own where there is none.

        A record whose first line is all header says what the line below says.
        """
        if below:
            level, message = headed(count.text, count.level, text_of(below[0]))
            if message is not count.text:
                count = self._tally.form(self._tally.redact(message[:MESSAGE]), level)
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
        text = named[-1] if count.level in _CALM else f"{count.text} | {named[-1]}"
        return self._tally.counts.get(form) or self._tally.count(form, level, text)

    def _with_exception(self, raw: bytes, count: Count, exception: str) -> tuple[Form, Level]:
        miner = self._tally.miner
        level = worst(count.level, "error")
        if count.level in _CALM:
            alone = miner.masker.tokens(self._tally.redact(exception))
            return miner.take(alone, (level, *count.form.group[1:])), level
        below = miner.masker.tokens(f"| {self._tally.redact(exception)}")
        parsed = (
            self._header(text_of(raw)) if self._header is not None and len(count.form.group) == 1 else None
        )
        if parsed is None or not parsed[2].strip():
            above = Tokens(count.form.tokens, ("",) * len(count.form.tokens))
        else:
            above = miner.masker.tokens(self._tally.redact(parsed[2][:MESSAGE]))
        tokens = Tokens((*above.masked, " ", *below.masked), (*above.values, "", *below.values))
        return miner.take(tokens, (level, *count.form.group[1:])), level
