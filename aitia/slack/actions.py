"""What the buttons and forms do."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aitia import outcomes
from aitia.core.errors import BadInput
from aitia.core.words import Report
from aitia.graphs.line_again import asks_for_line
from aitia.jobs import Job
from aitia.slack import blocks as b
from aitia.slack import forms, result
from aitia.slack.answers import answer
from aitia.slack.context import Door
from aitia.slack.dedupe import Entry
from aitia.slack.follow import Follower, part

PLACED_S: Final = (
    10.0  # how long a click waits until its message is noted, which Slack shows before we know of it
)


async def view(door: Door, entry: Entry) -> dict[str, Any]:
    """The form behind a button. Raises BadInput where there is none."""
    job, _ = await door.run_of(entry)
    store = await asyncio.to_thread(door.jobs.run_store, job.id)
    report: Report = await asyncio.to_thread(store.report)
    if entry.name == "evidence":
        return result.evidence(report)
    seal = door.seal(entry, job.id, str(job.revision))
    about = result.value(job, channel=entry.channel, thread=entry.thread, seal=seal)
    if entry.name == "ask":
        return forms.question(about)
    if not forms.components_of(report):
        raise BadInput("The report names no component to choose from. Use `aitia confirm --wrong` instead.")
    return forms.correction(report, await asyncio.to_thread(_taxonomy, store.meta()), about)


async def press(door: Door, entry: Entry) -> None:
    """Confirm, look again, look at one line again, approve or deny."""
    if entry.name == "confirm":
        _, run = await door.run_of(entry)
        await asyncio.to_thread(outcomes.confirm, run, by=f"slack:{entry.user}", home=door.home)
        return await _kept(door, entry, "confirmed the cause")
    if entry.name == "again":
        job = await door.job_of(entry)
        await asyncio.to_thread(door.jobs.again, job.id, by=entry.user)
        return door.kick()
    if entry.name == "look":
        return await _look(door, entry)
    return await _approve(door, entry)


async def _look(door: Door, entry: Entry) -> None:
    """A line of the report again, on the live sources. Raises BadInput for anything else than a line's name."""
    job, line = await door.job_of(entry), entry.values.get("line", "")
    if not asks_for_line(line):
        raise BadInput("This button names no line of the report. Use the newest result's buttons.")
    await answer(door, entry.model_copy(update={"text": line}), job.id, mentioned=True)


async def form(door: Door, entry: Entry) -> None:
    """A correction, or a question."""
    door.check_seal(entry)
    job, run = await door.run_of(entry)
    if entry.name == "ask":
        return await answer(
            door, entry.model_copy(update={"text": entry.values["question"]}), job.id, mentioned=True
        )
    store = await asyncio.to_thread(door.jobs.run_store, job.id)
    report: Report = await asyncio.to_thread(store.report)
    kinds = forms.faults_of(report, await asyncio.to_thread(_taxonomy, store.meta()))
    component = forms.chosen(entry.values.get("component"), forms.components_of(report))
    fault = forms.chosen(entry.values.get("fault"), kinds)
    await asyncio.to_thread(
        outcomes.confirm,
        run,
        right=False,
        component=component,
        fault=fault,
        note=entry.values.get("note", ""),
        by=f"slack:{entry.user}",
        home=door.home,
    )
    return await _kept(door, entry, f"gave the real cause: {component} {fault}".rstrip())


async def _kept(door: Door, entry: Entry, said: str) -> None:
    told = f" {said}. It is remembered for the next diagnosis."
    await door.reply(entry, told, [b.said(b.person(entry.user), b.words(told))])


async def _approve(door: Door, entry: Entry) -> None:
    """Only who is named in `slack.approvers`, only what waits, only below the call that was shown; the first answer holds."""
    if entry.user not in door.settings.slack.approvers:
        raise BadInput(
            "You are not allowed to approve or deny steps. Ask one of slack.approvers in aitia.yaml."
        )
    job, call = await _placed(door, entry), entry.values.get("hash", "")
    revision = job.revision
    held = await asyncio.to_thread(door.inbox.answered, job.id, revision, call)
    asked = next((a for a in job.asked if a.hash == call), None) if job.state == "waiting" else None
    waits = asked is not None and entry.values.get("revision") == str(revision)
    if held is not None and held.key != entry.key:
        raise BadInput(f"Nothing to do: it was already {'approved' if held.said else 'denied'}.")
    if not waits:
        raise BadInput("Nothing to do: this step is no longer waiting.")
    if asked is not None and entry.ts != job.place.get(f"{part(asked)}.{revision}"):
        raise BadInput("This step was not asked in this message. Use the buttons below the step itself.")
    said = entry.name == "approve"
    held = await asyncio.to_thread(
        door.inbox.answer, job.id, revision, call, said=said, by=entry.user, key=entry.key
    )
    if held.key != entry.key:
        raise BadInput(f"Nothing to do: it was already {'approved' if held.said else 'denied'}.")
    await _answered(door, entry, job, call, said=said, by=entry.user, revision=revision)


async def _placed(door: Door, entry: Entry) -> Job:
    """The job of a step, once it is known in which message the step was asked: a click can be faster than our note of it."""
    job, pause = await door.job_of(entry), 0.1
    for _ in range(int(PLACED_S / pause)):
        asked = next((a for a in job.asked if a.hash == entry.values.get("hash")), None)
        if job.state != "waiting" or asked is None or job.place.get(f"{part(asked)}.{job.revision}"):
            break
        await asyncio.sleep(pause)
        job = await door.job_of(entry)
    return job


async def _first(door: Door, entry: Entry) -> None:
    told = " approved the step. A second person must approve it too."
    await door.reply(entry, told, [b.said(b.person(entry.user), b.words(told))])


async def _answered(
    door: Door, entry: Entry, job: Job, call: str, *, said: bool, by: str, revision: int
) -> None:
    try:
        job = await asyncio.to_thread(door.jobs.answer, job.id, {call: said}, by=f"slack:{by}", vouched=True)
    except BadInput:  # another door was faster
        await asyncio.to_thread(door.inbox.take_back, job.id, revision, call)
        raise
    if job.state == "waiting" and any(a.hash == call and a.first for a in job.asked):
        await asyncio.to_thread(door.inbox.take_back, job.id, revision, call)
        return await _first(door, entry)
    if job.state == "waiting":  # other steps still wait: the follower comes when all are answered
        await Follower(door.jobs, door.inbox, door.delivery, job, stream=door.settings.slack.stream).settle()
    door.kick()


def _taxonomy(meta: dict[str, Any]) -> Any:
    from aitia.graphs.judgement import taxonomy_of

    return taxonomy_of(meta)
