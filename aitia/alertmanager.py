"""Alertmanager's webhook message (version 4): which group of alerts it is of, and whether anything fires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aitia.core.errors import BadInput

_LONGEST_KEY: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notification of an alert group."""

    group: str
    firing: bool
    message: Mapping[str, Any]

    @property
    def began(self) -> str:
        """The earliest `startsAt`, "" where none is told; Go's zero time means not set."""
        starts = [str(a.get("startsAt") or "") for a in self.message["alerts"]]
        return min((s for s in starts if s and not s.startswith("0001-")), default="")


def parse_notice(body: bytes) -> Notice:
    """The notification in a request's body. Raises BadInput where it is no webhook message of version 4."""
    try:
        message = json.loads(body)
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInput("A string contains an unpaired surrogate. Send valid Unicode.") from None
    except (ValueError, RecursionError):
        raise BadInput("Send JSON: an Alertmanager webhook message of version 4.") from None
    if not isinstance(message, Mapping) or str(message.get("version")) != "4":
        raise BadInput('Send an Alertmanager webhook message with "version": "4".')
    group, alerts = message.get("groupKey"), message.get("alerts")
    if not isinstance(group, str) or not 0 < len(group) <= _LONGEST_KEY:
        raise BadInput(f'Send "groupKey" as text of 1 to {_LONGEST_KEY} characters.')
    if not isinstance(alerts, list) or not alerts or not all(isinstance(a, Mapping) for a in alerts):
        raise BadInput('Send "alerts" as a list with at least one alert.')
    firing = any(a.get("status", "firing") == "firing" for a in alerts)
    return Notice(group=group, firing=firing, message=message)
