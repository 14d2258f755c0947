"""The steps of a running diagnosis in its thread: streamed where the workspace can, else one message that is kept up to date."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal

from slack_sdk.errors import SlackApiError

from aitia.slack.delivery import Doubt, marked
from aitia.slack.progress import Steps, title_of
from aitia.slack.shown_parts import Parts

Mode = Literal["stream", "update", "end"]
_log: Final = logging.getLogger("aitia.slack")


class Stage:
    """Shows the steps of one revision. What cannot be shown now is shown with what comes next; the result never waits."""

    def __init__(self, parts: Parts, *, stream: bool) -> None:
        self._parts, self._part = parts, parts.named("progress")
        kept = parts.get(parts.named("mode"))
        self._mode: Mode = (
            "end" if kept == "end" else "update" if kept == "update" or not stream else "stream"
        )

    def free(self) -> bool:
        """Whether Slack would take the steps now."""
        return self._mode != "end" and self._parts.delivery.pace.free(self._method(), self._parts.channel)

    async def recover(self) -> None:
        """Find what a door before this one began to show and was killed before it knew: it is gone on with, or ended."""
        part = self._part
        wanted = _is_stream if self._mode == "stream" else partial(marked, mark=self._parts.mark(part))
        await self._parts.recover(part, wanted)

    async def show(self, steps: Steps) -> None:
        """Show the steps as they are, where there is anything new."""
        if steps.news():
            await self._tried(steps, last=False)

    async def finish(self, steps: Steps) -> None:
        """Show the last step, where any was shown."""
        if self._parts.get(self._part) and self._parts.get(self._parts.named("finished")) != "yes":
            await self._tried(steps, last=True)
            await self._parts.note(**{self._parts.named("finished"): "yes"})

    async def _tried(self, steps: Steps, *, last: bool) -> None:
        """In the present mode, else in the next simpler one."""
        while self._mode != "end":
            try:
                return await (self._stream(steps, last) if self._mode == "stream" else self._update(steps))
            except Doubt as error:  # the next time says it all again
                return _log.warning("progress of %s was not shown: %s", self._parts.job.id, error)
            except SlackApiError as error:
                _log.info("%s of %s: %s", self._method(), self._parts.job.id, error.response["error"])
                self._mode = "update" if self._mode == "stream" else "end"
                await self._parts.note(**{self._parts.named("mode"): self._mode})
        return None

    async def _stream(self, steps: Steps, last: bool) -> None:
        parts, delivery = self._parts, self._parts.delivery

        async def start(mark: str) -> str:
            news = steps.news()
            sent = await delivery.call(
                "chat.startStream",
                channel=parts.channel,
                thread_ts=parts.thread,
                recipient_user_id=parts.get("user"),
                recipient_team_id=parts.get("team"),
                task_display_mode="timeline",
                **({"chunks": news} if news else {}),
            )
            steps.taken()
            return str(sent["ts"])

        ts = await parts.once(self._part, start, wanted=_is_stream)
        news = steps.news()
        if last:
            await delivery.call(
                "chat.stopStream", channel=parts.channel, ts=ts, **({"chunks": news} if news else {})
            )
        elif news:
            await delivery.call("chat.appendStream", channel=parts.channel, ts=ts, chunks=news)
        steps.taken()

    async def _update(self, steps: Steps) -> None:
        parts, delivery = self._parts, self._parts.delivery
        title = title_of(parts.job)
        shown = steps.blocks(title)
        steps.news()

        async def post(mark: str) -> str:
            return await delivery.post(parts.channel, title, shown, mark=mark, thread=parts.thread)

        started = parts.get(self._part)
        ts = await parts.once(self._part, post)
        if started:
            await delivery.update(parts.channel, ts, title, shown, mark=parts.mark(self._part))
        steps.taken()

    def _method(self) -> str:
        started = bool(self._parts.get(self._part))
        if self._mode == "stream":
            return "chat.appendStream" if started else "chat.startStream"
        return "chat.update" if started else "chat.postMessage"


def _is_stream(message: Mapping[str, Any]) -> bool:
    """A stream bears no mark: it is our only message in the thread without one."""
    return not marked(message) and not message.get("files")
