"""What happens in an alert's thread, as tests say and read it."""

from __future__ import annotations

import json
from typing import Any

from .fake import BOT_USER, FakeSlack
from .site import ANN, OPS, Site, until

ALERTMANAGER = {
    "text": "",
    "bot_id": "BALERT000",
    "subtype": "bot_message",
    "attachments": [
        {
            "color": "a30200",
            "fallback": "[FIRING:1] GatewayErrorRatioHigh",
            "title": "[FIRING:1] Gateway 5xx ratio above 5 % &lt;prod&gt;",
            "title_link": "http://alertmanager.shop:9093",
            "text": "*Alert:* More than 5 % of the answers are 5xx. <http://grafana.shop|Dashboard>\n • *service:* `gateway`\n • *severity:* `page`",
            "fields": [{"title": "alertname", "value": "GatewayErrorRatioHigh", "short": True}],
        }
    ],
}


def alert(slack: FakeSlack, **more: Any) -> dict[str, Any]:
    return slack.say(OPS, "UALERT000", deliver=False, **{**ALERTMANAGER, **more})


def result_of(slack: FakeSlack, thread: str) -> dict[str, Any]:
    """The thread's latest result."""
    found = [
        m
        for m in slack.thread(thread)
        if any(
            e["action_id"] == "evidence"
            for b in m.get("blocks") or ()
            if b["type"] == "actions"
            for e in b["elements"]
        )
    ]
    return found[-1]


def texts(message: Any) -> str:
    """All text of a message."""
    return json.dumps(message, ensure_ascii=False)


def diagnosed(site: Site, slack: FakeSlack) -> dict[str, Any]:
    """The result of an alert that was diagnosed for Ann."""
    root = alert(slack)
    slack.say(OPS, ANN, f"<@{BOT_USER}> please look into this", thread=root["ts"])
    until(site.over, 30)
    return result_of(slack, root["ts"])
