"""How often events occur in a session: unseen events, counts that normal sessions do not have, broken equalities.

Equal counts of two events are the invariants of Lou et al. (USENIX ATC 2010); whole vectors are compared with the
nearest one of a normal session.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from aitia.tools.logs.sequence.detection import Hit, best, times, weight
from aitia.tools.logs.sequence.sessions import Session, grouped

FEW: Final = 8  # an event whose counts take at most so many values has each of them as a rule
PAIRED: Final = 100  # the most common events, whose counts are compared two by two
VECTORS: Final = 2000  # kept, the most common ones first
MIN_SUPPORT: Final = 20

Vector = tuple[tuple[str, int], ...]


def vector(events: Iterable[str]) -> Vector:
    """The counts of a session, in a fixed order."""
    return tuple(sorted(Counter(events).items()))


class Unseen:
    """Events that no, or hardly any, normal session has."""

    name = "event"

    def __init__(self) -> None:
        self._n = 0
        self._having: Counter[str] = Counter()

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._n = len(sessions)
        for events, k in grouped(sessions).items():
            for event in set(events):
                self._having[event] += k

    def hit(self, session: Session) -> Hit | None:
        """The rarest event of a session."""
        found = []
        for event, count in Counter(session.key).items():
            had = self._having.get(event, 0)
            if score := weight(had, self._n, self._n):
                text = (
                    f"{{0}} occurs {times(count)} and in {_none(had, self._n)}"
                    if had
                    else f"{{0}} occurs {times(count)}, in none of {self._n} normal sessions"
                )
                found.append(Hit(score=score, text=text, events=(event,), at=_at(session, event)))
        return best(found)

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"n": self._n, "having": dict(self._having)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._n, self._having = int(state["n"]), Counter(state["having"])


class Rules:
    """Counts of one event that normal sessions do not have, and pairs of events whose counts are always equal."""

    name = "count"

    def __init__(self) -> None:
        self._n = 0
        self._counts: dict[str, dict[int, int]] = {}  # event -> its count -> sessions
        self._equal: dict[
            str, dict[str, tuple[int, int]]
        ] = {}  # two events -> sessions with either, exceptions

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._n = len(sessions)
        seen: Counter[Vector] = Counter()
        for events, k in grouped(sessions).items():
            seen[vector(events)] += k
        counts: dict[str, Counter[int]] = {}
        for v, k in seen.items():
            for event, count in v:
                counts.setdefault(event, Counter())[count] += k
        for event, of in counts.items():
            if absent := self._n - of.total():
                of[0] = absent
            self._counts[event] = dict(of)
        self._equal = _equalities(seen, counts, self._n)

    def hit(self, session: Session) -> Hit | None:
        """The rule broken that has the fewest exceptions."""
        have = Counter(session.key)
        found = [h for e, of in self._counts.items() if (h := self._count(session, e, have[e], of))]
        for a, others in self._equal.items():
            for b, (support, exceptions) in others.items():
                if have[a] != have[b] and not session.open and (s := weight(exceptions, support, self._n)):
                    text = (
                        f"{{0}} occurs {times(have[a])} and {{1}} {times(have[b])}; their counts are equal in "
                        f"{support - exceptions} of {support} normal sessions"
                    )
                    at = _at(session, a) + _at(session, b)
                    found.append(Hit(score=s, text=text, events=(a, b), at=at))
        return best(found)

    def _count(self, session: Session, event: str, count: int, of: Mapping[int, int]) -> Hit | None:
        usual = max(of, key=lambda c: (of[c], -c))
        if count == usual or (session.open and count < usual):
            return None
        same = (
            of.get(count, 0)
            if len(of) <= FEW
            else sum(k for c, k in of.items() if (c >= count if count > usual else c <= count))
        )
        if not (score := weight(same, self._n, self._n)):
            return None
        text = (
            f"{{0}} occurs {times(count)}; {of[usual]} of {self._n} normal sessions have it {times(usual)}, "
            f"{same or 'none'} as often as this one"
        )
        return Hit(score=score, text=text, events=(event,), at=_at(session, event))

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "n": self._n,
            "counts": {e: [[c, k] for c, k in sorted(of.items())] for e, of in self._counts.items()},
            "equal": {a: {b: list(pair) for b, pair in bs.items()} for a, bs in self._equal.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._n = int(state["n"])
        self._counts = {e: {int(c): int(k) for c, k in of} for e, of in state["counts"].items()}
        self._equal = {
            a: {b: (int(p[0]), int(p[1])) for b, p in bs.items()} for a, bs in state["equal"].items()
        }


class Nearest:
    """The whole count vector: one that normal sessions hardly ever have, by its distance to the nearest one."""

    name = "vector"

    def __init__(self) -> None:
        self._n = 0
        self._seen: dict[Vector, int] = {}

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._n = len(sessions)
        seen: Counter[Vector] = Counter()
        for events, k in grouped(sessions).items():
            seen[vector(events)] += k
        self._seen = dict(sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))[:VECTORS])

    def hit(self, session: Session) -> Hit | None:
        """How far its counts are from those of any normal session."""
        if session.open:
            return None
        mine = vector(session.key)
        if (had := self._seen.get(mine, 0)) > 0:
            text = f"this combination of event counts occurs in only {had} of {self._n} normal sessions"
            score = weight(had, self._n, self._n)
            return Hit(score=score, text=text) if score else None
        far, near = min((_distance(mine, v), v) for v in self._seen)
        if near != mine:
            counts, others = dict(mine), dict(near)
            differs = sorted(
                (e for e in counts.keys() | others.keys() if counts.get(e, 0) != others.get(e, 0)),
                key=lambda e: (-abs(math.log1p(counts.get(e, 0)) - math.log1p(others.get(e, 0))), e),
            )[:3]
            text = "the nearest normal session differs: " + ", ".join(
                f"{{{i}}} {times(counts.get(e, 0))} here, {times(others.get(e, 0))} there"
                for i, e in enumerate(differs)
            )
            at = tuple(i for e in differs for i in _at(session, e))
            return Hit(score=round(1 + far, 2), text=text, events=tuple(differs), at=at)
        return None

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"n": self._n, "seen": [[[list(pair) for pair in v], k] for v, k in self._seen.items()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._n = int(state["n"])
        self._seen = {tuple((str(e), int(c)) for e, c in v): int(k) for v, k in state["seen"]}


def _distance(a: Vector, b: Vector) -> float:
    """City-block distance of log counts: three instead of one weighs more than 203 instead of 201."""
    left, right = dict(a), dict(b)
    return sum(
        abs(math.log1p(left.get(e, 0)) - math.log1p(right.get(e, 0))) for e in left.keys() | right.keys()
    )


def _equalities(
    seen: Mapping[Vector, int], counts: Mapping[str, Counter[int]], n: int
) -> dict[str, dict[str, tuple[int, int]]]:
    """Pairs with equal counts in 99 % of the sessions that have either; those of a constant count are told by it."""
    common = sorted(
        (e for e, of in counts.items() if max(of.values()) < n), key=lambda e: (-(n - counts[e][0]), e)
    )[:PAIRED]
    kept = set(common)
    either: Counter[tuple[str, str]] = Counter()
    unequal: Counter[tuple[str, str]] = Counter()
    for v, k in seen.items():
        have = {e: c for e, c in v if e in kept}
        for e in have:
            for other in common:
                if other in have and other <= e:
                    continue
                pair = (e, other) if e < other else (other, e)
                either[pair] += k
                unequal[pair] += k * (have[e] != have.get(other, 0))
    out: dict[str, dict[str, tuple[int, int]]] = {}
    for a, b in combinations(sorted(common), 2):
        support, exceptions = either[a, b], unequal[a, b]
        if support >= MIN_SUPPORT and weight(exceptions, support, n):
            out.setdefault(a, {})[b] = (support, exceptions)
    return out


def _at(session: Session, event: str) -> tuple[int, ...]:
    return tuple(i for i, e in enumerate(session.key) if e == event)[:20]


def _none(k: int, n: int) -> str:
    return f"only {k} of {n} normal sessions"
