"""What is sent to ask for a diagnosis: words, or what Alertmanager and PagerDuty send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from aitia.core.words import Word

LONGEST_TEXT = 20_000
Key = Annotated[str, Field(min_length=1, max_length=10_000)]


class Words(Word):
    """Trouble told in words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "checkout is slow and answers 502", "since": "30m"}]}
    )
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")
    since: str = Field(default="", max_length=60, description="When it began: 30m, or an ISO 8601 time.")


class _Foreign(Word):
    """What another system sends: it may hold more than is read here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Alert(_Foreign):
    """An alert of a group."""

    model_config = ConfigDict(extra="allow", frozen=True)
    status: Literal["firing", "resolved"] = "firing"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    startsAt: str = Field(default="", max_length=60)


class AlertmanagerMessage(_Foreign):
    """A webhook message of Alertmanager, version 4."""

    model_config = ConfigDict(extra="allow", frozen=True)
    version: Literal["4"]
    groupKey: Key
    alerts: tuple[Alert, ...] = Field(min_length=1)


class PagerDutyService(_Foreign):
    """The service that an incident is about."""

    id: str = ""
    summary: str = ""


class PagerDutyIncident(_Foreign):
    """The incident of an event; other resources have other fields, of which only the id is read."""

    id: str = Field(default="", max_length=100)
    type: str = ""
    title: str = Field(default="", max_length=LONGEST_TEXT)
    created_at: str = Field(default="", max_length=60)
    urgency: str = Field(default="", max_length=60)
    service: PagerDutyService | None = None


class PagerDutyEvent(_Foreign):
    """What happened."""

    event_type: str = Field(max_length=100, examples=["incident.triggered"])
    occurred_at: str = Field(default="", max_length=60)
    data: PagerDutyIncident


class PagerDutyMessage(_Foreign):
    """A webhook message of PagerDuty, version 3."""

    event: PagerDutyEvent


def _kind(body: Any) -> str | None:
    if isinstance(body, dict):
        return next((kind for kind in ("event", "alerts", "text") if kind in body), None)
    kinds = {"text": Words, "alerts": AlertmanagerMessage, "event": PagerDutyMessage}
    return next((kind for kind, model in kinds.items() if isinstance(body, model)), None)


Sent = Annotated[
    Annotated[Words, Tag("text")]
    | Annotated[AlertmanagerMessage, Tag("alerts")]
    | Annotated[PagerDutyMessage, Tag("event")],
    Discriminator(
        _kind,
        custom_error_type="no_report",
        custom_error_message='send {"text": "what is wrong"}, an Alertmanager or a PagerDuty message',
    ),
]
