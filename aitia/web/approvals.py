"""The calls that wait for a person, as a page shows them: letter for letter, with what was said already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aitia.jobs import Job
from aitia.render.text import clean


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call, its arguments as JSON, and who answered how."""

    hash: str
    tool: str
    args: str
    said: str
    first: str  # who approved it, while a second person is waited for
    persons: int


def asked(job: Job, meta: Mapping[str, Any]) -> list[Asked]:
    """What a diagnosis waits for; `meta` is its run's, where answers are noted until all are there."""
    return [
        Asked(
            hash=a.hash,
            tool=a.tool,
            args=a.shown,
            said=answered(meta.get(f"answer_{a.hash}")),
            first=clean(a.first),
            persons=a.persons,
        )
        for a in job.asked
    ]


def answered(kept: Mapping[str, Any] | None) -> str:
    """Who answered a call how, "" where nobody did."""
    return f"{'Approved' if kept['approved'] else 'Denied'} by {clean(str(kept['by']))}" if kept else ""
