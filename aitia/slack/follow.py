"""One job in its thread, from its first step to its result. It may be killed anywhere: a second one goes on from there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from typing import Final

from aitia.core.errors import NotRecorded
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.corrected import change_told
from aitia.jobs import Approval, Job, Jobs
from aitia.render.html import render_html
from aitia.render.plot_png import curves_png
from aitia.slack import blocks as b
from aitia.slack import result
from aitia.slack.answers import AFTERWARDS, asked_of, quoted
from aitia.slack.dedupe import Inbox
from aitia.slack.delivery import Delivery
from aitia.slack.progress import Steps
from aitia.slack.progress_message import Stage
from aitia.slack.shown_parts import Parts

PUMP_S: Final = 0.3
_log: Final = logging.getLogger("aitia.slack")


def needs(job: Job) -> bool:
    """Whether there is anything of a job that its thread does not show yet."""
    if not job.place.get("channel") or job.place.get("lost"):
        return False
    if job.over:
        return job.place.get("shown") != _over(job)
    return job.state != "waiting" or job.place.get("asked") != _asked(job)


class Follower:
    """Shows one job until it is over or waits for a person."""

    def __init__(self, jobs: Jobs, inbox: Inbox, delivery: Delivery, job: Job, *, stream: bool) -> None:
        self._jobs, self._inbox, self._delivery, self._stream = jobs, inbox, delivery, stream
        self._parts = Parts(jobs, delivery, job)
        self._steps = Steps()
        self._stage = Stage(self._parts, stream=stream)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Follow to the end."""
        await self._root()
        await self._stage.recover()
        pump = asyncio.create_task(self._pump())
        try:
            async for update in self._jobs.afollow(self._parts.job.id, after=f"{self._parts.job.revision}-0"):
                if update.job.revision != self._parts.job.revision:
                    break  # it was told again meanwhile: the next follower shows that
                self._parts.seen(update.job)
                for _, event in update.events:
                    self._steps.add(event)
        finally:
            self._stop.set()
            await pump
        await self.settle()
        if self._parts.job.over:
            await self._ended()
        elif self._parts.job.state == "waiting":
            await self._asks()
        else:
            self._steps.end("updated in the meantime")
            await self._stage.finish(self._steps)

    async def _pump(self) -> None:
        """Show steps as often as Slack takes them; many events in between are one call."""
        while not self._stop.is_set():
            if self._steps.news() and self._stage.free():
                await self._stage.show(self._steps)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), PUMP_S)

    async def _root(self) -> None:
        """The first message of the thread, where nobody else wrote it."""
        parts = self._parts
        if parts.thread:
            return await asyncio.to_thread(self._inbox.bind, parts.channel, parts.thread, parts.job.id)
        title = parts.job.title

        async def post(mark: str) -> str:
            asked = [b.person(parts.get("user")), b.words(" asked: ")] if parts.get("user") else []
            return await self._delivery.post(
                parts.channel, title, [b.said(*asked, b.words(title))], mark=mark
            )

        await parts.once("thread", post)
        return await asyncio.to_thread(self._inbox.bind, parts.channel, parts.thread, parts.job.id)

    async def _asks(self) -> None:
        """Ask for what waits, each call in a message of its own."""
        for asked in self._parts.job.asked:
            blocks = result.approval(self._parts.job, asked)
            await self._post(part(asked), f"A step is waiting for approval: {asked.tool}", blocks)
            await self._parts.note(**{f"call.{self._parts.named(part(asked))}": asked.model_dump_json()})
        self._steps.hold(f"{len(self._parts.job.asked)} waiting below")
        await self._stage.show(self._steps)
        await self._parts.note(**{"asked": _asked(self._parts.job), self._parts.named("held"): "yes"})

    async def settle(self) -> None:
        """Calls that were asked for and answered by now, wherever: their buttons go."""
        job, waiting = self._parts.job, {a.hash for a in self._parts.job.asked}
        for name, body in list(job.place.items()):
            shown_as = name.removeprefix("call.")
            if name == shown_as or not body or not shown_as.endswith(f".{job.revision}"):
                continue
            asked = Approval.model_validate_json(body)
            answer = await asyncio.to_thread(self._inbox.answered, job.id, job.revision, asked.hash)
            if answer is None and job.state == "waiting" and asked.hash in waiting:
                continue
            said = "answered elsewhere" if answer is None else "approved" if answer.said else "denied"
            shown = result.settled(asked, said=said, by=answer.by if answer else "")
            await self._delivery.update(
                self._parts.channel,
                self._parts.get(shown_as),
                f"{asked.tool}: {said}",
                shown,
                mark=self._parts.mark(shown_as),
            )
            await self._parts.note(**{name: ""})

    async def _ended(self) -> None:
        """The result, the end of the steps, and the whole report as a file."""
        job, parts = self._parts.job, self._parts
        if parts.get(parts.named("held")):
            self._steps.hold("answered", status="complete")
        if job.state == "failed":
            told = f"The diagnosis failed. {job.message}"
            shown = [b.said(b.words(told)), b.actions(b.button("Look again", "again", result.value(job)))]
            await self._post(f"failed-{_over(job)}", told, shown)
            self._steps.end("failed", status="error")
            await self._stage.finish(self._steps)
            return await parts.note(**{"shown": _over(job), parts.named("finished"): ""})
        store = await asyncio.to_thread(self._jobs.run_store, job.id)
        report = await asyncio.to_thread(store.report)
        line = result.headline(report)
        kept = await asyncio.to_thread(lambda: dict(_artifacts(store, report)))
        changed = await asyncio.to_thread(change_told, store)
        shown = result.corrected(changed, report, job, kept) if changed else result.result(report, job, kept)
        await self._post("result", line, shown)
        self._steps.end(line)
        await self._stage.finish(self._steps)
        if parts.get("root") != "theirs":
            await self._headline(line)
        await self._file(store, report)
        place = (
            await asyncio.to_thread(self._jobs.get, job.id)
        ).place  # a door may have written it meanwhile
        if question := place.get(AFTERWARDS, ""):
            await self._answer(question)
        return await parts.note(shown=_over(job))

    async def _answer(self, question: str) -> None:
        """What was asked in the message that corrected the diagnosis, from what came of it."""
        jobs, run = self._jobs, self._parts.job.run
        found = await asyncio.to_thread(asked_of, jobs.settings, jobs.home, question, run)
        await self._post("afterwards-answer", found.text or "Not known.", quoted(found, question))
        await self._parts.note(**{AFTERWARDS: ""})

    async def _headline(self, line: str) -> None:
        """The verdict in the thread's first message, for those who read the channel only."""
        parts = self._parts
        if parts.get(parts.named("headline")) != line:
            shown = [b.said(b.words(parts.job.title)), b.said(b.words(line, "bold"))]
            await self._delivery.update(parts.channel, parts.thread, line, shown, mark=parts.mark("thread"))
            await parts.note(**{parts.named("headline"): line})

    async def _file(self, store: RunStore, report: Report) -> None:
        name = f"aitia-{report.run}-{self._parts.job.revision}.html"

        async def send(mark: str) -> str:
            files = [(name, "Full report", await asyncio.to_thread(_page, store, report))]
            picture = await asyncio.to_thread(lambda: curves_png(report, dict(_artifacts(store, report))))
            files += (
                [(f"{name.removesuffix('.html')}.png", "Curves of what is cited", picture)] if picture else []
            )
            await self._delivery.upload(self._parts.channel, self._parts.thread, files)
            return "sent"

        await self._parts.once(
            self._parts.named("file"),
            send,
            wanted=lambda m: any(f.get("name") == name for f in m.get("files") or ()),
        )

    async def _post(self, part: str, text: str, blocks: list[b.Block]) -> str:
        async def send(mark: str) -> str:
            return await self._delivery.post(
                self._parts.channel, text, blocks, mark=mark, thread=self._parts.thread
            )

        return await self._parts.once(self._parts.named(part), send)


def _over(job: Job) -> str:
    """Which end of a job it is: a failed one may be begun again as the same revision."""
    return f"{job.revision}@{job.finished_at:%Y%m%d%H%M%S%f}"


def _asked(job: Job) -> str:
    return json.dumps([job.revision, *sorted(a.hash for a in job.asked)])


def part(asked: Approval) -> str:
    """The name under which the message of a call is kept."""
    return f"ask-{asked.hash[:16]}"


def _page(store: RunStore, report: Report) -> bytes:
    return render_html(report, artifacts=dict(_artifacts(store, report))).encode("utf-8")


def _artifacts(store: RunStore, report: Report) -> Iterator[tuple[str, bytes]]:
    """The plot data of the report, as far as the run still holds it."""
    for name in {e.artifact for e in report.evidence if e.artifact}:
        with contextlib.suppress(NotRecorded):
            yield name, store.artifact(name)
