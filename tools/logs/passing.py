"""One pass over the lines of a file: what is known of a line's shape need not be parsed again.

Lines that are equal but for digits and hexadecimal ids have the same header, level and form, so that most lines cost a
share of some operations over a whole block. Lines whose digits matter (a failing status, a known address) are parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.tools.logs.count import Count, Lines, Records
from aitia.tools.logs.meanings import Clock, Entry, Meanings, Time
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.text.headers import Header
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.reading.blocks import Place as Line
from aitia.tools.text.reading.record import JOINED_LINES
from aitia.tools.text.reading.skipped import Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aitia.tools.logs.count import Rows
    from aitia.tools.logs.meanings import Moment, Numbers

    How = NDArray[np.int8]

_HELD: Final = 1 << 18  # bytes of one record that are held back for its end


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
        self._tally, self._file, self._sides, self._skipped = tally, file, sides, skipped
        tally.headers[file] = header
        self._header = header
        self._meanings = Meanings(tally, header)
        self._clock = Clock(header) if header is not None else None
        self._held: list[tuple[bytes, Line]] = []
        self._begun = begun  # lines without a header at the beginning belong to a record before it
        self.latest = float("-inf")  # moment of the last record

    def feed(self, block: Block) -> None:
        """Count a block; its last record is held back until the next block tells where it ends."""
        self._take(block)

    def finish(self, following: Iterable[Block]) -> None:
        """Take the lines that go on from the last record, where others read what comes after it."""
        taken = 0
        for block in following:
            lines = Lines((), block)
            entries, which = self._meanings.of(lines)
            begins = np.flatnonzero(np.array([entry.how for entry in entries])[which])
            n = int(begins[0]) if len(begins) else len(lines)
            if n and self._held:
                last, end = lines.place(n - 1), int(lines.ends[n - 1]) + 1
                own = Block(
                    block.data[:end], block.offset, block.line, last.offset + last.size, block.places[:n]
                )
                self.feed(own)
            taken += n
            if len(begins) or taken >= JOINED_LINES:
                return

    def close(self) -> None:
        """Count what was held back."""
        self._take(None)

    def _take(self, block: Block | None) -> None:
        lines = Lines(self._held, block)
        self._held = []
        if len(lines):
            entries, which = self._meanings.of(lines)
            how = np.array([entry.how for entry in entries], dtype=np.int8)[which]
            n = len(lines) if block is None else self._hold(lines, how)
            self._run(lines, entries, which, how, n)

    def _hold(self, lines: Lines, how: How) -> int:
        """Hold the last record back; the number of lines before it."""
        begins = np.flatnonzero(how)
        n = int(begins[-1]) if len(begins) else 0
        if int(lines.ends[-1] - lines.starts[n]) > _HELD:
            return len(lines)
        self._held = [(lines.raw(i), lines.place(i)) for i in range(n, len(lines))]
        return n

    def _run(self, lines: Lines, entries: Sequence[Entry], which: Numbers, how: How, n: int) -> None:
        """Count the first `n` lines."""
        counts, at = self._known(lines, entries, which[:n])
        parsed = self._parsed(lines, entries, which, how[:n], counts, at)
        rows = np.flatnonzero(counts >= 0)
        if not self._begun:
            self._begun = len(rows) > 0
            self._skipped.undated += int((how[: rows[0] if len(rows) else n] == 0).sum())
        if not len(rows):
            return
        more = np.zeros(len(rows), dtype=np.int32)
        if not how.all():
            self._join(lines, how, rows, counts, more)
        at = self._in_order(at[rows])
        found = Records(at=at, counts=counts[rows], rows=rows, more=more, lines=lines, file=self._file)
        for side in self._sides:
            own = found.kept((at >= side.start) & (at < side.end))
            self.note(own, side.index, entries, which)
            for i in own.rows.tolist() if parsed else ():
                if i in parsed and len(group := parsed[i][0].form.group) > 1:
                    self._tally.on_access(parsed[i][1], group[1], side.index)

    def note(self, found: Records, index: int, entries: Sequence[Entry], which: Numbers) -> None:
        """Count the records of a side. `which` of the entries each line has."""
        self._tally.note(found, index)

    def _known(self, lines: Lines, entries: Sequence[Entry], which: Numbers) -> tuple[Numbers, Moment]:
        """The counts (by number) and moments of lines where their shapes tell both; else -1 and NaN."""
        numbers = np.full(len(entries), -1, dtype=np.int32)
        times = np.full(len(entries), -1, dtype=np.int32)
        distinct: dict[Time, int] = {}
        used = np.bincount(which, minlength=len(entries)).tolist()
        for k, entry in enumerate(entries):
            if entry.how == 1 and used[k]:  # else its lines are held back
                count = self._tally.counts.get(entry.form) if entry.form is not None else None
                if count is None:
                    count = self._meanings.count(entry, lines.raw(int(np.argmax(which == k))))
                numbers[k] = count.number
                times[k] = distinct.setdefault(entry.time, len(distinct))
        if self._clock is None:
            before = self._tally.lines[self._sides[0].index]
            return numbers[which], np.arange(before, before + len(which), dtype=np.float64)
        at: Moment = np.full(len(which), np.nan, dtype=np.float64)
        time = times[which]
        for place, k in distinct.items():
            rows = np.flatnonzero(time == k)
            at[rows] = self._clock.moments(lines, rows, place)
        return numbers[which], at

    def _parsed(
        self, lines: Lines, entries: Sequence[Entry], which: Numbers, how: How, counts: Numbers, at: Moment
    ) -> dict[int, tuple[Count, str]]:
        """Counts and messages of the lines that are parsed, by line; also put into `counts` and `at`."""
        out = {}
        for i in np.flatnonzero(how > 1).tolist():
            found = self._meanings.exact(lines.raw(i), entries[which[i]])
            if found is not None:
                moment, count, message = found
                out[i], counts[i] = (count, message), count.number
                if self._clock is not None:
                    at[i] = moment
        return out

    def _join(self, lines: Lines, how: How, rows: Rows, counts: Numbers, more: Numbers) -> None:
        """Put in how many lines go on from each record, and the count that it has with an exception among them."""
        follows = np.append(how, 1)[rows + 1] == 0
        for k in np.flatnonzero(follows).tolist():
            first = int(rows[k])
            end = first + 1
            while end < len(how) and not how[end] and end - first < JOINED_LINES:
                end += 1
            more[k] = end - first - 1
            count = self._tally.numbered[counts[first]]
            below = [lines.raw(i) for i in range(first + 1, end)]
            counts[first] = self._meanings.joined(lines.raw(first), count, below).number

    def _in_order(self, at: Moment) -> Moment:
        """The moments, that of the record before in place of one that is none. Counts a clock that goes back."""
        for i in np.flatnonzero(np.isnan(at)).tolist():
            at[i] = max(at[i - 1] if i else self.latest, 0.0)
        before = np.concatenate(([self.latest], at[:-1]))
        for i in np.flatnonzero(at < before - 1.0).tolist():
            self._skipped.step(float(before[i] - at[i]))
        self.latest = float(at[-1])
        return at
