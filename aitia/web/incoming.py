"""What another system sends, as a request for a diagnosis: whose it is, what is said, and whether it is over."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aitia.core.words import Incident, Origin
from aitia.incoming import make_incident, parse_moment
from aitia.settings import Settings
from aitia.web.problems import Problem
from aitia.web.submissions import AlertmanagerMessage, PagerDutyMessage, Words

SIGNATURE: Final = "X-PagerDuty-Signature"
_TROUBLE: Final = ("incident.triggered", "incident.reopened")
_OVER: Final = "incident.resolved"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a diagnosis. `report` is None where there is nothing to diagnose."""

    origin: Origin
    report: str | Mapping[str, Any] | Incident | None
    key: str = ""  # two requests of one key are one diagnosis
    group: str = ""  # of alerts that come and go together
    over: bool = False  # the alert is resolved


def asked(body: Words | AlertmanagerMessage | PagerDutyMessage, settings: Settings) -> Asked:
    """What is asked for. Raises BadInput where a time cannot be read."""
    if isinstance(body, Words):
        return _of_words(body, settings)
    if isinstance(body, AlertmanagerMessage):
        return _of_alerts(body)
    return _of_pagerduty(body)


def _of_words(words: Words, settings: Settings) -> Asked:
    now = settings.service.at or datetime.now(tz=UTC)
    began = parse_moment(words.since, now=now) if words.since.strip() else None
    incident = make_incident(words.text, now=now, rules=settings.window, started_at=began, origin="api")
    return Asked(origin="api", report=incident)


def _of_alerts(message: AlertmanagerMessage) -> Asked:
    """Go's zero time sorts first and means not set."""
    starts = sorted(a.startsAt for a in message.alerts if a.startsAt and not a.startsAt.startswith("0001-"))
    return Asked(
        origin="alertmanager",
        report=message.model_dump(mode="json", exclude_unset=True),
        key=f"alertmanager {message.groupKey} {starts[0] if starts else ''}",
        group=f"alertmanager {message.groupKey}",
        over=all(a.status == "resolved" for a in message.alerts),
    )


def _of_pagerduty(message: PagerDutyMessage) -> Asked:
    """An incident as an alert of one; an event that is no trouble has no report."""
    event, incident = message.event, message.event.data
    if not incident.id or event.event_type not in (*_TROUBLE, _OVER):
        return Asked(origin="pagerduty", report=None)
    service = incident.service.summary if incident.service else ""
    alert = {
        "status": "firing",
        "labels": {k: v for k, v in (("service", service), ("urgency", incident.urgency)) if v},
        "annotations": {"summary": incident.title or f"PagerDuty incident {incident.id}"},
        "startsAt": incident.created_at,
    }
    again = event.occurred_at if event.event_type == "incident.reopened" else ""
    return Asked(
        origin="pagerduty",
        report={"alerts": [alert]},
        key=f"pagerduty {incident.id} {incident.created_at} {again}",
        group=f"pagerduty {incident.id}",
        over=event.event_type == _OVER,
    )


def check_signature(raw: bytes, header: str, secret: str) -> None:
    """PagerDuty's `v1=HEX` of the raw body, one of several while a secret is changed. Raises Problem (401)."""
    right = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    given = [
        part.strip().removeprefix("v1=") for part in header.split(",")[:10] if part.strip().startswith("v1=")
    ]
    if not any(hmac.compare_digest(right.encode(), g.encode("utf-8", "replace")) for g in given):
        raise Problem(401, f"{SIGNATURE} is missing or was made with another secret. Sign the body.")
