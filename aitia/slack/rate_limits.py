"""Slack's rate limits: when a call may go, and what happens to one that Slack refused or that failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from aiohttp import ClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

# Calls a minute of a workspace, by Slack's tiers; it may allow more, never less.
TIERS: Final[Mapping[str, int]] = {
    "chat.startStream": 20, "chat.stopStream": 20, "chat.update": 50, "conversations.replies": 50, "conversations.history": 50,
    "chat.appendStream": 100, "chat.postEphemeral": 100, "views.open": 100, "files.completeUploadExternal": 100,
    "chat.postMessage": 300,
}  # fmt: skip
ONCE: Final = frozenset(
    {"chat.postMessage", "chat.startStream", "files.completeUploadExternal", "chat.postEphemeral"}
)
SHOWN: Final = ONCE | {"chat.update"}  # a channel takes one a second of these
BURST: Final = 3  # messages into a channel at once; then one a second
PATIENCE: Final = 30  # how often a call is tried
LONGEST_PAUSE_S: Final = 30.0
CHANNEL: Final[ContextVar[str]] = ContextVar("channel", default="")  # of the call that is being made


class Bucket:
    """So many at once, then so many a second; who comes is told how long to wait."""

    def __init__(self, *, burst: float, per_s: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._tokens, self._at = burst, time.monotonic()  # `_at` lies ahead while it is held

    def book(self) -> float:
        """Take a place; seconds until it is due."""
        self._fill()
        self._tokens -= 1
        return self.held() + max(0.0, -self._tokens / self._per_s)

    def free(self, *, spare: float) -> bool:
        """Whether there is a place at once, and `spare` more for what matters more."""
        self._fill()
        return self._tokens >= 1 + spare and not self.held()

    def hold(self, seconds: float) -> None:
        """Let nothing through for a while, and then one after the other: the other side has no place left."""
        self._fill()
        self._tokens = min(self._tokens, 0.0)
        self._at = max(self._at, time.monotonic() + seconds)

    def held(self) -> float:
        """For how many seconds nothing is let through."""
        return max(0.0, self._at - time.monotonic())

    def _fill(self) -> None:
        now = time.monotonic()
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
            self._at = now


class Pace:
    """When the next call of a method, and into a channel, may go."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    async def turn(self, method: str, channel: str) -> None:
        """Wait for one's place, and while Slack wants a rest."""
        buckets = self._of(method, channel)
        await asyncio.sleep(max(b.book() for b in buckets))
        while rest := max(b.held() for b in buckets):
            await asyncio.sleep(rest)

    def free(self, method: str, channel: str) -> bool:
        """Whether a call that can be left out, such as progress, may go now."""
        return all(b.free(spare=1) for b in self._of(method, channel))

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """Slack asked for a rest."""
        for bucket in self._of(method, channel):
            bucket.hold(seconds)

    def _of(self, method: str, channel: str) -> list[Bucket]:
        most = TIERS.get(method, 50)
        burst = max(3.0, most / 5)
        found = [self._buckets.setdefault(method, Bucket(burst=burst, per_s=(most - burst) / 60))]
        if channel and method in SHOWN:
            found.append(self._buckets.setdefault(channel, Bucket(burst=BURST, per_s=0.95)))
        return found


class Patience(AsyncRetryHandler):
    """Waits as long as Slack says, for all calls of that method; what could be done twice is not tried again on doubt."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(max_retry_count=PATIENCE)
        self._pace = pace

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None and response.status_code == 429:
            return True
        failed = error is not None or (response is not None and response.status_code >= 500)
        return (
            failed and method_of(request) not in ONCE and isinstance(error, ClientError | TimeoutError | None)
        )

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait, and let the others wait too."""
        state.next_attempt_requested = True
        method, channel = method_of(request), CHANNEL.get()
        if response is not None and response.status_code == 429:
            self._pace.hold(method, channel, _retry_after(response))
        else:
            await asyncio.sleep(min(LONGEST_PAUSE_S, 0.25 * 2.0**state.current_attempt))
        state.increment_current_attempt()
        await self._pace.turn(method, channel)


def _retry_after(response: HttpResponse) -> float:
    asked = next((str(v[0]) for k, v in response.headers.items() if k.lower() == "retry-after"), "")
    return float(asked) if asked.isdigit() else 1.0


def method_of(request: HttpRequest) -> str:
    """The method of the Web API that a request calls."""
    return request.url.partition("?")[0].rpartition("/")[2]
