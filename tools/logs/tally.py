"""The counts of one component's records by form, side and time cell, over all its files and processes."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aitia.tools.logs.count import KEPT, Count, Sample
from aitia.tools.logs.headers import Header, Level
from aitia.tools.logs.reading.record import text_of
from aitia.tools.logs.templates import Form, Miner
from aitia.tools.logs.templates.masks import Tokens
from aitia.tools.logs.templates.miner import observe

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
    memory: dict[object, Any] = field(default_factory=dict)  # of the passes, by layout
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
