"""A run that a person watches: live progress, and the way back after Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from aitia.cli import stdout
from aitia.cli.console import note, stderr_console
from aitia.core.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from aitia.cli.live import LiveView

GRACE_S = 1.0


@contextmanager
def watched() -> Iterator[LiveView]:
    """Show a run's events on stderr; an interrupted run says how it is resumed."""
    from aitia.cli.live import LiveView

    stdout.claim()
    view = LiveView(stderr_console())
    try:
        with view, quick_interrupt(partial(_leave, view)):
            yield view
    except KeyboardInterrupt:
        _way_back(view)
        raise
    finally:
        stdout.again()


def say_finished(run: str) -> None:
    """Tell where a run that is to be resumed has nothing left to do. Raises RunNotFound."""
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    store = RunStore.open(aitia_home(), run)
    if store.meta().get("state") == "finished":
        note(f"run {store.id} is already finished; this is its report")


@contextmanager
def stoppable() -> Iterator[LiveView]:
    """Show a run's events on stderr; Ctrl-C leaves the block, at the latest when a source has hung for the grace."""
    from aitia.cli.live import LiveView

    view = LiveView(stderr_console())
    with view, quick_interrupt(partial(_insist, view)):
        yield view


def _insist(view: LiveView) -> None:
    """Interrupt the wait for calls that hang: they end in their threads, and what they find is of use to a resume."""
    main = threading.main_thread().ident
    if not view.board.failed and main is not None:
        signal.pthread_kill(main, signal.SIGINT)


def _way_back(view: LiveView) -> None:
    if view.run and not view.finished:
        note(f"interrupted; continue with: aitia resume {view.run}")


@contextmanager
def quick_interrupt(then: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C must not wait for a source that hangs: where the block has not ended after a short grace, `then` is called.

    What `then` does to the run is safe at any moment, since a run is kept step by step and can be resumed after a kill.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    timer = threading.Timer(GRACE_S, then)
    timer.daemon = True
    ended = False

    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        if ended:  # what `then` sent while the block was already being left
            return
        if timer.ident is None:
            timer.start()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        ended = True
        timer.cancel()
        if timer.is_alive():
            timer.join(GRACE_S)
        signal.signal(signal.SIGINT, before)


def _leave(view: LiveView) -> None:
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    view.stop()
    if view.run and not view.finished:
        RunStore.open(aitia_home(), view.run).update_meta(state="interrupted")
        _way_back(view)
    print("error: interrupted", file=sys.stderr, flush=True)
    os._exit(EXIT_INTERRUPTED)
