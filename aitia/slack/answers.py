"""Questions in a thread of ours, answered from the run or from live systems with citations; and corrections."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from aitia.agent.asking.answer import NOT_KNOWN, Answer, Reply
from aitia.agent.asking.question.refusing import asks_for_change
from aitia.agent.asking.question.sorting import asks, of_live
from aitia.agent.asking.question.tables import hits
from aitia.core.errors import BadInput
from aitia.corrected import TAKEN
from aitia.correction_words import meant, parts
from aitia.jobs import Job
from aitia.render.sparklines import sparkline
from aitia.render.text import clip
from aitia.settings import Settings
from aitia.slack import blocks as b
from aitia.slack.context import Door
from aitia.slack.dedupe import Entry
from aitia.tools.meaning.incidents.words import plain

MOST: Final = 12  # sentences, and citations
FRESH: Final = 4  # citations that are told below an answer
QUOTED: Final = 80  # characters of a question above its answer
CELLS: Final = 48  # characters of a curve: a phone shows as many in a line
LATER: Final = "Your question is answered from what comes of it."
AFTERWARDS: Final = "afterwards"  # where a job keeps what is to be answered once a correction was looked at
STOPPED: Final = "The diagnosis stops after the present step. Look again carries it on."
_SOMEBODY: Final = re.compile(r"(?<!\w)@\w")


async def message(door: Door, entry: Entry) -> None:
    """A message in a thread: answered where the thread is ours and it asks something of nobody else."""
    job, _ = await asyncio.to_thread(door.inbox.thread, entry.channel, entry.thread)
    if job and (is_question(entry.text) or is_look(entry.text)):
        await answer(door, entry, job, mentioned=False)
    elif job and wonders(entry.text):
        await answer(door, entry, job, mentioned=False, known=True)


def is_question(text: str) -> bool:
    """Whether a message asks something, and nobody by name. What people say to each other is not answered."""
    return text.rstrip().endswith("?") and not _SOMEBODY.search(text)


def is_look(text: str) -> bool:
    """Whether a message asks what live systems are or say now, and nobody by name: "last ten errors of orders"."""
    return of_live(text) and asks(text) and not asks_for_change(text) and not _SOMEBODY.search(text)


def wonders(text: str) -> bool:
    """Whether a message begins as a question does and ends without its mark: "why did orders fail", to nobody by name."""
    low = plain(text).lstrip()
    words = len(low.split())
    first = next(iter(hits("verbs", low)), None)
    asked = first is not None and first.begin == 0 and first.key in _WONDERING
    return asked and _FEWEST <= words <= _LONGEST and not low.endswith("!") and not _SOMEBODY.search(text)


_WONDERING: Final = ("when", "why", "count")  # "which" and "what" begin what people only say as well
_FEWEST, _LONGEST = 3, 25  # words


async def answer(door: Door, entry: Entry, job_id: str, *, mentioned: bool, known: bool = False) -> None:
    """Answer a question about the thread's run, or of live systems; take a correction that was put to us, also while it runs.

    One that was not put to us is not told off while there is no report.

    known  only where there is an answer: it may not have been a question
    """
    job = await asyncio.to_thread(door.jobs.get, job_id)
    if mentioned and (told := await asyncio.to_thread(_steered, door, entry, job)):
        await door.reply(entry, told, [b.said(b.person(entry.user), b.words(f" {told}"))])
        return door.kick()
    aside = job.state != "done" and not (mentioned or is_look(entry.text))
    if (aside or known) and not job.run:
        return None
    if not job.run:
        raise BadInput(f"The diagnosis is {job.state}. Ask again when it has begun.")
    thread = entry.thread or entry.ts
    _, conversation = await asyncio.to_thread(door.inbox.thread, entry.channel, thread)
    found = await asyncio.to_thread(asked_of, door.settings, door.home, entry.text, job.run, conversation)
    if (aside or known) and found.status != "answered":
        return None
    kept = found.conversation or conversation
    await asyncio.to_thread(door.inbox.bind, entry.channel, thread, job_id, conversation=kept)
    blocks = shown(found, by=entry.user) if entry.kind == "form" else quoted(found, entry.text)
    await door.reply(entry, found.text or "Not known.", blocks)
    return None


def _steered(door: Door, entry: Entry, job: Job) -> str:
    """What is said where a sentence stops or corrects the diagnosis, once however often it is begun; else ""."""
    if job.state not in ("done", "running") or not job.run:
        return ""
    store, by = door.jobs.run_store(job.id), f"slack:{entry.user}"
    wanted = meant(entry.text, store)
    if wanted == "correction":
        said, asked = parts(entry.text, store)
        if asked:  # before it goes on: the one that shows the result answers it
            door.jobs.place(job.id, **{AFTERWARDS: asked})
        door.jobs.correct(job.id, said, by=by)
        return f"{TAKEN} {LATER}" if asked else TAKEN
    if wanted == "stop":
        door.jobs.stop(job.id, by=by)
        return STOPPED
    return ""


def shown(found: Answer, *, by: str = "") -> list[b.Block]:
    """An answer as blocks: what is said, then what it rests on."""
    asked = [b.said(b.person(by), b.words(" asked: "), b.words(found.question, "italic"))] if by else []
    said = _looked(found) if found.found else _told(found)
    rests = _rests(found)
    return b.fit(asked, [*said, *rests], []) if said or rests else [*asked, b.said(b.words(NOT_KNOWN))]


def _told(found: Answer) -> list[b.Block]:
    """The sentences of a run, with their citations."""
    rows = [_sentence(r) for r in found.replies[:MOST]]
    if found.status == "not_known" and not found.replies:
        rows = [[b.words(NOT_KNOWN, "bold")], *([b.words(f"nearest: {n}")] for n in found.nearest[:MOST])]
    return [b.rich(b.lines(*rows))] if rows else []


def _looked(found: Answer) -> list[b.Block]:
    """What live systems say: the figures first, the lines as they stand, the curve, and the query to edit and ask again."""
    sentences = [_sentence(r) for r in found.replies if r.by != "quote"][:MOST]
    lines = [r.text for r in found.replies if r.by == "quote"][:MOST]
    curves = [sparkline([p.value for p in f.curve], CELLS) for f in found.found if len(f.curve) > 2]
    parts: list[b.Inline] = [b.lines(*sentences)] if sentences else []
    parts += [b.pre("\n".join(lines), limit=b.ROOM // 2)] if lines else []
    parts += [b.pre(drawn) for drawn in curves]
    parts += [b.line(b.words("query "), b.words(q, "code")) for q in found.queries]
    parts += [b.line(b.words(f"would have it: {found.needs}", "italic"))] if found.needs else []
    return [b.rich(*parts)] if parts else []


def _sentence(reply: Reply) -> list[b.Inline]:
    cites = [b.words(f" [{', '.join(reply.cites)}]", limit=b.LEAD)] if reply.cites else []
    return [b.words(reply.text), *cites]


def quoted(found: Answer, question: str) -> list[b.Block]:
    """An answer below the question that it is of, since several may be open."""
    return [b.context(f"“{clip(question, QUOTED)}”"), *shown(found)]


def asked_of(settings: Settings, home: Path, question: str, run: str, conversation: str = "") -> Answer:
    """Go on with the thread's conversation where it is about this run; one that was deleted begins anew."""
    from aitia.asking import ask

    at = settings.service.at
    if conversation:
        try:
            return ask(question, conversation=conversation, home=home, live=settings, at=at)
        except BadInput:
            pass  # its folder went with a revision or with the retention: the question itself is judged below
    return ask(question, run=run, home=home, live=settings, at=at)


def _rests(found: Answer) -> list[b.Block]:
    """What the answer rests on and does not say itself, and from which sources it is; a look tells where a fact is read."""
    told = found.text
    fresh = [f"{c.id} {c.text}" for c in found.citations if c.text.rstrip(".") not in told][:FRESH]
    sources = dict.fromkeys(c.document or c.source for c in found.citations if c.source != "report")
    fact = next((c.id for c in found.citations if c.id.startswith("E")), "")
    again = f"; {fact}? looks again" if fact and not found.found else ""
    line = [f"from {', '.join(sources)}{again}"] if sources else []
    notes = found.notes[:1] if found.found else ()
    return [b.context(*fresh, *notes, *line)] if fresh or notes or line else []
