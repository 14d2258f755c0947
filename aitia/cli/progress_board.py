"""What is known of a running diagnosis: its phases, suspects, newest facts and calls."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aitia.core.events import (
    Corrected,
    Event,
    Glimpse,
    NodeDone,
    PlanMade,
    Progress,
    Ranked,
    RunFailed,
    RunFinished,
    RunStarted,
    SentenceDone,
    TaskDone,
)
from aitia.core.percent import percent
from aitia.core.words import Suspect, Task
from aitia.render.text import NOT_VISIBLE, clean, count

_AFTER = {
    "": "checking what can be read",
    "open": "searching past incidents and runbooks",
    "recall": "planning",
    "plan": "calling tools",
    "run_task": "calling tools",
    "gather": "weighing the suspects",
    "weigh": "writing the explanation",
    "explain": "checking every sentence",
    "verify": "collecting steps to take",
    "mitigate": "writing the report",
}
_UNNAMED = {"healthy": "nothing is wrong", "unknown": NOT_VISIBLE}
_WEAK = 0.1  # facts below this strength are counted and not shown
_NEWEST = 60  # facts and sentences that are kept for a tall screen
Pair = tuple[str, str]


@dataclass(kw_only=True)
class Board:
    """The state of one run as its events told it so far."""

    clock: Callable[[], float] = time.monotonic
    run: str = ""
    title: str = ""
    finished: bool = False
    failed: bool = False  # it stopped; it can be resumed
    phases: dict[str, float] = field(default_factory=dict)  # seconds by node, in order of their first end
    after: str = ""  # the node that ended last
    working: str = ""  # long work that reports its progress
    planned: dict[int, Task] = field(default_factory=dict)
    done: dict[int, TaskDone] = field(default_factory=dict)
    suspects: tuple[Suspect, ...] = ()
    before: dict[Pair, float] = field(default_factory=dict)  # the ranking before this one
    settled: bool = False
    facts: int = 0
    newest: deque[Glimpse] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    sentences: deque[str] = field(default_factory=lambda: deque(maxlen=_NEWEST))

    def __post_init__(self) -> None:
        self.began = self.clock()

    def take(self, event: Event) -> None:
        """Follow one event."""
        self.working = ""
        match event:
            case RunStarted():
                self.run, self.title = event.run, clean(event.title)
            case NodeDone():
                self.phases[event.node] = self.phases.get(event.node, 0.0) + event.seconds
                self.after = event.node
            case PlanMade():
                self.planned |= {task.id: task for task in event.tasks}
            case TaskDone():
                self.done[event.task] = event
                self.facts += event.facts
                # The strongest last, where the eye is.
                self.newest.extend(g for g in reversed(event.strongest) if g.strength >= _WEAK)
            case Ranked():
                ranked = tuple(sorted(event.suspects, key=lambda s: -s.probability))
                if _shares(ranked) != _shares(self.suspects):
                    self.before = _shares(self.suspects)
                self.suspects = ranked
                self.settled = event.settled
            case SentenceDone():
                self.sentences.append(clean(event.text))
            case Progress():
                self.working = told_progress(event)
            case Corrected():  # it begins anew; who led before is compared with
                self.planned, self.done, self.facts, self.settled, self.after = {}, {}, 0, False, ""
                self.newest.clear()
                self.sentences.clear()
            case RunFinished():
                self.finished = True
            case RunFailed():
                self.failed = True

    def now(self) -> str:
        """What runs at the moment."""
        if self.working:
            return self.working
        running = [t for t in self.running() if set(t.dep) <= set(self.done)]
        if running:
            names = ", ".join(dict.fromkeys(clean(t.tool) for t in running))
            return f"{count(len(running), 'call')} under way: {names}"
        return _AFTER.get(self.after, "finishing")

    def running(self) -> list[Task]:
        """Planned calls that have not returned."""
        return [task for number, task in self.planned.items() if number not in self.done]

    def moved(self, suspect: Suspect) -> tuple[str, str]:
        """How a suspect's probability moved: a mark and its colour."""
        if not self.before:
            return "", ""
        was = self.before.get(pair(suspect))
        if was is None:
            return "new", "cyan"
        change = suspect.probability - was
        if abs(change) < 0.005:
            return "", ""
        return ("↑", "red") if change > 0 else ("↓", "green")


def name_of(suspect: Suspect) -> str:
    """A suspect in words."""
    if not suspect.component:
        return _UNNAMED.get(suspect.fault, clean(suspect.fault))
    return f"{clean(suspect.component)} {clean(suspect.fault)}"


def told_progress(event: Progress) -> str:
    """Long work in a few words: `fetching x 40 %`."""
    if event.total:
        return f"{clean(event.what)} {percent(event.done / event.total)}"
    return f"{clean(event.what)} {event.done:g} {clean(event.unit)}".strip()


def pair(suspect: Suspect) -> Pair:
    """What tells suspects apart."""
    return suspect.component, suspect.fault


def _shares(suspects: Sequence[Suspect]) -> dict[Pair, float]:
    return {pair(s): s.probability for s in suspects}
