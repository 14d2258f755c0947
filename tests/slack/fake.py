"""A Slack workspace on loopback: Web API, Socket Mode and signed HTTP, with Slack's limits, and faults on demand.

It runs in a thread of its own, so that tests and other processes can speak to it. All that is called is kept.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import itertools
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from .limits import Refused, check_blocks, check_chunks, check_message, check_view

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-fake-bot", "xapp-fake-app", "fake-signing-secret"
BOT_USER, BOT_ID, TEAM = "UAITIA000", "BAITIA000", "T0000TEAM"
TIERS = {
    "chat.startStream": 20, "chat.stopStream": 20, "chat.update": 50, "conversations.replies": 50, "conversations.history": 50,
    "chat.appendStream": 100, "chat.postEphemeral": 100, "views.open": 100, "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100, "apps.connections.open": 20, "auth.test": 600, "chat.postMessage": 600,
}  # fmt: skip
POSTS = {"chat.postMessage", "chat.startStream", "files.completeUploadExternal", "chat.update"}
BURST = 5  # calls of POSTS that a channel takes at once; then one a second
TRIGGER_S, ACK_S = 3.0, 3.0
RECONNECT_S = 15.0  # a client looks at its connection every five seconds


def crowded() -> float:
    """How many times as long things may take where more wants to run than there are cores: the door is measured, not the machine."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass
class Call:
    """One call of the Web API: when (monotonic seconds), what, and the error it was answered."""

    at: float
    method: str
    args: dict[str, Any]
    error: str = ""


@dataclass
class Faults:
    """What goes wrong while it is set; numbers count down with each call that is hit."""

    storm: int = 0  # different calls answered 429, each once
    broken: int = 0  # calls answered 500
    lost: int = 0  # posts that are carried out, and whose answer is lost with the connection
    only: str = ""  # the method that broken and lost hit; all where empty
    no_streams: bool = False
    expired_streams: bool = False
    twice: bool = False  # every event and interaction is delivered twice
    deaf_posts: bool = False  # the bot is in no channel
    cut: int = 0  # events whose connection breaks before they are acknowledged


@dataclass
class FakeSlack:
    """The workspace. `url` is what a client takes for Slack's API."""

    http_target: str = ""  # where events go in HTTP mode; sockets where empty
    faults: Faults = field(default_factory=Faults)
    calls: list[Call] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    ephemerals: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    acks: list[tuple[float, Any]] = field(default_factory=list)
    unacked: list[str] = field(default_factory=list)
    impatient: list[Call] = field(default_factory=list)
    url: str = ""
    after: Callable[[str, dict[str, Any]], None] | None = (
        None  # called when a call was carried out, before its answer
    )

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="fake-slack", daemon=True)
        self._ts = itertools.count(1)
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._triggers: dict[str, float] = {}
        self._window: dict[str, list[float]] = {}
        self._channel: dict[str, tuple[float, float]] = {}
        self._held: dict[tuple[str, str], float] = {}
        self.refusals: dict[str, int] = {}

    # -- life

    def start(self) -> FakeSlack:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        async def end() -> None:
            for socket in list(self._sockets):
                await socket.close()
            await self._runner.cleanup()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._begin())
        self._loop.run_forever()

    async def _begin(self) -> None:
        app = web.Application(client_max_size=20_000_000)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/response/{trigger}", self._response)
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self._base = f"http://127.0.0.1:{port}"
        self.url = f"{self._base}/api/"
        self._ready.set()

    # -- what tests look at

    def connected(self) -> bool:
        return bool(self._sockets)

    def thread(self, ts: str) -> list[dict[str, Any]]:
        return [m for m in list(self.messages) if m.get("thread_ts") == ts or m["ts"] == ts]

    def errors(self) -> list[Call]:
        """Calls that were refused for what was in them."""
        return [
            c
            for c in list(self.calls)
            if c.error and c.error not in ("ratelimited", "internal_error", "lost")
        ]

    def named(self, method: str) -> list[Call]:
        return [c for c in list(self.calls) if c.method == method]

    # -- what people do

    def say(
        self, channel: str, user: str, text: str, *, thread: str = "", deliver: bool = True, **extra: Any
    ) -> dict[str, Any]:
        """A person's (or with bot_id a bot's) message; a mention of the bot is delivered as both events."""
        message = {
            "type": "message",
            "channel": channel,
            "user": user,
            "text": text,
            "ts": self._now(),
            **extra,
        }
        if thread:
            message["thread_ts"] = thread
        self.messages.append(message)
        if deliver:
            self._deliver_message(message)
        return message

    def _deliver_message(self, message: Mapping[str, Any]) -> None:
        shown = {k: v for k, v in message.items() if k not in ("metadata", "stream", "edits")}
        self.event({**shown, "channel_type": "channel"})
        if f"<@{BOT_USER}>" in message.get("text", ""):
            self.event({**shown, "type": "app_mention"})

    def event(self, event: Mapping[str, Any], *, event_id: str = "") -> str:
        event_id = event_id or f"Ev{secrets.token_hex(5)}"
        body = {
            "type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": dict(event), "event_id": event_id,
            "event_time": int(time.time()), "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }  # fmt: skip
        self.send("events_api", body)
        return event_id

    def command(self, channel: str, user: str, text: str, *, trigger: str = "") -> Any:
        """`/aitia text`; what the app answered at once."""
        trigger = trigger or self._trigger()
        body = {
            "token": "x", "team_id": TEAM, "channel_id": channel, "channel_name": "ops", "user_id": user, "user_name": user.lower(),
            "command": "/aitia", "text": text, "api_app_id": "A1", "trigger_id": trigger,
            "response_url": f"{self._base}/response/{trigger}",
        }  # fmt: skip
        return self.send("slash_commands", body)

    def press(self, message: Mapping[str, Any], action: str, user: str, *, nth: int = 0) -> Any:
        """Click a button of a message, by the beginning of its action id."""
        buttons = [e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
        button = [b for b in buttons if b["action_id"].startswith(action)][nth]
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": message["channel"],
            "is_ephemeral": False,
        }
        trigger = self._trigger()
        body = {
            "type": "block_actions", "team": {"id": TEAM, "domain": "t"}, "user": {"id": user, "username": user.lower(), "team_id": TEAM},
            "api_app_id": "A1", "token": "x", "container": container, "trigger_id": trigger, "channel": {"id": message["channel"]},
            "message": {k: v for k, v in message.items() if k in ("ts", "thread_ts", "text", "blocks")},
            "response_url": f"{self._base}/response/{trigger}",
            "actions": [{**button, "block_id": "b", "action_ts": self._now()}],
        }  # fmt: skip
        return self.send("interactive", body)

    def shortcut(self, message: Mapping[str, Any], user: str, callback: str = "diagnose") -> Any:
        trigger = self._trigger()
        body = {
            "type": "message_action", "callback_id": callback, "trigger_id": trigger, "token": "x", "team": {"id": TEAM, "domain": "t"},
            "user": {"id": user, "team_id": TEAM}, "channel": {"id": message["channel"], "name": "ops"}, "action_ts": self._now(),
            "message_ts": message["ts"], "message": dict(message), "response_url": f"{self._base}/response/{trigger}",
        }  # fmt: skip
        return self.send("interactive", body)

    def submit(self, view: Mapping[str, Any], user: str, values: Mapping[str, Any]) -> Any:
        """Send a modal: values by action id, a string (typed) or the value of an option."""
        state: dict[str, Any] = {}
        for block in view["blocks"]:
            if block["type"] == "input" and (said := values.get(block["element"]["action_id"])) is not None:
                kind = block["element"]["type"]
                given = (
                    {"value": said}
                    if kind == "plain_text_input"
                    else {"selected_option": self._option(block["element"], said)}
                )
                state.setdefault(block["block_id"], {})[block["element"]["action_id"]] = {
                    "type": kind,
                    **given,
                }
        shown = {**view, "state": {"values": state}}
        body = {
            "type": "view_submission", "team": {"id": TEAM, "domain": "t"}, "user": {"id": user, "team_id": TEAM}, "api_app_id": "A1",
            "token": "x", "trigger_id": self._trigger(), "view": shown, "response_urls": [],
        }  # fmt: skip
        return self.send("interactive", body)

    @staticmethod
    def _option(element: Mapping[str, Any], said: str) -> dict[str, Any]:
        groups = element.get("option_groups") or [{"options": element["options"]}]
        return next(o for g in groups for o in g["options"] if said in (o["value"], o["text"]["text"]))

    # -- delivery

    def send(self, kind: str, body: Mapping[str, Any], *, signature: str = "", age_s: float = 0.0) -> Any:
        """Deliver to the app and wait for its acknowledgement; its payload (sockets) or status and text (HTTP)."""
        sent = (
            self._send_http(kind, body, signature, age_s)
            if self.http_target
            else self._send_socket(kind, body)
        )
        return asyncio.run_coroutine_threadsafe(sent, self._loop).result(
            (2 * ACK_S + RECONNECT_S) * crowded() + 5
        )

    async def _send_socket(self, kind: str, body: Mapping[str, Any]) -> Any:
        answer = None
        for attempt in range(2 if self.faults.twice else 1):
            envelope = f"env-{secrets.token_hex(6)}"
            waiting = self._waiting[envelope] = self._loop.create_future()
            told = {
                "envelope_id": envelope,
                "type": kind,
                "payload": body,
                "accepts_response_payload": kind != "events_api",
            }
            if kind == "events_api":
                told |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            began = time.monotonic()
            socket = self._sockets[-1] if self._sockets else None
            try:
                if socket is None:
                    raise ConnectionError("nobody is connected")
                if self.faults.cut > 0 and kind == "events_api":
                    self.faults.cut -= 1
                    await socket.close()
                await socket.send_str(json.dumps(told))
                given = await asyncio.wait_for(waiting, ACK_S * crowded())
                self.acks.append((time.monotonic() - began, given))
                answer = given if answer is None else answer
            except (TimeoutError, ConnectionError):
                if kind == "events_api" and socket not in self._sockets and await self._again(socket):
                    return await self._send_socket(kind, body)
                self.unacked.append(f"{kind} {envelope}")
            finally:
                self._waiting.pop(envelope, None)
        return answer

    async def _again(self, broken: web.WebSocketResponse | None) -> bool:
        """Whether another connection than the broken one comes: an event that was not acknowledged is delivered there."""
        end = time.monotonic() + RECONNECT_S * crowded()
        while time.monotonic() < end:
            if self._sockets and self._sockets[-1] is not broken:
                return True
            await asyncio.sleep(0.05)
        return False

    async def _send_http(self, kind: str, body: Mapping[str, Any], signature: str, age_s: float) -> Any:
        if kind == "events_api":
            data, content = json.dumps(body), "application/json"
        else:
            content = "application/x-www-form-urlencoded"
            data = urlencode(body if kind == "slash_commands" else {"payload": json.dumps(body)})
        answer = None
        for attempt in range(2 if self.faults.twice else 1):
            stamp = str(int(time.time() - age_s))
            digest = hmac.new(SECRET.encode(), f"v0:{stamp}:{data}".encode(), hashlib.sha256).hexdigest()
            headers = {
                "Content-Type": content,
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": signature or f"v0={digest}",
            }
            if attempt:
                headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
            began = time.monotonic()
            timeout = aiohttp.ClientTimeout(total=ACK_S * crowded())
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.post(self.http_target, data=data, headers=headers) as response,
                ):
                    given = (response.status, await response.text())
            except (TimeoutError, aiohttp.ClientError) as error:
                self.unacked.append(f"{kind}: {error!r}")
                continue
            self.acks.append((time.monotonic() - began, given))
            answer = given if answer is None else answer
        return answer

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self._sockets.append(socket)
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT and message.data.startswith("{"):
                    told = json.loads(message.data)
                    waiting = self._waiting.get(told.get("envelope_id", ""))
                    if waiting is not None and not waiting.done():
                        waiting.set_result(told.get("payload", {}))
        finally:
            self._sockets.remove(socket)
        return socket

    # -- the Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        call = Call(time.monotonic(), method, args)
        self.calls.append(call)
        identity = f"{method} {json.dumps(args, sort_keys=True, default=str)}"
        if (wait := self._limited(call, identity)) is not None:
            call.error = "ratelimited"
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
            )
        hit = self.faults.only in ("", method)
        if hit and self.faults.broken > 0:
            self.faults.broken -= 1
            call.error = "internal_error"
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        try:
            self._authorise(method, request.headers.get("Authorization", ""))
            body = self._do(method, args)
            if self.after is not None:
                self.after(method, args)
        except Refused as error:
            call.error = error.error
            metadata = {"messages": [error.why]}
            return web.json_response({"ok": False, "error": error.error, "response_metadata": metadata})
        if hit and self.faults.lost > 0 and method in POSTS:
            self.faults.lost -= 1
            call.error = "lost"
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.json_response({"ok": True, **body})

    def _limited(self, call: Call, identity: str) -> int | None:
        """Seconds to wait where the call comes too soon."""
        channel = str(call.args.get("channel") or call.args.get("channel_id") or "")
        now, held = time.monotonic(), self._held
        for key in ((call.method, ""), ("", channel)):
            if now < held.get(key, 0.0) - 0.05:
                self.impatient.append(call)
        wait = 0
        if self.faults.storm > 0 and identity not in self.refusals:
            self.faults.storm -= 1
            wait, held[call.method, ""] = 1, now + 1
        recent = [at for at in self._window.get(call.method, []) if now - at < 60]
        if len(recent) >= TIERS.get(call.method, 50):
            wait = max(wait, 1 + int(60 - (now - recent[0])))
            held[call.method, ""] = now + wait
        if call.method in POSTS and channel:
            tokens, last = self._channel.get(channel, (float(BURST), now))
            tokens = min(float(BURST), tokens + (now - last))
            if tokens < 1:
                wait = max(wait, 1)
                held["", channel] = now + 1
            elif not wait:
                tokens -= 1
            self._channel[channel] = (tokens, now)
        if wait:
            self.refusals[identity] = self.refusals.get(identity, 0) + 1
            return wait
        self._window[call.method] = [*recent, now]
        return None

    def _authorise(self, method: str, header: str) -> None:
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if header != f"Bearer {wanted}":
            raise Refused("invalid_auth" if header else "not_authed", method)

    def _do(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        handler: Callable[[dict[str, Any]], dict[str, Any]] | None = getattr(
            self, "_" + method.replace(".", "_"), None
        )
        if handler is None:
            raise Refused("unknown_method", method)
        return handler(args)

    def _auth_test(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": "https://t.slack.com/",
            "team": "t",
            "team_id": TEAM,
            "user": "aitia",
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
        }

    def _apps_connections_open(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"url": self._base.replace("http", "ws") + "/socket"}

    def _chat_postMessage(self, args: dict[str, Any]) -> dict[str, Any]:
        self._in_channel(args)
        check_message(args)
        self._no_mentions(args)
        if args.get("unfurl_links") not in (False, 0) or args.get("unfurl_media") not in (False, 0):
            raise Refused("invalid_arguments", "unfurl_links and unfurl_media must be false here")
        if args.get("thread_ts") and not any(m["ts"] == args["thread_ts"] for m in self.messages):
            raise Refused("thread_not_found")
        message = self._own(args) | {"blocks": args.get("blocks") or [], "text": args.get("text", "")}
        self.messages.append(message)
        self._echo(message)
        return {"channel": args["channel"], "ts": message["ts"], "message": message}

    def _chat_update(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._mine(args)
        check_message(args)
        self._no_mentions(args)
        message["edits"].append(time.monotonic())
        message |= {"text": args.get("text", "")}
        message["blocks"] = args.get("blocks") or []
        return {"channel": args["channel"], "ts": message["ts"], "text": message["text"]}

    def _chat_postEphemeral(self, args: dict[str, Any]) -> dict[str, Any]:
        self._in_channel(args)
        check_message(args)
        if not args.get("user"):
            raise Refused("invalid_arguments", "user")
        self.ephemerals.append(args)
        return {"message_ts": self._now()}

    def _chat_startStream(self, args: dict[str, Any]) -> dict[str, Any]:
        if self.faults.no_streams:
            raise Refused("unknown_method", "streams")
        self._in_channel(args)
        if not args.get("thread_ts"):
            raise Refused("invalid_arguments", "thread_ts")
        if not str(args["channel"]).startswith("D") and not (
            args.get("recipient_user_id") and args.get("recipient_team_id")
        ):
            raise Refused(
                "missing_recipient_user_id"
                if not args.get("recipient_user_id")
                else "missing_recipient_team_id"
            )
        if args.get("chunks") is not None:
            check_chunks(args["chunks"])
        message = self._own(args) | {"stream": "open", "tasks": {}, "text": "", "blocks": []}
        self.messages.append(message)
        self._stream(message, args)
        return {"channel": args["channel"], "ts": message["ts"]}

    def _chat_appendStream(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._open_stream(args)
        check_chunks(args.get("chunks"))
        self._stream(message, args)
        return {"channel": args["channel"], "ts": message["ts"]}

    def _chat_stopStream(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._open_stream(args)
        if args.get("chunks"):
            check_chunks(args["chunks"])
        if args.get("blocks"):
            check_blocks(args["blocks"], most=50, inputs=False)
        self._stream(message, args)
        message["stream"] = "stopped"
        return {"channel": args["channel"], "ts": message["ts"], "message": message}

    def _open_stream(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._mine(args)
        if message.get("stream") != "open" or self.faults.expired_streams:
            raise Refused("message_not_in_streaming_state")
        return message

    @staticmethod
    def _stream(message: dict[str, Any], args: dict[str, Any]) -> None:
        for chunk in args.get("chunks") or []:
            if chunk["type"] == "task_update":
                message["tasks"][chunk["id"]] = message["tasks"].get(chunk["id"], {}) | chunk
            elif chunk["type"] == "plan_update":
                message["plan"] = chunk["title"]
            else:
                message["text"] += chunk["text"]

    def _conversations_replies(self, args: dict[str, Any]) -> dict[str, Any]:
        self._in_channel(args)
        found = self.thread(str(args["ts"]))
        if not found:
            raise Refused("thread_not_found")
        return self._page([m for m in found if m["channel"] == args["channel"]], args)

    def _conversations_history(self, args: dict[str, Any]) -> dict[str, Any]:
        self._in_channel(args)
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        inclusive = str(args.get("inclusive")) in ("1", "True", "true")
        found = [
            m
            for m in self.messages
            if m["channel"] == args["channel"] and m.get("thread_ts", m["ts"]) == m["ts"]
        ]
        found = [
            m
            for m in found
            if oldest < float(m["ts"]) < latest or (inclusive and float(m["ts"]) in (oldest, latest))
        ]
        return self._page(found[::-1], args)

    @staticmethod
    def _page(found: list[dict[str, Any]], args: dict[str, Any]) -> dict[str, Any]:
        limit, start = min(int(args.get("limit") or 100), 1000), int(args.get("cursor") or 0)
        shown = copy.deepcopy(found[start : start + limit])
        if str(args.get("include_all_metadata")) not in ("1", "True", "true"):
            for message in shown:
                message.pop("metadata", None)
        more = str(start + limit) if len(found) > start + limit else ""
        return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}

    def _views_open(self, args: dict[str, Any]) -> dict[str, Any]:
        began = self._triggers.pop(str(args.get("trigger_id")), None)
        if began is None:
            raise Refused("invalid_trigger", "unknown or used")
        if time.monotonic() - began > TRIGGER_S * crowded():
            raise Refused("expired_trigger_id")
        check_view(args.get("view"))
        view = {**args["view"], "id": f"V{secrets.token_hex(4)}", "hash": secrets.token_hex(4)}
        self.views.append(view)
        return {"view": view}

    def _files_getUploadURLExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        if not args.get("filename") or int(args.get("length") or 0) <= 0:
            raise Refused("invalid_arguments", "filename and length")
        file = f"F{secrets.token_hex(5)}"
        self.files[file] = {
            "name": args["filename"],
            "length": int(args["length"]),
            "data": b"",
            "shared": "",
        }
        return {"upload_url": f"{self._base}/upload/{file}", "file_id": file}

    def _files_completeUploadExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        for given in args["files"]:
            file = self.files.get(given["id"])
            if file is None or len(file["data"]) != file["length"]:
                raise Refused("file_not_found" if file is None else "file_update_failed", given["id"])
            if file["shared"]:
                raise Refused("file_already_completed")
        if args.get("channel_id"):
            self._in_channel({"channel": args["channel_id"]})
            files = [
                {"id": g["id"], "name": self.files[g["id"]]["name"], "title": g.get("title")}
                for g in args["files"]
            ]
            message = self._own({**args, "channel": args["channel_id"]})
            self.messages.append(
                message | {"files": files, "text": args.get("initial_comment") or "", "blocks": []}
            )
        for given in args["files"]:
            self.files[given["id"]] |= {
                "shared": args.get("channel_id") or "private",
                "title": given.get("title"),
            }
        return {"files": [{"id": g["id"], "title": g.get("title")} for g in args["files"]]}

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404, text="no such upload")
        file["data"] = await request.read()
        return web.Response(text=f"OK - {len(file['data'])}", content_type="text/plain")

    async def _response(self, request: web.Request) -> web.Response:
        told = await request.json()
        try:
            check_message(told)
        except Refused as error:
            self.calls.append(Call(time.monotonic(), "response_url", told, error.error))
            return web.Response(status=400, text=error.error)
        self.responses.append(told)
        return web.Response(text="ok")

    # -- small things

    def _now(self) -> str:
        return f"{time.time():.3f}{next(self._ts) % 1000:03d}"

    def _trigger(self) -> str:
        trigger = f"{time.time_ns()}.{secrets.token_hex(4)}"
        self._triggers[trigger] = time.monotonic()
        return trigger

    def _own(self, args: Mapping[str, Any]) -> dict[str, Any]:
        message = {
            "type": "message",
            "channel": args["channel"],
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "ts": self._now(),
            "edits": [],
        }
        if args.get("metadata"):
            metadata = args["metadata"]
            if not (
                isinstance(metadata.get("event_type"), str)
                and isinstance(metadata.get("event_payload"), dict)
            ):
                raise Refused("invalid_metadata_schema")
            message["metadata"] = metadata
        if args.get("thread_ts"):
            message["thread_ts"] = args["thread_ts"]
        return message

    def _mine(self, args: Mapping[str, Any]) -> dict[str, Any]:
        for message in self.messages:
            if message["ts"] == args.get("ts") and message["channel"] == args.get("channel"):
                if message.get("bot_id") != BOT_ID:
                    raise Refused("cant_update_message")
                return message
        raise Refused("message_not_found")

    def _in_channel(self, args: Mapping[str, Any]) -> None:
        if not args.get("channel"):
            raise Refused("channel_not_found")
        if self.faults.deaf_posts:
            raise Refused("not_in_channel")

    @staticmethod
    def _no_mentions(args: Mapping[str, Any]) -> None:
        if args.get("link_names") or args.get("parse") == "full":
            raise Refused("invalid_arguments", "names in outside text would notify people")

    def _echo(self, message: Mapping[str, Any]) -> None:
        """The workspace tells the app of its own posts, as of everybody's."""
        if self._sockets:
            shown = {k: v for k, v in message.items() if k not in ("metadata", "edits")}
            body = {
                "type": "event_callback",
                "team_id": TEAM,
                "event": {**shown, "channel_type": "channel"},
                "event_id": f"Ev{secrets.token_hex(5)}",
            }
            self._loop.create_task(self._send_socket("events_api", body))


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Query, form and JSON as one; JSON in a form field is read."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args |= await request.json()
    elif request.method == "POST":
        args |= dict(await request.post())
    for name in ("blocks", "view", "files", "metadata", "chunks"):
        if isinstance(args.get(name), str):
            args[name] = json.loads(args[name])
    return args
