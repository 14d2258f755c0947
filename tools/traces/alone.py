"""Where slow requests spend their time, from their own spans: for when no earlier requests are at hand to compare with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final

from aitia.core.percent import percent
from aitia.core.redact import Redactor
from aitia.core.words import Evidence
from aitia.tools.traces.gather import Compared
from aitia.tools.traces.visits import Visit

SLOW_S: Final = 1.0  # a request that takes longer is slow by itself; by hand
MOST_OF_IT: Final = 0.5  # share of the requests' time from which a part is where it goes

Part = tuple[str, str, str]  # component, whom it waits for ("" for itself), operation


def where_time_goes(found: Compared, redactor: Redactor) -> list[Evidence]:
    """The one part that takes most of the time of slow requests; nothing where it is spread."""
    slow = [v for v in found.now if v.caller is None and v.root.duration >= SLOW_S]
    if not slow:
        return []
    spent: dict[Part, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for visit in _below(found.now, {v.root.trace for v in slow}):
        spent[visit.component, "", visit.operation][visit.root.trace] += visit.own
        for call in (c for c in visit.calls if c.visit is None and c.waits):
            spent[visit.component, call.callee, call.operation][visit.root.trace] += call.duration
    total = sum(v.root.duration for v in slow)
    part, times = max(spent.items(), key=lambda item: (sum(item[1].values()), item[0]))
    share = min(1.0, sum(times.values()) / total)
    if share < MOST_OF_IT:
        return []
    component, callee, operation = part
    name = redactor.text(operation)[:120]
    what = f"its call {name} to {callee}" if callee else f"its own work in {name}"
    return [
        Evidence(
            component=component,
            kind="trace.where.call" if callee else "trace.where",
            aspect="latency",
            statement=f"{component}: {percent(share)} of the time of {len(slow)} slow requests (median "
            f"{median(v.root.duration for v in slow):.2f} s) is {what} (median {median(times.values()):.2f} s); "
            "no earlier requests are at hand to compare with.",
            values={
                "share": round(share, 3),
                "requests": len(slow),
                "median_s": round(median(times.values()), 3),
                "callee": callee,
            },
            unit="s",
            window=found.window,
            direction="up",
            strength=round(min(0.9, 0.4 + 0.5 * share), 2),
            source=found.source,
        )
    ]


def _below(visits: Sequence[Visit], traces: set[str]) -> list[Visit]:
    return [v for v in visits if v.root.trace in traces]
