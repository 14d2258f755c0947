"""An incident as it may be kept: without secrets and personal data."""

from __future__ import annotations

from pathlib import Path

from aitia.core.redact import Redactor, load_key
from aitia.core.words import Incident


def redacted(incident: Incident, home: Path) -> Incident:
    """The incident without secrets and personal data, by the key of `home`: nothing else of it is ever stored."""
    return Redactor(load_key(home)).word(incident)
