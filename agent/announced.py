"""A new load that a plant's journal announced is no fault: somebody said that it would come, where and when it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from aitia.core.words import Evidence

JOURNAL: Final = "journal.entry"
BALANCE: Final = "balance of the network"
_BEFORE: Final = timedelta(hours=6)
_AFTER: Final = timedelta(hours=1)
"""Around the onset, within which an entry is about it; an onset of averaged rows is late or early by an hour. By hand."""


def without_announced(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The facts without new loads that the journal announces: it names a part that takes more, and nothing that tripped."""
    return [e for e in evidence if e.values.get("by") != BALANCE or announced_by(e, evidence) is None]


def announced_by(load: Evidence, evidence: Iterable[Evidence]) -> Evidence | None:
    """The journal's entry that announces a new load; None where there is none."""
    area = {load.component, *str(load.values.get("area", "")).split(", ")}
    for entry in evidence:
        if (
            entry.kind == JOURNAL
            and entry.values.get("acted") == "no"
            and entry.component in area
            and load.onset
            and entry.onset
            and -_AFTER <= load.onset - entry.onset <= _BEFORE
        ):
            return entry
    return None
