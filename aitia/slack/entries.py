"""What Slack sends, as entries: who did what where. Text is made safe to keep before it goes anywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from aitia.slack.dedupe import Entry
from aitia.slack.thread import said

_log: Final = logging.getLogger("aitia.slack")
LONGEST: Final = 3_000  # characters of what a button or form brings back
MODALS: Final = ("wrong", "evidence", "ask")  # buttons that open a form, within three seconds or not at all
PRESSES: Final = ("confirm", "again", "look", "approve", "deny")
FORMS: Final = ("wrong", "ask")
COMMAND, SHORTCUT = "/aitia", "diagnose"

_SAID: Final = (None, "file_share", "thread_broadcast")  # other subtypes are edits, joins and the like

Redact = Callable[[str], str]


def entry_of(body: Mapping[str, Any], *, me: str, redact: Redact) -> Entry | None:
    """The entry of a payload; None for what the door has nothing to do with: its own messages, those of bots, edits.

    me  the user id of the app
    """
    try:
        return _read(body, me, redact)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        _log.warning("a payload of type %.40r cannot be read: %s", body.get("type"), type(error).__name__)
        return None


def _read(body: Mapping[str, Any], me: str, redact: Redact) -> Entry | None:
    kind = body.get("type")
    if body.get("command") == COMMAND:
        return _command(body, redact)
    if kind == "event_callback":
        return _event(body, me, redact)
    if kind == "message_action" and body.get("callback_id") == SHORTCUT:
        return _shortcut(body)
    if kind == "block_actions":
        return _press(body)
    if kind == "view_submission":
        return _form(body, redact)
    return None


def _command(body: Mapping[str, Any], redact: Redact) -> Entry:
    return Entry(
        key=f"command {body['trigger_id']}",
        kind="command",
        channel=body["channel_id"],
        user=body["user_id"],
        team=body.get("team_id", ""),
        text=redact(said(body.get("text", ""))).strip(),
        reply_url=body.get("response_url", ""),
    )


def _event(body: Mapping[str, Any], me: str, redact: Redact) -> Entry | None:
    event = body["event"]
    text, kind = str(event.get("text", "")), event.get("type")
    by_bot = event.get("bot_id") or event.get("subtype") not in _SAID or event.get("user") in (me, None)
    mentioned = bool(me) and f"<@{me}>" in text
    direct = event.get("channel_type") == "im"
    if by_bot or kind not in ("message", "app_mention"):
        return None
    if kind == "message" and (mentioned and not direct):
        return None  # the same comes as app_mention
    if kind == "message" and not direct and not event.get("thread_ts"):
        return None
    return Entry(
        key=f"event {body['event_id']}",
        kind="mention" if kind == "app_mention" or direct else "message",
        channel=event["channel"],
        thread=event.get("thread_ts", ""),
        ts=event["ts"],
        user=event["user"],
        team=str(event.get("user_team") or event.get("team") or body.get("team_id") or ""),
        text=redact(said(text.replace(f"<@{me}>", " "))).strip(),
    )


def _shortcut(body: Mapping[str, Any]) -> Entry:
    message = body["message"]
    return Entry(
        key=f"shortcut {body['trigger_id']}",
        kind="shortcut",
        channel=body["channel"]["id"],
        thread=str(message.get("thread_ts") or message["ts"]),
        ts=message["ts"],
        user=body["user"]["id"],
        team=_team(body),
        reply_url=body.get("response_url", ""),
    )


def _press(body: Mapping[str, Any]) -> Entry | None:
    action = body["actions"][0]
    name = str(action.get("action_id", "")).partition(" ")[0]
    if name not in (*MODALS, *PRESSES):
        return None
    message = body.get("message") or {}
    return Entry(
        key=f"press {body['trigger_id']}",
        kind="modal" if name in MODALS else "press",
        channel=(body.get("channel") or {}).get("id", ""),
        thread=str(message.get("thread_ts") or message.get("ts", "")),
        ts=str(message.get("ts", "")),
        user=body["user"]["id"],
        team=_team(body),
        name=name,
        values=_strings(json.loads(action.get("value") or "{}")),
    )


def _form(body: Mapping[str, Any], redact: Redact) -> Entry | None:
    view = body["view"]
    if view.get("callback_id") not in FORMS:
        return None
    about = _strings(json.loads(view.get("private_metadata") or "{}"))
    given = {
        action: str(state.get("value") or (state.get("selected_option") or {}).get("value") or "")
        for block in view["state"]["values"].values()
        for action, state in block.items()
    }
    return Entry(
        key=f"form {view['id']}",
        kind="form",
        channel=about.get("channel", ""),
        thread=about.get("thread", ""),
        user=body["user"]["id"],
        team=_team(body),
        name=view["callback_id"],
        values={name: redact(text[:LONGEST]) for name, text in given.items()} | about,
    )


def _team(body: Mapping[str, Any]) -> str:
    """The workspace of who did it: in a shared channel another one than where it was done."""
    return str(body["user"].get("team_id") or (body.get("team") or {}).get("id", ""))


def _strings(found: Mapping[str, Any]) -> dict[str, str]:
    return {str(k)[:80]: str(v)[:LONGEST] for k, v in found.items()}
