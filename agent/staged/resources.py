"""What of a component ran full, is waited for, or piles up unfinished."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from aitia.agent.fact_values import ratio_of
from aitia.agent.killed import KERNEL, UNIT
from aitia.agent.staged.scene import Scene
from aitia.core.words import Evidence

MOST: Final = 0.5  # of a server's connections that one caller holds; by hand
_MOUNT: Final = re.compile(r"mountpoint=([^,}]{1,200})")


def walls(s: Scene, c: str, shared: Collection[str]) -> set[str]:
    """The resources that ran full at it by T0: measured so, or for want of which the kernel ended it."""
    found = set[str]()
    found |= {
        e.aspect
        for e in s.metrics[c]
        if e.kind == "metric.shift" and e.aspect == "connections" and s.fills(c, e)
    }
    for e in s.facts.all:
        if e.component == c and _ended_by_the_kernel(e) and e.onset and e.onset.timestamp() <= s.t0 + 15.0:
            found.add("memory")
        near = (c, *s.topology.hosts(c)) if c in shared or c in s.halts else (c,)
        if e.component not in near or not e.kind.startswith("metric.") or e.peer:
            continue
        at = e.onset.timestamp() if e.onset else None
        if at is None or at > s.t0 + 8.0:
            continue
        if e.kind == "metric.limit":
            found.add(e.aspect)
        elif (
            e.component == c
            and e.aspect == "memory"
            and e.direction == "up"
            and ratio_of(e) >= 2.5
            and e.kind == "metric.shift"
        ):
            found.add("memory")
        elif (
            e.component == c and e.aspect == "cpu" and e.direction == "up" and ratio_of(e) >= 3.0 and _busy(e)
        ):
            found.add("cpu")
        elif e.aspect == "disk" and e.direction == "down" and e.kind == "metric.shift" and e.strength >= 0.5:
            found.add("disk")
    return found


def holds_most(s: Scene, c: str) -> bool:
    """Whether a server that it calls, which has no connections left, counts half of them and more as its own."""
    used = {
        e.component: _number(e, "used")
        for e in s.facts.all
        if e.kind == "metric.limit" and e.aspect == "connections" and e.component in s.callees(c)
    }
    return any(
        e.kind == "metric.shift" and of_connections(e) and _number(e, "after") >= MOST * used[e.component] > 0
        for e in s.facts.all
        if e.peer == c and e.component in used and e.direction == "up"
    )


def _number(e: Evidence, name: str) -> float:
    value = e.values.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _ended_by_the_kernel(e: Evidence) -> bool:
    """Whether its host says that the kernel ended it for want of memory."""
    told = str(e.values.get("template", ""))
    return (
        e.aspect == "log.oom"
        and e.provenance == "infrastructure"
        and bool(KERNEL.search(told) or UNIT.search(told))
    )


def mounted(s: Scene, c: str) -> set[str]:
    """The resources that ran full on its host where a mount is called as it is, or as what it stores is."""
    full = set()
    for e in s.facts.all:
        if e.kind != "metric.limit" or e.component not in s.topology.hosts(c):
            continue
        mount = _MOUNT.search(e.statement[:300])
        words = set(re.split(r"[^a-z0-9]+", mount[1].lower())) if mount else set()
        own = {w for w in re.split(r"[^a-z0-9]+", c.lower()) if len(w) > 1}
        if words & own:
            full.add(e.aspect)
    return full


def lost(s: Scene, sources: Iterable[str]) -> float:
    """The share of calls that fail at those that complain, at its worst."""
    return max(
        (
            float(e.values.get("after", 0) or 0) / (100.0 if e.unit == "%" else 1.0)
            for c in sources
            for e in s.metrics[c]
            if e.aspect == "errors" and e.direction == "up" and "ratio" in e.statement[:120]
        ),
        default=0.0,
    )


def stalled(s: Scene, c: str) -> int:
    """2 where nothing of its work is finished any more while it piles up, 1 where far less is; else 0."""
    every = [
        e for e in s.metrics[c] if e.kind == "metric.shift" and e.onset and e.onset.timestamp() <= s.t0 + 15.0
    ]
    piles = any(e.aspect in ("queue", "lag") and e.direction == "up" and ratio_of(e) >= 2.0 for e in every)
    outs = [
        float(e.values.get("after", 0) or 0) / float(e.values.get("before", 0))
        for e in every
        if e.direction == "down" and float(e.values.get("before", 0) or 0) > 0 and e.aspect in ("traffic", "other")
    ]  # fmt: skip
    if not piles or not outs or min(outs) > 0.5:
        return 0
    return 2 if max(outs) <= 0.02 else 1


def _busy(e: Evidence) -> bool:
    """Whether the processors that it had are taken: shares and seconds per second tell, numbers of tasks do not."""
    after = float(e.values.get("after", 0) or 0)
    return e.unit in ("ratio", "/s", "%", "s/s") and after >= (60.0 if e.unit == "%" else 0.6)


def of_connections(e: Evidence) -> bool:
    """Whether it tells how many connections are held."""
    return e.kind == "metric.shift" and e.aspect == "connections"


def many(e: Evidence) -> bool:
    """Whether more wait for locks than now and then: three at a time, or one each two seconds."""
    after = float(e.values.get("after", 0) or 0)
    return after >= (0.5 if e.unit == "/s" else 3.0)
