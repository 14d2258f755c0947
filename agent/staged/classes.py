"""By which mechanisms a component is said to fail: classes of first-hand lines and of its own measurements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from aitia.agent.staged.resources import many, of_connections
from aitia.agent.staged.scene import Scene
from aitia.agent.staged.tables import OF_METRIC

_REPLICATES: Final = re.compile(r"(?i)(slave|replica)\w*running|replicat\w*(running|up)|wal_receiver")
LATE_S: Final = 12.0  # after the first sign: what is named only then follows from what was named before


def classes_of(s: Scene, sources: Sequence[str], c: str) -> dict[str, float]:
    """The classes of first-hand lines that may speak of it, halved where one author alone says so."""
    by: dict[str, set[str]] = defaultdict(set)
    since: dict[str, float] = {}
    for k in s.claims:
        once = k.count <= 1 and k.what in (
            "log.connection_refused",
            "log.unavailable",
            "log.error",
            "log.exception",
        )
        if k.text and k.author in {*sources, c} and (c in k.targets or c in _next(s, k.targets)) and not once:
            for how in k.how:
                by[how].add(k.author)
                since[how] = min(since.get(how, k.at), k.at)
    if any(s.fills(c, e) for e in s.metrics[c] if of_connections(e)):
        refused = {
            k.author for k in s.claims if k.how & {"connections", "slots"} and k.targets & set(s.callees(c))
        }
        by["connections"] |= refused
    for e in s.metrics[c]:
        if (
            e.direction == "up"
            and e.aspect in OF_METRIC
            and e.strength >= 0.4
            and e.kind == "metric.shift"
            and (e.aspect != "locks" or many(e))
        ):
            by[OF_METRIC[e.aspect]].add(c)
    if any(
        e.direction == "down" and e.kind == "metric.shift" and _REPLICATES.search(str(e.values.get("metric", "")))
        and float(e.values.get("after", 1) or 0) == 0
        for e in s.metrics[c]
    ):  # fmt: skip
        by["replication"].add(c)
    if any(e.component == c and e.kind == "metric.share" and e.aspect == "locks" for e in s.facts.all):
        by["lock"].add(c)
        since.pop("lock", None)
    late = {k for k, t in since.items() if t > s.t0 + LATE_S} if len(by) > 1 else set()
    late = late if late < set(by) else set()
    by = {k: v for k, v in by.items() if v}
    return {k: (1.0 if len(v) >= 2 or c in v else 0.7) * (0.5 if k in late else 1.0) for k, v in by.items()}


def _next(s: Scene, targets: frozenset[str]) -> set[str]:
    return {z for t in targets for z in s.callees(t) if t not in s.failing and "errors" in s.quiet[t]}
