"""Questions in a thread of ours, answered from the run's evidence with citations."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from aitia.core.errors import BadInput
from aitia.slack import blocks as b
from aitia.slack.context import Door
from aitia.slack.dedupe import Entry

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer, Citation

MOST: Final = 12  # sentences, and citations
_SOMEBODY: Final = re.compile(r"(?<!\w)@\w")


async def message(door: Door, entry: Entry) -> None:
    """A message in a thread: answered where the thread is ours and it asks something of nobody else."""
    job, _ = await asyncio.to_thread(door.inbox.thread, entry.channel, entry.thread)
    if job and is_question(entry.text):
        await answer(door, entry, job, mentioned=False)


def is_question(text: str) -> bool:
    """Whether a message asks something, and nobody by name. What people say to each other is not answered."""
    return text.rstrip().endswith("?") and not _SOMEBODY.search(text)


async def answer(door: Door, entry: Entry, job_id: str, *, mentioned: bool) -> None:
    """Answer a question about the thread's run. One that was not put to us is not told off while there is no report."""
    job = await asyncio.to_thread(door.jobs.get, job_id)
    if job.state != "done":
        if mentioned:
            raise BadInput(f"The diagnosis is {job.state}. Ask again when the report is ready.")
        return
    thread = entry.thread or entry.ts
    _, conversation = await asyncio.to_thread(door.inbox.thread, entry.channel, thread)
    found = await asyncio.to_thread(_asked, door, entry.text, job.run, conversation)
    await asyncio.to_thread(door.inbox.bind, entry.channel, thread, job_id, conversation=found.conversation)
    await door.reply(
        entry, found.text or "Not known.", shown(found, by=entry.user if entry.kind == "form" else "")
    )


def shown(found: Answer, *, by: str = "") -> list[b.Block]:
    """An answer as blocks: what is said, then what it rests on."""
    from aitia.agent.asking.answer import NOT_KNOWN

    asked = [b.said(b.person(by), b.words(" asked: "), b.words(found.question, "italic"))] if by else []
    rows = [
        [b.words(r.text), b.words(f" [{', '.join(r.cites)}]", limit=b.LEAD)] for r in found.replies[:MOST]
    ]
    if found.status == "not_known":
        rows = [[b.words(NOT_KNOWN, "bold")], *([b.words(f"nearest: {n}")] for n in found.nearest[:MOST])]
    said = [b.rich(b.lines(*rows))] if rows else []
    rests = [b.context(*(_cited(c, found.text) for c in found.citations[:10]))] if found.citations else []
    left = len(found.citations) - 10
    more = [b.context(f"and {left} more")] if left > 0 else []
    return b.fit(asked, [*said, *rests, *more], []) if said or rests else [*asked, b.said(b.words(NOT_KNOWN))]


def _asked(door: Door, question: str, run: str, conversation: str) -> Answer:
    """Go on with the thread's conversation where it is about this run; one that was deleted begins anew."""
    from aitia.asking import ask

    if conversation:
        try:
            return ask(question, conversation=conversation, home=door.home)
        except BadInput:
            pass  # its folder went with a revision or with the retention: the question itself is judged below
    return ask(question, run=run, home=door.home)


def _cited(citation: Citation, told: str) -> str:
    text = "" if citation.text.rstrip(".") in told else f" {citation.text}"
    where = f" ({citation.source}: {citation.query})" if citation.query else ""
    return f"{citation.id}{text}{where}"
