"""Live progress on stderr: a small moving view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from aitia.core.events import (
    Decided,
    Event,
    Findings,
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
from aitia.render.text import clean, count, duration, percent

if TYPE_CHECKING:
    from aitia.core.words import Task

_MARKS = {
    "ok": ("✓", "green"),
    "no_data": ("∅", "yellow"),
    "error": ("✗", "red"),
    "needs_approval": ("?", "cyan"),
}
_KEPT_TASKS = 12


class LiveView:
    """Consumes the event stream of one run. Use as a context manager; `run` is the run's id once it has begun."""

    def __init__(self, console: Console) -> None:
        self.run = ""
        self.finished = False
        self._console = console
        self._lock = threading.Lock()
        self._moving = console.is_terminal
        self._live: Live | None = None
        self._spinner = Spinner("dots", text="starting")
        self._tasks: dict[int, tuple[Task, TaskDone | None]] = {}
        self._suspects = ""
        self._sentences: list[str] = []
        self._last_progress = -1.0

    def __enter__(self) -> Self:
        if self._moving:
            self._live = Live(
                self._view(),
                console=self._console,
                transient=True,
                refresh_per_second=8,
                get_renderable=self._view,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the moving view off the terminal."""
        if self._live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take one event; safe from any thread."""
        with self._lock:
            line = self._take(event)
        if line and not self._moving:
            self._console.print(Text(line), soft_wrap=True)

    def _take(self, event: Event) -> str:
        """Update the view and return the plain line for the event, "" where there is none."""
        if isinstance(event, Progress):
            return self._progress(event)
        if isinstance(event, PlanMade):
            self._tasks |= {task.id: (task, None) for task in event.tasks}
        elif isinstance(event, TaskDone) and event.task in self._tasks:
            self._tasks[event.task] = (self._tasks[event.task][0], event)
        elif isinstance(event, RunStarted):
            self.run = event.run
        elif isinstance(event, Ranked):
            self._suspects = suspects_line(event)
        elif isinstance(event, SentenceDone):
            self._sentences.append(clean(event.text))
        elif isinstance(event, RunFinished):
            self.finished = True
        line = describe(event)
        if line:
            self._spinner.update(text=Text(line, overflow="ellipsis", no_wrap=True))
        return line

    def _progress(self, event: Progress) -> str:
        share = event.done / event.total if event.total else 0.0
        text = (
            f"{clean(event.what)} {share:.0%}"
            if event.total
            else f"{clean(event.what)} {event.done:g} {event.unit}"
        )
        self._spinner.update(text=text)
        tenth = int(share * 10) / 10
        if tenth == self._last_progress:
            return ""
        self._last_progress = tenth
        return text

    def _view(self) -> RenderableType:
        shown = list(self._tasks.values())[-_KEPT_TASKS:]
        lines: list[RenderableType] = [task_line(task, done) for task, done in shown]
        if self._suspects:
            lines.append(Text(f"  {self._suspects}", style="bold", overflow="ellipsis", no_wrap=True))
        lines += [
            Text(f"  “{s}”", style="dim", overflow="ellipsis", no_wrap=True) for s in self._sentences[-3:]
        ]
        return Group(*lines, self._spinner)


def task_line(task: Task, done: TaskDone | None) -> Text:
    """One task of the plan with what came of it."""
    mark, colour = _MARKS[done.status] if done else ("…", "dim")
    args = " ".join(f"{key}={value}" for key, value in sorted(task.args.items()))
    line = Text.assemble(
        "  ", (mark, colour), f" {task.tool} {clean(args)}", overflow="ellipsis", no_wrap=True
    )
    if done:
        told = count(done.facts, "fact") if done.status == "ok" else clean(done.message)
        line.append(f"  {told} ({duration(done.seconds)})", style="dim")
    return line


def suspects_line(event: Ranked) -> str:
    """The first three suspects with their probabilities."""
    ranked = sorted(event.suspects, key=lambda s: -s.probability)[:3]
    return "; ".join(f"{percent(s.probability)} {clean(s.component)} {clean(s.fault)}" for s in ranked)


def describe(event: Event) -> str:
    """An event as one plain line."""
    match event:
        case RunStarted():
            return f"run {event.run}: {clean(event.title)}"
        case Findings():
            return f"first findings after {duration(event.seconds)}: " + clean(
                "; ".join(event.statements[:3])
            )
        case PlanMade():
            return f"plan {event.round} by {event.by}: " + ", ".join(t.tool for t in event.tasks)
        case Decided():
            taken = "; ".join(clean(event.options[i]) for i in event.chosen if i < len(event.options))
            return f"decided: {clean(event.question)} {taken}"
        case TaskDone():
            told = (
                count(event.facts, "fact")
                if event.status == "ok"
                else f"{event.status}: {clean(event.message)}"
            )
            return f"{event.tool} #{event.task}: {told} ({duration(event.seconds)})"
        case Ranked():
            return "suspects: " + (suspects_line(event) or "none")
        case SentenceDone():
            return f"[{event.by}] {clean(event.text)}"
        case RunFinished():
            return f"{event.verdict} {percent(event.probability)}"
        case RunFailed():
            return f"failed: {clean(event.message)}"
        case NodeDone() | Progress():
            return ""
