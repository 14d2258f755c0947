"""An incident as it may be kept: without secrets and personal data."""

from __future__ import annotations

from pathlib import Path

from aitia.core.redact import Redactor, load_key
from aitia.core.words import Incident


def redacted(incident: Incident, home: Path) -> Incident:
    """The incident without secrets and personal data, by the key of `home`: nothing else of it is ever stored."""
    redactor = Redactor(load_key(home))

    def label(key: str, value: str) -> str:
        return redactor.text(f"{key}={value}").removeprefix(f"{key}=")

    return incident.model_copy(
        update={
            "title": redactor.text(incident.title),
            "text": redactor.text(incident.text),
            "labels": {key: label(key, value) for key, value in incident.labels.items()},
            "hints": tuple(redactor.text(hint) for hint in incident.hints),
        }
    )
