"""What the load's client saw: from when on its users had reason to complain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SPAN_S: Final = 15.0
STEP_S: Final = 5.0
ERRORS: Final = 0.02  # share of requests above the usual one
SLOWER: Final = 2.0  # p95 over the usual one, and
SLOWER_S: Final = 0.05
FEW: Final = 8  # requests in a span, of which a share says something


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A stretch of requests."""

    requests: int
    errors: float
    p95_s: float


@dataclass(frozen=True)
class Hit:
    """One request."""

    at: float
    took: float
    ok: bool


def read_hits(files: Iterable[Path]) -> list[Hit]:
    """All requests by the moment at which they were due."""
    hits = []
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            at, took, outcome = line.split()
            hits.append(Hit(float(at), float(took), outcome == "ok"))
    return sorted(hits, key=lambda hit: hit.at)


def seen(hits: list[Hit], start: float, end: float) -> Seen:
    """What came of the requests in [start, end)."""
    within = [hit for hit in hits if start <= hit.at < end]
    if not within:
        return Seen(requests=0, errors=0.0, p95_s=0.0)
    took = sorted(hit.took for hit in within)
    errors = sum(not hit.ok for hit in within) / len(within)
    return Seen(requests=len(within), errors=errors, p95_s=took[min(len(took) - 1, int(0.95 * len(took)))])


def worse(now: Seen, usual: Seen) -> str:
    """`errors`, `slow`, or "" where users would not complain."""
    if usual.requests >= FEW and now.requests < FEW:
        return "errors"  # nothing gets through any more
    if now.errors > usual.errors + ERRORS:
        return "errors"
    return "slow" if now.p95_s > max(SLOWER * usual.p95_s, usual.p95_s + SLOWER_S) else ""


def complaint(hits: list[Hit], *, start: float, onset: float, end: float) -> tuple[float, str, Seen] | None:
    """When users would first complain after the onset, of what, and what they see; None where they would not."""
    usual, at = seen(hits, start, onset), onset + SPAN_S
    # What is due near the end has no answer yet.
    while at <= end:
        now = seen(hits, at - SPAN_S, at)
        if how := worse(now, usual):
            return at, how, now
        at += STEP_S
    return None
