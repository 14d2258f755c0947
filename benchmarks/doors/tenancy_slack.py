"""Slack's part of `tenancy.py`: other workspaces and channels, forged signatures, buttons with another team's diagnosis."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.doors.tenancy import made, state_of
from benchmarks.doors.tenancy_tries import CALL, Site
from tests.slack.fake import TEAM, FakeSlack
from tests.slack.site import OPS, TOKENS, until, write_settings
from tests.slack.site import Site as Door

STRANGER, OWN_CHANNEL, OTHER_CHANNEL = "U000EVE", OPS, "C000ALT"
SETTLE_S: Final = 1.0  # for what a delivery leads to
Deliver = Callable[[FakeSlack], Any]


def slack_tries(folder: Path, chance: random.Random) -> list[dict[str, Any]]:
    """Every delivery to the door of one team that ought to come to nothing, and what came of it."""
    folder.mkdir(parents=True)
    victim, attacker = made(folder, "bank"), made(folder, "shop")
    found = []
    for keeper, what in ((victim, "to its own door"), (attacker, "to another team's door")):
        found += _at_door(folder, keeper, victim, what, chance)
    return found


def _at_door(
    folder: Path, keeper: Site, victim: Site, what: str, chance: random.Random
) -> list[dict[str, Any]]:
    os.environ |= TOKENS | {"AITIA_HOME": str(keeper.home)}
    here = folder / f"slack-{keeper.name}"
    here.mkdir()
    file = write_settings(
        here, slack={"channels": [OWN_CHANNEL], "approvers": [STRANGER]}, service={"team": keeper.name}
    )
    slack, cases = FakeSlack().start(), []
    door = Door(keeper.home, file, slack)
    if keeper is victim:
        for id in victim.ids.values():
            door.jobs.place(id, channel=OWN_CHANNEL, thread="1.1")
    before = state_of(victim.home)
    try:
        with door.door(http=True):
            for name, deliver in _deliveries(keeper, victim, chance).items():
                began = len(slack.calls)
                status = deliver(slack)
                time.sleep(SETTLE_S)
                said = repr([c.args for c in slack.calls[began:]]) + repr(status)
                now = state_of(victim.home)
                cases.append(
                    {
                        "id": f"{what}: {name}",
                        "kind": "Slack",
                        "seen": victim.secret in said,
                        "acted": now != before,
                        "status": str(status)[:60],
                    }
                )
                before = now
            if keeper is victim:  # the same from where it belongs is heard
                slack.command(OWN_CHANNEL, STRANGER, "checkout is slow since 10:00")
                until(lambda: state_of(victim.home) != before, 20)
    finally:
        slack.stop()
    return cases


def _deliveries(keeper: Site, victim: Site, chance: random.Random) -> dict[str, Deliver]:
    found: dict[str, Deliver] = {}
    foreign = [f"T{chance.randbytes(4).hex().upper()}" for _ in range(6)]
    if keeper is victim:
        for team in foreign:
            found |= {
                f"{kind} of workspace {team}": _sent(kind, _body(kind, team, OWN_CHANNEL, victim))
                for kind in ("command", "event", "press", "shortcut")
            }
        for kind in ("command", "event", "press", "shortcut"):
            found[f"{kind} in another channel"] = _sent(kind, _body(kind, TEAM, OTHER_CHANNEL, victim))
        for name, signature, age in (
            ("forged", f"v0={chance.randbytes(32).hex()}", 0.0),
            ("empty", "v0=", 0.0),
            ("old", "", 3600.0),
        ):
            found |= {
                f"{kind}, signature {name}": _sent(
                    kind, _body(kind, TEAM, OWN_CHANNEL, victim), signature, age
                )
                for kind in ("command", "event", "press")
            }
        return found
    for state in victim.ids:
        for action in ("approve", "deny", "confirm", "again", "ask", "wrong", "evidence"):
            body = _body("press", TEAM, OWN_CHANNEL, victim, state=state, action=action)
            found[f"{action} of its {state} diagnosis"] = _sent("press", body)
    return found


def _sent(kind: str, body: Mapping[str, Any], signature: str = "", age_s: float = 0.0) -> Deliver:
    kinds = {
        "command": "slash_commands",
        "event": "events_api",
        "press": "interactive",
        "shortcut": "interactive",
    }
    return lambda slack: slack.send(kinds[kind], body, signature=signature, age_s=age_s)


def _body(
    kind: str, team: str, channel: str, victim: Site, *, state: str = "waiting", action: str = "approve"
) -> dict[str, Any]:
    """What Slack would send: complete, but for where it comes from."""
    stamp = f"{time.time():.6f}"
    hooks = "https://hooks.slack.com/x"
    if kind == "command":
        return {
            "token": "x", "team_id": team, "channel_id": channel, "channel_name": "c", "user_id": STRANGER, "user_name": "eve",
            "command": "/aitia", "text": f"status of {victim.ids['done']}, it is slow", "api_app_id": "A1",
            "trigger_id": stamp, "response_url": hooks,
        }  # fmt: skip
    if kind == "event":
        event = {"type": "app_mention", "user": STRANGER, "team": team, "channel": channel, "ts": stamp, "thread_ts": "1.1",
                 "text": "<@U000BOT> what was the cause?"}  # fmt: skip
        return {
            "type": "event_callback", "team_id": team, "api_app_id": "A1", "event": event, "event_id": f"Ev{stamp}",
            "event_time": int(time.time()), "authorizations": [{"team_id": team, "user_id": "U000BOT", "is_bot": True}],
        }  # fmt: skip
    message = {"ts": "1.2", "thread_ts": "1.1", "text": "x", "channel": channel, "blocks": []}
    base = {
        "team": {"id": team, "domain": "t"}, "user": {"id": STRANGER, "username": "eve", "team_id": team}, "api_app_id": "A1",
        "token": "x", "trigger_id": stamp, "channel": {"id": channel}, "message": message, "response_url": hooks,
    }  # fmt: skip
    if kind == "shortcut":
        return base | {
            "type": "message_action",
            "callback_id": "diagnose",
            "action_ts": stamp,
            "message_ts": "1.1",
        }
    import json

    told = json.dumps(
        {"job": victim.ids[state], "revision": "1", "hash": CALL, "channel": channel, "thread": "1.1"}
    )
    button = {"type": "button", "action_id": f"{action} {CALL[:16]}" if action in ("approve", "deny") else action,
              "value": told, "block_id": "b", "action_ts": stamp}  # fmt: skip
    container = {"type": "message", "message_ts": "1.2", "channel_id": channel, "is_ephemeral": False}
    return base | {"type": "block_actions", "container": container, "actions": [button]}
