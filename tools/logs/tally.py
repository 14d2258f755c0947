"""Counts a stream's records by form, span and time cell, a block of raw lines at a time.

A line whose shape is known (`templates/shape.py`) is not parsed: its level and form are those of the first line of
that shape, and only its time is read. Lines whose digits matter (access lines, failing statuses, known addresses,
structured lines) are parsed one by one.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from aitia.tools.logs.count import KEPT, Count, Sample, Seen
from aitia.tools.logs.headers import Header, Level, Place, worst
from aitia.tools.logs.reading.blocks import Block
from aitia.tools.logs.reading.blocks import Place as Line
from aitia.tools.logs.reading.joining import exception_in, frame
from aitia.tools.logs.reading.record import JOINED_LINES, text_of
from aitia.tools.logs.reading.skipped import Skipped
from aitia.tools.logs.templates import Form, Miner
from aitia.tools.logs.templates.masks import Tokens
from aitia.tools.logs.templates.miner import observe
from aitia.tools.logs.templates.shape import plain, shapes

MESSAGE: Final = 1000  # characters of a message that are mined
_HELD: Final = 1 << 18  # bytes of one record that are held back for its end
_MANY, _FEW = 2000, 6  # from so many forms on, each keeps a small sample
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


_CONTINUED: Final = Entry(0)
_EXACT: Final = Entry(3)


@dataclass(frozen=True, kw_only=True)
class Side:
    """A half-open span of epoch seconds; `index` is -1 for the window, else the baseline's."""

    start: float
    end: float
    index: int


@dataclass(kw_only=True)
class Tally:
    """The counts of one component's records over all its files.

    `redact` is applied to every message that is looked at. `access` gives the canonical access line of one or "", and
    `on_access` is told of each with the side's index.
    """

    miner: Miner
    baselines: int
    origin: float  # epoch seconds where cell 0 begins
    width: float  # seconds of a cell
    redact: Callable[[str], str] = str
    access: Callable[[str], str] = lambda message: ""
    on_access: Callable[[str, str, int], None] = lambda message, access, index: None
    headers: dict[int, Header | None] = field(default_factory=dict)  # by file
    counts: dict[Form, Count] = field(default_factory=dict)
    lines: Counter[int] = field(default_factory=Counter)  # records by side
    keep_events: int = 0  # so many records are kept one by one, with time, form and side
    _covers: dict[int, list[float]] = field(default_factory=dict)
    _times: array[float] = field(default_factory=lambda: array("d"))
    _numbers: array[int] = field(default_factory=lambda: array("i"))
    _sides: array[int] = field(default_factory=lambda: array("b"))
    _forms: list[Form] = field(default_factory=list)

    def covers(self, index: int) -> tuple[float, float]:
        """First and last moment (epoch s) of a side's records; (0, 0) where it has none."""
        first, last = self._covers.get(index, (0.0, 0.0))
        return first, last

    @property
    def first(self) -> float:
        """The first moment of all records; infinite where there are none."""
        return min((c[0] for c in self._covers.values()), default=float("inf"))

    @property
    def last(self) -> float:
        """The last moment of all records."""
        return max((c[1] for c in self._covers.values()), default=float("-inf"))

    def kept_events(self, index: int) -> tuple[list[float], list[str]] | None:
        """Times and template ids of a side's records in the order of reading; None where not all records were kept."""
        if len(self._times) < self.lines.total():
            return None
        templates = self.miner.templates()
        ids = [templates[form.last].id for form in self._forms]
        kept = [i for i, side in enumerate(self._sides) if side == index]
        return [self._times[i] for i in kept], [ids[self._numbers[i]] for i in kept]

    def note(self, at: float, index: int, count: Count) -> None:
        """Count a record of a side."""
        self.lines[index] += 1
        cover = self._covers.get(index)
        if cover is None:
            self._covers[index] = [at, at]
        elif at < cover[0]:
            cover[0] = at
        elif at > cover[1]:
            cover[1] = at
        if len(self._times) < self.keep_events:
            self._times.append(at)
            self._sides.append(index)
            self._numbers.append(count.number)

    def count(self, form: Form, level: Level, text: str) -> Count:
        """The count of a form."""
        found = self.counts.get(form)
        if found is None:
            most = KEPT if len(self.counts) < _MANY else _FEW
            found = Count(form=form, level=level, text=text, baseline=[0] * self.baselines)
            found.number = len(self._forms)
            self._forms.append(form)
            found.new.most = found.old.most = most
            self.counts[form] = found
        return found

    def form(self, message: str, level: Level) -> Count:
        """The count of one message."""
        access = self.access(message)
        # An access line is its own template already: routes and statuses must not be merged.
        form = (
            self.miner.literal(access, (level, access))
            if access
            else self.miner.take(self.miner.masker.tokens(message), (level,))
        )
        return self.count(form, level, access or message)

    def fold(self) -> None:
        """Bring the counts of folded forms together."""
        for form in [f for f in self.counts if f.into is not None]:
            gone = self.counts.pop(form)
            self.count(form.last, gone.level, gone.text).absorb(gone)

    def parcel(self) -> Parcel:
        """All that was counted, for the process that adds it to its own. Ends the tally."""
        self.fold()
        for count in self.counts.values():
            for sample in (count.new, count.old):
                sample.kept = [(at, -1, text.encode()) for at, text in self.messages(sample)]
        return Parcel(list(self.counts.values()), self.lines, self._covers)

    def add(self, parcel: Parcel) -> None:
        """Add what another process counted."""
        self.lines += parcel.lines
        for index, (first, last) in parcel.covers.items():
            cover = self._covers.setdefault(index, [first, last])
            cover[:] = min(cover[0], first), max(cover[1], last)
        for count in parcel.counts:
            form = self.miner.adopt(count.form)
            self.count(form, count.level, count.text).absorb(count)
        if self.miner.folds:
            self.fold()

    def settled(self) -> list[Count]:
        """One count per template. Ends the tally."""
        self.fold()
        for count in self.counts.values():
            if count.form.values:
                self._vary(count)
        templates = self.miner.templates()
        out: dict[str, Count] = {}
        for form, count in self.counts.items():
            if not count.window and not count.before:
                continue  # each of its records had an exception below it
            count.template = templates[form]
            kept = out.setdefault(count.template.id, count)
            if kept is not count:
                kept.absorb(count)
        return list(out.values())

    def messages(self, sample: Sample) -> list[tuple[float, str]]:
        """The messages of a sample with their moments."""
        out = []
        for at, file, raw in sample.kept:
            header, text = self.headers.get(file), text_of(raw)
            parsed = header(text) if header else (at, "", text)
            if parsed is not None:
                out.append((at, self.redact(parsed[2][:MESSAGE])))
        return out

    def _vary(self, count: Count) -> None:
        """Look at the samples for words with digits that vary: lines of one shape have not been looked at."""
        for sample in (count.new, count.old):
            for _, message in self.messages(sample):
                tokens = self.miner.masker.tokens(message)
                own = count.form.tokens
                if (
                    tokens.masked == own[: len(tokens.masked)]
                ):  # an exception may follow, which a sample lacks
                    rest = ("",) * (len(own) - len(tokens.masked))
                    observe(count.form, Tokens(own, tokens.values + rest))


@dataclass(frozen=True)
class Parcel:
    """What one process counted."""

    counts: list[Count]
    lines: Counter[int]
    covers: dict[int, list[float]]


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
        self._shapes: dict[bytes, Entry] = {}
        self._plain: dict[bytes, Entry] = {}
        self._clock: dict[bytes, float] = {b"": 0.0}
        self._held: list[tuple[bytes, Line]] = []
        self._joins: dict[tuple[Form, bytes], Count] = {}
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
                known.clear()
                self._plain.clear()
                self._joins.clear()
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


class Lines:
    """The raw lines of a block after those that were held back, and where each lies."""

    def __init__(self, held: Sequence[tuple[bytes, Line]], block: Block | None) -> None:
        self._held, self._block = held, block
        own = block.data.split(b"\n") if block else []
        if own and not own[-1]:
            own.pop()
        self.raws = [raw for raw, _ in held] + own
        self._starts: list[int] = []

    def place(self, i: int) -> Line:
        """Where a line lies in the original: offset, bytes, number, lines."""
        if i < len(self._held):
            return self._held[i][1]
        assert self._block is not None
        i -= len(self._held)
        if self._block.places:
            return self._block.places[i]
        if not self._starts:
            own = self.raws[len(self._held) :]
            self._starts = list(
                accumulate(own, lambda at, raw: at + len(raw) + 1, initial=self._block.offset)
            )
            self._starts[-1] = self._block.end
        return Line(self._starts[i], self._starts[i + 1] - self._starts[i], self._block.line + i)

    def seen(self, i: int, more: int, at: float, file: int) -> Seen:
        """The record of a line and those that it goes on for."""
        first, last = self.place(i), self.place(i + more)
        return Seen(
            at=at,
            file=file,
            offset=first.offset,
            size=last.offset + last.size - first.offset,
            line=first.line,
            lines=last.line + last.lines - first.line,
        )
