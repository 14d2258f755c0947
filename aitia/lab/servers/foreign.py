"""How much of the machine's processors others use while a recording runs.

node_exporter measures the whole machine. Where others use it too, its load, processor, memory and network are not the system's:
a recording leaves them out, and a fault that shows there alone is disturbed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CROWDED: Final = 0.2  # share of all processors that others may use
SYSTEMS_OWN: Final = r"^node_(filesystem|boot|uname|os|exporter|time_seconds|scrape)"
"""What of node_exporter stays: the volumes are the recording's own."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """Clock ticks since the machine started: what there was, what was used, what this process and its descendants used."""

    there: int
    used: int
    own: int


def use() -> Use:
    """The use up to now; reads /proc."""
    ticks = [
        int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    ]
    idle = ticks[3] + ticks[4]
    return Use(there=sum(ticks), used=sum(ticks) - idle, own=sum(_of_tree(os.getpid())))


def foreign(before: Use, after: Use) -> float:
    """The share of all processor time between the two that others used."""
    there = max(1, after.there - before.there)
    return max(0.0, (after.used - before.used) - max(0, after.own - before.own)) / there


def _of_tree(root: int) -> Iterator[int]:
    """Ticks of a process and all its descendants, with those of their children that have ended."""
    stats = dict(_stats())
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in stats.items():
        children.setdefault(parent, []).append(pid)
    todo = [root]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, ())
        if pid in stats:
            yield stats[pid][1]


def _stats() -> Iterator[tuple[int, tuple[int, int]]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended
            continue
        fields = text.rpartition(")")[2].split()  # the name before may hold anything
        yield int(file.parent.name), (int(fields[1]), sum(int(field) for field in fields[11:15]))
