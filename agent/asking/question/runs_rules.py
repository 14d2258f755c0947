"""Questions how long the runs of a job took."""

from __future__ import annotations

from typing import Final

from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.objects import selected
from aitia.tools.query.words import Get


def of_runs(p: Pieces) -> Reading | None:
    """How long a job's run took, where the cluster holds its runs."""
    if not p.component or not p.has("lasting", "long") or bound(p.words) is not None:
        return None
    if any(t.concepts and not t.soft and not t.concepts <= _OF_RUNS for t in p.terms):
        return None
    held = selected(p.site, "jobs", "", p.component, "", "") if p.site.readers() else []
    if not isinstance(held, list) or not held:
        return None
    return one(Get(component=p.component, part="duration", **span_fields(p)))


_OF_RUNS: Final = frozenset({"latency", "completed", "processed", "started", "up", "uptime"})
