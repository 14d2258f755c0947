"""Bounds: so many requests a client, so large and so slow a body, so much work and so many streams at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from starlette.types import Message, Receive

from aitia.web.problems import BUSY_S, Problem

P = ParamSpec("P")
T = TypeVar("T")
DROPPED_BYTES: Final = 8_000_000
DROPPED_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a client may ask for. Sizes in bytes, times in seconds."""

    body: int = 2_000_000
    body_s: float = 30.0  # for the whole of a body to arrive
    per_s: float = 40.0  # requests of one client
    burst: int = 200
    streams: int = 64  # clients that follow a diagnosis
    when_full: int = 4  # requests for a diagnosis that are read at a time while the queue is full
    heavy: int = 2  # questions and PDFs at a time
    heavy_waiting: int = 16
    heavy_s: float = 90.0


def bounded_body(receive: Receive, bounds: Bounds) -> Receive:
    """A request's body within its bounds. It raises Problem 413 or 408 as it is read."""
    size, until, whole = 0, time.monotonic() + bounds.body_s, False

    async def bounded() -> Message:
        nonlocal size, whole
        if whole:  # what comes now is that the client has gone, whenever that is
            return await receive()
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise Problem(
                408, f"The body did not arrive in time. Send all of it within {bounds.body_s:g} s."
            ) from None
        size += len(message.get("body", b""))
        if size > bounds.body:
            if message.get("more_body", False):
                await dropped(receive)
            raise too_large(bounds)
        whole = not message.get("more_body", False)
        return message

    return bounded


async def dropped(receive: Receive) -> None:
    """Take the rest of a body and drop it, for a while: who still sends would be cut off and never see the answer."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DROPPED_S):
            while size <= DROPPED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def too_large(bounds: Bounds) -> Problem:
    """The answer to a body that is too large."""
    return Problem(
        413,
        (f"The body is too large. Send at most {bounds.body} bytes: shorten the text, or set max_alerts."),
        headers=_CLOSE,
    )


_CLOSE: Final = {"Connection": "close"}


class Aside:
    """Work on threads beside the event loop: so many at a time, so many that wait, so long. Raises Problem (503)."""

    def __init__(self, *, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="aitia-web")
        self._most, self._seconds, self._inside = threads + waiting, seconds, 0

    async def __call__(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """The result of the work. What takes too long goes on, and keeps its place, but nobody waits for it."""
        if self._inside >= self._most:
            raise Problem(503, "Too many requests at the same time. Try again later.", retry_s=BUSY_S)
        self._inside += 1
        future = self._pool.submit(partial(work, *args, **named))
        loop = asyncio.get_running_loop()
        future.add_done_callback(partial(self._leave, loop))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise  # the work's own
            raise Problem(
                503, f"The request took longer than {self._seconds:g} s. Try again later.", retry_s=BUSY_S
            ) from None

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop, _: Future[Any]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._left)

    def _left(self) -> None:
        self._inside -= 1
