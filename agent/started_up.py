"""What moved because a machine was started: its own signals jump with it, which accuses nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aitia.agent.announced import without_announced
from aitia.core.words import Evidence

STARTED: Final = "signal.started"
_RANK: Final = "rank.suspect"
_SHARE: Final = 1 / 3  # of the strength of what its own start moved, as of what load explains


def as_expected(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The facts without what somebody announced, and with what a start moved counted for less."""
    return with_starts(without_announced(evidence))


def with_starts(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The facts; of a machine that was started its rank is left out and its signals' moves since then count a third."""
    starts = {e.component: e for e in evidence if e.kind == STARTED and e.onset is not None}
    kept = []
    for e in evidence:
        start = starts.get(e.component)
        if start is not None and start.onset is not None and e.kind != STARTED:
            early = start.onset - timedelta(seconds=start.onset_error_s)
            if e.kind == _RANK and (e.onset is None or e.onset >= early):
                continue
            if e.kind.startswith("metric.") and e.onset is not None and e.onset >= early:
                e = e.model_copy(update={"strength": round(e.strength * _SHARE, 3)})
        kept.append(e)
    return kept
