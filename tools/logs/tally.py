"""The counts of one component's records by form, side and time cell, over all its files and processes."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from aitia.tools.logs.count import KEPT, Count, Records, Sample, count_records
from aitia.tools.text.headers import Header, Level
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.templates import Form, Miner
from aitia.tools.text.templates.masks import Tokens
from aitia.tools.text.templates.miner import observe

MESSAGE: Final = 1000  # characters of a message that are mined
_MANY, _FEW = 2000, 6  # from so many forms on, each keeps a small sample


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
    numbered: list[Count] = field(default_factory=list)  # each count that was made, by its number
    _covers: dict[int, list[float]] = field(default_factory=dict)
    _times: array[float] = field(default_factory=lambda: array("d"))
    _numbers: array[int] = field(default_factory=lambda: array("i"))
    _sides: array[int] = field(default_factory=lambda: array("b"))

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
        ids = [templates[count.form.last].id for count in self.numbered]
        kept = [i for i, side in enumerate(self._sides) if side == index]
        return [self._times[i] for i in kept], [ids[self._numbers[i]] for i in kept]

    def note(self, found: Records, index: int) -> None:
        """Count records of a side; `index` is -1 for the window, else the baseline's."""
        if not len(found):
            return
        self.lines[index] += len(found)
        first, last = float(found.at.min()), float(found.at.max())
        cover = self._covers.setdefault(index, [first, last])
        cover[:] = min(cover[0], first), max(cover[1], last)
        room = min(len(found), self.keep_events - len(self._times))
        if room > 0:
            self._times.frombytes(found.at[:room].tobytes())
            self._numbers.frombytes(found.counts[:room].tobytes())
            self._sides.extend([index] * room)
        count_records(found, self.numbered, index, self.origin, self.width)

    def count(self, form: Form, level: Level, text: str) -> Count:
        """The count of a form."""
        found = self.counts.get(form)
        if found is None:
            most = KEPT if len(self.counts) < _MANY else _FEW
            found = Count(form=form, level=level, text=text, baseline=[0] * self.baselines)
            found.number = len(self.numbered)
            self.numbered.append(found)
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
            into = self.numbered[gone.number] = self.count(form.last, gone.level, gone.text)
            into.absorb(gone)

    def parcel(self) -> Parcel:
        """All that was counted, for the process that adds it to its own. Ends the tally."""
        self.fold()
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
            if count.form.open:
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

    def messages(self, sample: Sample) -> Iterator[tuple[float, str]]:
        """The messages of a sample with their moments."""
        for at, file, raw in sample.kept:
            header, text = self.headers.get(file), text_of(raw)
            parsed = header(text) if header else (at, "", text)
            if parsed is not None:
                yield at, self.redact(parsed[2][:MESSAGE])

    def _vary(self, count: Count) -> None:
        """Look at the samples for words with digits that vary: lines of one shape have not been looked at."""
        own = count.form.tokens
        for sample in (count.new, count.old):
            for _, message in self.messages(sample):
                tokens = self.miner.masker.tokens(message)
                if (
                    tokens.masked != own[: len(tokens.masked)]
                ):  # an exception may follow, which a sample lacks
                    continue
                rest = ("",) * (len(own) - len(tokens.masked))
                observe(count.form, Tokens(own, tokens.values + rest))
                if not count.form.open:
                    return


@dataclass(frozen=True)
class Parcel:
    """What one process counted."""

    counts: list[Count]
    lines: Counter[int]
    covers: dict[int, list[float]]
