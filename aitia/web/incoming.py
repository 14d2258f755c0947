"""What another system sends, as a request for a diagnosis: whose it is, what is said, and whether it is over."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aitia.alerts import AsksPerson, as_webhook, format_of, read_text
from aitia.core.words import Incident, Origin
from aitia.incoming import make_incident, parse_moment
from aitia.settings import Settings
from aitia.web.problems import Problem
from aitia.web.submissions import AlertMessage, Words

_log: Final = logging.getLogger("aitia.web")
SIGNATURE: Final = "X-PagerDuty-Signature"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a diagnosis. `report` is None where there is nothing to diagnose."""

    origin: Origin
    report: Mapping[str, Any] | Incident | None
    key: str = ""  # two requests of one key are one diagnosis
    group: str = ""  # of alerts that come and go together
    over: bool = False  # the alert is resolved


def asked(body: Words | AlertMessage, settings: Settings) -> Asked:
    """What is asked for; an alert pasted as words is an alert. Raises BadInput where it cannot be read."""
    try:
        notice = as_webhook(body.root) if isinstance(body, AlertMessage) else read_text(body.text)
    except AsksPerson as error:
        _log.warning("%s", error)  # who sent it shows the answer to nobody
        raise
    if isinstance(body, Words) and (notice is None or not notice.group or body.since.strip()):
        return _of_words(body, settings)
    assert notice is not None
    return Asked(
        origin=notice.origin,
        report=notice.message if notice.state != "other" else None,
        key=notice.key,
        group=notice.whose,
        over=notice.state == "resolved",
    )


def _of_words(words: Words, settings: Settings) -> Asked:
    now = settings.service.at or datetime.now(tz=UTC)
    began = parse_moment(words.since, now=now) if words.since.strip() else None
    incident = make_incident(words.text, now=now, rules=settings.window, started_at=began, origin="api")
    return Asked(origin="api", report=incident)


def is_signed(message: Mapping[str, Any]) -> bool:
    """Whether PagerDuty signs such a message: its webhooks, not its Events API."""
    found = format_of(message)
    return found is not None and found.signed


def check_signature(raw: bytes, header: str, secret: str) -> None:
    """PagerDuty's `v1=HEX` of the raw body, one of several while a secret is changed. Raises Problem (401)."""
    right = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    given = [
        part.strip().removeprefix("v1=") for part in header.split(",")[:10] if part.strip().startswith("v1=")
    ]
    if not any(hmac.compare_digest(right.encode(), g.encode("utf-8", "replace")) for g in given):
        raise Problem(401, f"{SIGNATURE} is missing or was made with another secret. Sign the body.")
