"""The Python API for programs with an event loop: the same engine on a thread, its events in the loop, a clean stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from contextvars import copy_context
from inspect import cleandoc, signature
from typing import Any, ParamSpec

from aitia.api import diagnose, resume
from aitia.core.events import Event, RunFailed, RunFinished, RunStarted
from aitia.core.words import Report
from aitia.engine import OnEvent

P = ParamSpec("P")
Work = Callable[[OnEvent], Report]
Events = AsyncGenerator[Event | Report, None]


class Stopped(KeyboardInterrupt):
    """Ends a run at its next event the way Ctrl-C does: what it found so far is kept, `resume` carries it on."""


async def events_of(work: Work) -> Events:
    """The events of work done on a thread, as they happen, and then its report.

    Closing or cancelling this stops the work at its next event, and returns once it has stopped.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Event | None] = asyncio.Queue()
    stop = threading.Event()

    def hear(event: Event) -> None:
        loop.call_soon_threadsafe(arrived.put_nowait, event)
        # Before its first step a run could not be resumed; at its end there is nothing to stop.
        if stop.is_set() and not isinstance(event, RunStarted | RunFinished | RunFailed):
            raise Stopped

    def on_thread() -> Report | None:
        try:
            return None if stop.is_set() else work(hear)
        except Stopped:
            return None
        finally:
            loop.call_soon_threadsafe(arrived.put_nowait, None)

    running = loop.run_in_executor(None, copy_context().run, on_thread)
    try:
        while (event := await arrived.get()) is not None:
            yield event
        if (report := await asyncio.shield(running)) is not None:
            yield report
    finally:
        stop.set()
        await _ended(running)


async def _ended(running: asyncio.Future[Report | None]) -> None:
    """Wait until the thread has stopped, however often the waiting is cancelled; its error is then the run's own affair."""
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    running.exception()  # kept with the run, which is marked as failed
    if cancelled is not None:
        raise cancelled


def _streamed(work: Callable[P, Report]) -> Callable[P, Events]:
    begin: Any = work

    async def stream(*args: P.args, **kwargs: P.kwargs) -> Events:
        told: Any = kwargs.pop("on_event", None)
        async with aclosing(events_of(lambda hear: begin(*args, **kwargs, on_event=hear))) as events:
            async for event in events:
                if told is not None and not isinstance(event, Report):
                    told(event)
                yield event

    return stream


def _awaited(work: Callable[P, Report]) -> Callable[P, Coroutine[Any, Any, Report]]:
    streamed = _streamed(work)

    async def report(*args: P.args, **kwargs: P.kwargs) -> Report:
        async with aclosing(streamed(*args, **kwargs)) as events:
            return [each async for each in events if isinstance(each, Report)][-1]

    return report


def _named(door: Any, name: str, like: Callable[..., Report], says: str, *, gives: str = "Report") -> None:
    """What `help` and an editor show of a function that takes what another one takes."""
    door.__name__ = door.__qualname__ = name
    door.__module__ = __name__
    door.__doc__ = f"{says}\n\n{cleandoc(like.__doc__ or '').partition(chr(10))[2].strip()}"
    door.__signature__ = signature(like).replace(return_annotation=gives)


adiagnose = _awaited(diagnose)
aresume = _awaited(resume)
astream = _streamed(diagnose)
_named(
    adiagnose,
    "adiagnose",
    diagnose,
    (
        "Diagnose on a thread, `on_event` in the loop. When cancelled, it stops after the current "
        "step and can be resumed."
    ),
)
_named(
    aresume,
    "aresume",
    resume,
    "Resume a run on a thread, `on_event` in the loop; cancelled like `adiagnose`.",
)
_named(
    astream,
    "astream",
    diagnose,
    (
        "The events of a diagnosis as they happen, then its report. Closing it stops the run, as "
        "cancelling does."
    ),
    gives="AsyncGenerator[Event | Report, None]",
)
