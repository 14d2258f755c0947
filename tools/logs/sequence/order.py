"""The order of events: what follows what, what never comes before what, and where a session ends.

Follow is an n-gram model that backs off to shorter contexts; Before compares running counts, which concurrent
parts of a session (three replicas of a block) do not disturb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from aitia.tools.logs.sequence.detection import Hit, best, weight
from aitia.tools.logs.sequence.sessions import Events, Session, grouped

START: Final = "\x02"
END: Final = "\x03"
CONTEXT: Final = 2
MIN_CONTEXT: Final = 20  # sessions with a context, before it is asked what follows
KINDS: Final = 40  # distinct events of a session that are compared two by two
_JOIN: Final = "\x1f"


class Follow:
    """What follows the last events. The longest context that enough normal sessions have decides."""

    def __init__(self) -> None:
        self._n = 0
        self._after: dict[str, dict[str, int]] = {}  # context -> event -> sessions
        self._with: dict[str, int] = {}  # context -> sessions

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._n = len(sessions)
        after: dict[str, Counter[str]] = {}
        having: Counter[str] = Counter()
        for events, k in grouped(sessions).items():
            steps = {(c, event) for _, contexts, event in _steps(events) for c in contexts}
            for context, event in steps:
                after.setdefault(context, Counter())[event] += k
            for context in {c for c, _ in steps}:
                having[context] += k
        self._after = {c: dict(of) for c, of in after.items() if having[c] >= MIN_CONTEXT}
        self._with = {c: having[c] for c in self._after}

    def hits(self, session: Session) -> list[Hit]:
        """Events that do not follow what is before them."""
        found = []
        for i, contexts, event in _steps(session.key):
            if event == END:
                continue
            context = next((c for c in contexts if c in self._after), None)
            if context is None:
                continue
            followed, support = self._after[context].get(event, 0), self._with[context]
            if score := weight(followed, support, self._n):
                before = tuple(e for e in context.split(_JOIN) if e != START)
                names = ", ".join(f"{{{n + 1}}}" for n in range(len(before))) or "the beginning"
                text = f"{{0}} follows {names}; {_of(followed, support)} that start like this do so"
                at = tuple(range(max(0, i - len(before)), i + 1))
                found.append(Hit(score=score, text=text, events=(event, *before), at=at))
        return found

    def end(self, session: Session) -> Hit | None:
        """The session stops where normal ones go on."""
        if session.open:
            return None
        *_, (i, contexts, _) = _steps(session.key)
        context = next((c for c in contexts if c in self._after), None)
        if context is None:
            return None
        stopped, support = self._after[context].get(END, 0), self._with[context]
        if not (score := weight(stopped, support, self._n)):
            return None
        next_one = max(self._after[context], key=lambda e: (self._after[context][e], e))
        before = tuple(e for e in context.split(_JOIN) if e != START)
        names = ", ".join(f"{{{n + 1}}}" for n in range(len(before)))
        text = f"it ends after {names}; {_of(stopped, support)} end there, most continue with {{0}}"
        at = tuple(range(max(0, i - len(before)), i))
        return Hit(score=score, text=text, events=(next_one, *before), at=at)

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"n": self._n, "after": self._after, "with": self._with}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._n, self._after, self._with = int(state["n"]), dict(state["after"]), dict(state["with"])


class Before:
    """Precedence: how far the count of one event ever runs ahead of another's within a session."""

    def __init__(self) -> None:
        self._n = 0
        self._ahead: dict[str, dict[str, dict[int, int]]] = {}  # a -> b -> lead of a over b -> sessions

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._n = len(sessions)
        ahead: dict[str, dict[str, Counter[int]]] = {}
        for events, k in grouped(sessions).items():
            for a, b, lead, _ in _leads(events):
                ahead.setdefault(a, {}).setdefault(b, Counter())[lead] += k
        self._ahead = {
            a: {b: dict(of) for b, of in bs.items() if of.total() >= MIN_CONTEXT} for a, bs in ahead.items()
        }

    def hits(self, session: Session) -> list[Hit]:
        """Events that come before those that they never come before."""
        found = []
        for a, b, lead, at in _leads(session.key):
            of = self._ahead.get(a, {}).get(b)
            if of is None or not lead:
                continue
            support, as_far = sum(of.values()), sum(k for far, k in of.items() if far >= lead)
            if score := weight(as_far, support, self._n):
                text = (
                    "{0} comes before {1}"
                    if lead == 1 and b not in session.key[:at]
                    else f"the count of {{0}} runs ahead of that of {{1}} by {lead}"
                )
                text += f"; {_of(as_far, support)} with both do the same"
                found.append(Hit(score=score, text=text, events=(a, b), at=(at,)))
        return found

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "n": self._n,
            "ahead": {
                a: {b: [[far, k] for far, k in sorted(of.items())] for b, of in bs.items()}
                for a, bs in self._ahead.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._n = int(state["n"])
        self._ahead = {
            a: {b: {int(far): int(k) for far, k in of} for b, of in bs.items()}
            for a, bs in state["ahead"].items()
        }


class Order:
    """Both of them: the sum of what is broken, told by the strongest."""

    name = "order"

    def __init__(self, follow: Follow) -> None:
        self._follow, self._before = follow, Before()

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""
        self._follow.fit(sessions)
        self._before.fit(sessions)

    def hit(self, session: Session) -> Hit | None:
        """All that is out of order, told by the strongest."""
        found = self._before.hits(session) + self._follow.hits(session)
        first = best(found)
        return replace(first, score=round(sum(h.score for h in found), 4)) if first else None

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"follow": self._follow.state(), "before": self._before.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""
        self._follow.restore(state["follow"])
        self._before.restore(state["before"])


class End:
    """A session that stops where normal ones go on. Order learns and keeps what it goes by."""

    name = "end"

    def __init__(self, follow: Follow) -> None:
        self._follow = follow

    def fit(self, sessions: Sequence[Session]) -> None:
        """Order has learned it."""

    def hit(self, session: Session) -> Hit | None:
        """An end where normal sessions go on."""
        return self._follow.end(session)

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Order restores it."""


def _steps(events: Events) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Position, contexts (longest first) and event of each step, the end included."""
    padded = (START, *events, END)
    for i in range(1, len(padded)):
        contexts = tuple(_JOIN.join(padded[i - n : i]) for n in range(min(CONTEXT, i), 0, -1))
        yield i - 1, contexts, padded[i]


def _leads(events: Events) -> list[tuple[str, str, int, int]]:
    """Of each two events that a session has: how far the first ever runs ahead of the second, and where."""
    kinds = list(dict.fromkeys(events))[:KINDS]
    place = {e: n for n, e in enumerate(kinds)}
    counts = [0] * len(kinds)
    lead = [[0] * len(kinds) for _ in kinds]
    where = [[0] * len(kinds) for _ in kinds]
    for i, event in enumerate(events):
        if (n := place.get(event)) is None:
            continue
        counts[n] += 1
        mine, row, spots = counts[n], lead[n], where[n]
        for m, other in enumerate(counts):
            if mine - other > row[m]:
                row[m], spots[m] = mine - other, i
    return [
        (a, b, lead[n][m], where[n][m]) for n, a in enumerate(kinds) for m, b in enumerate(kinds) if n != m
    ]


def _of(k: int, n: int) -> str:
    return f"{k or 'none'} of {n} normal sessions"
