"""`/aitia`, mentions and the shortcut: what asks for a diagnosis."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from aitia.core.errors import BadInput
from aitia.jobs import Jobs
from aitia.render.text import duration
from aitia.slack.answers import answer
from aitia.slack.context import Door
from aitia.slack.dedupe import Entry
from aitia.slack.thread import report_of, said

HELP: Final = """\
/aitia TEXT: diagnose what TEXT says, for example /aitia checkout is slow since 10:00
/aitia status: what is running and waiting
@aitia in the thread of an alert: diagnose the alert. Later questions in the thread are answered from the report.
"Diagnose this" in the menu of a message does the same."""
TAKEN: Final = "Looking into it. The steps and the result come in a thread in this channel."
_AGAIN: Final = re.compile(r"\W*(?:(?:please|look|diagnose|check)\W+)*again\W*", re.IGNORECASE)
_BARE: Final = re.compile(
    r"\W*(?:please\W+)?(?:diagnose|look|check|help)?(?:\W+(?:this|it|at|into|please))*\W*"
    r"|\W*what(?:'s| is|s)? (?:wrong|up|going on|happening|it|this|the (?:cause|matter))(?: here| now)?\W*"
    r"|\W*was ist (?:los|passiert|die ursache)\W*|\W*qu'est-ce qui se passe\W*|\W*qu[eé] pasa\W*|\W*che succede\W*",
    re.IGNORECASE,
)


def at_once(jobs: Jobs, text: str) -> str | None:
    """The answer to `/aitia help` and `/aitia status`; None for anything else."""
    word = text.strip().lower()
    if word in ("", "help"):
        return HELP
    if word != "status":
        return None
    counts = jobs.counts()
    told = ", ".join(f"{counts.get(s, 0)} {s}" for s in ("running", "queued", "waiting", "done", "failed"))
    oldest = jobs.oldest_wait_s()
    return f"Diagnoses: {told}." + (
        f" The oldest in the queue has been waiting for {duration(oldest)}." if oldest else ""
    )


async def command(door: Door, entry: Entry) -> None:
    """`/aitia TEXT`: its thread begins with a message of our own."""
    place = {"channel": entry.channel, "user": entry.user, "team": entry.team}
    await asyncio.to_thread(
        door.jobs.submit, entry.text, origin="slack", key=entry.key, by=entry.user, place=place
    )
    door.kick()


async def mention(door: Door, entry: Entry) -> None:
    """In a thread that has a diagnosis: a question, or to look again. Else a diagnosis of what the thread is about."""
    thread = entry.thread or entry.ts
    job, _ = await asyncio.to_thread(door.inbox.thread, entry.channel, thread)
    if not job:
        await _diagnose(door, entry, thread, words=entry.text)
    elif _AGAIN.fullmatch(entry.text):
        await asyncio.to_thread(door.jobs.again, job, by=entry.user)
        door.kick()
    else:
        await answer(door, entry, job, mentioned=True)


async def shortcut(door: Door, entry: Entry) -> None:
    """The chosen message ("Diagnose this"), in its thread."""
    job, _ = await asyncio.to_thread(door.inbox.thread, entry.channel, entry.thread)
    if job:
        raise BadInput(
            "This thread already has a diagnosis. Ask in the thread, or mention me with “again” to "
            "diagnose again."
        )
    await _diagnose(door, entry, entry.thread, words="")


async def _diagnose(door: Door, entry: Entry, thread: str, *, words: str) -> None:
    """Ask for a diagnosis of a message of the thread: of its first, or of the one that was chosen."""
    wanted = entry.ts if entry.kind == "shortcut" else thread
    messages = await door.delivery.thread(entry.channel, thread)
    message = next((m for m in messages if m.get("ts") == wanted), None)
    if message is None:
        raise BadInput("The message cannot be read. Invite me to the channel.")
    own = wanted == entry.ts and entry.kind == "mention"  # the mention is the report
    if own:
        message = {**message, "text": entry.text, "blocks": []}
    # What a person asks us in words is read as such; a message that an alert may have written is an alert.
    report = (
        said(entry.text).strip() or report_of(message)
        if own
        else report_of(
            message, words="" if _BARE.fullmatch(words) else words, latest=door.settings.service.at
        )
    )
    place = {
        "channel": entry.channel,
        "thread": thread,
        "user": entry.user,
        "team": entry.team,
        "root": "theirs",
    }
    key = f"slack {entry.channel} {thread}"
    sent = await asyncio.to_thread(
        door.jobs.submit, report, origin="slack", key=key, by=entry.user, place=place
    )
    await asyncio.to_thread(door.inbox.bind, entry.channel, thread, sent.job.id)
    door.kick()
