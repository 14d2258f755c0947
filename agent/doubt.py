"""The two suspects that are no component: `healthy`, that nothing is wrong, and `unknown`, that it cannot be told.

`healthy` gains from quiet telemetry; `unknown` from an alarm, from missing telemetry, and from what speaks for suspects of
which nothing of their own was seen. Bounds hold `healthy` down where something was not watched or not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from aitia.agent.anything_wrong import alarm, not_understood
from aitia.agent.facts import Facts
from aitia.agent.ledger import Ledger
from aitia.agent.weights import Weights
from aitia.core.aspects import CLUSTER_SYMPTOMS, READ_AS_NORMAL
from aitia.core.percent import percent
from aitia.core.words import Contribution, Suspect

HEALTHY, UNKNOWN = "healthy", "unknown"
# Log-odds, by hand; the learned weights scale them.
ALL_QUIET: Final = 6.0  # of `healthy` where every component is watched
PLAIN_ALARM: Final = -6.0  # the same, of an alarm that is plain
NOT_TOLD: Final = 1.0  # of `unknown`
NOT_EXPLAINED: Final = 2.2  # of `unknown`, where something plainly changed or nothing was watched

# The same, where nothing that moved among the metrics is understood; none where half of it is. By hand.
NOT_UNDERSTOOD: Final = 6.0

FALSE_ALARM: Final = 0.5  # share of alarms behind which nothing is wrong
UNSEEN_MARGIN: Final = 2.0  # log-odds below `unknown` from which on an unseen suspect adds nothing to it
# The share of a service's faults that the state of its objects shows: ready pods answer wrongly, slowly or not at all as
# well. By hand.
BY_OBJECTS: Final = 0.2
# Log-odds of `healthy` against `unknown` at most where telemetry could not be read (38 %); by hand.
UNREAD: Final = -0.5
# Share of a plant's components of which anything is measured, below which the same holds: each shows its own best. By hand.
PLANT_SEEN: Final = 0.75


class _Line(NamedTuple):
    term: str
    log_odds: float
    why: str
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """What is known of how much was seen.

    components  all that there are, whether seen or not
    missed      one that the alarm names and that was not watched; ""
    asked       those that the alarm names, with what they call
    of_objects  the alarm is about the state of a cluster's objects, which that state answers
    measured    those of which a source of measurements holds anything
    unread      what could not be read, in words
    dark        ledgers of suspects of which nothing of their own was seen
    """

    facts: Facts
    weights: Weights
    components: frozenset[str]
    missed: str
    asked: frozenset[str]
    of_objects: bool
    measured: frozenset[str]
    unread: Sequence[str]
    dark: Sequence[Ledger]

    def suspects(self) -> tuple[Suspect, Suspect]:
        """`healthy` and `unknown`, with their ledgers."""
        unknown = self._scaled(self._unknown())
        healthy = self._scaled(self._healthy())
        for bound in (
            self._unwatched_bound,
            self._unread_bound,
            self._unwell_bound,
            self._softened_bound,
        ):  # a bound: no learned factor moves it
            healthy += bound(_sum(healthy) - _sum(unknown))
        unknown += self._scaled(self._unseen(_sum(unknown)))
        return _suspect(HEALTHY, healthy), _suspect(UNKNOWN, unknown)

    @cached_property
    def _seen(self) -> float:
        """The share of faults that would have been seen, over all components; none where what the alarm names was not
        watched.
        """
        if self.missed or not self.components:
            return 0.0
        seen = (BY_OBJECTS if c in self._by_objects else float(self._is_watched(c)) for c in self.components)
        return sum(seen) / len(self.components)

    def _is_watched(self, component: str) -> bool:
        return bool(self.facts.topology.family(component) & self.facts.watched)

    @property
    def _is_plant(self) -> bool:
        return 2 * len(self.components & self.facts.topology.machines) > len(self.components)

    @property
    def _heard_of(self) -> float:
        """The share of components of which, or of a part of them or what they are part of, anything is measured at all."""
        heard = sum(bool(self.facts.topology.family(c) & self.measured) for c in self.components)
        return heard / max(len(self.components), 1)

    @cached_property
    def _by_objects(self) -> frozenset[str]:
        """Components of which nothing is known but the state of their objects in a cluster, where that is not what was asked."""
        if self.of_objects:
            return frozenset()
        measured = self.facts.measured
        watched = {c for c in self.components if self._is_watched(c)}
        return frozenset(c for c in watched if not self.facts.topology.family(c) & measured)

    @cached_property
    def _weightiest(self) -> str:
        """The fact of what changed most."""
        best = max(
            self.facts.anomalies, key=lambda e: (self.facts.weight(e), e.statement), default=None
        )  # fmt: skip
        return best.id if best else ""

    def _healthy(self) -> Iterator[_Line]:
        yield _Line("healthy.watched", ALL_QUIET * self._seen, self._watching())
        moved = PLAIN_ALARM * alarm(self.facts) * self._seen
        yield _Line("healthy.alarm", moved, "strongest change", self._weightiest)
        share, strongest = not_understood(self.facts, by_model=True)
        alone = _meaning(share) - _meaning(not_understood(self.facts)[0])
        if alone > 0:
            why = f"of {percent(share)} of what moved no word or only a model says what is measured"
            yield _Line("healthy.meaning", -alone, why, strongest)

    def _watching(self) -> str:
        if self.missed:
            return f"{self.missed}, which the alarm names, was not watched"
        watched = sum(self._is_watched(c) for c in self.components)
        if not self._by_objects:
            return f"{percent(watched / max(len(self.components), 1))} of the components were watched"
        return (
            f"{watched} of {len(self.components)} components were watched, {len(self._by_objects)} of them only through "
            "the state of their objects, which says nothing about requests"
        )

    def _unknown(self) -> Iterator[_Line]:
        yield _Line("unknown.prior", NOT_TOLD, "prior")
        moved = NOT_EXPLAINED * max(alarm(self.facts), 1.0 - self._seen)
        yield _Line("unknown.alarm", moved, "an alarm or missing telemetry", self._weightiest)
        share, strongest = not_understood(self.facts, beside_the_rest=True)
        if share > 0.5:
            why = f"of {percent(share)} of what moved the name does not say what is measured"
            yield _Line("unknown.meaning", _meaning(share), why, strongest)

    def _unwatched_bound(self, lead: float) -> list[Contribution]:
        """`healthy` leads by no more than the share of faults that would have been seen allows."""
        if self._is_plant and self._heard_of < PLANT_SEEN:
            return _down(lead, UNREAD, self._why_unseen())
        if not 0 < self._seen < 1:
            return []
        most = math.log(FALSE_ALARM / (1 - FALSE_ALARM) / (1 - self._seen))
        return _down(lead, most, self._why_unseen())

    def _why_unseen(self) -> str:
        if self._by_objects:
            return "ready pods may fail their requests all the same, and no requests were measured"
        return "the fault may be in a component that was not watched"

    def _unread_bound(self, lead: float) -> list[Contribution]:
        """A source that did not answer is not a quiet one."""
        return _down(lead, UNREAD, self.unread[0]) if self.unread else []

    def _unwell_bound(self, lead: float) -> list[Contribution]:
        """What the alarm is about is not well while its pods are not, whatever else is calm."""
        ill = next(
            (
                e
                for e in self.facts.anomalies
                if e.aspect in CLUSTER_SYMPTOMS and self.facts.topology.family(e.component) & self.asked
            ),
            None,
        )
        return _down(lead, UNREAD, f"{ill.component} is not well") if ill else []

    def _softened_bound(self, lead: float) -> list[Contribution]:
        """A model's word alone makes nothing well: what words call a sign of a fault and only it calls normal stays a doubt."""
        softened = any(e.values.get("read_as") == READ_AS_NORMAL for e in self.facts.all)
        why = "words call a message a sign of a fault, and only a model says that it is normal"
        return _down(lead, UNREAD, why) if softened else []

    def _unseen(self, unknown: float) -> Iterator[_Line]:
        best = max(self.dark, key=lambda d: d.score, default=None)
        if best and (beside := best.score - unknown) > -UNSEEN_MARGIN:
            why = f"{best.component} stands out, but has no telemetry of its own"
            yield _Line("unknown.unseen", math.log1p(math.exp(beside)), why, best.cite)

    def _scaled(self, lines: Iterator[_Line]) -> list[Contribution]:
        return [
            Contribution(
                evidence=line.evidence,
                log_odds=round(line.log_odds * self.weights.of(line.term), 3),
                why=line.why,
                term=line.term,
            )
            for line in lines
        ]


def _meaning(share: float) -> float:
    """The log-odds that this share of what moved is not understood costs; nothing up to a half."""
    return NOT_UNDERSTOOD * max(0.0, 2 * share - 1)


def _down(lead: float, most: float, why: str) -> list[Contribution]:
    if lead <= most:
        return []
    return [
        Contribution(evidence="", log_odds=round(most - lead, 3), why=why, term="healthy.unwatched")
    ]  # fmt: skip


def _sum(lines: Sequence[Contribution]) -> float:
    return sum(c.log_odds for c in lines)


def _suspect(name: str, lines: Sequence[Contribution]) -> Suspect:
    return Suspect(component="", fault=name, score=round(_sum(lines), 3), probability=0, ledger=tuple(lines))
