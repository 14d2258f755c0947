"""Who did what a journal tells: a person by name, a protection, a schedule; so that nobody has to be asked who it was."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final

from aitia.agent.announced import JOURNAL
from aitia.core.words import Evidence

_USER: Final = re.compile(
    r"(?i)\b(?:user|usr|operator|benutzer|bediener|usuario|operador)\s*[=:]\s*([\w.@-]+)"
)
_RELAY: Final = re.compile(
    r"\b(P[A-Z]{3}\d*)(?:\.\w+)?\s+(?:operated|tripped|ausgel(?:ö|oe)st|operó|oper(?:a|ó))"
)
_BY: Final = re.compile(r"(?i)\b(?:by|durch|von|por)\s+((?:[\w-]+)(?:\s(?!user|=)[\w-]+)?)\s*$")
_AROUND: Final = (
    timedelta(hours=1),
    timedelta(minutes=15),
)  # before and after an onset, as in `tripped`; by hand


def who(text: str) -> str:
    """Who did it, as the entry says: "user dispatch1", "the protection PTOC1", "schedule"; "" where it does not say."""
    if found := _USER.search(text):
        return f"user {found[1]}"
    if found := _RELAY.search(text):
        return f"the protection {found[1]}"
    found = _BY.search(text.split(",")[0].strip())
    return found[1] if found else ""


def is_protection(name: str) -> bool:
    """Whether it was no person: a relay acts by what it measures, and is not asked but read."""
    return name.startswith("the protection ")


def what_acted(
    evidence: Iterable[Evidence], family: Collection[str], since: Evidence | None
) -> Evidence | None:
    """The last entry of the journal by which something of the asset acted when its trouble began; None where there is none."""
    if since is None or since.onset is None:
        return None
    error = timedelta(seconds=since.onset_error_s)
    near = [
        e for e in evidence
        if e.kind == JOURNAL and e.component in family and e.values.get("acted") == "yes" and e.onset is not None
        and -_AROUND[1] - error <= since.onset - e.onset <= _AROUND[0] + error
    ]  # fmt: skip
    return max(near, key=lambda e: (e.onset, e.statement)) if near else None
