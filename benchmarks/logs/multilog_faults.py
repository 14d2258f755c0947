"""Which of the known faults does a departure look like, by what a database would log? General knowledge, nothing trained.

Each fault has words that its own operation logs. A word's evidence is how much more often (log2, per second, with one
line added on either side) lines with it stand in the departure than in normal, on the node where that is most; a fault
takes its best word. Faults of a machine (load, memory, disk, slow network) log nothing of their own: theirs are the words
of their symptoms. `quiet` is the evidence that the streams fell silent, for faults that stop the traffic.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from aitia.tools.logs.change import Departure, Events

QUIET: Final = "<quiet>"
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "compaction": ("compact", "merge", "innerspace", "crossspace"),
    "cpu": ("slow", "stall", "pause", "took"),
    "export": ("export", "backup", "snapshot", "dump", "csv"),
    "flush": ("flush", "memtable"),
    "import": ("import", "load", "tsfile resource", "csv"),
    "io": ("fsync", "sync", "disk", "wal"),
    "memory": ("memory", "heap", "garbage", "outofmemory", "reject"),
    "network2": ("retry", "slow", "timed out", "timeout", "bandwidth"),
    "network3": ("unreachable", "unknown", "election", "heartbeat", "deadline", QUIET),
    "query": ("query", "sql", "select", "fragment"),
    "shutdown": ("shutdown", "shut down", "refused", "closed", "stopping", QUIET),
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def ranked(nodes: Sequence[tuple[Events, Sequence[str]]], found: Departure | None) -> list[str]:
    """The faults, the likeliest first; in the order of their names where nothing is known."""
    if found is None:
        return sorted(WORDS)
    score = {fault: max(evidence(nodes, word, found) for word in words) for fault, words in WORDS.items()}
    return sorted(WORDS, key=lambda fault: (-score[fault], fault))


def evidence(nodes: Sequence[tuple[Events, Sequence[str]]], word: str, found: Departure) -> float:
    """Doublings of the rate of lines with a word, on the node where they are most."""
    inside, outside = (found.start, found.end), found.normal
    return max((_doublings(events, texts, word, inside, outside) for events, texts in nodes), default=0.0)


def _doublings(
    events: Events, texts: Sequence[str], word: str, inside: tuple[float, float], outside: tuple[float, float]
) -> float:
    named = [
        i for i, text in enumerate(texts) if word == QUIET or word in text.lower() or word in _spaced(text)
    ]
    hit = np.isin(events.ids, named)
    after, before = (_rate(events.times, hit, span) for span in (inside, outside))
    if after is None or before is None:
        return 0.0
    return math.log2(before / after) if word == QUIET else math.log2(after / before)


def _spaced(text: str) -> str:
    return _CAMEL.sub(" ", text).lower()


def _rate(times: np.ndarray, hit: np.ndarray, span: tuple[float, float]) -> float | None:
    seconds = min(span[1], float(times[-1])) - max(span[0], float(times[0])) if times.size else 0.0
    if seconds <= 0:
        return None
    return (1 + int(hit[(times >= span[0]) & (times < span[1])].sum())) / seconds


__all__ = ["ranked"]
