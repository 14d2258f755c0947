"""The desk: takes entries as they come, and follows every job whose thread does not show all of it yet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from slack_sdk.errors import SlackApiError

from aitia.core.errors import AitiaError
from aitia.core.redact import load_key
from aitia.jobs import Job, Jobs
from aitia.settings import Settings
from aitia.slack import actions, answers, commands
from aitia.slack.context import Door
from aitia.slack.dedupe import TRIES, Entry, Inbox, Kind
from aitia.slack.delivery import Delivery
from aitia.slack.follow import Follower, needs

LOOK_S: Final = 2.0  # how often jobs are looked at that another door or process may have moved
PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
RECENT: Final = 200  # ended jobs that are looked through
_TEMPORARY: Final = ("ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
_HANDLERS: Final[Mapping[Kind, Callable[[Door, Entry], Awaitable[None]]]] = {
    "command": commands.command,
    "mention": commands.mention,
    "shortcut": commands.shortcut,
    "message": answers.message,
    "press": actions.press,
    "form": actions.form,
}
_log: Final = logging.getLogger("aitia.slack")


class Desk:
    """Lives in one event loop: `start`, then `take` entries, then `stop`."""

    def __init__(self, home: Path, settings: Settings, jobs: Jobs, inbox: Inbox, delivery: Delivery) -> None:
        self._moved = asyncio.Event()
        self.door = Door(
            home=home,
            settings=settings,
            jobs=jobs,
            inbox=inbox,
            delivery=delivery,
            kick=self._moved.set,
            key=load_key(home),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, float] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on with what a door before this one left, and follow what is open."""
        for entry in await asyncio.to_thread(self.door.inbox.left):
            self.take(entry)
        self._watch = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Stop where it stands: all of it goes on at the next start."""
        tasks = [*self._tasks, *self._followed.values(), *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, entry: Entry) -> None:
        """Work on an entry that is kept in the inbox."""
        self._run(self._in_turn(entry))

    def busy(self) -> int:
        """How many entries and jobs are worked on."""
        return len(self._tasks) + len(self._followed)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_turn(self, entry: Entry) -> None:
        """What is pressed about one job is done in the order in which it came: the first answer to a step holds."""
        job = entry.values.get("job") if entry.kind == "press" else None
        if job is None:
            return await self._handle(entry)
        turn = self._turns.setdefault(job, asyncio.Lock())
        async with turn:  # those who wait are woken in the order in which they began to
            return await self._handle(entry)

    async def _handle(self, entry: Entry) -> None:
        """Work on an entry; what goes wrong is told to the person, and what nobody can mend is tried again."""
        for tries in range(entry.tries, TRIES):
            await asyncio.to_thread(self.door.inbox.begin, entry.key)
            try:
                await _HANDLERS[entry.kind](self.door, entry.model_copy(update={"tries": tries}))
                break
            except AitiaError as error:
                await self.door.tell(entry, str(error))
                break
            except SlackApiError as error:
                await self.door.tell(entry, _refused(error))
                break
            except Exception:  # the outermost place of the door: one entry that fails must not end it
                _log.exception("%s could not be processed", entry.key)
                await asyncio.sleep(PAUSE_S * (tries + 1))
        await asyncio.to_thread(self.door.inbox.done, entry.key)

    async def _look(self) -> None:
        while True:
            self._moved.clear()
            try:
                for job in await asyncio.to_thread(self._open):
                    self._follow(job)
            except Exception:  # a locked table must not end the door: it is looked at again
                _log.exception("the jobs could not be checked")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), LOOK_S)

    def _open(self) -> list[Job]:
        jobs = self.door.jobs
        active = jobs.list(states=("queued", "running", "waiting"), origin="slack", limit=1000)
        ended = jobs.list(states=("done", "failed"), origin="slack", limit=RECENT)
        return [job for job in (*active, *ended) if needs(job)]

    def _follow(self, job: Job) -> None:
        if job.id not in self._followed:
            self._followed[job.id] = asyncio.create_task(self._followed_to_the_end(job))

    async def _followed_to_the_end(self, job: Job) -> None:
        door = self.door
        try:
            await Follower(door.jobs, door.inbox, door.delivery, job, stream=door.settings.slack.stream).run()
            self._pauses.pop(job.id, None)
        except SlackApiError as error:
            if error.response["error"] in _TEMPORARY:
                await self._pause(job, error)
            else:
                await self._lost(job, _refused(error))
        except AitiaError as error:
            await self._lost(job, str(error))
        # The outermost place of the door: one job that cannot be shown must not end it.
        except Exception as error:
            await self._pause(job, error)
        finally:
            del self._followed[job.id]

    async def _pause(self, job: Job, error: Exception) -> None:
        """Follow it again later, and each time later."""
        pause = self._pauses[job.id] = min(LONGEST_PAUSE_S, self._pauses.get(job.id, 0.5) * 2)
        _log.warning("job %s will be followed again in %.0f s", job.id, pause, exc_info=error)
        await asyncio.sleep(pause)

    async def _lost(self, job: Job, why: str) -> None:
        """It cannot be shown: tell who asked, who would wait for ever."""
        _log.error("job %s cannot be shown: %s", job.id, why)
        await asyncio.to_thread(self.door.jobs.place, job.id, lost=why[:200])
        user = job.place.get("user", "")
        await self.door.tell(
            Entry(key=f"lost {job.id}", kind="command", channel=job.place["channel"], user=user), why
        )


def _refused(error: SlackApiError) -> str:
    word = error.response["error"]
    if word in ("not_in_channel", "channel_not_found"):
        return "Invite me to this channel with /invite @aitia: I can neither read nor write here."
    if word == "missing_scope":
        return (
            f"The app lacks {error.response.get('needed', 'a scope')}. Install it again with the manifest "
            "in docs/slack.md."
        )
    return f"Slack refused it: {word}."
