"""Slack's door against forged requests: the real app over HTTP, before the fake Slack of the tests.

Success: an answer to an approval or an outcome that none of the approvers gave, a diagnosis or an answer for whom it is not,
anything sent to an address that is not Slack's, or a mention or link that outside text makes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from unittest import mock
from urllib.parse import urlencode

import httpx

from aitia import api
from aitia.jobs import Approval
from aitia.settings import load_settings
from benchmarks.attack.doors_try import Tried
from tests.slack.canned import Canned
from tests.slack.fake import BOT_USER, SECRET, TEAM, FakeSlack
from tests.slack.site import ALERT, ANN, EVE, OPS, TOKENS, Site, until, write_settings

FAMILY: Final = "slack"
ELSEWHERE: Final = "C000ELSE"
ASKED: Final = (
    Approval(hash="a1" * 32, tool="restart", args={"service": "orders"}),
    Approval(hash="b2" * 32, tool="drain", args={"node": "n1"}),
)


def tries(
    folder: Path, *, quick: bool = False, only: Collection[str] = (), run: Path | None = None
) -> Iterator[Tried]:
    """All tries; `quick` leaves out those that wait for whole diagnoses, `only` names some. `run` is told as a job's."""
    folder.mkdir(parents=True, exist_ok=True)
    run = run or _run(folder / "once")
    (folder / "asks").mkdir()
    with mock.patch.dict(os.environ, TOKENS | {"AITIA_HOME": str(folder / "asks" / "home")}):
        yield from _asking(folder / "asks", run, only or ATTACKS)
    if not quick:
        (folder / "texts").mkdir()
        with mock.patch.dict(os.environ, TOKENS | {"AITIA_HOME": str(folder / "texts" / "home")}):
            yield from _texts(folder / "texts", run)


def _run(folder: Path) -> Path:
    folder.mkdir()
    settings = load_settings(write_settings(folder))
    settings = settings.model_copy(
        update={"sources": tuple(s for s in settings.sources if s.kind in ("metrics", "topology"))}
    )
    report = api.diagnose(ALERT, config=settings, model=None, at=settings.service.at, home=folder)
    return folder / "runs" / report.run


class _Trap(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.hits += 1  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class World:
    """Two diagnoses that wait, in two channels, and what an attacker sends."""

    def __init__(self, site: Site, slack: FakeSlack, trap: ThreadingHTTPServer) -> None:
        self.site, self.slack, self.trap = site, slack, trap
        self.evil = f"http://127.0.0.1:{trap.server_port}/evil"
        self.mine = self._asked(OPS)
        self.other = self._asked(ELSEWHERE)

    def _asked(self, channel: str) -> dict[str, Any]:
        self.slack.command(channel, ANN, f"gateway of {channel} answers with 5xx")
        found = until(
            lambda: [
                m
                for m in self.slack.messages
                if "is waiting for approval" in m["text"] and m["channel"] == channel
            ][1:],
            60,
        )
        return (
            next(m for m in self.slack.messages if "restart" in m["text"] and m["channel"] == channel)
            if found
            else {}
        )

    def press(self, **change: Any) -> dict[str, Any]:
        """An approver's click, changed."""
        message = change.pop("message", self.mine)
        elements = [e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
        button = dict(next(e for e in elements if e["action_id"].startswith(change.pop("action", "approve"))))
        button |= change.pop("button", {})
        if value := change.pop("value", None):
            button["value"] = (
                json.dumps(json.loads(button["value"]) | value) if isinstance(value, dict) else value
            )
        user = change.pop("user", ANN)
        body = {
            "type": "block_actions", "team": {"id": TEAM}, "user": {"id": user, "team_id": TEAM}, "api_app_id": "A1", "token": "x",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]}, "channel": {"id": message["channel"]},
            "trigger_id": secrets.token_hex(8), "message": {k: message[k] for k in ("ts", "thread_ts", "text", "blocks") if k in message},
            "actions": [{**button, "block_id": "b", "action_ts": "1"}],
        }  # fmt: skip
        return {**body, **change}

    def send(self, kind: str, body: Mapping[str, Any], **signed: Any) -> httpx.Response:
        """Post to the door, signed as Slack does unless told otherwise."""
        data = (
            json.dumps(body)
            if kind == "events_api"
            else urlencode(body if kind == "slash" else {"payload": json.dumps(body)})
        )
        data = signed.pop("raw", data)
        content = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
        stamp = str(signed.pop("stamp", int(time.time())))
        key = signed.pop("key", SECRET)
        digest = "v0=" + hmac.new(key.encode(), f"v0:{stamp}:{data}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signed.pop("signature", digest),
        }
        headers = {k: v for k, v in (headers | signed.pop("headers", {})).items() if v is not None}
        answer = httpx.post(
            self.slack.http_target,
            content=signed.pop("sent", data).encode(),
            headers=headers,
            timeout=30,
            trust_env=False,
        )
        self.settle()
        return answer

    def settle(self) -> None:
        """Wait until the door has done with what came."""
        end = time.monotonic() + 10
        time.sleep(0.15)
        while self.site_left() and time.monotonic() < end:
            time.sleep(0.05)

    def site_left(self) -> int:
        """Entries that are not done."""
        from aitia.slack.dedupe import Inbox

        return len(Inbox(self.site.home).left())

    def state(self) -> Any:
        """What must not change: answers, outcomes, how many diagnoses there are and at which revision."""
        rows = [self.site.jobs.table.row(j.id) for j in self.site.jobs.list(limit=200)]
        said = list(self.site.home.rglob("outcome*.json")) + list(self.site.home.rglob("confirm*"))
        return (
            [(r["id"], r["answers"], r["revision"], r["state"]) for r in rows],
            sorted(map(str, said)),
            self.trap.hits,
        )  # type: ignore[attr-defined]


Attack = Callable[[World], Any]


def _signed(**how: Any) -> Attack:
    return lambda w: w.send(
        "interactive", w.press(), **{k: v(w) if callable(v) else v for k, v in how.items()}
    )


def _pressed(**change: Any) -> Attack:
    return lambda w: w.send(
        "interactive", w.press(**{k: v(w) if callable(v) else v for k, v in change.items()})
    )


def _old(w: World) -> None:
    body = urlencode({"payload": json.dumps(w.press())})
    w.send("interactive", {}, raw=body, stamp=int(time.time()) - 600)


def _form(**change: Any) -> Attack:
    """A form that was never opened, about a diagnosis."""

    def attack(w: World) -> None:
        job = next(j for j in w.site.jobs.list() if j.place.get("channel") == change.get("of", OPS))
        about = {
            "job": job.id,
            "revision": job.revision,
            "channel": OPS,
            "thread": job.place.get("thread", ""),
            **change.get("about", {}),
        }
        state = {
            "c": {"component": {"selected_option": {"value": "c0"}}},
            "n": {"note": {"value": "x"}},
            "q": {"question": {"value": "which cause?"}},
        }
        view = {"id": secrets.token_hex(6), "callback_id": change.get("name", "wrong"), "type": "modal", "blocks": [], "state": {"values": state},
                "private_metadata": change.get("raw") or json.dumps(about)}  # fmt: skip
        body = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": change.get("user", EVE), "team_id": TEAM}, "view": view,
                "trigger_id": secrets.token_hex(6), "token": "x", "api_app_id": "A1"}  # fmt: skip
        w.send("interactive", body)

    return attack


def _event(**change: Any) -> Attack:
    def attack(w: World) -> None:
        event = {
            "type": "app_mention",
            "channel": OPS,
            "user": EVE,
            "text": f"<@{BOT_USER}> gateway is slow",
            "ts": f"{time.time():.6f}",
            **change.get("event", {}),
        }
        body = {"type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": event, "event_id": "Ev" + secrets.token_hex(5),
                "event_time": int(time.time()), **change.get("body", {})}  # fmt: skip
        for _ in range(change.get("times", 1)):
            w.send("events_api", body)

    return attack


def _slash(text: str = "status", **change: Any) -> Attack:
    def attack(w: World) -> None:
        url = change.get("url", "")
        body = {"token": "x", "team_id": TEAM, "channel_id": OPS, "user_id": EVE, "command": "/aitia", "text": text,
                "api_app_id": "A1", "trigger_id": secrets.token_hex(6), "response_url": url(w) if callable(url) else url,
                **change.get("body", {})}  # fmt: skip
        w.send("slash", body)

    return attack


def _told_elsewhere(url: Callable[[World], str]) -> Attack:
    """Make the door tell something to an address of the attacker: a shortcut in a thread that has its diagnosis."""

    def attack(w: World) -> None:
        body = {"type": "message_action", "callback_id": "diagnose", "trigger_id": secrets.token_hex(6), "team": {"id": TEAM}, "token": "x",
                "user": {"id": EVE, "team_id": TEAM}, "channel": {"id": OPS}, "message_ts": w.mine["ts"], "response_url": url(w),
                "message": {"ts": w.mine["ts"], "thread_ts": w.mine["thread_ts"], "text": "x"}}  # fmt: skip
        w.send("interactive", body)

    return attack


_GIANT: Final = "x" * 900_000
ATTACKS: Final[dict[str, Attack]] = {
    "no signature": _signed(headers={"X-Slack-Signature": None}),
    "an empty signature": _signed(signature=""),
    "a signature of zeros": _signed(signature="v0=" + "0" * 64),
    "another secret": _signed(key="another"),
    "an empty secret": _signed(key=""),
    "another version": _signed(signature="v1=" + "0" * 64),
    "no time": _signed(headers={"X-Slack-Request-Timestamp": None}),
    "a time that is a word": _signed(stamp="now"),
    "ten minutes old": _old,
    "an hour ahead": _signed(stamp=lambda _: int(time.time()) + 3600),
    "a body that was changed": _signed(sent=lambda w: urlencode({"payload": json.dumps(w.press())})),
    "a second payload": _signed(sent=lambda w: urlencode([("payload", json.dumps(w.press())), ("payload", json.dumps(w.press()))])),
    "the socket's secret": _signed(key="socket"),
    "by somebody else": _pressed(user=EVE),
    "by the bot itself": _pressed(user=BOT_USER),
    "by a name in another case": _pressed(user=ANN.lower()),
    "by nobody": _pressed(user=""),
    "by a list of users": _pressed(user=[ANN]),
    "by an approver of another workspace": lambda w: w.send(
        "interactive", w.press() | {"user": {"id": ANN, "team_id": "T0000EVIL"}}
    ),
    "in another channel": _pressed(channel={"id": ELSEWHERE}),
    "in no channel": _pressed(channel=None),
    "of another diagnosis": _pressed(value=lambda w: {"job": _job(w, ELSEWHERE)}),
    "of another diagnosis and channel": _pressed(value=lambda w: {"job": _job(w, ELSEWHERE)}, channel={"id": ELSEWHERE}),
    "of the other call": _pressed(value={"hash": ASKED[1].hash}),
    "of another revision": _pressed(value={"revision": 2}),
    "of revision 1.0": _pressed(value={"revision": 1.0}),
    "of revision true": _pressed(value={"revision": True}),
    "of no revision": _pressed(value={"revision": None}),
    "a hash of zeros": _pressed(value={"hash": "0" * 64}),
    "a part of the hash": _pressed(value={"hash": ASKED[0].hash[:16]}),
    "a value that is no JSON": _pressed(value="approve everything"),
    "a value that is a list": _pressed(value="[1]"),
    "a value without end": _pressed(value="[" * 50_000),
    "another action id": _pressed(button={"action_id": "approve_all"}),
    "an action id with more": _pressed(button={"action_id": f"approve {ASKED[1].hash[:16]}"}, value={"hash": ASKED[1].hash}),
    "in another message": _pressed(message=lambda w: {**w.mine, "ts": "1.000001"}),
    "in a message of the attacker": _pressed(message=lambda w: {**w.mine, "ts": w.slack.say(OPS, EVE, "x", deliver=False)["ts"]}),
    "in no message": lambda w: w.send("interactive", w.press() | {"container": {}, "message": {}}),
    "a form nobody opened": _form(),
    "a form by an approver that was not opened": _form(user=ANN),
    "a form of another channel": _form(of=ELSEWHERE, about={"channel": ELSEWHERE}),
    "a form without metadata": _form(raw="null"),
    "a form with a list": _form(raw="[]"),
    "a form with a forged seal": _form(about={"seal": "0" * 64}),
    "a question form of another channel": _form(name="ask", of=ELSEWHERE, about={"channel": ELSEWHERE}),
    "a form of an unknown kind": _form(name="approve"),
    "a mention by a bot": _event(event={"bot_id": "B0EVIL"}),
    "a mention by itself": _event(event={"user": BOT_USER}),
    "a mention that was edited": _event(event={"subtype": "message_changed"}),
    "a mention of another workspace": _event(event={"user_team": "T0000EVIL"}, body={"team_id": "T0000EVIL"}),
    "a message in a thread of others": _event(event={"type": "message", "thread_ts": "1.000002", "text": "what is the cause?"}),
    "an event without its parts": _event(event={"type": "app_mention", "channel": None, "ts": None}),
    "an event of a list": lambda w: w.send("events_api", {"type": "event_callback", "event": [], "event_id": "E"}),
    "a file upload": _event(event={"type": "message", "subtype": "file_share", "files": [{"url_private": "http://127.0.0.1:9"}]}),
    "an unfurl": _event(event={"type": "link_shared", "links": [{"url": "http://127.0.0.1:9"}]}),
    "a giant event": _event(event={"type": "message", "text": _GIANT}),
    "a command of another workspace": _slash("gateway is slow", body={"team_id": "T0000EVIL"}),
    "another command": _slash("gateway is slow", body={"command": "/deploy"}),
    "status to another address": _slash("status", url=lambda w: w.evil),
    "told at another host": _told_elsewhere(lambda w: w.evil),
    "told at a host that begins alike": _told_elsewhere(lambda w: f"http://hooks.slack.com@127.0.0.1:{w.trap.server_port}/x"),
    "told at a host that ends alike": _told_elsewhere(lambda w: f"http://127.0.0.1:{w.trap.server_port}/hooks.slack.com"),
    "told by a redirect": _told_elsewhere(lambda w: w.slack.url.replace("/api/", "/redirect?to=") + w.evil),
    "told in a file": _told_elsewhere(lambda _: "file:///etc/passwd"),
    "told nowhere": _told_elsewhere(lambda _: "x"),
}  # fmt: skip


def _job(w: World, channel: str) -> str:
    return next(j.id for j in w.site.jobs.list() if j.place.get("channel") == channel)


def _asking(folder: Path, run: Path, names: Collection[str]) -> Iterator[Tried]:
    (folder / "home").mkdir(mode=0o700)
    slack = FakeSlack().start()
    trap = ThreadingHTTPServer(("127.0.0.1", 0), _Trap)
    trap.hits = 0  # type: ignore[attr-defined]
    threading.Thread(target=trap.serve_forever, args=(0.05,), daemon=True).start()
    site = Site(folder / "home", write_settings(folder, slack={"approvers": [ANN]}), slack)
    try:
        with Canned(site.jobs, run, asks=ASKED), site.door(http=True):
            world, found = World(site, slack, trap), list[tuple[str, str]]()
            for name in names:
                before = world.state()
                ATTACKS[name](world)
                found.append((name, _differs(before, world.state())))
            before = world.state()
            world.send("interactive", world.press())
            works = world.state() != before
        for name, got in found:
            yield Tried(family=FAMILY, name=name, got=got, control=works)
    finally:
        trap.shutdown()
        trap.server_close()
        slack.stop()


def _differs(before: Any, after: Any) -> str:
    for what, one, other in zip(
        ("a diagnosis or an answer", "an outcome", "sent to another address"), before, after, strict=True
    ):
        if one != other:
            return what
    return ""


TEXTS: Final = {
    "channel mention": "<!channel> gateway is slow", "here": "gateway is slow <!here|x>", "user mention": "<@U0EVIL> gateway is slow",
    "group mention": "<!subteam^S0EVIL> gateway is slow", "typed @channel": "@channel @here gateway is slow",
    "link with a label": "gateway is slow <https://evil.example|runbook>", "bare link": "gateway is slow https://evil.example/runbook",
    "mail link": "gateway is slow <mailto:a@evil.example|runbook>", "entities": "gateway is slow &lt;!channel&gt; &lt;https://evil.example|runbook&gt;",
    "doubly escaped": "gateway is slow &amp;lt;!channel&amp;gt;", "formatting": "*gateway* _is_ ~slow~ `x` ```y```", "emoji": "gateway is slow :fire: :white_check_mark:",
    "bidi": "gateway is slow \u202e<!channel>", "date": "gateway is slow <!date^1^{date}^https://evil.example|x>", "long": "gateway is slow " + "<!channel>" * 900,
}  # fmt: skip


def _texts(folder: Path, run: Path) -> Iterator[Tried]:
    """What outside text becomes in everything that the door says."""
    (folder / "home").mkdir(mode=0o700)
    slack = FakeSlack().start()
    site = Site(folder / "home", write_settings(folder), slack)
    try:
        with Canned(site.jobs, run), site.door(http=True):
            for n, text in enumerate(TEXTS.values()):
                slack.command(f"C0TEXT{n}", EVE, text)
            until(lambda: len(site.jobs.list(limit=100)) == len(TEXTS) and site.over(), 110)
        for n, name in enumerate(TEXTS):
            said = [c.args for c in slack.calls if c.args.get("channel") == f"C0TEXT{n}"]
            active = next((a for args in said if (a := _active(args))), "")
            yield Tried(family=FAMILY, name=f"text: {name}", got=active, control=bool(said))
    finally:
        slack.stop()


def _active(value: Any, key: str = "") -> str:
    """What Slack would act on: a mention or link in mrkdwn, an element that is one."""
    if isinstance(value, dict):
        if value.get("type") in ("link", "usergroup", "broadcast", "emoji") or (
            value.get("type") == "user" and value.get("user_id") == "U0EVIL"
        ):
            return f"an element {value['type']}"
        if value.get("type") == "plain_text" and value.get("emoji"):
            return "emoji"
        if value.get("unfurl_links") or value.get("link_names") or value.get("parse") == "full":
            return "unfolded links"
        inner = value.get("type") in ("text", "plain_text")
        return next(
            (a for k, v in value.items() if (a := _active(v, "" if inner and k == "text" else k))), ""
        )
    if isinstance(value, list):
        return next((a for v in value if (a := _active(v))), "")
    if isinstance(value, str) and key == "text":
        return next(
            (
                f"{sign!r} in mrkdwn"
                for sign in ("<!", "<@U0EVIL", "<http", "<mailto", "://", "@channel", "@here")
                if sign in value
            ),
            "",
        )
    return ""
