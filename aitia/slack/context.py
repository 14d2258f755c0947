"""What every handler works with, and how it speaks: to one person, or to the thread."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError

from aitia.core.errors import BadInput
from aitia.jobs import Job, JobNotFound, Jobs
from aitia.settings import Settings
from aitia.slack.blocks import Block
from aitia.slack.dedupe import Entry, Inbox
from aitia.slack.delivery import Delivery, Doubt, marked
from aitia.slack.mrkdwn import fallback

_log: Final = logging.getLogger("aitia.slack")
REPLY_S: Final = 10.0
HOOKS: Final = ("hooks.slack.com", "hooks.slack-gov.com")  # where Slack has commands answered
TRIES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Door:
    """The parts of the Slack door."""

    home: Path
    settings: Settings
    jobs: Jobs
    inbox: Inbox
    delivery: Delivery
    kick: Callable[[], None]  # look at the jobs now
    key: bytes  # of this home: what a form brings back is sealed with it

    async def tell(self, entry: Entry, text: str) -> None:
        """A line that only the person sees. Where that cannot be, it is logged: it is no reason to do anything again."""
        try:
            if entry.reply_url and self._is_slack(entry.reply_url):
                await _answer(entry.reply_url, text)
            else:
                await self.delivery.whisper(entry.channel, entry.user, text, thread=entry.thread)
        except (SlackApiError, *Doubt) as error:
            _log.warning("%s could not be sent %r: %s", entry.user, text, error)

    async def reply(self, entry: Entry, text: str, blocks: Sequence[Block]) -> None:
        """A message in the entry's thread: once, however often the entry is begun."""
        mark, thread = f"reply {entry.key}"[:200], entry.thread or entry.ts
        doubtful = entry.tries > 0
        for attempt in range(TRIES + 1):
            if doubtful and await self._is_there(entry.channel, thread, mark, entry.ts):
                return
            try:
                await self.delivery.post(entry.channel, text, blocks, mark=mark, thread=thread)
            except Doubt:
                if attempt == TRIES:
                    raise
                doubtful = True
                await asyncio.sleep(0.5 * 2.0**attempt)
            else:
                return

    async def job_of(self, entry: Entry) -> Job:
        """The job that a button or form belongs to. Raises BadInput where it is not this channel's."""
        job = await asyncio.to_thread(self.jobs.get, entry.values.get("job", ""))
        if job.place.get("channel") != entry.channel:
            raise JobNotFound("This diagnosis belongs to another channel. Ask there.")
        return job

    async def run_of(self, entry: Entry) -> tuple[Job, str]:
        """A finished job and its run, where the button was for its present revision. Raises BadInput."""
        job = await self.job_of(entry)
        if entry.values.get("revision") != str(job.revision):
            raise BadInput(
                "The incident has been diagnosed again since. Use the buttons of the latest result."
            )
        if job.state != "done":
            raise BadInput(f"The diagnosis is {job.state}. Wait until it has ended.")
        return job, job.run

    def seal(self, entry: Entry, job: str, revision: str) -> str:
        """Stands for a form that was opened for this person, here and about this result."""
        said = json.dumps([entry.name, entry.user, entry.channel, entry.thread, job, revision])
        return hmac.new(self.key, f"aitia slack form {said}".encode(), hashlib.sha256).hexdigest()

    def check_seal(self, entry: Entry) -> None:
        """Raises BadInput where a form brings back what it was not opened with."""
        right = self.seal(entry, entry.values.get("job", ""), entry.values.get("revision", ""))
        if not hmac.compare_digest(right, entry.values.get("seal", "").encode("ascii", "replace").decode()):
            raise BadInput("You did not open this form here. Open it again.")

    def _is_slack(self, url: str) -> bool:
        """Whether an address is Slack's, or is at the Web API that this door speaks to: nothing is sent anywhere else."""
        try:
            to, own = urlsplit(url), urlsplit(self.delivery.api)
            if to.username is not None or to.port not in (None, own.port):
                return False
        except ValueError:
            return False
        known = to.scheme == "https" and to.hostname in HOOKS and to.port is None
        return known or (to.scheme, to.netloc) == (own.scheme, own.netloc)

    async def _is_there(self, channel: str, thread: str, mark: str, ts: str) -> bool:
        since = float(ts or 0)
        return bool(await self.delivery.find(channel, thread, lambda m: marked(m, mark), since=since))


async def _answer(url: str, text: str) -> None:
    """Answer a command where Slack said to: it needs no membership of the channel."""
    told = {"response_type": "ephemeral", "text": fallback(text, 1_500)}
    timeout = aiohttp.ClientTimeout(total=REPLY_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, json=told, allow_redirects=False) as response,
    ):
        response.raise_for_status()
