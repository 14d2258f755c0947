"""Which change brought the named cause about: the commit, deploy or flag, or none, or several that cannot be told apart.

Changes are held against the first onset at the cause and its neighbours, never against the alarm. Those before it are judged
by what they touch: where, which names of the failure their diff has, which risky edits fit the symptoms. What a change's
author writes of it (message, comments, documents) counts for nothing where a diff was read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from aitia.agent.corrections import denied_change
from aitia.agent.facts import RESTART_S, Facts, onset
from aitia.agent.failure_words import FailureWords
from aitia.agent.sentences.blamed import blame_sentence
from aitia.core.aspects import CHANGE, RELIEF
from aitia.core.words import Blame, ChangeSuspect, Evidence, Incident
from aitia.tools.diffs.identifiers import terms
from aitia.tools.diffs.risks import catalogue

# In log-odds against "none of them", all by hand.
NONE: Final = 1.2  # what "none" has by itself: most changes near an incident are innocent
BY_DATE: Final = 1.5  # for none where what failed runs out by its date, or users asked for more
APART: Final = 0.6  # by how much one must lead another to be told apart
PLACE: Final = 1.5  # at the cause itself
NEAR: Final = 0.7  # at who calls it or is called by it
SHARED: Final = 0.3  # of nobody who is known: code that several share
ELSEWHERE: Final = -1.5
MOST_WORDS: Final = 2.5  # what names in common may add
RISK: Final = 1.6  # a risky edit whose trouble shows
IDLE: Final = 0.2  # one whose trouble does not
NATURE: Final = {"aside": -4.0, "moved": -1.5, "unread": 0.0, "read": -0.5, "": 0.2}
PER_DOUBLING: Final = (
    0.15  # off for each doubling of the time between change and onset, from a quarter of an hour
)
_QUARTER_S: Final = 900.0
_NAMED: Final = 0.5  # from which on names in common tie a risky edit to the failure
_UNPLACED: Final = 0.4  # share of a risky edit that nothing ties to it
_SURGE: Final = 1.8
_MOST: Final = 5
_PLAIN: Final = 0.3  # weight from which an onset counts at all
_PLAINEST: Final = 0.65  # and how much of the weightiest one's it must have: a flicker before it is none
_JUMP: Final = 2.0  # ratio from which a series jumped
_JUMPED: Final = 0.7
_GROWS: Final = 0.6  # of that for what grows steadily at the cause itself, which is slow to be plain
_SLOPE: Final = 0.25  # share of a trend's length by which its beginning may be wrong


Line = tuple[float, str, tuple[str, ...]]
"""What speaks for a change: log-odds, why, and the facts of the failure that say so."""


@dataclass(frozen=True)
class _Change:
    """A change with all entries that tell of it: its commit, and the deploys that brought it out."""

    key: str
    facts: tuple[Evidence, ...]

    def value(self, name: str) -> str:
        return " ".join(str(e.values[name]) for e in self.facts if e.values.get(name))

    @cached_property
    def nature(self) -> str:
        """As its diff says; of several entries the one that was read."""
        told = {str(e.values.get("nature", "")) for e in self.facts}
        return next((n for n in ("read", "moved", "aside", "unread") if n in told), "")

    @cached_property
    def risks(self) -> dict[str, str]:
        pairs = (p.partition(": ") for e in self.facts for p in str(e.values.get("risks", "")).split("; "))
        return {risk: told for risk, _, told in pairs if risk in catalogue()}


class Blaming:
    """The changes of a run against a named cause."""

    def __init__(self, facts: Facts, component: str, incident: Incident) -> None:
        self._facts, self._component = facts, component
        topology = facts.topology
        self._family = topology.family(component)
        self._near = frozenset({*topology.callers(component), *topology.callees(component)}) - self._family
        changes = [e for e in facts.all if e.aspect in CHANGE and e.onset is not None]
        self._told = [e for e in changes if not denied_change(facts.all, e.component, e.aspect)]
        self._end = max(incident.started_at, incident.window.start)
        self._first = self._first_onset()
        known = {c for e in facts.all for c in (e.component, e.peer) if c and e.aspect not in CHANGE}
        known |= self._family | self._near
        self._known = {_bare(c): c for c in sorted(known)} | {c: c for c in known}
        deployed = [e for e in self._told if "nature" not in e.values]
        early = {_key(e) for e in deployed if not self._came_after(e)}
        late = {_key(e) for e in deployed} - early  # a commit that was deployed too late was not yet there
        self._changes = _grouped([e for e in self._told if not self._came_after(e) and _key(e) not in late])
        self._words = FailureWords(facts, self._family | self._near, incident)
        self._held = Counter(w for c in self._changes for w in set(c.value("touches").split()))

    def judged(self) -> Blame | None:
        """The answer; None where no change is known."""
        if not self._told:
            return None
        suspects = sorted((self._suspect(c) for c in self._changes), key=lambda s: (-s.score, s.at, s.id))
        alone = self._by_itself()
        none = NONE + (BY_DATE if alone else 0.0)
        best = [s for s in suspects if s.score > none and s.score > suspects[0].score - APART]
        return Blame(
            answer="none" if not best else "change" if len(best) == 1 else "undecided",
            ids=tuple(s.id for s in best[:_MOST]),
            suspects=tuple(suspects[:_MOST]),
            later=self._later(),
            sentence=blame_sentence(best, self._told, self._first, bool(suspects), alone),
        )

    def _later(self) -> tuple[str, ...]:
        held = {e.id for c in self._changes for e in c.facts}
        return tuple(e.id for e in self._told if e.id not in held)

    def _suspect(self, change: _Change) -> ChangeSuspect:
        main, components = self._main(change), {self._of(e.component) for e in change.facts if e.component}
        lines = [self._place(components), self._named(change), self._risky(change), self._timed(change)]
        if not (components & (self._family | self._near) or lines[1][0] >= _NAMED):
            lines[2] = (min(lines[2][0], RISK * _UNPLACED), *lines[2][1:])
        nature = NATURE[change.nature]
        fits = [i for _, _, ids in lines for i in ids]
        if change.nature == "read" and (lines[1][0] > 0 or lines[2][0] > IDLE):
            nature = 0.0
        return ChangeSuspect(
            id=change.key,
            kind=main.aspect.removeprefix("change."),
            component=main.component,
            at=onset(main),
            score=round(sum(score for score, _, _ in lines) + nature, 3),
            why=tuple(why for _, why, _ in lines if why),
            evidence=tuple(dict.fromkeys([main.id, *(e.id for e in change.facts)])),
            fits=tuple(dict.fromkeys(fits)),
        )

    def _place(self, components: set[str]) -> Line:
        if components & self._family:
            return PLACE, "", ()
        if near := sorted(components & self._near):
            return NEAR, f"{near[0]} and {self._component} call one another", ()
        known = [c for c in components if self._facts.topology.knows(c) or c in self._facts.seen]
        return ELSEWHERE if known else SHARED, "", ()

    def _named(self, change: _Change) -> Line:
        """Names of the failure that the change took out or put in; those around it count a third."""
        found: dict[str, float] = {}
        touched = set(change.value("touches").split())
        for words, share in ((change.value("touches"), 1.0), (change.value("near"), 0.33)):
            for word in words.split():
                if weight := self._words.weight(word):
                    found.setdefault(word, share * weight * self._rare(word))
        if change.nature == "":  # nothing else is known of it than what its author says
            for word in set(terms(change.value("change_id"))):
                found.setdefault(word, 0.5 * self._words.weight(word) * self._rare(word))
        total = sum(found.values())
        named = sorted((w for w, v in found.items() if v >= 0.2), key=lambda w: (-found[w], w))
        shown = [
            *dict.fromkeys(
                told for w in named if all(told := self._words.told(w)) and told[0].replace("_", "").isalpha()
            )
        ][:3]
        how = "touches" if touched.intersection(named) else "is next to"
        why = (
            f"it {how} what the failure names ({', '.join(dict.fromkeys(word for word, _ in shown))})"
            if shown
            else ""
        )
        return MOST_WORDS * (1 - math.exp(-total / 1.5)), why, tuple(i for _, i in shown)

    def _rare(self, word: str) -> float:
        """How few of the changes have a word, in (0, 1]."""
        n = len(self._changes) + 1
        return math.log(n / max(1, self._held[word])) / math.log(n) if n > 1 else 1.0

    def _risky(self, change: _Change) -> Line:
        """The risky edit whose trouble shows most plainly at the cause or its neighbours."""
        best: Line = (0.0, "", ())
        where = {self._component, *self._near, *self._family}
        here = [e for e in self._facts.anomalies if where & {e.component, e.peer}]
        for risk, told in change.risks.items():
            kind = catalogue()[risk]
            shown = max(
                (e for e in here if e.aspect in kind.shows),
                key=lambda e: (self._facts.weight(e), e.statement),
                default=None,
            )
            line: Line = (IDLE, "", ())
            if shown is not None and (weight := self._facts.weight(shown)) >= _PLAIN:
                quoted = any(f'"{told}"' in e.statement for e in change.facts)
                why = f'its diff has "{told}": {kind.reason}' if quoted else kind.reason
                line = (RISK * weight, why, (shown.id,))
            best = max(best, line, key=lambda x: x[0])
        return best

    def _timed(self, change: _Change) -> Line:
        if self._first is None:
            return 0.0, "", ()
        gap = max(0.0, (onset(self._first) - self._at(change)).total_seconds())
        return -PER_DOUBLING * math.log2(1 + gap / _QUARTER_S), "", ()

    def _by_itself(self) -> str:
        """Why it needs no change, "" where nothing says so: what failed runs out by its date, or more was asked for."""
        own = [e for e in self._facts.anomalies if e.component in self._family or e.peer in self._family]
        dated = any(e.aspect == "log.certificate" and self._facts.weight(e) >= 0.3 for e in own)
        if dated and not any("credentials_changed" in c.risks and self._is_here(c) for c in self._changes):
            return "a certificate runs out by its date"
        surged = {
            e.component
            for e in self._facts.anomalies
            if e.aspect == "traffic"
            and e.direction == "up"
            and float(e.values.get("ratio", 0.0) or 0.0) >= _SURGE
        }
        # More is asked for where its callers are asked for more; a callee alone is asked more by a caller that changed.
        entries = set(self._facts.topology.callers(self._component)) or surged - self._family
        return "more was asked for than before" if surged & self._family and surged & entries else ""

    def _is_here(self, change: _Change) -> bool:
        return any(self._of(e.component) in self._family for e in change.facts)

    def _first_onset(self) -> Evidence | None:
        """The first plain onset at the cause and its neighbours. A trend counts where nothing tells when it left normal, and what
        got better where nothing got worse.
        """
        where = self._family | self._near
        theirs = [
            e
            for e in self._facts.anomalies
            if e.onset and self._plain(e) >= _PLAIN and (e.component in where or e.peer in self._family)
        ]
        theirs = [e for e in theirs if (e.aspect, e.direction) not in RELIEF] or theirs
        shifted = {(e.component, e.aspect) for e in theirs if e.kind != "metric.trend"}
        plain = _PLAINEST * max((self._plain(e) for e in theirs), default=0.0)
        told = [
            e
            for e in theirs
            if self._plain(e)
            >= (plain * _GROWS if e.kind == "metric.trend" and e.component in self._family else plain)
            and not (e.kind == "metric.trend" and (e.component, e.aspect) in shifted)
        ]
        return min(told, key=lambda e: (onset(e), e.statement), default=None)

    def _plain(self, e: Evidence) -> float:
        """How plainly something began: a jump of a series does, even where more load explains it."""
        ratio = e.values.get("ratio")
        jumped = e.kind == "metric.shift" and isinstance(ratio, int | float) and not 1 / _JUMP < ratio < _JUMP
        return max(self._facts.weight(e), _JUMPED * e.strength if jumped else 0.0)

    def _came_after(self, change: Evidence) -> bool:
        """Whether an entry came after the first onset: of a flag turned on before it and off after it, the latter alone."""
        if self._first is None:
            return False
        late = (onset(change) - onset(self._first)).total_seconds()
        slack = self._first.onset_error_s
        if self._first.kind == "metric.trend":  # where a slope begins is told by the whole of it
            slack += _SLOPE * (self._end - onset(self._first)).total_seconds()
        return late > RESTART_S + slack

    def _at(self, change: _Change) -> datetime:
        return onset(self._main(change))

    def _main(self, change: _Change) -> Evidence:
        """The entry by which it took effect: its deploy, not its commit, at the cause if it came there, the last one."""
        return max(
            change.facts,
            key=lambda e: (
                "nature" not in e.values,
                self._of(e.component) in self._family,
                onset(e),
                e.statement,
            ),
        )

    def _of(self, component: str) -> str:
        """Whom a change is of: `cart` is `cartservice` where nobody else is called so."""
        return self._known.get(component) or self._known.get(_bare(component), component)


def blamed(facts: Facts, component: str, incident: Incident) -> Blame | None:
    """Which change brought the cause at a component about; None where no change is known."""
    return Blaming(facts, component, incident).judged()


def _key(change: Evidence) -> str:
    """What makes a change one: the id of the commit, deploy or flag, else the entry itself."""
    return str(change.values.get("change_id") or change.id)


def _bare(component: str) -> str:
    """A component's name without what only says that it is one."""
    name = re.sub(r"[\W_]", "", component.casefold())
    return re.sub(r"(?<=\w\w\w)(service|svc|srv|server|api|app)$", "", name)


def _grouped(told: Iterable[Evidence]) -> list[_Change]:
    """The entries of one commit, deploy or flag together; those without an id each by itself."""
    groups: dict[str, list[Evidence]] = {}
    for e in told:
        groups.setdefault(_key(e), []).append(e)
    return [_Change(key, tuple(facts)) for key, facts in groups.items()]
