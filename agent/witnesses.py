"""What should have moved with an accusation and did not: channels that whoever planted it does not write.

A fault shows in more than one place: in what is measured of the component, in those who call it, in the cluster's state. A
text, a series or a change that accuses a component of which all the rest stayed as it was may be planted or mistaken.
`witnesses.yaml` says what should move, what its staying quiet takes from a suspect, and what bars it from being the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from aitia.agent.facts import Facts, is_anomaly, is_harm
from aitia.agent.machine_witnesses import computing, frozen, has_passed, misplaced, of_computers, passing
from aitia.agent.told_alike import tellers
from aitia.agent.told_by_logs import Told
from aitia.agent.weights import family_of
from aitia.agent.witness_table import BY_LOGS, SERVES, Against, line, table
from aitia.core.aspects import CHANGE, CONDITION, MEMORY, RANK, RELIEF
from aitia.core.words import Evidence

PLAIN: Final = 0.3  # strength from which on a fact says that something moved, or stayed: few samples vouch for no silence
CALM: Final = 1.25  # ratio of mean answer times below which calls are as before
TOLD: Final = 0.7  # strength from which on a caller's log is plain enough to say that it felt something
HALF: Final = 0.5  # of its usual traffic, below which a component does not do its work; by hand
BELIED: Final = 3.0  # by how much more than another record says a series must have risen to be doubted
# Ratio below which a change of one statistic bears nothing out where the typical value stayed.
FAINT: Final = 2.0
REFUSED: Final = frozenset({"log.certificate", "log.permission", "log.quota"})
_CONTEXT: Final = CHANGE | MEMORY | RANK | CONDITION
_MEASURED: Final = frozenset({"metric", "trace"})
_OWN_TIME: Final = "trace.quiet"  # without the time of waiting for others: it clears no caller


class View(NamedTuple):
    """What is known around a component beside what accuses it: its own telemetry, and that of those who call it."""

    moved: tuple[Evidence, ...]  # measured of itself
    quiet: tuple[Evidence, ...]
    named: tuple[Evidence, ...]  # measured by others of their calls to it
    doubted: tuple[Evidence, ...]  # the same of others who are not believed
    above: tuple[Evidence, ...]  # trouble measured of those who call it, directly or not
    denied: tuple[Evidence, ...]  # calls to it that stayed as they were, measured by those who make them
    calm: tuple[Evidence, ...]  # what stayed quiet of those who call it directly
    faint: frozenset[str]  # ids of those where one statistic moved and the typical value stayed

    @property
    def felt(self) -> bool:
        """Whether anybody else is in trouble that may come of it."""
        return bool(self.named or (self.above and not self.denied))

    @property
    def plainly_felt(self) -> bool:
        """The same by changes that are more than faint."""
        return any(e.id not in self.faint for e in (*self.named, *(() if self.denied else self.above)))

    @property
    def unfelt(self) -> bool:
        """Whether others would have felt its trouble, and did not."""
        return bool(self.denied or self.calm) and not self.felt


class Witnesses:
    """What was measured of each component: what moved, and what is known to have stayed."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._moved: list[Evidence] = []
        self._quiet: list[Evidence] = []
        self._typical: list[Evidence] = []  # most answers took no longer, though a few may have
        for e in facts.all:
            if not e.component or family_of(e) not in _MEASURED:
                continue
            if is_anomaly(e) and facts.strength(e) >= PLAIN:
                self._moved.append(e)
            elif e.direction == "steady" and e.kind.endswith(".quiet") and e.strength >= PLAIN:
                self._typical.append(e)
                if _rose(e) < CALM:
                    self._quiet.append(e)
        self._views: dict[str, View] = {}
        stayed: dict[tuple[str, str, str], list[Evidence]] = {}
        for e in self._typical:
            stayed.setdefault(_measure(e), []).append(e)
        self._stayed = stayed

    @cached_property
    def told(self) -> Told:
        """What logs tell of each service."""
        return Told(self._facts)

    def against(
        self,
        component: str,
        accusing: Sequence[Evidence],
        needed: Sequence[Evidence] = (),
        agreeing: Sequence[Evidence] = (),
    ) -> list[Against]:
        """What speaks against a suspect whom these facts accuse; without the `needed` ones it would be none.

        agreeing   what says the same as those of the accusing that count
        """
        plain, without = _plain(accusing), _plain(needed)
        if self._facts.topology.family(component) & self._facts.topology.machines:
            may_compute = component in self._facts.topology.assets
            view, needing = self.view(component), without or plain
            return [
                *misplaced(
                    component, needing, [*view.quiet, *view.moved], view.moved, may_compute=may_compute
                ),
                *frozen(self._facts, component, needing),
                *passing(self._facts, needing),
            ]
        if any(family_of(e) not in _MEASURED | {"log"} or e.provenance == "control plane" for e in plain):
            return []  # the cluster's state, a provider's event, a machine's vibration: no client or service writes it
        if needed and all(_judged_by_clients(e, component) for e in needed):
            writers = {str(e.values.get("reported_by", e.component)) for e in [*needed, *agreeing]} - {
                component
            }
            if len(writers) > 1 or writers >= set(self._facts.topology.callers(component)):
                return []  # one of several clients alone may be mistaken, or its log planted
        view = self.view(component)
        told = any(family_of(e) != "log" for e in without or plain) and self._told_by_callers(component)
        found = [
            *([] if told else _unfelt(component, view)),
            *([] if self._told_twice(component, plain) else _serving(view)),
            *_unseconded(component, view),
            *self._belied(component, view),
        ]
        if plain and all(family_of(e) == "log" for e in without or plain):
            texts = [e for e in plain if family_of(e) == "log"]
            alike = [*texts, *_plain(agreeing)]
            if len(tellers(alike)) < 2:  # clients that tell alike felt it themselves
                several = len({(e.component, e.statement) for e in alike}) > 1
                found += self._texts(view, texts, several=several)
        elif not any(family_of(e) == "log" for e in plain):
            found += _single(view)
        return found

    def believed(self, ranked: Evidence) -> float:
        """The share that a ranking gives, without what it gives machines for what is not heard of them; 0 of such a one."""
        if ranked in self._unheard:
            return 0.0
        lost = sum(e.strength for e in self._unheard if e.aspect == ranked.aspect)
        return min(1.0, ranked.strength / (1.0 - lost)) if 0.0 < lost < 1.0 else ranked.strength

    @cached_property
    def _unheard(self) -> list[Evidence]:
        """Ranks that machines have for measures of computers, or for what came and went."""
        machines = self._facts.topology.machines
        ranked = [e for e in self._facts.all if e.kind == "rank.suspect" and e.component in machines]
        return [e for e in ranked if self._is_misplaced(e) or has_passed(self._facts, e)]

    def _is_misplaced(self, ranked: Evidence) -> bool:
        view = self.view(ranked.component)
        return of_computers(ranked) and any(not computing(e) for e in (*view.quiet, *view.moved))

    def _told_by_callers(self, component: str) -> bool:
        """Whether the log of one who calls it tells plainly of trouble: what is measured of it is then not alone."""
        topology, family = self._facts.topology, self._facts.topology.family(component)
        callers = {c for member in family for c in topology.callers(member)} - family
        return any(
            e.component in callers and family_of(e) == "log" and is_harm(e) and e.strength >= TOLD
            for e in self._facts.anomalies
        )

    def _told_twice(self, component: str, plain: Sequence[Evidence]) -> bool:
        """Whether its own log and what is measured of it accuse it alike: refusing some, it may serve the others as before."""
        family = self._facts.topology.family(component)
        own = {"log" if family_of(e) == "log" else "measured" for e in plain if e.component in family}
        return len(own) > 1

    def view(self, component: str) -> View:
        """What is known around a component. Others are believed who are in trouble only where theirs is felt in turn."""
        if component not in self._views:
            plain = self._plain_view(component)
            doubted = {e.component for e in plain.named if self._plain_view(e.component).unfelt}
            self._views[component] = plain._replace(
                named=tuple(e for e in plain.named if e.component not in doubted),
                doubted=tuple(e for e in plain.named if e.component in doubted),
            )
        return self._views[component]

    def _plain_view(self, component: str) -> View:
        topology, family = self._facts.topology, self._facts.topology.family(component)
        callers = {c for member in family for c in topology.callers(member)} - family
        above = {a for member in family for a in topology.ancestors(member)} - family
        harm = [e for e in self._moved if _hurts(e) and e.component not in family]
        serving = [e for e in self._quiet if e.aspect in table().serves and e.component not in family]
        return View(
            moved=tuple(e for e in self._moved if e.component in family),
            quiet=tuple(e for e in self._quiet if e.component in family and not e.peer),
            named=tuple(e for e in harm if e.peer in family and not self._contradicted(e)),
            doubted=(),
            faint=frozenset(e.id for e in self._moved if self._faint(e)),
            above=tuple(e for e in harm if e.component in above and not e.peer),
            denied=self._denials([e for e in serving if e.peer in family]),
            calm=tuple(e for e in serving if e.component in callers and _felt_by(e)),
        )

    def _denials(self, quiet: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """Calls that stayed as they were, without those of a caller whose own trouble they may hide.

        Calls that fail may be fast: where only their speed is measured, their maker must not have failed more often.
        """
        asked = {(e.component, e.aspect) for e in quiet}
        hiding = {
            e.component
            for e in self._moved
            if not e.peer and e.aspect in ("latency", "errors") and (e.component, e.aspect) not in asked
        }
        return tuple(e for e in quiet if e.component not in hiding)

    def _contradicted(self, moved: Evidence) -> Evidence | None:
        """Another record of the same that rose far less: an access log slowed, and the series or spans did not."""
        return next(
            (
                e
                for e in self._stayed.get(_measure(moved), ())
                if _record(e) != _record(moved) and _ratio(moved) >= BELIED * _rose(e)
            ),
            None,
        )

    def _faint(self, moved: Evidence) -> bool:
        """Whether one statistic moved a little and what is typical stayed: the 95th percentile, but not the mean."""
        ratio = _ratio(moved)
        return max(ratio, 1.0 / ratio) < FAINT and _measure(moved) in self._stayed if ratio > 0 else False

    def _belied(self, component: str, view: View) -> Iterator[Against]:
        """Of a suspect whose series moved far more than another record of the same, and of whom nobody else tells."""
        if view.named:
            return
        other = next((e for m in view.moved if (e := self._contradicted(m))), None)
        if other:
            yield line(
                "belied", f"another record of {component} shows no such change in {other.aspect}", other
            )

    def _texts(self, view: View, texts: Sequence[Evidence], *, several: bool) -> Iterator[Against]:
        """Of a suspect whom nothing but texts accuse."""
        writers = {e.component for e in texts}
        near = writers | {host for w in writers for host in self._facts.topology.hosts(w)}
        moved = [*view.moved, *(e for e in self._moved if e.component in near)]
        quiet = [*view.quiet, *(e for e in self._quiet if e.component in near and not e.peer)]
        claimed = frozenset[str]().union(*(table().claims.get(e.aspect, frozenset()) for e in texts))
        if passed := next((e for e in moved if e.peer and e.aspect in table().serves), None):
            # What its calls to others did to it bears out no fault of its own.
            moved = [e for e in moved if not _hurts(e)]
        if any(e.aspect in claimed for e in moved):
            return
        if contrary := next((e for e in quiet if e.aspect in claimed), None):
            what = contrary.aspect.replace("_", " ")
            yield line(
                "contrary", f"logs say so, but the {what} of {contrary.component} did not change", contrary
            )
        if any(_hurts(e) or _does_less(e) for e in moved if e in view.moved or e.component in writers):
            return
        if passed:
            yield line("unmoved", f"{BY_LOGS}: the only change is in its calls to {passed.peer}", passed)
        elif quiet:
            yield line("unmoved", f"{BY_LOGS}: nothing else changed that should have", quiet[0])
        elif not several:
            yield line("alone", f"{BY_LOGS}, and only one message", texts[0])


def _judged_by_clients(fact: Evidence, component: str) -> bool:
    """Whether only a client sees it of a server, whose own measurements stay: it refuses the certificate, or it is refused."""
    writer = fact.values.get("reported_by", fact.component)
    return fact.aspect in REFUSED and fact.provenance != "client" and writer != component


def by_logs_alone(supporting: Sequence[Evidence]) -> bool:
    """Whether of the facts that speak for a suspect all are log messages: nothing that was measured confirms them."""
    told = [e for e in supporting if e.aspect not in _CONTEXT]
    return bool(told) and all(family_of(e) == "log" for e in told)


def _hurts(fact: Evidence) -> bool:
    """Whether somebody is in trouble: slow, failing or gone, or answering less than half of what it usually does."""
    if (fact.aspect, fact.direction) in RELIEF:
        return False
    fallen = fact.aspect == "traffic" and fact.direction == "down" and 0 <= _left(fact) < HALF
    return fact.aspect in table().harm or fallen


def _does_less(fact: Evidence) -> bool:
    """Whether some rate of its work fell below half, whatever is counted."""
    rate = fact.kind == "metric.shift" and fact.unit.endswith("/s") and fact.direction == "down"
    return rate and 0 <= _left(fact) < HALF


def _left(fact: Evidence) -> float:
    """The share of its usual level that is left; -1 where the fact does not say it."""
    before, after = fact.values.get("before"), fact.values.get("after")
    if not isinstance(before, int | float) or not isinstance(after, int | float) or before <= 0:
        return -1.0
    return float(after) / float(before)


def _felt_by(quiet: Evidence) -> bool:
    """Whether a quiet fact of a caller shows that it feels nothing. That it is up does not: all its calls may fail."""
    return not quiet.peer and quiet.kind != _OWN_TIME and quiet.aspect != "availability"


def _plain(facts: Sequence[Evidence]) -> list[Evidence]:
    return [e for e in facts if e.aspect not in _CONTEXT and e.strength >= PLAIN]


def _unfelt(component: str, view: View) -> Iterator[Against]:
    if not view.unfelt:
        return
    if view.denied:
        yield line("denied", f"calls to {component} are as fast and as successful as before", view.denied[0])
    else:
        yield line("unfelt", f"no caller of {component} slowed down or failed", view.calm[0])


def _ratio(fact: Evidence) -> float:
    return float(fact.values.get("ratio", 0.0))


def _rose(fact: Evidence) -> float:
    return max(1.0, float(fact.values.get("ratio_at_most", 1.0)))


def _record(fact: Evidence) -> str:
    """The record that a fact was read from: its series, its spans or its logs."""
    kind = fact.kind.partition(".")[0]
    return kind if kind in ("log", "trace") else "metric"


def _serving(view: View) -> Iterator[Against]:
    """Of a suspect that serves as before, and of whom no caller tells otherwise."""
    served = [e for e in view.quiet if e.aspect in ("latency", "errors")]
    troubled = view.named or any(_hurts(e) for e in view.moved)
    if len({e.aspect for e in served}) > 1 and not troubled and view.felt:
        yield line("serving", SERVES, served[0])


def _unseconded(component: str, view: View) -> Iterator[Against]:
    """Of a suspect of whom one component tells trouble that nobody else has with either."""
    told = {e.component for e in view.named}
    others = [e for e in (*view.denied, *view.calm) if e.component not in told]
    if any(e.aspect in table().harm and not e.peer for e in view.moved):
        return
    if view.doubted and not told:
        doubted = view.doubted[0]
        yield line(
            "unseconded",
            f"{doubted.component} says so, but no caller of {doubted.component} was affected",
            doubted,
        )
    elif len(told) == 1 and others and view.quiet:
        yield line("unseconded", f"{others[0].component} also calls {component} and is healthy", others[0])


def _measure(fact: Evidence) -> tuple[str, str, str]:
    return fact.component, fact.aspect, fact.peer


def _single(view: View) -> Iterator[Against]:
    """Of a suspect of whom one series moved, or none, and whom nobody else felt. How much it is asked is its clients' doing."""
    moved = sorted({e.aspect for e in view.moved if e.id not in view.faint and e.aspect != "traffic"})
    if not view.plainly_felt and len(moved) < 2 and len({e.aspect for e in view.quiet}) > 1:
        what = f"only its {moved[0].replace('_', ' ')} changed" if moved else "none of its series changed"
        yield line("single", what, view.quiet[0])
