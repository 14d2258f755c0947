"""Watches one log as it grows: cells of time against those that passed for normal, and an alarm once the evidence suffices.

An alarm comes when it can be held, not when its cause began: the moment is the end of the cell in which the evidence
passed the limit, and when the change began is told apart, with its uncertainty. No alarm is taken back.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final, Literal

from aitia.tools.logs.change.events import Ints
from aitia.tools.logs.watching.alarm import Alarm, Onset, changes
from aitia.tools.logs.watching.cells import STATISTICS, Cells, Statistic
from aitia.tools.logs.watching.clock import Clock
from aitia.tools.logs.watching.evidence import TOP, Detector, excess, rank_p
from aitia.tools.logs.watching.kinds import ANY, Kinds
from aitia.tools.logs.watching.settings import MOST, Settings
from aitia.tools.text.headers import Level

_CALM: Final = 8  # cells in a row that end a departure
_PATIENCE: Final = 4  # times the cells that are needed: so long a start is waited for to settle

Phase = Literal["learning", "watching", "departed"]


class Watcher:
    """One log. `learn` normal records of earlier runs, then `take` the records as they come; `phase` tells where it stands."""

    def __init__(self, component: str, kinds: Kinds, settings: Settings | None = None) -> None:
        self.component, self.kinds = component, kinds
        self.settings = settings or Settings()
        self.least = self.settings.least
        self.phase: Phase = "learning"
        self.since = 0.0  # epoch s of the phase; 0 where it began before the log
        self.normal = Cells(MOST)
        self.learned = self.records = self.alarms = 0
        self.clock = Clock(MOST * self.settings.cell_s)
        self._cell: int | None = None
        self._counts: Counter[int] = Counter()
        self._began, self._at = float("-inf"), 0.0
        self._detectors: dict[Statistic, Detector] = {}
        self._excess: dict[Statistic, float] = {}
        self._calm = self._away = self._weighed = 0
        self._taught = self._half = False
        self._recent: deque[Counter[int]] = deque(maxlen=MOST)

    def stands(self) -> str:
        """Where it stands, in words."""
        cells = f"{len(self.normal):,} cells of {self.settings.cell_s:g} s"
        if self.phase == "learning":
            return f"learning, {cells} of at least {self.least:,} needed for this false alarm rate"
        return f"watching, {cells} taken as normal" if self.phase == "watching" else "departed from normal"

    def learn(self, at: float, level: Level, message: str) -> None:
        """Take a record of a log that is known to be normal. Call `learned_all` after the last one of each log."""
        self._taught = True
        self._put(at, level, message)

    def learned_all(self) -> None:
        """A log that is known to be normal has ended: what comes next is another one."""
        self._cell, self._counts, self._at = None, Counter(), 0.0  # its last cell may be half a one
        self.clock = Clock(MOST * self.settings.cell_s)
        self._taught = False
        if len(self.normal) >= self.least:
            self._arm()

    def take(self, at: float, level: Level, message: str) -> list[Alarm]:
        """Take a record (epoch s); the alarms that cells raise which ended before it."""
        if self._began == float("-inf"):
            self._began = at
        self.records += 1
        return self._put(at, level, message)

    def advance(self, at: float) -> list[Alarm]:
        """Say that it is `at` by the stream's clock, and nothing came since the last record: cells without lines end too."""
        if self._cell is None or at <= self.clock.now:
            return []
        self.clock.now = at
        return self._moved(at)

    def _put(self, at: float, level: Level, message: str) -> list[Alarm]:
        moment, stepped = self.clock.moment(at)
        if stepped:
            self._cell = None
        alarms = self._moved(moment)
        self._counts[self.kinds.number(level, message)] += 1
        self._counts[ANY] += 1
        return alarms

    def _moved(self, moment: float) -> list[Alarm]:
        cell = int(moment // self.settings.cell_s)
        if self._cell is None:
            self._cell, self._half = cell, True
            self._counts.clear()
        alarms = []
        while self._cell < cell:
            self._cell += 1
            counts, self._counts = self._settled(self._counts), Counter()
            if not self._half:  # the log, or a new time, begins within its first cell
                alarms += self._ended(counts, self._cell * self.settings.cell_s)
            self._half = False
        return alarms

    def _ended(self, counts: Counter[int], at: float) -> list[Alarm]:
        """A cell ended."""
        self._at = at
        self.normal.add(counts)
        if self._taught:
            return []
        if self.phase == "learning":
            self.learned += 1
            if len(self.normal) >= self.least and at - self._began >= self.settings.learn_s:
                self._arm()
            return []
        p = {name: rank_p(scores) for name, scores in self.normal.scores().items()}
        if self.phase == "departed":
            self._on(counts, min(p.values()))
            return []
        for name in STATISTICS:
            self._detectors[name].take(p[name], len(self.normal))
        self._recent.append(counts)
        if self._evidence() >= self.settings.limit:
            return [self._alarm(at)]
        self._weighed -= 1
        if self._weighed <= 0 and all(d.value <= len(self.normal) for d in self._detectors.values()):
            self._weigh()  # not while there is evidence: it would count against itself
        return []

    def _settled(self, counts: Counter[int]) -> Counter[int]:
        """The counts by the numbers that hold now, by which all others are told as well."""
        if (new := self.kinds.moved()) is not None:
            counts = _renumbered(counts, new)
            self.normal.renumber(new)
            self._recent = deque((_renumbered(c, new) for c in self._recent), maxlen=MOST)
        if (into := self.kinds.merged()) is not None:
            self.normal.merge(into)
        return counts

    def _evidence(self) -> float:
        return sum(self._detectors[name].value / self._excess[name] for name in STATISTICS)

    def _arm(self) -> None:
        """Begin to watch, once what a start alone says has been left out and enough is left."""
        if 0 < self.learned <= _PATIENCE * self.least:
            rare = self.normal.scores()["rare"]
            self.normal.keep_last(len(self.normal) - _start(list(rare)))
            if len(self.normal) < self.least:
                return
        self.phase, self.since, self.learned = "watching", self._at, 0
        self._recent.clear()
        self._detectors = {name: Detector() for name in STATISTICS}
        self._weigh()

    def _weigh(self) -> None:
        """Learn what normal itself, in its order, gives as evidence."""
        self._excess = {name: excess(scores) for name, scores in self.normal.scores().items()}
        self._weighed = self.least

    def _alarm(self, at: float) -> Alarm:
        """The alarm; the cells since the change began no longer pass for normal."""
        self.alarms += 1
        name = max(STATISTICS, key=lambda n: self._detectors[n].value / self._excess[n])
        begun = self._detectors[name].begun()
        since = list(self._recent)[-begun.likeliest :]
        self.normal.drop_last(begun.likeliest)
        width, evidence = self.settings.cell_s, self._evidence()
        self.phase, self.since, self._calm, self._away = "departed", at, 0, 0
        self._recent.clear()
        return Alarm(
            component=self.component,
            at=at,
            onset=Onset(
                earliest=at - begun.earliest * width,
                likeliest=at - begun.likeliest * width,
                latest=at - begun.latest * width,
            ),
            statistic=name,
            evidence=evidence,
            by_chance_s=evidence / self.settings.limit * self.settings.every_s,
            changes=changes(self.normal, since, self.kinds),
        )

    def _on(self, counts: Counter[int], p: float) -> None:
        """A cell after an alarm: calm ones in a row end the departure, many of them are a new normal."""
        self._away += 1
        self._recent.append(counts)
        self._calm = self._calm + 1 if p > 2.0**-TOP else 0
        if self._calm >= _CALM:
            self._arm()
        elif self._away >= self.least:
            self.normal.keep_last(0)
            for each in list(self._recent)[-self.least :]:
                self.normal.add(each)
            self._arm()
        elif not self._calm:
            self.normal.drop_last(1)


def _start(rare: Sequence[float]) -> int:
    """Cells at the beginning that are all among the most unusual sixteenth: a process that starts."""
    limit = sorted(rare, reverse=True)[len(rare) >> TOP] if rare else 0.0
    return next((i for i, score in enumerate(rare) if score <= limit), 0)


def _renumbered(counts: Counter[int], new: Ints) -> Counter[int]:
    out: Counter[int] = Counter()
    for kind, lines in counts.items():
        out[int(new[kind])] += lines
    return out
