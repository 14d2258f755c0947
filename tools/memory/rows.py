"""A past incident as it is kept: redacted, plain, with the hashes by which it is known again."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aitia.core.errors import BadInput
from aitia.core.redact import Redactor
from aitia.tools.memory.words import Outcome, PastIncident

MAX_CHARS: Final = 1 << 20  # of one incident, all fields together
_SHORT: Final = 120  # characters of a text whose redaction is remembered
_EMBEDDED: Final = 2000  # characters that an embedding looks at
_FIELDS: Final = ("title", "text", "component", "cause", "fault", "outcome", "run", "source")
_LISTS: Final = ("symptoms", "fingerprint", "mitigation")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the tables hold of an incident."""

    incident: PastIncident
    body: str
    hash: bytes
    twin: bytes | None
    text_hash: str

    @property
    def strong(self) -> str:
        """What it is found by first."""
        return _joined(self.incident.title, *self.incident.symptoms, self.incident.component)

    @property
    def rest(self) -> str:
        """All its other words."""
        i = self.incident
        return _joined(i.text, i.cause, *i.mitigation, i.outcome, *(v for _, v in sorted(i.labels.items())))


def row_of(incident: PastIncident, redactor: Redactor) -> Row:
    """The incident without secrets and personal data, ready to be kept. Raises BadInput for one that is too long."""
    kept = redacted(incident, redactor)
    body = kept.model_dump_json()
    if len(body) > MAX_CHARS:
        raise BadInput(f"Incident {kept.id!r} is larger than {MAX_CHARS >> 20} MiB. Shorten it.")
    return Row(
        incident=kept,
        body=body,
        hash=_digest(kept.model_copy(update={"source": ""}).model_dump_json()),
        twin=twin_key(kept, redactor),
        text_hash=hashlib.sha256(embedded_text(kept).encode()).hexdigest(),
    )


def redacted(incident: PastIncident, redactor: Redactor) -> PastIncident:
    """The same incident without secrets, personal data and NUL bytes. Doing it twice changes nothing more."""

    def clean(text: str) -> str:
        return cleaned(text, redactor)

    labels = {
        clean(key): clean(f"{key}={value}").removeprefix(f"{plain(key)}=")
        for key, value in incident.labels.items()
    }
    fields: dict[str, object] = {"id": clean(incident.id), "labels": labels}
    fields |= {name: clean(getattr(incident, name)) for name in _FIELDS}
    fields |= {name: tuple(clean(text) for text in getattr(incident, name)) for name in _LISTS}
    return incident.model_copy(update=fields)


def redacted_outcome(outcome: Outcome, redactor: Redactor) -> Outcome:
    """The same for what a person said of a run."""
    names = ("run", "component", "fault", "named", "named_fault", "cause", "note", "by")
    fields: dict[str, object] = {name: cleaned(getattr(outcome, name), redactor) for name in names}
    fields["mitigation"] = tuple(cleaned(text, redactor) for text in outcome.mitigation)
    return outcome.model_copy(update=fields)


def cleaned(text: str, redactor: Redactor) -> str:
    """One text without secrets, personal data and NUL bytes."""
    if len(text) > _SHORT:
        return redactor.text(plain(text))
    return _short(text, redactor) if text else ""


@functools.lru_cache(maxsize=8192)
def _short(text: str, redactor: Redactor) -> str:
    """Names, labels and titles come again and again."""
    return redactor.text(plain(text))


def plain(text: str) -> str:
    """Text that every index can hold: no NUL, no lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def embedded_text(incident: PastIncident) -> str:
    """What an incident's vector is made of."""
    return _joined(incident.title, *incident.symptoms, incident.cause, incident.text)[:_EMBEDDED]


def twin_key(incident: PastIncident, redactor: Redactor) -> bytes | None:
    """What two records of one incident share: the words of the title, the component and the minute; None without a time."""
    if incident.at is None:
        return None
    title = " ".join(re.findall(r"\w+", cleaned(incident.title, redactor).casefold()))
    component = cleaned(incident.component, redactor).casefold()
    return _digest(f"{title}\n{component}\n{incident.at:%Y-%m-%dT%H:%M}")


def known_from(incident: PastIncident) -> float | None:
    """Epoch seconds from which on it may be known; None for one without a time."""
    moments: Iterable[datetime] = (m for m in (incident.at, incident.resolved_at) if m is not None)
    return max((m.timestamp() for m in moments), default=None)


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]
