"""What confirmed runs teach: small, bounded terms of a suspect's log-odds, derived anew from the outcomes each time.

Nothing is trained and nothing but a person's word is learned from: an outcome that is taken back is forgotten exactly. Texts
take no part; a lesson is who it was, of which kind, and which facts were there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aitia.agent.taxonomy import covers
from aitia.core.percent import percent
from aitia.core.words import Moment, Word
from aitia.tools.memory.words import Outcome, PastIncident

HALF_LIFE_DAYS: Final = 60.0  # after which a lesson counts half: systems change
PRIOR, PRIOR_MOST = 0.35, 0.8  # of a pair that was the cause before
ALIKE: Final = (
    2.0  # of a pair whose facts are those of a confirmed cause; as much against what was named wrongly
)
LEAST_ALIKE: Final = 0.5
ALONE: Final = 5.5  # in place of a kind's own patterns, where these are not there: as much as a primary one
LEAST_ALONE: Final = 0.7
ELSEWHERE: Final = 0.8  # share of it where the lesson is about another component
OWN: Final = 0.7  # share of a likeness that the suspect's own facts make, the rest is that of all others
SIGN, SIGNS_MOST = 0.05, 0.15  # of kinds of facts that stood at the cause, or beside it
FEWEST: Final = 5  # lessons from which on these are counted
MAX_LESSONS: Final = 500  # the latest ones
HARDLY: Final = 0.005  # log-odds that move nothing


class Lesson(Word):
    """A run of which a person said what it was. `named` is what it had named wrongly, "" where it was right.

    `own` are the signs (`kind|aspect|direction`) of the component that it was, `beside` those of all others, `misled`
    those of the component that was named wrongly.
    """

    run: str
    at: Moment
    ended: Moment
    component: str
    fault: str
    own: tuple[str, ...]
    beside: tuple[str, ...]
    named: str = ""
    named_fault: str = ""
    misled: tuple[str, ...] = ()


class Learned(Word):
    """The lessons that a run may know, latest first, and the moment that they are looked at from."""

    lessons: tuple[Lesson, ...] = ()
    now: Moment | None = None
    note: str = ""  # why nothing was learned, where memory could not be read

    def known_to(self, run: str, began: datetime) -> Learned:
        """Without what was not over when an incident began, and without the run's own."""
        kept = [x for x in self.lessons if x.ended < began and x.run != run]
        return Learned(lessons=tuple(kept[:MAX_LESSONS]), now=began, note=self.note)

    def age_weight(self, lesson: Lesson) -> float:
        """1 for a lesson of now, half after each half-life."""
        days = max(0.0, (self.now - lesson.at).total_seconds() / 86400) if self.now else 0.0
        return math.exp2(-days / HALF_LIFE_DAYS)

    def earlier(self, component: str, fault: str) -> list[Lesson]:
        """The lessons with the same cause, latest first."""
        return [x for x in self.lessons if x.component == component and _same(x.fault, fault)]


NOTHING: Final = Learned()
Term = tuple[str, float, str]


@dataclass(frozen=True)
class _Look:
    """A lesson seen from a suspect: how alike it is, whom and which kind it is about, and whether that was right."""

    alike: float
    lesson: Lesson
    right: bool

    @property
    def whom(self) -> str:
        return self.lesson.component if self.right else self.lesson.named

    @property
    def fault(self) -> str:
        return self.lesson.fault if self.right else self.lesson.named_fault


class Taught:
    """The lessons held against the facts of one run."""

    def __init__(self, learned: Learned, fingerprint: Sequence[str]) -> None:
        self._learned, self._fingerprint = learned, fingerprint
        self._looks: dict[str, tuple[list[_Look], float]] = {}

    def terms(self, component: str, fault: str, *, known: bool = True) -> list[Term]:
        """(term, log-odds, why) of what speaks for or against a pair; `known` where the kind's own patterns are there."""
        if not self._learned.lessons:
            return []
        found = [self._prior(component, fault), *self._alike(component, fault, ALIKE if known else ALONE)]
        found.append(
            (
                "learned.signs",
                self._of(component)[1],
                "facts of this kind were seen at confirmed causes or near them",
            )
        )
        return [t for t in found if abs(t[1]) >= HARDLY]

    def admits(self, component: str, fault: str) -> bool:
        """Whether a pair is a suspect because a confirmed cause of its kind had the same signs."""
        return bool(self._learned.lessons) and any(
            x.right and x.fault == fault and x.alike >= LEAST_ALONE for x in self._of(component)[0]
        )

    def _prior(self, component: str, fault: str) -> Term:
        same = self._learned.earlier(component, fault)
        count = sum(self._learned.age_weight(x) for x in same)
        moved = min(PRIOR_MOST, PRIOR * math.log2(1.0 + count))
        return "learned.prior", moved, f"confirmed as the cause before: {_times(len(same))}"

    def _alike(self, component: str, fault: str, most: float) -> Iterator[Term]:
        best: dict[bool, tuple[float, str]] = {}
        for x in self._of(component)[0]:
            # Without a kind it is known who it was, and nothing that carries over to another.
            if not _same(x.fault, fault) or (not x.fault and x.whom != component):
                continue
            moved = x.alike * self._learned.age_weight(x.lesson)
            moved *= 1.0 if x.whom == component else ELSEWHERE
            told = (moved, f"similarity {percent(x.alike)} to run {x.lesson.run}")
            best[x.right] = max(best.get(x.right, (0.0, "")), told)
        if True in best:
            yield "learned.alike", most * best[True][0], f"the confirmed cause, {best[True][1]}"
        if False in best:
            yield "learned.misled", -ALIKE * best[False][0], f"wrongly named as the cause, {best[False][1]}"

    def _of(self, component: str) -> tuple[list[_Look], float]:
        """The lessons that are alike seen from a component, and what its kinds of facts add."""
        if component not in self._looks:
            own, beside = signs_of(self._fingerprint, component)
            looks = [look for x in self._learned.lessons for look in _looks(x, own, beside)]
            self._looks[component] = (looks, self._signs(own))
        return self._looks[component]

    def _signs(self, own: Sequence[str]) -> float:
        """Kinds of facts that stood at confirmed causes speak for, those that stood only beside them against."""
        moved = 0.0
        if len(self._learned.lessons) < FEWEST:
            return moved
        for sign in own:
            at = sum(self._learned.age_weight(x) for x in self._learned.lessons if sign in x.own)
            by = sum(
                self._learned.age_weight(x)
                for x in self._learned.lessons
                if sign in x.beside and sign not in x.own
            )
            moved += SIGN * math.log((at + 1.0) / (by + 1.0))
        return max(-SIGNS_MOST, min(SIGNS_MOST, moved))


def _looks(lesson: Lesson, own: Sequence[str], beside: Sequence[str]) -> Iterator[_Look]:
    alike = likeness(own, beside, lesson.own, lesson.beside)
    if alike >= LEAST_ALIKE:
        yield _Look(alike, lesson, right=True)
    if lesson.named:
        others = sorted(set(lesson.beside) - set(lesson.misled) | set(lesson.own))
        alike = likeness(own, beside, lesson.misled, others)
        if alike >= LEAST_ALIKE:
            yield _Look(alike, lesson, right=False)


def lessons_of(outcomes: Iterable[Outcome], incidents: Mapping[str, PastIncident]) -> Learned:
    """The lessons of all outcomes whose incident is kept, by run; the last word on a run counts. Latest first."""
    found: dict[str, Lesson] = {}
    for said in outcomes:
        kept = incidents.get(said.run)
        if kept is None or kept.at is None or not kept.confirmed:
            continue
        if kept.component and kept.component == said.component:
            found[said.run] = lesson_of(kept, said)
    return Learned(lessons=tuple(sorted(found.values(), key=lambda x: (x.at, x.run), reverse=True)))


def lesson_of(kept: PastIncident, said: Outcome) -> Lesson:
    """What one run teaches."""
    assert kept.at is not None
    own, beside = signs_of(kept.fingerprint, said.component)
    named = "" if said.right else said.named
    return Lesson(
        run=said.run,
        at=kept.at,
        ended=kept.resolved_at or kept.at,
        component=said.component,
        fault=said.fault,
        own=own,
        beside=beside,
        named=named,
        named_fault=said.named_fault if named else "",
        misled=signs_of(kept.fingerprint, named)[0] if named else (),
    )


def signs_of(fingerprint: Iterable[str], component: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The signs of a component, and those of all others; what is steady is none."""
    own, beside = set[str](), set[str]()
    for token in fingerprint:
        sign, _, whose = token.rpartition("|")
        if not sign.endswith("|steady"):
            (own if whose == component else beside).add(sign)
    return tuple(sorted(own)), tuple(sorted(beside))


def likeness(
    own: Sequence[str], beside: Sequence[str], their_own: Sequence[str], their_beside: Sequence[str]
) -> float:
    """How alike two incidents are seen from a suspect, 0..1: overlap (Jaccard) of its own signs and of all others."""
    if not own or not their_own:
        return 0.0
    return OWN * _overlap(own, their_own) + (1.0 - OWN) * _overlap(beside, their_beside)


def _overlap(left: Sequence[str], right: Sequence[str]) -> float:
    a, b = set(left), set(right)
    return len(a & b) / len(a | b) if a | b else 1.0


def _same(told: str, fault: str) -> bool:
    """A lesson of a kind, or of a parent of it; one without a kind is of any."""
    return not told or covers(told, fault)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
