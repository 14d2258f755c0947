"""What normal sessions look like, and how another session differs, with a share of false alarms that is set."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.tools.logs.sequence.conformal import Ranks
from aitia.tools.logs.sequence.counts import Nearest, Rules, Unseen
from aitia.tools.logs.sequence.detection import Detector, Hit
from aitia.tools.logs.sequence.durations import Slow
from aitia.tools.logs.sequence.order import End, Follow, Order
from aitia.tools.logs.sequence.sessions import Session

FALSE_ALARMS: Final = 0.005
MIN_SESSIONS: Final = 20
FOLDS: Final = 5
VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One way in which a session differs. `p` is the share of normal sessions that differ as much in this way."""

    kind: str  # event, count, vector, order, end or duration
    text: str  # {0}, {1}, … stand for `events`
    p: float
    events: tuple[str, ...] = ()
    at: tuple[int, ...] = ()  # positions in the session

    def words(self, names: dict[str, str] | None = None) -> str:
        """The sentence, each event by its name in quotes."""
        shown = [f'"{(names or {}).get(e, e)}"' for e in self.events]
        return re.sub(r"\{(\d)\}", lambda match: shown[int(match[1])], self.text)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`p` is the share of normal sessions at least as strange; the first of the reasons is the strongest."""

    anomalous: bool
    p: float
    reasons: tuple[Reason, ...] = ()


class Normal:
    """Learns normal sessions and scores others.

    Each detector's score becomes a conformal p-value by the scores of normal sessions that it had not learned
    (5-fold). All of them together (Fisher's sum of logarithms) are ranked among those of the same sessions once more.
    A session is anomalous where this rank and at least one detector's lie within `false_alarms`, or, with fewer
    sessions than that share can be told from, where no normal session is as strange.
    """

    def __init__(self, *, false_alarms: float = FALSE_ALARMS) -> None:
        if not 0 < false_alarms < 1:
            raise BadInput(f"Set false_alarms to a share between 0 and 1, not {false_alarms}.")
        self.false_alarms = false_alarms
        self.n = 0
        self._detectors = _detectors()
        self._ranks: dict[str, Ranks] = {}
        self._whole = Ranks()

    @property
    def bound(self) -> float:
        """The largest p-value of an alarm."""
        return max(self.false_alarms, 1 / (self.n + 1))

    def fit(self, sessions: Iterable[Session]) -> Normal:
        """Learn. Raises BadInput for fewer than 20 sessions."""
        known = list(sessions)
        self.n = len(known)
        if self.n < MIN_SESSIONS:
            raise BadInput(f"Give at least {MIN_SESSIONS} normal sessions, not {self.n}.")
        self._detectors = _learned(known)
        scores: dict[str, list[float]] = {d.name: [] for d in self._detectors}
        part = [zlib.crc32(s.id.encode("utf-8", "replace")) % FOLDS for s in known]
        for fold in sorted(set(part)):
            kept = [s for s, p in zip(known, part, strict=True) if p != fold] or known
            memo: dict[Any, list[float]] = {}
            detectors = _learned(kept)
            for session in (s for s, p in zip(known, part, strict=True) if p == fold):
                key = (session.key, tuple(session.times), session.open)
                if key not in memo:
                    memo[key] = [h.score if (h := d.hit(session)) else 0.0 for d in detectors]
                for detector, score in zip(detectors, memo[key], strict=True):
                    scores[detector.name].append(score)
        self._ranks = {name: Ranks(of) for name, of in scores.items()}
        self._whole = Ranks(
            sum(-math.log(self._ranks[name].at_least(score) / (self.n + 1)) for name, score in row if score)
            for row in (zip(scores, values, strict=True) for values in zip(*scores.values(), strict=True))
        )
        return self

    def score(self, session: Session) -> Verdict:
        """How strange a session is, and why."""
        if not self._ranks:
            raise BadInput("Call fit or restore before score.")
        reasons = [self._reason(d.name, h) for d in self._detectors if (h := d.hit(session))]
        if not reasons:
            return Verdict(anomalous=False, p=1.0)
        p = self._whole.p(sum(-math.log(r.p) for r in reasons) * (1 - 1e-9))
        within = [r for r in reasons if r.p <= self._bound(r.kind)]
        return Verdict(
            anomalous=bool(within) and p <= self.bound,
            p=p,
            reasons=tuple(sorted(within, key=lambda r: r.p / self._bound(r.kind))),
        )

    def _bound(self, detector: str) -> float:
        """The largest p-value at which one detector alone may raise the alarm.

        One that normal sessions set off more often than the allowed share has rules that are no rules here (the order
        of concurrent events): its bound is cut in that proportion.
        """
        often = self._ranks[detector].positive / self.n
        cut = min(1.0, self.false_alarms / often) if often else 1.0
        return max(self.false_alarms * cut, 1 / (self.n + 1))

    def _reason(self, name: str, hit: Hit) -> Reason:
        return Reason(
            kind=name, text=hit.text, p=self._ranks[name].p(hit.score), events=hit.events, at=hit.at
        )

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "version": VERSION,
            "false_alarms": self.false_alarms,
            "n": self.n,
            "detectors": {d.name: d.state() for d in self._detectors},
            "ranks": {name: ranks.state() for name, ranks in self._ranks.items()},
            "whole": self._whole.state(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Normal:
        """From a `state()`. Raises BadInput for another version's."""
        if state.get("version") != VERSION:
            raise BadInput("The state is from another version. Learn the normal sessions again.")
        made = cls(false_alarms=state["false_alarms"])
        made.n = int(state["n"])
        for detector in made._detectors:
            detector.restore(state["detectors"][detector.name])
        made._ranks = {name: Ranks.of(of) for name, of in state["ranks"].items()}
        made._whole = Ranks.of(state["whole"])
        return made


def _detectors() -> list[Detector]:
    follow = Follow()
    return [Unseen(), Rules(), Nearest(), Order(follow), End(follow), Slow()]


def _learned(sessions: Sequence[Session]) -> list[Detector]:
    made = _detectors()
    for detector in made:
        detector.fit(sessions)
    return made
