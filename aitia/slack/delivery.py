"""What the door says in Slack: not sooner than its rate limits allow, and never twice where that would show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from aitia.slack.blocks import Block, said, words
from aitia.slack.mrkdwn import fallback
from aitia.slack.rate_limits import CHANNEL, Pace, Patience

_BLOCKS_REFUSED: Final = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long")
_log: Final = logging.getLogger("aitia.slack")
MARK: Final = "aitia"  # begins the block id by which a message of ours is found again

Doubt = (ClientError, TimeoutError, SlackRequestError)  # it may have been carried out


class Delivery:
    """What the door says in Slack."""

    def __init__(self, client: AsyncWebClient, *, me: str = "") -> None:
        self.pace = Pace()
        self.client, self.me = client, me
        client.retry_handlers = [Patience(self.pace)]

    @property
    def api(self) -> str:
        """The address of the Web API."""
        return str(self.client.base_url)

    async def call(self, method: str, **args: Any) -> dict[str, Any]:
        """A call of the Web API in its turn. Raises SlackApiError where Slack refuses it, `Doubt` where that is not known."""
        channel = str(args.get("channel", ""))
        CHANNEL.set(channel)
        await self.pace.turn(method, channel)
        try:
            response = await getattr(self.client, method.replace(".", "_"))(**args)
        except SlackApiError as error:
            if getattr(error.response, "status_code", 200) >= 500:
                raise SlackRequestError(f"Slack failed at {method}") from error
            raise
        found: dict[str, Any] = response.data
        return found

    async def post(
        self, channel: str, text: str, blocks: Sequence[Block], *, mark: str, thread: str = ""
    ) -> str:
        """A message, found again by its mark; its timestamp. Links are not unfolded, names notify nobody."""
        at = {"channel": channel, "unfurl_links": False, "unfurl_media": False} | (
            {"thread_ts": thread} if thread else {}
        )
        try:
            sent = await self.call("chat.postMessage", **at, **_message(text, blocks, mark))
        except SlackApiError as error:
            if error.response["error"] not in _BLOCKS_REFUSED:
                raise
            _log.error("Slack refused the blocks of %s: %s; sent without them", mark, error.response)
            plainer = [said(words(text)), *(b for b in blocks if b["type"] == "actions")]
            sent = await self.call("chat.postMessage", **at, **_message(text, plainer, mark))
        return str(sent["ts"])

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block], *, mark: str) -> None:
        """Put other words into a message."""
        await self.call("chat.update", channel=channel, ts=ts, **_message(text, blocks, mark))

    async def whisper(self, channel: str, user: str, text: str, *, thread: str = "") -> None:
        """A line that only one person sees."""
        at = {"thread_ts": thread} if thread else {}
        await self.call("chat.postEphemeral", channel=channel, user=user, text=fallback(text, 1_500), **at)

    async def upload(self, channel: str, thread: str, files: Sequence[tuple[str, str, bytes]]) -> None:
        """Files in one message of a thread, each with its name and title."""
        CHANNEL.set(channel)
        await self.pace.turn("files.completeUploadExternal", channel)
        try:
            await self.client.files_upload_v2(
                channel=channel,
                thread_ts=thread,
                file_uploads=[{"filename": n, "title": title, "content": data} for n, title, data in files],
            )
        except SlackApiError as error:
            if getattr(error.response, "status_code", 200) >= 500:
                raise SlackRequestError("Slack failed at files.completeUploadExternal") from error
            raise

    async def thread(self, channel: str, thread: str) -> list[dict[str, Any]]:
        """A thread's messages, the first one first."""
        return await self._pages("conversations.replies", channel=channel, ts=thread)

    async def find(
        self, channel: str, thread: str, wanted: Callable[[Mapping[str, Any]], bool], *, since: float
    ) -> str:
        """The timestamp of our message in a thread, or in the channel where there is none; "" where it is not there."""
        if thread:
            found = await self.thread(channel, thread)
        else:
            found = await self._pages("conversations.history", channel=channel, oldest=f"{since:.6f}")
        return next((str(m["ts"]) for m in found if m.get("user") == self.me and wanted(m)), "")

    async def _pages(self, method: str, **args: Any) -> list[dict[str, Any]]:
        found, cursor = [], ""
        for _ in range(20):
            page = await self.call(method, limit=200, **args, **({"cursor": cursor} if cursor else {}))
            found += page.get("messages", [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                break
        return found


def _message(text: str, blocks: Sequence[Block], mark: str) -> dict[str, Any]:
    first, *rest = blocks
    return {
        "text": fallback(text),
        "blocks": [{**first, "block_id": f"{MARK} {mark}"}, *rest],
        "parse": "none",
        "link_names": False,
    }


def marked(message: Mapping[str, Any], mark: str = "") -> bool:
    """Whether a message bears a mark, or any where none is given."""
    ids = [str(block.get("block_id", "")) for block in message.get("blocks") or ()]
    return any(i == f"{MARK} {mark}" if mark else i.startswith(f"{MARK} ") for i in ids)
