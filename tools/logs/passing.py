"""Feeds a file's blocks of raw lines into a tally.

A line whose shape is known (`templates/shape.py`) is not parsed: its level and form are those of the first line of
that shape, and only its time is read. Lines whose digits matter (access lines, failing statuses, known addresses,
structured lines) are parsed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.logs.count import Count
from aitia.tools.logs.headers import Header, Level, Place, worst
from aitia.tools.logs.lines import Lines
from aitia.tools.logs.reading.blocks import Block
from aitia.tools.logs.reading.blocks import Place as Line
from aitia.tools.logs.reading.joining import exception_in, frame
from aitia.tools.logs.reading.record import JOINED_LINES, text_of
from aitia.tools.logs.reading.skipped import Skipped
from aitia.tools.logs.tally import MESSAGE, Side, Tally
from aitia.tools.logs.templates import Form
from aitia.tools.logs.templates.masks import Tokens
from aitia.tools.logs.templates.shape import plain, shapes

_HELD: Final = 1 << 18  # bytes of one record that are held back for its end
_SHAPES: Final = 150_000
_CLOCK: Final = 50_000
_ZONE = re.compile(r" ?[+-]\d\d:?\d\d")  # may change from line to line
_FRACTIONS: Final = {3: 1e-3, 6: 1e-6, 9: 1e-9}


class Entry:
    """What is known of a shape.

    how  0: no header; 1: its count, and where its time stands; 2: its count; 3: nothing, it is parsed each time
    """

    __slots__ = ("count", "end", "frac", "frac_end", "how", "scale", "start")

    def __init__(self, how: int, count: Count | None = None) -> None:
        self.how, self.count = how, count
        self.start = self.end = self.frac = self.frac_end = 0
        self.scale = 0.0


class Memory:
    """What passes over files of one layout have learned of shapes, and of records with an exception below."""

    def __init__(self) -> None:
        self.shapes: dict[bytes, Entry] = {}
        self.plain: dict[bytes, Entry] = {}
        self.joins: dict[tuple[Form, bytes], Count] = {}

    def clear(self) -> None:
        """Forget all of it: forms were folded."""
        self.shapes.clear()
        self.plain.clear()
        self.joins.clear()


_CONTINUED: Final = Entry(0)
_EXACT: Final = Entry(3)


class Pass:
    """One pass over a file: feeds its blocks into a tally, for one or several sides. Call `close` at its end.

    Without a header each line is a record, and its moment how many its side had before it.
    """

    def __init__(
        self,
        tally: Tally,
        header: Header | None,
        file: int,
        sides: Sequence[Side],
        skipped: Skipped,
        *,
        begun: bool = False,
    ) -> None:
        self._tally, self._header, self._file, self._sides, self._skipped = (
            tally,
            header,
            file,
            sides,
            skipped,
        )
        tally.headers[file] = header
        # Files and pieces of one layout share what was learned of its shapes; the clock is of the file's own zone.
        layout = (getattr(header, "regex", header), header and (header.fixed, header.zone_text))
        memory: Memory = tally.memory.setdefault(layout, Memory())
        self._shapes, self._plain, self._joins = memory.shapes, memory.plain, memory.joins
        self._clock: dict[bytes, float] = {b"": 0.0}
        self._held: list[tuple[bytes, Line]] = []
        self._folds = tally.miner.folds
        self._begun = begun  # lines without a header at the beginning belong to a record before it
        self.latest = float("-inf")  # moment of the last record

    def feed(self, block: Block) -> None:
        """Count a block; its last record is held back until the next block tells where it ends."""
        self._take(block)

    def close(self) -> None:
        """Count what was held back."""
        self._take(None)

    def _take(self, block: Block | None) -> None:
        lines = Lines(self._held, block)
        self._held = []
        entries = self.entries(lines.raws)
        n = len(entries) if block is None else self._hold(lines, entries)
        self._run(lines, entries, n)

    def entries(self, raws: list[bytes]) -> list[Entry]:
        """What is known of each line's shape."""
        if not raws:
            return []
        keys = shapes(b"\n".join(raws))
        known = self._shapes
        found = [known.get(key) for key in keys]
        if None in found:
            for i, entry in enumerate(found):
                if entry is None:
                    found[i] = known.get(keys[i]) or self._resolved(raws[i], keys[i])
            if self._tally.miner.folds != self._folds:
                # What was known of shapes may speak of forms that are gone.
                self._folds = self._tally.miner.folds
                for memory in self._tally.memory.values():
                    memory.clear()
                self._tally.fold()
                return self.entries(raws)
        return [entry for entry in found if entry is not None]

    def _hold(self, lines: Lines, entries: list[Entry]) -> int:
        """Hold the last record back; the number of lines before it."""
        n = len(entries) - 1
        while n > 0 and entries[n].how == 0:
            n -= 1
        if n < 0 or sum(map(len, lines.raws[n:])) > _HELD:
            return len(entries)
        self._held = [(lines.raws[i], lines.place(i)) for i in range(n, len(entries))]
        return n

    def _resolved(self, raw: bytes, key: bytes) -> Entry:
        """What a new shape means. Hexadecimal ids are tried as digits before the line is parsed."""
        simple = plain(raw)
        entry = self._plain.get(simple)
        if entry is None:
            entry = self._parsed(raw)
            if len(self._plain) >= _SHAPES:
                self._plain.clear()
            self._plain[simple] = entry
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[key] = entry
        return entry

    def _parsed(self, raw: bytes) -> Entry:
        text = text_of(raw)
        place = None
        level: Level = ""
        message = text
        if self._header is not None:
            parsed = self._header(text)
            if parsed is None:
                return _CONTINUED
            _, level, message = parsed
            if frame(message):
                return _CONTINUED  # loggers that put a header before each line of a trace
            place = self._header.locate(text)
            if place is None:
                return _EXACT
        message = self._tally.redact(message[:MESSAGE])
        tokens = self._tally.miner.masker.tokens(message)
        if tokens.exact or self._tally.access(message):
            return _EXACT
        count = self._tally.count(self._tally.miner.take(tokens, (level,)), level, message)
        if place is None:
            return Entry(1, count)
        if not self._fixed(text, place):
            return Entry(2, count)
        entry = Entry(1, count)
        entry.start, entry.end = place.start, place.end
        if width := place.frac_end - place.frac_start:
            entry.frac, entry.frac_end, entry.scale = place.frac_start, place.frac_end, _FRACTIONS[width]
        return entry

    def _fixed(self, text: str, place: Place) -> bool:
        """Whether the time of every line of this shape stands at the same bytes."""
        width = place.frac_end - place.frac_start
        before = text[: place.start]
        return (
            self._header is not None
            and self._header.fixed
            and before.isascii()
            and not any(c.isdigit() for c in before)
            and (not width or width in _FRACTIONS)
            and not _ZONE.match(text, place.frac_end)
        )

    def _run(self, lines: Lines, entries: list[Entry], n: int) -> None:
        clock, raws, undated = self._clock, lines.raws, self._header is None
        joins = _CONTINUED in entries
        for i in range(n):
            entry, raw = entries[i], raws[i]
            if entry.how == 1 and entry.count is not None:
                count = entry.count
                at = clock.get(raw[entry.start : entry.end])
                if undated:
                    at = float(self._tally.lines[self._sides[0].index])
                elif at is None:
                    at = self._time(raw, entry)
                if entry.scale:
                    fraction = raw[entry.frac : entry.frac_end]
                    at += int(fraction) * entry.scale if fraction.isdigit() else 0.0
            elif entry.how == 0:
                if not self._begun:
                    self._skipped.undated += 1
                continue
            else:
                parsed = self._exact(raw, entry)
                if parsed is None:
                    continue
                at, count, message = parsed
            self._begun = True
            more = 0
            if joins and i + 1 < len(entries) and entries[i + 1].how == 0:
                count, more = self._joined(lines, entries, i, count)
            if at < self.latest - 1.0:
                self._skipped.step(self.latest - at)
            self.latest = at
            for side in self._sides:
                if side.start <= at < side.end:
                    self.note(count, at, side.index, lines, i, more)
                    if entry.how == 3 and len(group := count.form.group) > 1:
                        self._tally.on_access(message, group[1], side.index)

    def note(self, count: Count, at: float, index: int, lines: Lines, i: int, more: int) -> None:
        """Count the record that begins with the i-th line and goes on for `more` lines."""
        tally = self._tally
        tally.note(at, index, count)
        cell = int((at - tally.origin) // tally.width)
        if index < 0:
            if count.record is None or at < count.record.at:
                count.record = lines.seen(i, more, at, self._file)
            count.window += 1
            cells = count.cells
            if cell in cells:
                cells[cell] += 1
                if at < count.firsts[cell]:
                    count.firsts[cell] = at
            else:
                cells[cell] = 1
                count.firsts[cell] = at
            if not count.window % count.new.step:
                count.new.keep(at, self._file, lines.raws[i])
            return
        count.baseline[index] += 1
        count.old_cells[cell] = count.old_cells.get(cell, 0) + 1
        if at > count.old_last:
            count.old_last = at
        if not count.baseline[index] % count.old.step:
            count.old.keep(at, self._file, lines.raws[i])

    def _time(self, raw: bytes, entry: Entry) -> float:
        """The moment of a time text that is new, to the second. A text that is no date after all keeps the moment before."""
        assert self._header is not None
        parsed = self._header(text_of(raw))
        if parsed is None:
            return max(self.latest, 0.0)
        at = parsed[0]
        if entry.scale:
            fraction = raw[entry.frac : entry.frac_end]
            at = float(round(at - int(fraction) * entry.scale)) if fraction.isdigit() else at
        if len(self._clock) >= _CLOCK:
            self._clock.clear()
        self._clock[raw[entry.start : entry.end]] = at
        return at

    def _exact(self, raw: bytes, entry: Entry) -> tuple[float, Count, str] | None:
        assert self._header is not None
        parsed = self._header(text_of(raw))
        if parsed is None:
            return None
        at, level, message = parsed
        message = message[:MESSAGE]
        if entry.count is None:
            message = self._tally.redact(message)
        return at, entry.count or self._tally.form(message, level), message

    def _joined(self, lines: Lines, entries: list[Entry], i: int, count: Count) -> tuple[Count, int]:
        """The count of a record with an exception below it, and how many lines it goes on for."""
        end = i + 1
        exception = ""
        while end < len(entries) and entries[end].how == 0 and end - i < JOINED_LINES:
            exception = exception_in(text_of(lines.raws[end])) or exception
            end += 1
        if not exception:
            return count, end - i - 1
        key = (count.form, plain(exception.encode("utf-8", "replace")))
        found = self._joins.get(key)
        if found is None:
            if len(self._joins) >= _CLOCK:
                self._joins.clear()
            found = self._joins[key] = self._with_exception(lines.raws[i], count, exception)
        return found, end - i - 1

    def _with_exception(self, raw: bytes, count: Count, exception: str) -> Count:
        miner = self._tally.miner
        below = miner.masker.tokens(f"| {self._tally.redact(exception)}")
        if len(count.form.group) > 1 or self._header is None:
            above = Tokens(count.form.tokens, ("",) * len(count.form.tokens))
        else:
            parsed = self._header(text_of(raw))
            above = miner.masker.tokens(self._tally.redact(parsed[2][:MESSAGE] if parsed else ""))
        tokens = Tokens((*above.masked, " ", *below.masked), (*above.values, "", *below.values))
        level = worst(count.level, "error")
        form = miner.take(tokens, (level, *count.form.group[1:]))
        return self._tally.count(form, level, f"{count.text} | {exception}")
