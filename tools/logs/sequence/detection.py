"""What a detector says of one session, and what every detector can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aitia.tools.logs.sequence.sessions import Session

RARE: Final = 0.01  # of the normal sessions that a rule is about: more exceptions, and it is no rule


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A rule that a session breaks. `score` orders hits of one detector; `at` are positions in the session.

    `text` names events as {0}, {1}, …, which stand for `events`: a reader's names are put in later.
    """

    score: float
    text: str
    events: tuple[str, ...] = ()
    at: tuple[int, ...] = ()


class Detector(Protocol):
    """Learns from normal sessions and says what is wrong with another one; None for nothing."""

    name: str

    def fit(self, sessions: Sequence[Session]) -> None:
        """Learn from normal sessions."""

    def hit(self, session: Session) -> Hit | None:
        """What is wrong with a session, if anything."""

    def state(self) -> dict[str, Any]:
        """Plain JSON."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state()`."""


def weight(exceptions: int, support: int, total: int) -> float:
    """How telling it is to break a rule: the fewer exceptions the more, then the more sessions it is about.

    0 for a rule with more than 1 % of exceptions. It hardly depends on the number of sessions learned, so that scores
    of models learned from fewer ones compare.
    """
    if not total or exceptions > RARE * support:
        return 0.0
    return round(1 / (exceptions + 1) + 0.001 * min(1.0, support / total), 5)


def best(hits: Sequence[Hit]) -> Hit | None:
    """The highest score; of equal ones the first."""
    return max(hits, key=lambda h: h.score, default=None)


def times(n: int) -> str:
    """`once`, `3 times`, `never`."""
    return "never" if not n else "once" if n == 1 else f"{n} times"
