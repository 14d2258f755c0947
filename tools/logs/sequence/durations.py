"""How long a session and its steps take: beyond what all but one in a thousand normal sessions take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from aitia.tools.logs.sequence.detection import Hit, best
from aitia.tools.logs.sequence.sessions import MAX_EVENTS, Session

QUANTILE: Final = 0.999
MIN_TIMES: Final = 50
FLOOR_S: Final = 0.01  # log clocks are no finer
KEPT: Final = 100_000  # gaps of one step

_WHOLE: Final = ""


class Slow:
    """Steps, and whole sessions, that take longer than normal ones. Needs the sessions' times."""

    name = "duration"

    def __init__(self) -> None:
        self._limits: dict[
            str, dict[str, tuple[float, int]]
        ] = {}  # event before -> event -> seconds, of how many

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        took: dict[tuple[str, str], list[float]] = {}
        for session in sessions:
            for before, event, seconds, _ in _took(session):
                kept = took.setdefault((before, event), [])
                if len(kept) < KEPT:
                    kept.append(seconds)
        self._limits = {}
        for (before, event), all_of in took.items():
            if len(all_of) >= MIN_TIMES:
                limit = sorted(all_of)[min(len(all_of) - 1, math.ceil(QUANTILE * len(all_of)))]
                self._limits.setdefault(before, {})[event] = (max(limit, FLOOR_S), len(all_of))

    def hit(self, session: Session) -> Hit | None:
        """The step, or the whole, that takes longest for what it is."""
        found = []
        for before, event, seconds, at in _took(session):
            limit, n = self._limits.get(before, {}).get(event, (math.inf, 0))
            if seconds <= limit:
                continue
            score = round(math.log(seconds / limit), 2)
            usual = f"{seconds:.3g} s, and at most {limit:.3g} s in 99.9 % of {n} normal ones"
            if event == _WHOLE:
                found.append(Hit(score=score, text=f"the session takes {usual}", at=(0, at)))
            else:
                text = f"{{0}} follows {{1}} after {usual}"
                found.append(Hit(score=score, text=text, events=(event, before), at=(at - 1, at)))
        return best(found)

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"limits": {a: {b: list(pair) for b, pair in bs.items()} for a, bs in self._limits.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._limits = {
            a: {b: (float(p[0]), int(p[1])) for b, p in bs.items()} for a, bs in state["limits"].items()
        }


def _took(session: Session) -> Iterator[tuple[str, str, float, int]]:
    """Event before, event, seconds and position of each step; at last the whole session."""
    times = list(session.times[:MAX_EVENTS])
    if not times:
        return
    for i, ((a, left), (b, right)) in enumerate(pairwise(zip(session.key, times, strict=True))):
        yield a, b, right - left, i + 1
    yield _WHOLE, _WHOLE, max(times) - min(times), len(times) - 1
