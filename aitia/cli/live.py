"""Live progress on stderr: a moving board on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.text import Text

from aitia.cli.progress_board import Board, name_of, told_progress
from aitia.cli.screen import screen
from aitia.core.events import (
    Corrected,
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
from aitia.core.percent import chance
from aitia.render.text import clean, clip, count, duration

_FRAMES, _FRAMES_PER_S = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", 8
_LONGEST = 160  # characters of a fact on a plain line


class LiveView:
    """Consumes the event stream of one run. Use as a context manager; `run` is the run's id once it has begun."""

    def __init__(self, console: Console) -> None:
        self.board = Board()
        self._console = console
        self._lock = threading.Lock()
        self._moving = moves(console)
        self._live: Live | None = None
        self._unmute: Callable[[], None] | None = None
        self._last_progress = ""

    @property
    def run(self) -> str:
        """The run's id, "" before it began."""
        return self.board.run

    @property
    def finished(self) -> bool:
        """Whether the report is in the store."""
        return self.board.finished

    def __enter__(self) -> Self:
        if self._moving:
            self._live = _Resizing(
                console=self._console,
                transient=True,
                refresh_per_second=8,
                vertical_overflow="crop",
                get_renderable=self._view,
            )
            self._unmute = mute_keys()
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
        if self._unmute:
            self._unmute()

    def __call__(self, event: Event) -> None:
        """Take one event; safe from any thread."""
        with self._lock:
            self.board.take(event)
            line = "" if self._moving else self._plain(event)
        if line:
            self._console.print(Text(line), soft_wrap=True)

    def _plain(self, event: Event) -> str:
        """The plain line for the event, "" where there is none: long work is told a tenth at a time."""
        if not isinstance(event, Progress):
            return describe(event)
        tenth = f"{clean(event.what)} {int(event.done / event.total * 10) if event.total else event.done}"
        if tenth == self._last_progress:
            return ""
        self._last_progress = tenth
        return told_progress(event)

    def _view(self) -> RenderableType:
        with self._lock:
            width, height = self._console.size
            shown = screen(self.board, width=width, height=height - 2)
            turning = _FRAMES[int(time.monotonic() * _FRAMES_PER_S) % len(_FRAMES)]
            running = Text.assemble(
                (turning, "green"), " ", self.board.now(), no_wrap=True, overflow="ellipsis"
            )
        return Group(shown, running)


class _Resizing(Live):
    """A live display that begins anew where the terminal changes its size: what it drew before lies elsewhere by then."""

    _drawn_at: ConsoleDimensions | None = None

    def refresh(self) -> None:
        """Draw, on a clear screen after a change of size."""
        with self._lock:
            size = self.console.size
            if self._drawn_at not in (None, size):
                self.console.control(Control.clear(), Control.home())
                self._live_render._shape = None
            self._drawn_at = size
            super().refresh()


def moves(console: Console) -> bool:
    """Whether the console can show a moving view: a terminal that knows how, of someone who wants no plain lines."""
    return console.is_terminal and not console.is_dumb_terminal and not console.no_color


def mute_keys() -> Callable[[], None] | None:
    """Keep what is typed from being echoed into a moving view; the call that ends this, None where nobody types."""
    if not sys.stdin or not sys.stdin.isatty():
        return None
    import termios

    terminal = sys.stdin.fileno()
    if (
        os.tcgetpgrp(terminal) != os.getpgrp()
    ):  # in the background, where a change of the terminal would stop us
        return None
    before = termios.tcgetattr(terminal)
    muted = [*before]
    muted[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSADRAIN, muted)
    return lambda: termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def suspects_line(event: Ranked) -> str:
    """The first three suspects with their probabilities."""
    ranked = sorted(event.suspects, key=lambda s: -s.probability)[:3]
    return "; ".join(f"{chance(s.probability)} {name_of(s)}" for s in ranked)


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
            return f"{event.tool} #{event.task}: {_returned(event)}"
        case Ranked():
            return ("suspects: " if event.settled else "suspects so far: ") + (suspects_line(event) or "none")
        case SentenceDone():
            return f"[{event.by}] {clean(event.text)}"
        case Corrected():
            return f"corrected: {clean(event.text)}; going on from there"
        case RunFinished():
            return f"{event.verdict} {chance(event.probability)}"
        case RunFailed():
            return f"failed: {clean(event.message)}"
        case NodeDone() | Progress():
            return ""


def _returned(event: TaskDone) -> str:
    told = count(event.facts, "fact") if event.status == "ok" else f"{event.status}: {clean(event.message)}"
    seen = clip(clean(event.strongest[0].statement), _LONGEST) if event.strongest else ""
    return f"{told} ({duration(event.seconds)})" + (f": {seen}" if seen else "")
