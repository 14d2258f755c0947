"""Payloads after the vendors' public documentation: those of examples/alerts, and what becomes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples" / "alerts"
NOW = datetime(2026, 11, 25, 1, 10, 7, tzinfo=UTC)
BEGAN = datetime(2026, 11, 25, 1, 9, 27, tzinfo=UTC)
FILES = sorted(file.name for file in EXAMPLES.iterdir())
JSON_FILES = [name for name in FILES if name.endswith(".json")]


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def payload(name: str) -> Any:
    return json.loads(text(name))


def inside(name: str, path: str, value: Any) -> Any:
    """A payload with another value at a path; in SNS's envelope that of the alarm."""
    message = payload(name)
    held = json.loads(message["Message"]) if name == "cloudwatch-sns.json" else message
    *steps, last = path.split(".")
    place = held
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value
    return message | {"Message": json.dumps(held)} if held is not message else message


def resolved(name: str) -> Any:
    """What the same tool sends once it is over."""
    message: Any = payload(name)
    if name == "grafana.json":
        message = inside(name, "alerts.0.status", "resolved") | {"status": "resolved"}
        message["alerts"][0]["endsAt"] = "2026-11-25T01:10:00Z"
    elif name == "datadog.json":
        later = str(int(message["date"]) + 30_000)
        message |= {"alert_transition": "Recovered", "date": later, "last_updated": later}
    elif name == "pagerduty-webhook.json":
        message["event"] |= {"event_type": "incident.resolved", "occurred_at": "2026-11-25T01:10:00Z"}
    elif name == "pagerduty-event.json":
        message = {key: message[key] for key in ("routing_key", "dedup_key")} | {"event_action": "resolve"}
    elif name == "opsgenie.json":
        message["action"] = "Close"
        message["alert"] = {k: v for k, v in message["alert"].items() if k not in ("description", "details")}
    elif name == "zabbix.json":
        message |= {"event_value": 0, "subject": "Resolved in 40s: Gateway 5xx ratio above 5 %"}
    elif name == "cloudwatch-sns.json":
        alarm = json.loads(message["Message"])
        alarm |= {
            "NewStateValue": "OK",
            "OldStateValue": "ALARM",
            "StateChangeTime": "2026-11-25T01:10:00.000+0000",
        }
        message["Message"] = json.dumps(alarm)
    elif name == "cloudwatch-eventbridge.json":
        message["detail"]["state"] |= {"value": "OK", "timestamp": "2026-11-25T01:10:00.000+0000"}
    elif name == "azure-monitor.json":
        message["data"]["essentials"] |= {
            "monitorCondition": "Resolved",
            "resolvedDateTime": "2026-11-25T01:10:00.2246313Z",
        }
    return message


CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad02428b09ceece29417f1f02d609c582afbacc99c583a916b9981dd2728f4ae6fdb82efd087cc3b7849e05798d2d2785c03b0879594eeac82c01f235d0e717736",
    "TopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
    "Message": "You have chosen to subscribe to the topic arn:aws:sns:eu-central-1:123456789012:alarms.\nTo confirm the subscription, visit the SubscribeURL included in this message.",
    "SubscribeURL": "http://127.0.0.1:1/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:123456789012:alarms&Token=2336412f37f",
    "Timestamp": "2026-11-25T01:00:00.000Z",
    "SignatureVersion": "1",
    "Signature": "RVhBTVBMRQ==",
    "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-example.pem",
}
