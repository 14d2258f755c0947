"""Where no cause is named: the changes shortly before the first onset, as what a person can check and take back.

Nothing is weighed here: that a change came first blames it for nothing (`agent.blame` does that, once a cause is known).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from aitia.agent.facts import is_anomaly, onset
from aitia.agent.gated import look_at
from aitia.agent.past import trouble
from aitia.agent.weigher import Weighed
from aitia.core.aspects import CHANGE, RELIEF
from aitia.core.words import Evidence, NextCheck, from_epoch

MOST: Final = 2
PLAIN: Final = 0.5  # strength from which on an onset is one; by hand
LIKELY: Final = 0.05  # probability from which a suspect's own changes go first; by hand
LATEST_S: Final = 30.0  # by which a change may be entered after it took effect; by hand
WITHIN: Final = timedelta(hours=24)  # before the onset: what came earlier has run through a day; by hand
_UNDO: Final = {
    "change.deploy": "if it fits, roll it back",
    "change.config": "if it fits, restore the setting before it",
    "change.flag": "if it fits, switch it back",
    "change.scale": "if it fits, scale it back",
    "change.maintenance": "if it fits, ask who did the work",
}
_HOW: Final = {
    "change.deploy": "compare its errors and latency under both versions",
    "change.config": "compare the setting before and after",
    "change.flag": "see whether only those are affected for whom it was switched",
    "change.scale": "compare the load of one instance before and after",
    "change.maintenance": "compare its signals before and after the work",
}


def changes_to_check(
    weighed: Weighed, evidence: Sequence[Evidence], names: Iterable[str], alarmed: Sequence[str] = ()
) -> list[NextCheck]:
    """The likeliest changes before the onset of an unknown cause: the latest at likely suspects, then the latest elsewhere."""
    if weighed.verdict != "unknown":
        return []
    first = _began(evidence, alarmed)
    if first is None:
        return []
    likely = {s.component for s in weighed.suspects if s.component and s.probability >= LIKELY}
    before = [
        e
        for e in evidence
        if e.aspect in CHANGE and e.onset and first - WITHIN <= e.onset <= first + timedelta(seconds=LATEST_S)
    ]
    before.sort(key=lambda e: (e.component not in likely, -onset(e).timestamp(), e.statement))
    known = tuple(names)
    one_of_each = {str(e.values.get("change_id") or e.statement): e for e in reversed(before)}
    chosen = [e for e in before if e in one_of_each.values()][:MOST]
    return [look_at(e, known, "Check a change that came first", _words(e)) for e in chosen]


def _began(evidence: Sequence[Evidence], alarmed: Sequence[str]) -> datetime | None:
    """When the present trouble began, where that is known; else the first plain onset of what did not get better."""
    present = trouble(evidence, alarmed)
    if present is not None:
        return from_epoch(present.onset)
    plain = [e for e in evidence if e.onset and is_anomaly(e) and e.strength >= PLAIN]
    return min((onset(e) for e in plain if (e.aspect, e.direction) not in RELIEF), default=None)


def _words(change: Evidence) -> str:
    """The change, how to check it, and how to take it back."""
    return f"{change.statement.rstrip('.')}; {_HOW[change.aspect]}; {_UNDO[change.aspect]}"
