"""A set-point that was moved, and signals that all went with it, is no fault: the machine does what it was told.

A journal is a text that others write, and whoever knows the telemetry can name the value that a signal came to. Nothing is wrong
only where something measured says so too: a set-point of the machine, kept by the historian and called so by its name, that went
to that value then and not after the signal. (An output, a command or a demand of a controller does not: a fault moves it as
well.) Else the verdict stays open and says whom to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from aitia.agent.acted import who
from aitia.agent.announced import JOURNAL
from aitia.agent.doubt import UNKNOWN
from aitia.agent.left_by_work import text_of
from aitia.agent.topology import Topology
from aitia.agent.urgency import is_beyond
from aitia.agent.weigher import Weighed
from aitia.core.words import Contribution, Evidence, Inventory, Suspect
from aitia.tools.meaning.words import words_of
from aitia.tools.series.numbers import with_unit
from aitia.tools.signals.condition.roles import is_setting, is_target
from aitia.tools.signals.quantities import is_weather, machine_aspect

FOLLOWS: Final = "healthy.set_point"
"""The ledger's term by which a report knows that a set-point explains what moved."""
MAY_FOLLOW: Final = "unknown.set_point"
"""The same of one that nothing but the journal tells of: it may be all."""
_SET: Final = re.compile(r"(?i)\b(?:soll(?:wert|drehzahl)?|set[ _-]?points?|consigna|punto de ajuste)\b(.*)")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_MET: Final = 0.02  # of a set-point's value, within which a signal came to it; by hand
_EARLY_S: Final = 60.0  # by which clocks of journal and historian may differ; by hand
_LATE_S: Final = 3600.0  # within which what follows has followed: windings cool slowly; by hand
_PLAIN: Final = 0.3  # strength of a departure that asks for an explanation; as in `same_hours`
_SURE: Final = 0.75  # probability at most that nothing is wrong because a set-point explains it; by hand
_RIVAL: Final = 0.2  # probability of a suspect from which on a set-point alone explains nothing; by hand
_SETTING: Final = frozenset({"position", "level"})
"""What a controller moves either way to reach its set-point (a position is told as a level too)."""
_PUT_OUT: Final = frozenset({"out", "output", "cmd", "command", "demand", "mv", "co", "op"})
"""Words of what a controller puts out, which a fault moves as well: it may be the set-point of a loop below."""
_DEPARTS: Final = ("signal.", "metric.shift", "metric.trend", "metric.limit", "condition.", "vibration.line")

_MOVES: Final = ("signal.apart", "signal.quantity", "metric.shift", "metric.trend", "condition.")
_STANDS: Final = frozenset({"signal.stuck", "signal.idle", "condition.stuck"})


class Followed(NamedTuple):
    """An entry that moved a set-point, the signal that came to its value, what went with it, and the measured set-point
    that bears the entry out.
    """

    entry: Evidence
    signal: Evidence
    others: tuple[Evidence, ...]
    measured: Evidence | None

    @property
    def told(self) -> str:
        """In a clause: what was set, when and by whom, and what followed."""
        by = who(text_of(self.entry))
        moved = len(self.others)
        reads = with_unit(float(self.signal.values["after"]), self.signal.unit)
        return (
            f"{self.signal.component} follows its set-point: {self.signal.values.get('metric')} went to"
            f" {reads} after the journal's entry of {self.entry.onset:%H:%M:%S} UTC"
            f"{f', by {by},' if by else ''} and the {moved} other signals that moved went with it [{self.entry.id},"
            f" {self.signal.id}]{self._borne_out}"
        )

    @property
    def _borne_out(self) -> str:
        if self.measured is None:
            return "; nothing measured bears the entry out"
        return f", as {self.measured.values.get('metric')} shows [{self.measured.id}]"


def follows(evidence: Sequence[Evidence], inventory: Inventory) -> Followed | None:
    """The set-point that explains all that departs, by time, place and direction; None where anything is left over."""
    topology = Topology(inventory.components)
    departing = [e for e in evidence if _departs(e) and e.component in topology.machines]
    if any(is_beyond(e) for e in evidence):
        return None
    for entry, signal in _set(evidence, topology):
        family = _moved_by(entry.component, topology)
        others = [e for e in departing if e.id != signal.id]
        if others and all(e.component in family and _with_it(e, entry, signal) for e in others):
            series = {(e.component, e.values.get("channel") or e.values.get("metric")): e for e in others}
            series.pop((signal.component, signal.values.get("metric")), None)
            measured = _measured(entry, signal, evidence, family)
            return Followed(entry, signal, tuple(series.values()), measured)
    return None


def _measured(
    entry: Evidence, signal: Evidence, evidence: Iterable[Evidence], family: frozenset[str]
) -> Evidence | None:
    """The machine's own set-point that went to where the signal went, with the entry and not after the signal."""
    return next(
        (
            e for e in evidence
            if e.kind == "metric.shift" and e.component in family and _is_set_point(e) and _in_time(e, entry)
            and _not_after(e, signal) and _meets(e, float(signal.values["after"]))
        ),
        None,
    )  # fmt: skip


def _is_set(e: Evidence) -> bool:
    return is_setting(str(e.values.get("metric", "")))


def _is_set_point(e: Evidence) -> bool:
    """Whether its name calls it a set-point, and nothing that a controller puts out."""
    name = str(e.values.get("metric", ""))
    moves = machine_aspect(name) == "position" or bool(_PUT_OUT & {*words_of(name, _PUT_OUT.__contains__)})
    return is_target(name) and not moves


def _not_after(e: Evidence, signal: Evidence) -> bool:
    if e.onset is None or signal.onset is None:
        return False
    return (e.onset - signal.onset).total_seconds() <= e.onset_error_s + signal.onset_error_s


def _meets(e: Evidence, value: float) -> bool:
    after = e.values.get("after")
    return isinstance(after, int | float) and bool(value) and abs(after - value) <= _MET * abs(value)


def moved_as_it_began(
    evidence: Iterable[Evidence], cited: Sequence[Evidence], topology: Topology
) -> Evidence | None:
    """The journal's entry of a set-point, right after which what accuses a machine began: of that machine or of what moves it.

    What stands still or rests no set-point explains. `cited`: the facts that accuse it.
    """
    departed = [
        e for e in cited if e.kind.startswith(_MOVES) and e.onset and e.component in topology.machines
    ]
    if not departed or any(e.kind in _STANDS for e in cited):
        return None
    first = min(departed, key=lambda e: (e.onset, e.id))
    near = [
        e for e in evidence
        if e.kind == JOURNAL and e.onset and _SET.search(text_of(e)) and first.component in _moved_by(e.component, topology)
        and _in_time(first, e)
    ]  # fmt: skip
    return max(near, key=lambda e: (e.onset, e.id), default=None)


def _moved_by(component: str, topology: Topology) -> frozenset[str]:
    """The machine with its parts, what drives or feeds it, and what it feeds: a fan's motor takes less at a lower speed."""
    near = (*topology.callees(component), *topology.callers(component))
    return topology.family(component).union(*(topology.family(n) for n in near))


def told_to(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> Weighed:
    """The verdict; where it was open and no suspect stands out, that nothing is wrong if a set-point explains all that moved and
    is measured itself. Where the journal alone tells of it the verdict stays open, and its ledger says that it may be all.
    """
    rival = max((s.probability for s in weighed.suspects if s.component), default=0.0)
    if weighed.verdict != "unknown" or rival >= _RIVAL:
        return weighed
    found = follows(evidence, inventory)
    if found is None:
        return weighed
    if found.measured is None:
        line = Contribution(evidence=found.entry.id, log_odds=0.0, why=found.told, term=MAY_FOLLOW)
        noted = [_noted(s, line) if s.fault == UNKNOWN else s for s in weighed.suspects]
        return weighed.model_copy(update={"suspects": tuple(noted)})
    line = Contribution(evidence=found.entry.id, log_odds=3.0, why=found.told, term=FOLLOWS)
    left = 1.0 - rival - _SURE
    suspects = tuple(
        sorted((_with(s, line, left) for s in weighed.suspects), key=lambda s: (-s.probability, s.component))
    )
    return weighed.model_copy(update={"verdict": "healthy", "probability": _SURE, "suspects": suspects})


def _noted(suspect: Suspect, line: Contribution) -> Suspect:
    return suspect.model_copy(update={"ledger": (*suspect.ledger, line)})


def _with(suspect: Suspect, line: Contribution, left: float) -> Suspect:
    if suspect.fault == "healthy":
        return _noted(suspect, line).model_copy(update={"probability": _SURE})
    if suspect.fault == UNKNOWN:
        return suspect.model_copy(update={"probability": round(left, 4)})
    return suspect


def _set(evidence: Iterable[Evidence], topology: Topology) -> Iterator[tuple[Evidence, Evidence]]:
    """Entries that set a value to which a signal of the machine came, the latest first."""
    found = list(evidence)
    entries = [e for e in found if e.kind == JOURNAL and e.onset and _SET.search(text_of(e))]
    for entry in sorted(entries, key=lambda e: (e.onset, e.id), reverse=True):
        said = _SET.search(text_of(entry))
        assert said is not None  # the entries were chosen by it
        values = [float(n.replace(",", ".")) for n in _NUMBER.findall(said[1])]
        for e in found:
            if e.kind != "metric.shift" or e.component not in topology.family(entry.component) or _is_set(e):
                continue
            if any(_meets(e, v) for v in values) and _in_time(e, entry):
                yield entry, e


def _departs(e: Evidence) -> bool:
    name = str(e.values.get("channel") or e.values.get("metric") or "")
    moved = e.direction not in ("steady", "none") and e.strength >= _PLAIN
    return e.kind.startswith(_DEPARTS) and moved and not is_weather(name)


def _with_it(e: Evidence, entry: Evidence, signal: Evidence) -> bool:
    """Whether a departure began with the entry and went the way that the set signal went."""
    free = e.direction not in ("up", "down") or e.aspect in _SETTING or e.kind == "signal.apart"
    return _in_time(e, entry) and (free or e.direction == signal.direction)


def _in_time(e: Evidence, entry: Evidence) -> bool:
    if e.onset is None or entry.onset is None:
        return False
    late = (e.onset - entry.onset).total_seconds()
    return -_EARLY_S - e.onset_error_s <= late <= _LATE_S + e.onset_error_s
