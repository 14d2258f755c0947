"""What is sent to ask for a diagnosis: words, or what a tool that sends alerts sends."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, RootModel, Tag

from aitia.alerts import format_of, known
from aitia.core.words import Word

LONGEST_TEXT = 20_000


class Words(Word):
    """Trouble told in words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "checkout is slow and answers 502", "since": "30m"}]}
    )
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")
    since: str = Field(default="", max_length=60, description="When it began: 30m, or an ISO 8601 time.")


class AlertMessage(RootModel[dict[str, Any]]):
    """A message of a tool that sends alerts, in its own format (`aitia.alerts`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": f"A message of one of these, as it sends it: {known()}.",
            "examples": [
                {
                    "version": "4",
                    "groupKey": '{}:{alertname="Slow"}',
                    "alerts": [
                        {
                            "status": "firing",
                            "labels": {"alertname": "Slow", "service": "shop"},
                            "startsAt": "2026-11-25T10:00:00Z",
                        }
                    ],
                }
            ],
        }
    )


def _kind(body: Any) -> str | None:
    if isinstance(body, dict):
        return ("text" if "text" in body and format_of(body) is None else "alert") if body else None
    return "text" if isinstance(body, Words) else "alert" if isinstance(body, AlertMessage) else None


Sent = Annotated[
    Annotated[Words, Tag("text")] | Annotated[AlertMessage, Tag("alert")],
    Discriminator(
        _kind,
        custom_error_type="no_report",
        custom_error_message='send {"text": "what is wrong"}, or the message of an alert',
    ),
]
