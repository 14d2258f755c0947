"""What a job has shown in Slack, each part once: kept in the job's place, and after a kill found again in Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aitia.jobs import Job, Jobs
from aitia.slack.delivery import Delivery, Doubt, marked

SINCE_S: Final = 60.0  # by how much Slack's clock may be behind ours
TRIES: Final = 8

Wanted = Callable[[Mapping[str, Any]], bool]


class Parts:
    """The messages of one job. `job` is the latest that is known of it."""

    def __init__(self, jobs: Jobs, delivery: Delivery, job: Job) -> None:
        self._jobs, self.delivery, self.job = jobs, delivery, job

    @property
    def channel(self) -> str:
        """Where the job is shown."""
        return self.job.place.get("channel", "")

    @property
    def thread(self) -> str:
        """The first message of its thread; "" until there is one."""
        return self.job.place.get("thread", "")

    def get(self, name: str) -> str:
        """What is kept under a name."""
        return self.job.place.get(name, "")

    def named(self, part: str) -> str:
        """A part of the present revision."""
        return f"{part}.{self.job.revision}"

    def mark(self, part: str) -> str:
        """By what the part's message is found again."""
        return f"{self.job.id} {part}"

    def seen(self, job: Job) -> None:
        """Take what is new of the job. Of what it has shown in Slack, this object knows best."""
        self.job = job.model_copy(update={"place": {**job.place, **self.job.place}})

    async def note(self, **fields: str) -> None:
        """Keep fields in the job's place."""
        kept = await asyncio.to_thread(self._jobs.place, self.job.id, **fields)
        self.job = self.job.model_copy(update={"place": kept.place})

    async def once(
        self, part: str, send: Callable[[str], Awaitable[str]], *, wanted: Wanted | None = None
    ) -> str:
        """Send a part that was not sent yet; its timestamp. `send` takes the mark, `wanted` knows the part's message.

        Where it is in doubt whether it was sent, after a kill or a lost answer, Slack is asked first.
        """
        if sent := self.get(part):
            return sent
        known = wanted or (lambda message: marked(message, self.mark(part)))
        doubtful = self.get("sending") == part
        if not doubtful:
            await self.note(sending=part)
        for attempt in range(TRIES):
            if doubtful and (ts := await self._found(known)):
                break
            try:
                ts = await send(self.mark(part))
                break
            except Doubt:
                doubtful = True
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.5 * 2.0**attempt)
        await self.note(**{part: ts, "sending": ""})
        return ts

    async def recover(self, part: str, wanted: Wanted) -> None:
        """Find a part whose answer a kill cut off, before another part is sent: only the last one sent is remembered."""
        if self.get("sending") == part and not self.get(part) and (ts := await self._found(wanted)):
            await self.note(**{part: ts, "sending": ""})

    async def _found(self, known: Wanted) -> str:
        since = self.job.created_at.timestamp() - SINCE_S
        return await self.delivery.find(self.channel, self.thread, known, since=since)
