"""How often a template occurs, where it was first seen, and an even sample of its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from aitia.tools.text.headers.levels import Level
from aitia.tools.text.templates import Form, Template

KEPT: Final = 48  # records of a template and side that are kept as samples, at most
_BYTES: Final = 1200
_UNSET: Final = Template((), "", "")


@dataclass(slots=True, kw_only=True, eq=False)
class Seen:
    """One record: its moment (epoch s), the file's index, its bytes, first line (-1: not known) and number of lines there."""

    at: float
    file: int
    offset: int
    size: int
    line: int
    lines: int


@dataclass(slots=True, kw_only=True, eq=False)
class Sample:
    """Every `step`-th of a sequence of raw records: moment, index of the file, first line."""

    most: int = KEPT
    step: int = 1
    kept: list[tuple[float, int, bytes]] = field(default_factory=list)

    def keep(self, at: float, file: int, raw: bytes) -> None:
        """Keep a record whose turn has come; twice as seldom from when there are too many."""
        self.kept.append((at, file, raw[:_BYTES]))
        if len(self.kept) > self.most:
            del self.kept[1::2]
            self.step *= 2

    def blend(self, other: Sample) -> None:
        """Add another's, both at the coarser step, so that each record stands for as many others."""
        step = max(self.step, other.step)
        kept = self.kept[:: step // self.step] + other.kept[:: step // other.step]
        while len(kept) > self.most:
            kept, step = kept[::2], 2 * step
        self.kept, self.step = kept, step


@dataclass(slots=True, kw_only=True, eq=False)
class Count:
    """Occurrences of a form, and in the end of its template.

    `cells` count the window, `old_cells` the baselines, in the same cell width. `text` is the first message seen in
    the window, else in a baseline; `record` is the first one in the window.
    """

    form: Form
    level: Level
    text: str
    number: int = 0
    template: Template = _UNSET
    record: Seen | None = None
    window: int = 0
    baseline: list[int]
    cells: dict[int, int] = field(default_factory=dict)
    firsts: dict[int, float] = field(default_factory=dict)
    old_cells: dict[int, int] = field(default_factory=dict)
    old_last: float = 0.0
    new: Sample = field(default_factory=Sample)  # of the window
    old: Sample = field(default_factory=Sample)  # of the baselines

    @property
    def before(self) -> int:
        """Occurrences in all baselines together."""
        return sum(self.baseline)

    def absorb(self, other: Count) -> None:
        """Add the occurrences of another form of the same template."""
        if other.record and (self.record is None or other.record.at < self.record.at):
            self.record, self.text = other.record, other.text
        self.window += other.window
        self.baseline = [a + b for a, b in zip(self.baseline, other.baseline, strict=True)]
        for cell, n in other.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + n
        for cell, at in other.firsts.items():
            self.firsts[cell] = min(self.firsts.get(cell, at), at)
        for cell, n in other.old_cells.items():
            self.old_cells[cell] = self.old_cells.get(cell, 0) + n
        self.old_last = max(self.old_last, other.old_last)
        self.new.blend(other.new)
        self.old.blend(other.old)
