"""A diagnosis on a thread of its own, while the person at the terminal goes on typing."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from io import StringIO
from typing import Final

from prompt_toolkit import ANSI, PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from rich.console import Console
from rich.text import Text

from aitia.cli.progress_board import Board
from aitia.cli.screen import screen
from aitia.core.events import Event, RunStarted
from aitia.core.home import aitia_home
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.correcting import stop

LOOK_S: Final = 0.1  # how often it is looked whether it has ended
DRAWN_S: Final = 0.5  # how often what is known so far is drawn anew
BEGINS_S: Final = 10.0  # until a run has its id
LEAST_ROWS: Final = 8  # of a terminal that are left to the prompt and what was said

PLAIN: Final = Style.from_dict({"bottom-toolbar": "noreverse"})


@dataclass(kw_only=True)
class UnderWay:
    """Carries `work` out beside the prompt. `report` or `error` is there once it has ended."""

    work: Callable[[Callable[[Event], None]], Report]
    board: Board = field(default_factory=Board)
    report: Report | None = None
    error: BaseException | None = None
    stopping: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        context = copy_context()
        self._thread = threading.Thread(
            target=lambda: context.run(self._run), name="aitia-diagnosis", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        try:
            self.report = self.work(self._hear)
        except BaseException as error:  # it is told at the prompt: nobody else hears this thread
            self.error = error

    def _hear(self, event: Event) -> None:
        with self.lock:
            self.board.take(event)
        if self.stopping and isinstance(event, RunStarted):  # Ctrl-C came before there was a run
            stop(RunStore.open(aitia_home(), event.run), by="you")

    @property
    def ended(self) -> bool:
        """Whether its thread is over."""
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        """Ask it to stop after its present step."""
        self.stopping = True
        if self.board.run:
            stop(RunStore.open(aitia_home(), self.board.run), by="you")

    def begun(self) -> str:
        """The run's id, waited for a while; "" where there is none yet."""
        until = time.monotonic() + BEGINS_S
        while not (self.board.run or self.ended) and time.monotonic() < until:
            time.sleep(LOOK_S)
        return self.board.run

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            time.sleep(LOOK_S)
        return self.ended


def toolbar(way: UnderWay) -> ANSI:
    """What is known of a diagnosis that runs, as lines below the prompt."""
    columns, rows = shutil.get_terminal_size()
    told = StringIO()
    console = Console(file=told, force_terminal=True, width=columns, color_system="standard")
    with way.lock:
        shown = screen(way.board, width=columns, height=max(3, rows - LEAST_ROWS))
        console.print(shown, Text(way.board.now(), style="dim"), sep="\n", end="")
    return ANSI(told.getvalue().rstrip("\n"))


def typed(
    session: PromptSession[str], message: str, way: UnderWay | None, begun: str
) -> tuple[str | None, str]:
    """The next line, or None where the diagnosis ended first; and what was typed of a line by then.

    begun  what was typed of it before. Raises KeyboardInterrupt, EOFError.
    """
    if way is None:
        return session.prompt(message, default=begun), ""

    def watch() -> None:
        app = get_app()

        async def end() -> None:
            while not way.ended:
                await asyncio.sleep(LOOK_S)
            if not app.is_done:
                app.exit(result=None)

        app.create_background_task(end())

    session.bottom_toolbar, session.refresh_interval = (lambda: toolbar(way)), DRAWN_S
    try:
        with patch_stdout():
            line: str | None = session.prompt(message, default=begun, style=PLAIN, pre_run=watch)
    finally:
        session.bottom_toolbar, session.refresh_interval = None, 0
    return line, session.default_buffer.text if line is None else ""
